# S16, S2: a lower level that has sent nothing yet covers nothing.
0h      credit 150
0h      enable 100 level warning
1h      credit 15
3h      enable 20 level critical
28h     credit 14
52h     end
expect
1h      alert of 17 level warning
25h     reminder 1 of 17 level warning
28h     alert of 17 level critical
52h     reminder 1 of 17 level critical
