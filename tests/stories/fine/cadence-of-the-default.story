# S13: the default cadence: every day from the alert, five times, none once overdue.
0h      credit 150
0h      enable 100
1h7m    credit 90
80h     credit -1
81h     credit 90
9d      end
expect
1h7m    alert
25h7m   reminder 1
49h7m   reminder 2
73h7m   reminder 3
