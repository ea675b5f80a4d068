# S11: the reminder's hour comes twice, the reminder once.
0h      credit 150
0h      enable 100
1h      credit 90
25h10m  clock back 3h
52h     end
expect
1h      alert
25h     reminder 1
52h     reminder 2
