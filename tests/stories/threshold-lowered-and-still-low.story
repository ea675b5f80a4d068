# S3b: low before and after, so the same episode goes on.
0h      credit 150
0h      enable 100
1h      credit 50
20h     threshold 60
49h     end
expect
1h      alert
25h     reminder 1
49h     reminder 2
