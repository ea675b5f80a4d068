# S8, S5: a duplicate in the same second as the alert and as a reminder.
0h      credit 150
0h      enable 100
1h      credit 90
1h      duplicate
1h30s   duplicate
25h     duplicate
25h30s  duplicate
26h     end
expect
1h      alert
25h     reminder 1
