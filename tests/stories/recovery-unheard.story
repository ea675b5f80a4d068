# S6, S8: recovered and low again while nothing was heard: the new episode is told, the old is over.
0h      credit 150
0h      enable 100
1h      credit 90
4h      pipeline down
6h      credit 500
8h      credit 80
10h     pipeline up
34h     end
expect
1h      alert
10h     alert
34h     reminder 1
