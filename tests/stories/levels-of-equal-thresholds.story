# S16: equal thresholds are ordered by the levels' names.
0h      credit 150
0h      enable 100 level warning
0h      enable 100 level critical
1h      credit 90
25h     end
expect
1h      alert of 17 level critical
25h     reminder 1 of 17 level critical
