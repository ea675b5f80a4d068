# S11, S6: the relapse is before the recovery by the clock, and after it all the same.
0h      credit 150
0h      enable 100
1h      credit 90
2h      credit 150
2h30m   clock back 2h
3h      credit 90
27h     end
expect
1h      alert
3h      alert
27h     reminder 1
