# S11: the clock before the alert again: it is not repeated.
0h      credit 150
0h      enable 100
1h      credit 90
1h30m   clock back 1h
26h     end
expect
1h      alert
26h     reminder 1
