# S9: billing data of exactly six hours ago still decides.
0h      credit 150
0h      enable 100
1h      credit 90
19h1m   poll fails
60h     end
expect
1h      alert
25h     reminder 1
