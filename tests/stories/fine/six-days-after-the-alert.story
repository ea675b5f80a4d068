# S5: from six days after the alert there is no reminder.
0h      credit 150
0h      enable 100
1h      credit 90
2h      pipeline down
145h    pipeline up
200h    end
expect
1h      alert
