# S6, S1: every crossing is an episode, however close they are.
0h       credit 150
0h       enable 100
1h       credit 90
1h1m     credit 110
1h2m     credit 90
1h2m30s  credit 100
1h3m     credit 99
26h      end
expect
1h       alert
1h2m     alert
1h3m     alert
25h3m    reminder 1
