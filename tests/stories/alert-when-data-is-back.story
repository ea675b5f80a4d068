# S9: the alert of a running episode waits for current data, however long, and then comes.
0h      credit 150
0h      enable 100
1h      pipeline down
3h      credit 90
5h      poll fails
15h     pipeline up
40h     poll works
64h     end
expect
40h     alert
64h     reminder 1
