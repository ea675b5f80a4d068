# S1, S5, S6: accounts do not know of one another, nor do currencies.
account 17 USD
account 18 CNY
0h      credit 150 of 17
0h      credit 1000 of 18
0h      enable 100 of 17
0h      enable 500 of 18
1h      credit 90 of 17
4h      credit 499.99 of 18
20h     credit 700 of 18
26h     end
expect
1h      alert of 17
4h      alert of 18
25h     reminder 1 of 17
