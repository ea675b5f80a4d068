# S6: low and recovered while nothing could be heard: nothing to tell.
0h      credit 150
0h      enable 100
30m     pipeline down
1h      credit 90
2h      credit 150
2h30m   pipeline up
2d      end
expect
