# The balances of ./quickstart's demo: at which second, which account, which available credit, and
# what to say of it. After the last line it begins anew.
#  s  account  credit  remark
   0  1001     150.00
   0  1002     480.00
   0  1003      40.00
   3  1001     138.20
   6  1001     126.75
   9  1001     114.90
  12  1001     105.10
  15  1001      96.40  below its threshold of 100: an alert is due
  22  1001      95.80
  26  1002     471.30
  29  1001      97.15
  36  1001      96.90
  40  1003      38.50  its first change since the alert was switched on: now one is due
  43  1001      95.20
  57  1001      94.75
  71  1001      94.10
  85  1002     466.05
  99  1001      93.30
 140  1001      92.85  five reminders have been sent, there will be no more
 150  1001     250.00  topped up: the episode is over, and nobody is told
 160  1001     205.60
 170  1001     172.25
 180  1001     150.00
