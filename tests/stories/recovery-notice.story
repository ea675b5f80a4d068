# S6 with recovery notices on: one for each episode that had its alert, and none for others.
option recovery_notice
option overdue_notice
0h      credit 150
2h      enable 100
4h      credit 90
10h     credit 100
12h     duplicate
14h     credit 99
16h     credit 300
18h     threshold 400     # low by an edit: no alert, so nothing to take back
20h     credit 500
22h     credit 350
24h     disable           # not a recovery
26h     enable 400
28h     end
expect
4h      alert
10h     recovery
14h     alert
16h     recovery
22h     alert
