# S4, S2, S7: enabled again while overdue: the alert at the next change, and no reminder.
0h      credit 150
0h      enable 100
1h      credit -5
3h      disable
5h      enable 100
7h      credit -6
60h     end
expect
1h      alert
7h      alert
