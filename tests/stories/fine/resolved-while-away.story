# S8: Prometheus resolves what it does not see; the account is low all the same.
0h      credit 150
0h      enable 100
1h      credit 90
2h      resolved
2h1m    exporter down
2h5m    resolved
3h      exporter up
4h      pipeline down
4h4m    resolved
5h      pipeline up
5h      resolved
25h     end
expect
1h      alert
25h     reminder 1
