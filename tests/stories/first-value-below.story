# S2: the first value ever seen is no change, not even where an alert was enabled before it.
0h      enable 100
1h      credit 80
3h      credit 79
27h     end
expect
3h      alert
27h     reminder 1
