# S3c: not low any more: the episode is over, silently; the next crossing is a new one.
0h      credit 150
0h      enable 100
1h      credit 90
3h      threshold 80
5h      credit 79
29h     end
expect
1h      alert
5h      alert
29h     reminder 1
