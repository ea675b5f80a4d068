"""The rule file for the Helm chart: what `lowbalance rules` prints, with marks for what varies.

The intervals of `pipeline` are the chart's values, so the chart cannot carry one fixed text. The
program is asked for its rules with intervals that are prime numbers of seconds, and wherever a
multiple of one stands, as a number or as a duration, a mark takes its place:

    @(heartbeat*4)@     seconds, with the three decimals that the program prints
    @{heartbeat*4}@     a duration as `for:` and `offset` take it
    @[namespace]@, @[runbook_base]@   texts

templates/_rules.tpl replaces the marks; a test renders the chart with several intervals and
compares the outcome with what the program itself prints for them.
"""

import pathlib
import re
import subprocess
import tempfile

# Far apart, and no small multiple of one near a number the rules have for other reasons.
PRIMES = {"evaluation": 997, "heartbeat": 50021, "billing_data_max_age": 400009,
          "burn_rate_window": 600011}
LARGEST_FACTOR = 7
UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}

_NUMBERS = re.compile(r"(?<![\w.$@])(?:(?:\d+[dhms])+|\d+\.000)(?![\w.@])")


def _seconds(text):
    if text.endswith(".000"):
        return int(text[:-4])
    return sum(int(count) * UNITS[unit] for count, unit in re.findall(r"(\d+)([dhms])", text))


def _mark(match):
    text = match.group()
    seconds = _seconds(text)
    for name, prime in PRIMES.items():
        factor, rest = divmod(seconds, prime)
        if rest == 0 and 1 <= factor <= LARGEST_FACTOR:
            inner = name if factor == 1 else f"{name}*{factor}"
            return f"@({inner})@" if text.endswith(".000") else f"@{{{inner}}}@"
    return text


def marked_rules(program):
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "lowbalance.yml"
        intervals = ", ".join(f"{name}: {prime}s" for name, prime in PRIMES.items())
        config.write_text(f"pipeline: {{{intervals}, facts_max_age: {PRIMES['evaluation']}s}}\n",
                          encoding="utf-8")
        rules = subprocess.run(
            [program, "rules", "--config.file", config, "--label", "namespace=@[namespace]@",
             "--runbook-base", "@[runbook_base]@"],
            check=True, capture_output=True, encoding="utf-8").stdout
    rules = _NUMBERS.sub(_mark, rules)
    return rules.replace("edit lowbalance.yml rather than this file",
                         "dashboards/rule_marks.py explains the marks")
