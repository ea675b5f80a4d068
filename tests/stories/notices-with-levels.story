# S16 holds for the notices: one voice at a time, the lower threshold's while it is low, the higher
# threshold's when all are back.
option recovery_notice
option overdue_notice
0h      credit 150
2h      enable 100 of 17 level warning
2h      enable 50 of 17 level critical
4h      credit 90
6h      credit 40
8h      credit -1
10h     credit 60
12h     credit 200
14h     credit 30
16h     credit 200
18h     end
expect
4h      alert of 17 level warning
6h      alert of 17 level critical
8h      overdue of 17 level critical
10h     recovery of 17 level critical
12h     recovery of 17 level warning
14h     alert of 17 level critical
16h     recovery of 17 level critical
