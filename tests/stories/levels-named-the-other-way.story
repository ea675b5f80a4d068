# S16: the lower threshold goes first, whatever the levels are called.
0h      credit 150
0h      enable 100 level first
0h      enable 20 level second
1h      credit 15
25h     end
expect
1h      alert of 17 level second
25h     reminder 1 of 17 level second
