#!/usr/bin/python3
"""Runs a promtool unit test against the rule file that `lowbalance rules` prints now.

promtool compares annotations to the byte, but loads its series in an order that changes from run to
run, and so changes the order of the pairs in `lowbalance_facts`, which means nothing. So wherever a
test expects facts, promtool is given a text that never comes; what it says it got instead is
compared here, the facts as a set of pairs (`reason` together with the `ended` before it, `contact`
with the `account_name`) and everything else exactly. FACTS_LINE in a test stands for the content of
facts_line.txt beside it.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

FACTS = "lowbalance_facts"
NEVER = "facts that never come"
QUOTED = r'"(?:[^"\\]|\\.)*"'
TOGETHER = {"reason": "ended", "contact": "account_name"}


def facts_of(line):
    """The pairs of a facts line, sorted; fails where it is not made of pairs."""
    pairs = []
    for name, value in re.findall(rf"(\w+)=({QUOTED}|\S+)", line):
        if name in TOGETHER:
            if not pairs or not pairs[-1].startswith(TOGETHER[name] + "="):
                raise ValueError(f"{name} does not follow {TOGETHER[name]}: {line}")
            pairs[-1] += f" {name}={value}"
        else:
            pairs.append(f"{name}={value}")
    if " ".join(pairs) != line:
        raise ValueError(f"not a line of name=value pairs: {line}")
    if not line.startswith("evaluated_at="):
        raise ValueError(f"does not begin with the instant: {line}")
    return sorted(pairs)


def pairs_of(text):
    """{a="b", c="d"} as Prometheus prints labels, as a dict. Go's escapes are JSON's here."""
    return {name: json.loads(value) for name, value in re.findall(rf"(\w+)=({QUOTED})", text)}


def got_of(output):
    """What promtool got, by test name, alert and time, where it differed from what was expected."""
    got, test = {}, None
    block = re.compile(
        r"^ *name: (?P<test>.*),$|^ *alertname: (?P<alert>\w+), time: (?P<time>\w+),|"
        r"^ *(?P<got>got:)\[|^ *Labels:(?P<labels>\{.*\})$|^ *Annotations:(?P<annotations>\{.*\}),?$",
        re.MULTILINE)
    alerts = None
    for match in block.finditer(output):
        if match["test"]:
            test = match["test"]
        elif match["alert"]:
            key, alerts = (test, match["alert"], match["time"]), None
        elif match["got"]:
            alerts = got.setdefault(key, [])
        elif match["labels"] and alerts is not None:
            alerts.append([pairs_of(match["labels"]), None])
        elif match["annotations"] and alerts is not None:
            alerts[-1][1] = pairs_of(match["annotations"])
    return got


def comparable(labels, annotations):
    annotations = dict(annotations)
    if FACTS in annotations:
        annotations[FACTS] = facts_of(annotations[FACTS])
    return json.dumps([labels, annotations], sort_keys=True, ensure_ascii=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--lowbalance", required=True, help="the program")
    parser.add_argument("--promtool", required=True)
    parser.add_argument("test", type=pathlib.Path)
    arguments = parser.parse_args()

    facts_line = (arguments.test.parent / "facts_line.txt").read_text(encoding="utf-8").strip()
    test = yaml.safe_load(arguments.test.read_text(encoding="utf-8"))
    expected = {}
    for group in test["tests"]:
        for check in group.get("alert_rule_test", []):
            alerts = check["exp_alerts"]
            if not any(FACTS in alert.get("exp_annotations", {}) for alert in alerts):
                continue
            wanted = expected[group["name"], check["alertname"], check["eval_time"]] = []
            for alert in alerts:
                notes = alert["exp_annotations"]
                if notes[FACTS] == "FACTS_LINE":
                    notes[FACTS] = facts_line
                labels = {**alert["exp_labels"], "alertname": check["alertname"]}
                wanted.append(comparable(labels, notes))
                alert["exp_annotations"] = {**notes, FACTS: NEVER}

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        rules = subprocess.run([arguments.lowbalance, "rules"], cwd=folder, check=True,
                               capture_output=True).stdout
        (folder / "lowbalance.yml").write_bytes(rules)
        (folder / "test.yml").write_text(yaml.safe_dump(test, allow_unicode=True, width=10000,
                                                        sort_keys=False), encoding="utf-8")
        done = subprocess.run([arguments.promtool, "test", "rules", "test.yml"], cwd=folder,
                              capture_output=True, encoding="utf-8", check=False)

    output = done.stdout + done.stderr
    got = got_of(output)
    wrong = []
    for key, alerts in got.items():
        there = sorted(comparable(*alert) for alert in alerts)
        wanted = sorted(expected.get(key, ["no alert, or other annotations"]))
        if there != wanted:
            wrong.append("\n".join([f"{key}:", *(f"  expected {alert}" for alert in wanted),
                                    *(f"  got      {alert}" for alert in there)]))
    wrong += [f"{key}: promtool did not say what it got" for key in expected.keys() - got.keys()]
    # Whatever promtool finds wrong beyond that which is made to differ.
    others = "alertname:" not in output or "expr:" in output or "error" in output.lower()
    if wrong or (done.returncode != 0 and (others or not expected)):
        print(*(wrong or [output]), sep="\n")
        sys.exit(1)
    print(f"{len(expected)} alerts' facts as expected, and all else")


if __name__ == "__main__":
    main()
