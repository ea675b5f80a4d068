#!/usr/bin/python3
"""An edit in the console, in a real Chromium, and what comes of it in Prometheus, in Alertmanager, in
the mail box and in the inbox; and that the same edits through the API and on the command line come
to the same (S14).

Three accounts go through one story, each edited in its own way: enabled while already low, which is
silent until the first change (S2); the threshold lowered out of the way, which ends the episode
without a word (S3c); raised again, which begins another (S3a); switched off (S4).
"""

import argparse
import email
import email.policy
import json
import pathlib
import subprocess
import sys
import time
import urllib.parse

from chain import Chain, Programs
from configuration import PASSWORD, PROVIDER, USER, Timing
from player import pages
from process import wait_for

WAYS = ("console", "api", "command")
HANDS = pathlib.Path(__file__).resolve().parent.parent / "console" / "hands.mjs"


class Hands:
    """Somebody at the consoles: see hands.mjs."""

    def __init__(self, node, npm, screenshots, chain):
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with
            [node, HANDS, "--npm", npm, "--screenshots", screenshots, chain.url("exporter"),
             chain.url("webhook"), USER, PASSWORD],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def do(self, *words):
        """What was to be seen, by where."""
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        seen = json.loads(self._process.stdout.readline())
        assert "failed" not in seen, seen["failed"]
        return seen

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=30)


class Edits:
    def __init__(self, chain, hands):
        self.chain = chain
        self.hands = hands
        self.source = chain.sources["main.json"]

    def everywhere(self, verb, threshold=None):
        """The same edit of each account, in its own way; what the console said."""
        change = {"enable": {"enabled": True}, "disable": {"enabled": False}}.get(verb, {})
        if threshold:
            change["threshold"] = threshold
        seen = self.hands.do(verb, f"{PROVIDER}/console", *([threshold] if threshold else []))
        self.chain.edit("api", "warning", **change)
        self.chain.command("exporter", "accounts", verb, f"{PROVIDER}/command",
                           *(["--threshold", threshold] if threshold else []))
        return seen

    def credit(self, amount):
        for account in WAYS:
            as_of = self.source.set_credit(account, amount)
        wait_for("the poll", lambda: self.chain.seen_as_of(WAYS[-1], as_of), 10)

    def prometheus(self, expr):
        """{account: value}"""
        query = urllib.parse.urlencode({"query": expr})
        found = self.chain.get("prometheus", f"/api/v1/query?{query}")["data"]["result"]
        return {series["metric"]["account_id"]: float(series["value"][1]) for series in found}

    def firing(self):
        return {account for account in WAYS if self.chain.alerts(account)}

    def reasons(self):
        """{account: why its latest episode is as it is, or how it ended}"""
        return {episode["account_id"]: (episode["ended"] or episode)["reason"]
                for episode in self.chain.get("webhook", "/api/v1/episodes")["episodes"]}

    def mails(self):
        """[(account, kind, text)], by account."""
        found = []
        for path in self.chain.mail.glob("new/*"):
            with open(path, "rb") as file:
                mail = email.message_from_binary_file(file, policy=email.policy.default)
            found.append((mail["X-Lowbalance-Account"], mail["X-Lowbalance-Kind"],
                          mail.get_body(("plain",)).get_content()))
        return sorted(found)

    def inbox(self):
        return list(pages(self.chain, "/api/v1/inbox", recipient="finance"))

    def all_are(self, reason):
        wait_for(f"{reason} of all", lambda: self.reasons() == dict.fromkeys(WAYS, reason), 20,
                 step=0.1)

    # ---- Steps, in order.

    def enabled_while_low_it_waits_for_the_first_change(self):
        self.credit("90")
        seen = self.everywhere("enable", "100")
        assert "the first alert goes out when it next changes" in seen["dialog"], seen
        assert "Low, awaiting change" in seen["page"], seen
        self.all_are("awaiting_first_change")
        assert self.prometheus("billing_account_alert_threshold") == dict.fromkeys(WAYS, 100)
        assert self.firing() == set(WAYS)
        said = self.hands.do("story", f"{PROVIDER}/console")["page"]
        assert "the first alert goes out when available credit next changes" in said, said
        time.sleep(2 * self.chain.timing.heartbeat)
        assert (self.mails(), self.inbox()) == ([], []), "something was sent before the change"

    def the_first_change_brings_one_message_of_each(self):
        self.credit("85.5")
        wait_for("the mails", lambda: len(self.mails()) >= 3, 20)
        wait_for("the internal messages", lambda: len(self.inbox()) >= 3, 5)
        time.sleep(2 * self.chain.timing.heartbeat)
        assert [mail[:2] for mail in self.mails()] == [(account, "alert")
                                                       for account in sorted(WAYS)]
        for account, _, text in self.mails():
            for words in (account, "85.50 USD", "100.00 USD"):
                assert words in text, (words, text)
        assert len(self.inbox()) == 3, self.inbox()
        letter = self.hands.do("letter", "console")["page"]
        for words in ("85.50 USD", "100.00 USD"):
            assert words in letter, letter

    def a_threshold_below_the_credit_ends_it_without_a_word(self):
        self.everywhere("threshold", "80")
        self.all_are("threshold_lowered")
        wait_for("no alerts", lambda: not self.firing(), 10)
        assert self.prometheus("billing_account_alert_threshold") == dict.fromkeys(WAYS, 80)

    def raised_again_it_is_another_episode_that_waits(self):
        seen = self.everywhere("threshold", "95")
        assert "Low, awaiting change" in seen["page"], seen
        self.all_are("awaiting_first_change")

    def switched_off_it_ends(self):
        self.everywhere("disable")
        self.all_are("disabled")
        self.credit("70")
        time.sleep(2 * self.chain.timing.heartbeat)
        assert self.firing() == set()
        assert (len(self.mails()), len(self.inbox())) == (3, 3), "something more was sent"
        said = self.hands.do("story", f"{PROVIDER}/console")["page"]
        assert "The alert was switched off." in said.splitlines(), said

    def the_audit_says_who_and_through_what(self):
        audits = {}
        for account in WAYS:
            edits = self.chain.get("exporter", f"/api/v1/edits?account_id={account}")["edits"]
            audits[account] = [(edit["who"], edit["from"], edit["to"]) for edit in edits]
            through = {edit["through"] for edit in edits}
            assert len(through) == 1, edits
            assert (through == {"console"}) == (account == "console"), (account, through)
        assert len(audits["console"]) == 4, audits
        assert audits["console"] == audits["api"] == audits["command"], audits


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="Prometheus' programs")
    parser.add_argument("--npm", required=True, help="node_modules with playwright-core")
    parser.add_argument("--node", default="node")
    parser.add_argument("--screenshots", required=True, help="the folder for them")
    parser.add_argument("--keep", action="store_true", help="keep folder and logs")
    arguments = parser.parse_args()
    programs = Programs(arguments.bin.resolve(), arguments.tools.resolve())
    programs.check()
    # Nothing here is about how long things take: no reminder comes, and facts are never old.
    timing = Timing(hour=60.0, facts_max_age=60.0)
    with Chain(programs, timing, {"main.json": dict.fromkeys(WAYS, "USD")}, keep=arguments.keep,
               name="console-edits") as chain:
        hands = Hands(arguments.node, arguments.npm, arguments.screenshots, chain)
        try:
            edits = Edits(chain, hands)
            for step in (edits.enabled_while_low_it_waits_for_the_first_change,
                         edits.the_first_change_brings_one_message_of_each,
                         edits.a_threshold_below_the_credit_ends_it_without_a_word,
                         edits.raised_again_it_is_another_episode_that_waits,
                         edits.switched_off_it_ends, edits.the_audit_says_who_and_through_what):
                begun = time.monotonic()
                step()
                print(f"{time.monotonic() - begun:5.1f} s  "
                      f"{step.__name__.replace('_', ' ')}", flush=True)
        finally:
            hands.close()


if __name__ == "__main__":
    sys.exit(main())
