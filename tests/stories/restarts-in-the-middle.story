# S8: a restart of either program begins, ends and repeats nothing, wherever it falls.
0h      credit 80
1h      enable 100
2h      exporter restart
4h      webhook restart
6h      credit 79
9h      webhook restart
12h     exporter restart
33h     webhook restart
54h     end
expect
6h      alert
30h     reminder 1
54h     reminder 2
