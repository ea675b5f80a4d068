# S6, S8: the webhook never heard that it recovered; no reminder comes of that.
0h      credit 150
0h      enable 100
1h      credit 90
2h      pipeline down
3h      credit 500
10h     pipeline up
60h     credit 90
84h     end
expect
1h      alert
60h     alert
84h     reminder 1
