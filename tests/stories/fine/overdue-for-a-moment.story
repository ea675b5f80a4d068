# S7: below zero as the episode began, and between two polls above it again: it counts.
0h      credit 150
0h      enable 100
1h2m    credit -5
1h5m    credit 50
3d      end
expect
1h2m    alert
