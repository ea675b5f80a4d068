# S7: overdue is below zero; at zero the reminders go on.
0h      credit 150
0h      enable 100
1h      credit 0
30h     credit -0.01
80h     end
expect
1h      alert
25h     reminder 1
