# S8: what fell and rose again while nothing could be seen never happened.
0h      credit 150
0h      enable 100
1h      poll fails
2h      credit 90
3h      credit 150
4h      poll works
30h     end
expect
