# S3c, S1: a threshold equal to the credit makes it not low.
0h      credit 150
0h      enable 100
1h      credit 90
3h      threshold 90
50h     end
expect
1h      alert
