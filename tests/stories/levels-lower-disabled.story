# S16, S4: what a lower level said counts as said; when it is gone the higher one goes on from there.
0h      credit 150
0h      enable 100 level warning
0h      enable 20 level critical
1h      credit 15
30h     disable level critical
73h     end
expect
1h      alert of 17 level critical
25h     reminder 1 of 17 level critical
49h     reminder 2 of 17 level warning
73h     reminder 3 of 17 level warning
