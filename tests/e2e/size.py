#!/usr/bin/python3
"""Thousands of accounts through the whole chain: 5,000 in one file, 1,000 of them falling within
--spread seconds. No error anywhere, no notification dropped, and every message exactly once for
every recipient of its contact.

Prints what it took.
"""

import argparse
import json
import pathlib
import re
import sys
import time

import yaml

from chain import Chain, Programs
from configuration import PROVIDER, Timing
from kills import read_copies
from player import pages
from process import wait_for

CONTACTS = 20
STEPS = 10
DROPPED = "prometheus_notifications_dropped_total"


def contacts():
    return {f"team-{n}": {"email": [f"first.{n}@example.com", f"second.{n}@example.com"],
                          "internal": [f"team-{n}"]} for n in range(CONTACTS)}


class SizeChain(Chain):
    """Its accounts have their contacts and thresholds from the file."""

    def __init__(self, programs, timing, ids, keep):
        super().__init__(programs, timing, {"main.json": dict.fromkeys(ids, "USD")}, keep=keep,
                         name="size")
        settings = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        settings["contacts"] = contacts()
        settings["default_contact"] = "team-0"
        settings["exporter"]["accounts"] = [
            {"provider": PROVIDER, "account_id": account_id, "contact": f"team-{n % CONTACTS}",
             "alert": {"threshold": 100}} for n, account_id in enumerate(ids)]
        self.source = self.sources["main.json"]
        self.source.set_credits(dict.fromkeys(ids, "150"))
        # JSON is YAML, and written in a hundredth of the time.
        self.config.write_text(json.dumps(settings, indent=1), encoding="utf-8")


def check(chain, falling, dropped):
    """What is not as it has to be."""
    problems = []

    def none(what, count):
        if count:
            problems.append(f"{count:g} {what}")

    none("notifications dropped by Prometheus",
         chain.their_metric("prometheus", DROPPED) - dropped)
    none("notifications that Prometheus could not deliver",
         chain.their_metric("prometheus", "prometheus_notifications_errors_total"))
    none("failed rule evaluations",
         chain.their_metric("prometheus", "prometheus_rule_evaluation_failures_total"))
    none("failed notifications of Alertmanager",
         chain.their_metric("alertmanager", "alertmanager_notifications_failed_total"))
    for series, count in chain.metric("webhook", "lowbalance_webhook_notifications_total").items():
        if "200" not in series:
            none(f"notifications answered {series}", count)
    decisions = chain.metric("webhook", "lowbalance_webhook_decisions_total")
    for reason in ("bad_facts", "stale_facts", "stale_billing_data"):
        none(f"decisions {reason}", decisions[f'{{reason="{reason}"}}'])
    for series, count in chain.metric("webhook", "lowbalance_webhook_deliveries_total").items():
        if "delivered" not in series:
            none(f"deliveries {series}", count)
    for part in ("exporter", "webhook"):
        log = getattr(chain, part).log.read_text(encoding="utf-8")
        none(f"errors in the {part}'s log", len(re.findall(r" level=(?:error|warn) ", log)))

    messages = list(pages(chain, "/api/v1/messages"))
    about = [message["account_id"] for message in messages]
    if sorted(about) != sorted(falling):
        problems.append(f"{len(about)} messages about {len(set(about))} accounts, "
                        f"{len(falling)} have fallen")
    account_of = {message["id"]: message["account_id"] for message in messages}
    copies = read_copies(chain.mail)
    wanted = {name: set() for name in contacts()}
    for account_id in falling:
        wanted[f"team-{int(account_id.split('.')[1]) % CONTACTS}"].add(account_id)
    for name, contact in contacts().items():
        entries = [account_of[entry["message_id"]]
                   for entry in pages(chain, "/api/v1/inbox", recipient=name)]
        if sorted(entries) != sorted(wanted[name]):
            problems.append(f"inbox of {name}: {len(entries)} messages, {len(wanted[name])} due")
        for address in contact["email"]:
            got = {about: mails for (to, about), mails in copies.items() if to == address}
            if set(got) != wanted[name] or any(
                    list(mails.values()) != [1] for mails in got.values()):
                problems.append(f"mail to {address}: about {len(got)} accounts, "
                                f"{sum(sum(mails.values()) for mails in got.values())} mails, "
                                f"{len(wanted[name])} due")
    return problems


def memory(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="Prometheus' programs")
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--falling", type=int, default=1000)
    parser.add_argument("--spread", type=float, default=10, help="seconds the falls take")
    parser.add_argument("--evaluation", type=float, default=4, help="seconds between evaluations")
    parser.add_argument("--keep", action="store_true", help="keep folder and logs")
    arguments = parser.parse_args()
    programs = Programs(arguments.bin.resolve(), arguments.tools.resolve())
    programs.check()
    ids = [f"size.{n}" for n in range(arguments.accounts)]
    # Ten in a row and then a gap, so that they are of all shards and contacts.
    apart = arguments.accounts // arguments.falling
    falling = [account_id for n, account_id in enumerate(ids) if n // 10 % apart == 0]
    # The facts of an alert cost Prometheus milliseconds: a thousand of them are no work for an
    # interval of tests, but for one of some seconds.
    timing = Timing(hour=600.0, evaluation=arguments.evaluation, scrape=arguments.evaluation,
                    poll=0.5, heartbeat=4 * arguments.evaluation, facts_max_age=300.0)
    with SizeChain(programs, timing, ids, arguments.keep) as chain:
        wait_for("the first poll", lambda: chain.account(ids[-1]), 30)
        wait_for("the watchdog to come through", lambda: chain.proxy.codes[200], 60)
        # Of its very first evaluation Prometheus tells nobody: it has no Alertmanager yet.
        dropped = chain.their_metric("prometheus", DROPPED)
        begun = time.monotonic()
        for step in range(STEPS):
            chain.source.set_credits({account_id: f"{90 - step}.25" for account_id in falling[step::STEPS]})
            time.sleep(arguments.spread / STEPS)
        fallen = time.monotonic()
        delivered = '{outcome="delivered",relay="email"}'
        try:
            wait_for("all mails", lambda: chain.metric(
                "webhook", "lowbalance_webhook_deliveries_total")[delivered]
                >= 2 * len(falling), 300, step=0.2)
        except TimeoutError as error:
            print(f"FAIL {error}")
        done = time.monotonic()
        time.sleep(timing.heartbeat + timing.evaluation)  # A stray message would show.
        problems = check(chain, falling, dropped)
        for problem in problems:
            print(f"FAIL {problem}")
        cpu = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in chain.cpu_seconds().items())
        ours = ", ".join(f"{name} {memory(getattr(chain, name))} MB"
                         for name in ("exporter", "webhook"))
        print(f"{len(ids)} accounts, {len(falling)} fell within {fallen - begun:.0f} s; the last "
              f"of {2 * len(falling)} mails {done - fallen:.1f} s after the last fall\n"
              f"processor time: {cpu}\nlargest resident set: {ours}", flush=True)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
