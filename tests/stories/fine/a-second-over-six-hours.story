# S9: one second more does not.
0h          credit 150
0h          enable 100
1h          credit 90
18h59m59s   credit 89
18h59m59s   poll fails
26h         poll works
26h         end
expect
1h          alert
26h         reminder 1
