# S15: one account goes through most of what there is to say; see the .reasons file.
0h      credit 80
1h      enable 100
2h      credit 79
26h30m  threshold 70
27h     credit 69
28h     credit 150
29h     credit 60
30h     disable
30h5m   enable 100
31h     credit -1
56h     end
expect
2h      alert
26h     reminder 1
27h     alert
29h     alert
31h     alert
