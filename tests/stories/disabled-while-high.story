# S4: a crossing while disabled sends nothing, and is no crossing for who enables it later.
0h      credit 150
0h      enable 100
1h      disable
2h      credit 90
5h      enable 100
30h     end
expect
