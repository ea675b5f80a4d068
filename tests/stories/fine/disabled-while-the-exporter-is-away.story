# S4: disabled and enabled in its store before it came back: a new episode, which waits.
0h      credit 150
0h      enable 100
1h      credit 90
2h      exporter down
3h      disable
4h      enable 100
5h      exporter up
3d      end
expect
1h      alert
