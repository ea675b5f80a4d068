# S9, S5: put off into the next reminder's day, a reminder is skipped and not made up.
0h      credit 150
0h      enable 100
1h      credit 90
18h     poll fails
55h     poll works
73h     end
expect
1h      alert
55h     reminder 2
73h     reminder 3
