# S1: a story that names one level does not print it.
0h      credit 150
0h      enable 100 level critical
1h      credit 90
2h      end
expect
1h      alert
