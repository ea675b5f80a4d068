# S3c, S3a, S2: edits reach the store while nothing is polled; low by an edit, it waits.
0h      credit 150
0h      enable 100
1h      credit 90
2h      exporter down
3h      threshold 80
4h      threshold 100
5h      exporter up
30h     credit 85
54h     end
expect
1h      alert
30h     alert
54h     reminder 1
