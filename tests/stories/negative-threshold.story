# S1, S7: a threshold below zero; whoever is below it is overdue too.
0h      credit 10
0h      enable -50
1h      credit -50
3h      credit -50.01
30h     end
expect
3h      alert
