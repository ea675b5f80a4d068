# S3b, S2: still waiting for the first change after the edit.
0h      credit 80
1h      enable 100
3h      threshold 120
6h      credit 81
7h      end
expect
6h      alert
