# S11, S5: three days at one stroke: one reminder, the one whose day it is.
0h      credit 150
0h      enable 100
1h      credit 90
10h     clock forward 3d
5d      end
expect
1h      alert
10h     reminder 3
25h     reminder 4
49h     reminder 5
