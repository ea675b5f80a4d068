# S3: setting what is set already changes nothing, neither while waiting nor after the alert.
0h      credit 80
1h      enable 100
2h      enable 100
3h      threshold 100.00
4h      credit 81
7h      threshold 100
8h      enable 100
28h     end
expect
4h      alert
28h     reminder 1
