# S8: restarted in the very instant of the alert, of a reminder and of the end.
0h      credit 150
0h      enable 100
1h      credit 90
1h      webhook restart
25h     webhook restart
25h1m   webhook restart
30h     credit 150
30h     webhook restart
31h     credit 90
31h     webhook restart
55h     end
expect
1h      alert
25h     reminder 1
31h     alert
55h     reminder 1
