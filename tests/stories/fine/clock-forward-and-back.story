# S11: a clock that was a day ahead for an hour sends one reminder early, and none twice.
0h      credit 150
0h      enable 100
1h      credit 90
10h     clock forward 1d
11h     clock back 1d
49h     end
expect
1h      alert
10h     reminder 1
49h     reminder 2
