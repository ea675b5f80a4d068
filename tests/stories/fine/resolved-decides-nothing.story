# S8: a resolved notification is no notification of being low either.
0h      credit 150
0h      enable 100
1h      credit 90
24h55m  pipeline down
25h     resolved
26h     pipeline up
26h     end
expect
1h      alert
26h     reminder 1
