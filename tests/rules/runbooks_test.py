#!/usr/bin/python3
"""docs/runbooks.md against the rules: a section for each alert and no other, each with its four
parts; the commands and metrics in it exist."""

import argparse
import pathlib
import re
import subprocess
import sys

PARTS = ("Meaning", "Impact", "Diagnosis", "Remedy")


def sections(text):
    """{title: text}."""
    found = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        found[title.strip()] = body
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lowbalance", required=True)
    parser.add_argument("--docs", type=pathlib.Path, required=True)
    arguments = parser.parse_args()

    def run(*words):
        return subprocess.run([arguments.lowbalance, *words], capture_output=True, text=True,
                              check=False)

    problems = []
    rules = run("rules").stdout
    alerts = re.findall(r"- alert: (\w+)", rules)
    runbooks = sections((arguments.docs / "runbooks.md").read_text(encoding="utf-8"))
    metrics = set(re.findall(r"`([a-z_:]+)`",
                             (arguments.docs / "metrics.md").read_text(encoding="utf-8")))
    if sorted(runbooks) != sorted(alerts):
        problems.append(f"alerts without a section or the reverse: {set(runbooks) ^ set(alerts)}")
    for url in re.findall(r"runbook_url: '([^']*)'", rules):
        if url.partition("#")[2] not in {title.lower() for title in runbooks}:
            problems.append(f"{url} leads nowhere")
    for title, body in runbooks.items():
        said = re.findall(r"^\*\*(\w+)\.\*\*", body, flags=re.MULTILINE)
        if tuple(said) != PARTS:
            problems.append(f"{title}: {said} instead of {PARTS}")
        diagnosis = body.partition("**Diagnosis.**")[2].partition("**Remedy.**")[0]
        if not re.search(r"^    \S", diagnosis, flags=re.MULTILINE):
            problems.append(f"{title}: no command under Diagnosis")
        for command, verb in re.findall(r"\blowbalance (accounts|messages) ([a-z]+)\b", body):
            if run(command, verb, "--help").returncode != 0:
                problems.append(f"{title}: there is no lowbalance {command} {verb}")
        for name in re.findall(r"\b(?:billing_account|lowbalance_(?:webhook|exporter))_[a-z_]+[a-z]\b",
                               body):
            if not any(metric.startswith(name) for metric in metrics):
                problems.append(f"{title}: there is no metric {name}")
    for problem in problems:
        print(problem)
    print(f"{len(runbooks)} sections for {len(alerts)} alerts")
    sys.exit(1 if problems or not alerts else 0)


if __name__ == "__main__":
    main()
