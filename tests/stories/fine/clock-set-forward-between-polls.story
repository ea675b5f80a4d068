# S11, S9: until the next poll the data is as old as the clock says.
0h      credit 150
0h      enable 100
1h      credit 90
10h5m   clock forward 3d
49h     end
expect
1h      alert
10h10m  reminder 3
25h     reminder 4
49h     reminder 5
