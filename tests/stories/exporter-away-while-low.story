# S8, S5: no metrics for ten hours end nothing and repeat nothing; the reminder is late in its day.
0h      credit 150
0h      enable 100
1h      credit 90
20h     exporter down
30h     exporter up
50h     end
expect
1h      alert
30h     reminder 1
49h     reminder 2
