# S7, S2: overdue when enabled: the alert at the next change and no reminder, also not at 50.
0h      credit -5
1h      enable 100
3h      credit -4
10h     credit 50
60h     end
expect
3h      alert
