# S16: the higher level's alert only counts as sent; its reminders count from then.
0h      credit 150
0h      enable 20 level critical
1h      credit 15
3h      enable 100 level warning
5h      credit 14
35h     credit 50
53h     end
expect
1h      alert of 17 level critical
25h     reminder 1 of 17 level critical
53h     reminder 2 of 17 level warning
