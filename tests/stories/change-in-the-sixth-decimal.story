# S1, S2: comparisons are exact; a change by the smallest amount is a change.
0h      credit 100
1h      enable 100
2h      credit 99.999999
5h      threshold 99.999999
8h      credit 99.999998
9h      end
expect
2h      alert
8h      alert
