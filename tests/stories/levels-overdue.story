# S16, S7: overdue silences the lower level, and the lower level the higher one.
0h      credit 150
0h      enable 100 level warning
0h      enable 20 level critical
1h      credit 15
30h     credit -1
33h     credit 10
80h     end
expect
1h      alert of 17 level critical
25h     reminder 1 of 17 level critical
