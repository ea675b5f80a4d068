# S9, S5: a reminder due while the data is over six hours old is put off until it is not.
0h      credit 150
0h      enable 100
1h      credit 90
18h     poll fails
40h     poll works
49h     end
expect
1h      alert
40h     reminder 1
49h     reminder 2
