# S6: while the end of the first episode is still being told, the second has its own alert.
0h      credit 150
0h      enable 100
1h      credit 90
1h20m   credit 500
1h40m   credit 99
26h     end
expect
1h      alert
1h40m   alert
25h40m  reminder 1
