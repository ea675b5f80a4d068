# S9: facts evaluated exactly ten minutes ago still decide.
0h      credit 150
0h      enable 100
1h      credit 90
24h52m  pipeline down
25h1m   duplicate
30h     end
expect
1h      alert
25h1m   reminder 1
