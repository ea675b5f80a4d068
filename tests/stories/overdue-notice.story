# S7 with overdue notices on: one per episode, and none where the alert says it already.
option overdue_notice
option recovery_notice
0h      credit 150
2h      enable 100
4h      credit 90
30h     credit -1
32h     credit 5
34h     credit -2
36h     credit 200
38h     credit -3
40h     credit -4
3d      end
expect
4h      alert
28h     reminder 1
30h     overdue
36h     recovery
38h     alert
