# S1, S8: nobody saw the crossing; the poll that comes after sees it and it counts from there.
0h      credit 150
0h      enable 100
1h      exporter down
2h      credit 90
5h      exporter up
29h     end
expect
5h      alert
29h     reminder 1
