# S9, S8: a notification that was under way for 41 minutes decides nothing.
0h      credit 150
0h      enable 100
1h      credit 90
24h30m  pipeline down
25h10m  duplicate
26h     pipeline up
26h     end
expect
1h      alert
26h     reminder 1
