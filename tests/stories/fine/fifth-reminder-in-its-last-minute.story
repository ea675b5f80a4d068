# S5: the fifth reminder's day ends six days after the alert; a minute before, it is still sent.
0h       credit 150
0h       enable 100
1h       credit 90
2h       pipeline down
144h59m  pipeline up
200h     end
expect
1h       alert
144h59m  reminder 5
