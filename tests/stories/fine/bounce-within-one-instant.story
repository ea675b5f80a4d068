# S6, S11: three polls within a millisecond: instants still increase, and each crossing is told.
0h      credit 150
0h      enable 100
1h      credit 90
1h      credit 110
1h      credit 80
25h     end
expect
1h      alert
1h      alert
25h     reminder 1
