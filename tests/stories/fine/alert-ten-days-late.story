# S9, S5: the alert is never too late while the account is low, and reminders count from it.
0h      credit 150
0h      enable 100
30m     pipeline down
1h      credit 90
10d     pipeline up
11d     end
expect
240h    alert
264h    reminder 1
