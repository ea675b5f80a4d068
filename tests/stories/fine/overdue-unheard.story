# S7: below zero while nothing was heard still counts; the exporter saw it.
0h      credit 150
0h      enable 100
1h      credit 90
10h     pipeline down
11h     credit -5
12h     credit 50
13h     pipeline up
5d      end
expect
1h      alert
