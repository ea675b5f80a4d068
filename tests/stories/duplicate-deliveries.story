# S8: the same notification again, soon or late, says nothing new.
0h      credit 150
0h      enable 100
1h      credit 90
3h      duplicate
27h     duplicate
28h     duplicate
29h     end
expect
1h      alert
25h     reminder 1
