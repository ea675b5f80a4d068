# S14: three accounts enabled at once: each gets what it alone would get.
account 1 USD
account 2 USD
account 3 USD
0h      credit 150 of 1
0h      credit 80 of 2
0h      credit -5 of 3
1h      enable 100 of 1
1h      enable 100 of 2
1h      enable 100 of 3
3h      credit 90 of 1
5h      credit 70 of 2
7h      credit -6 of 3
31h     end
expect
3h      alert of 1
5h      alert of 2
7h      alert of 3
27h     reminder 1 of 1
29h     reminder 1 of 2
