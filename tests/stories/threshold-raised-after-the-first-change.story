# S3c, S3a, S2: lowered to not low and raised again: two edits, a new episode, which waits.
0h      credit 150
0h      enable 100
1h      credit 90
4h      threshold 80
6h      threshold 100
30h     credit 91
54h     end
expect
1h      alert
30h     alert
54h     reminder 1
