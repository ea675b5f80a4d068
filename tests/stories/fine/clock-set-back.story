# S11: a clock set back delays the reminders by as much.
0h      credit 150
0h      enable 100
1h      credit 90
20h     clock back 2h
51h     end
expect
1h      alert
27h     reminder 1
51h     reminder 2
