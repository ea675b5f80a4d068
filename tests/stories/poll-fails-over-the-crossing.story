# S1, S8: a failed poll is no value; the crossing is seen when polls work again.
0h      credit 150
0h      enable 100
1h      poll fails
2h      credit 90
4h      poll works
28h     end
expect
4h      alert
28h     reminder 1
