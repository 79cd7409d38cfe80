"""Scenario files for tests: one that is right, and one that is wrong in every way."""

from producers.test_coordinator.vocabulary.tables import INJECTIONS, RULES

GOOD = """\
title: A fall
description: Ether falls.
tags: [price, quick]
duration: 1h
method:
  - inject: crash
    name: fall
    target: market-data
    at: 90s
    for: 15m
    with: {instruments: [ETH-USD], change: -0.1, bounce: 50%, bounce-for: 30m}
effect:
  - {injection: fall, measure: price ETH-BTC, deviation: 9.5%}
expect:
  - alert: price_shock
    subject: ETH-USD
    severity: critical
    since: {injection: fall, measure: price ETH-USD, deviation: 2%}
    within: 2m
  - {name: any drawdown, alert: drawdown, severity: low, since: {injection: fall}, within: 1h}
false-alarms: {severity: medium}
"""

WRONG = """\
title: ""
desciption: hm
tags: [A, b2, b2]
duration: 80h
method:
  - inject: crsh
    target: market-data
    at: 10m
    for: 30m
    with: {change: -15%}
  - inject: crash
    target: exchange
    at: 10
    for: 100h
    with:
      instruments: [al, BTC-USDT]
      change: -30%
      bounce: 7
  - inject: crash
    name: second
    target: market-data
    at: 79h
    for: 2h
    with: {instruments: [], change: 0.123456789}
    with: 3
  - inject: crash
    name: third
    target: market-data
    at: 1h
    for: 2h
    with: {instruments: [ETH-USD], change: -1%}
effect:
  - {injection: thrd, measure: price BTC-USD, deviation: 10%}
  - {injection: third, measure: price BTC-USD, deviation: 101%}
expect:
  - {alert: price_shok, severity: hihg, since: {injection: third}, within: 0s}
  - {alert: drawdown, subject: BTC, severity: high, since: [a], within: 2m}
  - 5
false-alarms: high
"""

NAME_RULE = (
    "a name of 2 to 63 small letters, digits and hyphens is allowed, which begins with a letter"
)

FOUND = f"""\
1: file name 'Bad_name' found; {NAME_RULE}
1: scenario.title: nothing found; a word is allowed
1: scenario: description is missing; a word is allowed
2: scenario: unknown key 'desciption'; allowed: title, description, tags, duration, method, \
effect, expect, false-alarms; did you mean 'description'?
3: scenario.tags: 'A' found; {NAME_RULE}
3: scenario.tags: 'b2' stands there twice
4: scenario.duration: 80h found; 1m to 72h is allowed
6: method[1].inject: unknown injection 'crsh'; allowed: {", ".join(INJECTIONS)}; \
did you mean 'crash'?
12: method[2].target: unknown target 'exchange'; allowed: market-data
13: method[2].at: '10' found; a duration such as 90s, 15m or 36h is allowed
14: method[2].for: 100h found; 1s to 72h is allowed
16: method[2].with.instruments: unknown name 'BTC-USDT'; allowed: all, BTC-USD, ETH-USD, \
USDT-USD; did you mean 'BTC-USD'?
16: method[2].with.instruments: unknown name 'al'; allowed: all, BTC-USD, ETH-USD, USDT-USD; \
did you mean 'all'?
17: method[2].with.change: -30% found; -25% to 0% is allowed
18: method[2].with.bounce: 7 found; 0% to 100% is allowed
22: method[3].at: 79h found; 0s to 72h is allowed
24: method[3].with.change: '0.123456789' found; a fraction such as -15% or -0.15 is allowed
24: method[3].with.instruments: 0 words found; 1 to 3 are allowed
25: method[3]: key 'with' again; the first is in line 24
33: effect[1].injection: unknown injection of this file 'thrd'; allowed: crash, second, third; \
did you mean 'third'?
34: effect[2].deviation: 101% found; 0% to 100% is allowed
34: effect[2].measure: 'price BTC-USD' found; 'third' alters price ETH-USD, price ETH-USDT, \
price ETH-BTC; did you mean 'price ETH-USD'?
36: expect[1].alert: unknown rule 'price_shok'; allowed: RULES; did you mean 'price_shock'?
36: expect[1].severity: unknown severity 'hihg'; allowed: low, medium, high, critical; \
did you mean 'high'?
36: expect[1].within: 0s found; 1s to 24h is allowed
37: expect[2].since: a list found; a mapping is allowed
37: expect[2].subject: unknown subject 'BTC'; allowed: portfolio
38: expect[3]: a number ('5') found; a mapping is allowed
39: scenario.false-alarms: a word ('high') found; a mapping is allowed
""".replace("RULES", ", ".join(RULES))
