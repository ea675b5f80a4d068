# S11, S2: the first change is before the edit by the clock, and after it all the same.
0h      credit 80
2h      enable 100
3h      clock back 2h
4h      credit 79
28h     end
expect
4h      alert
28h     reminder 1
