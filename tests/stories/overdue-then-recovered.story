# S7, S6: overdue is of the episode; the next episode has its reminders.
0h      credit 150
0h      enable 100
1h      credit -5
30h     credit 150
32h     credit 90
56h     end
expect
1h      alert
32h     alert
56h     reminder 1
