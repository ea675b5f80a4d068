#!/usr/bin/python3
"""Every decision has one reason, and the log, the metric and the API all say the same word.

One account for each of the fourteen reasons of docs/semantics.md (S15). For each: the
notification that causes it is posted to the real webhook; the log must have a line of that account
with that reason, lowbalance_webhook_decisions_total must count one more for it and nothing else,
and the API must say it.
"""

import argparse
import pathlib
import re
import sys
import time

from webhook_alone import WebhookAlone, ended, low

REASONS = ("alert", "reminder", "awaiting_first_change", "reminder_not_due",
           "reminders_exhausted", "overdue", "covered_by_lower_level", "recovered", "disabled",
           "threshold_lowered", "stale_facts", "stale_billing_data", "bad_facts", "duplicate")
DAY = 2.0  # Seconds; reminders.every.


class Reasons:
    def __init__(self, alone):
        self.alone = alone
        self.begun = time.time()

    # Each returns the alert that causes the reason, having seen to what must come before. Alerts of
    # one account are of one episode, low since `self.begun`.

    def low(self, account_id, **facts):
        return low(account_id, **{"low": self.begun, "first_change": self.begun, **facts})

    def alert(self, account_id):
        return self.low(account_id)

    def reminder(self, account_id):
        self.alone.notify(self.low(account_id))
        time.sleep(DAY * 1.05)
        return self.low(account_id)

    def awaiting_first_change(self, account_id):
        return self.low(account_id, first_change=None)

    def reminder_not_due(self, account_id):
        self.alone.notify(self.low(account_id))
        time.sleep(0.01)
        return self.low(account_id)

    def reminders_exhausted(self, account_id):
        self.alone.notify(self.low(account_id))
        time.sleep(DAY * 1.05)
        self.alone.notify(self.low(account_id))
        time.sleep(DAY)
        return self.low(account_id)

    def overdue(self, account_id):
        self.alone.notify(self.low(account_id, available_credit=-5, overdue=self.begun))
        return self.low(account_id, available_credit=-5, overdue=self.begun)

    def covered_by_lower_level(self, account_id):
        # The level asked about is the one that is covered.
        self.other_level = self.low(account_id, level="critical", threshold=95)
        return self.low(account_id)

    def recovered(self, account_id):
        return self._end(account_id, "recovered")

    def disabled(self, account_id):
        return self._end(account_id, "disabled")

    def threshold_lowered(self, account_id):
        return self._end(account_id, "threshold_lowered")

    def _end(self, account_id, reason):
        self.alone.notify(self.low(account_id))
        return ended(account_id, time.time(), reason)

    def stale_facts(self, account_id):
        return self.low(account_id, now=time.time() - 11 * 60)

    def stale_billing_data(self, account_id):
        return self.low(account_id, last_success=time.time() - 7 * 3600)

    def bad_facts(self, account_id):
        return self.low(account_id, available_credit=None)

    def duplicate(self, account_id):
        alert = self.low(account_id)
        self.alone.notify(alert)
        return alert

    # ----

    def check(self, reason):
        alone = self.alone
        account_id = f"{reason}-17"
        self.other_level = None
        alert = getattr(self, reason)(account_id)
        before = alone.metric("lowbalance_webhook_decisions_total")
        lines_before = len(alone.log().splitlines())
        alone.notify(*([alert, self.other_level] if self.other_level else [alert]))

        after = alone.metric("lowbalance_webhook_decisions_total")
        counted = {series: after[series] - before[series] for series in after
                   if after[series] != before[series]}
        expected = {f'{{reason="{reason}"}}': 1}
        if self.other_level:
            expected['{reason="alert"}'] = 1
        assert counted == expected, f"metric: {counted}"

        lines = [line for line in alone.log().splitlines()[lines_before:]
                 if re.search(rf'\breason="?{reason}"?( |$)', line)
                 and re.search(rf'\baccount_id="?{account_id}"?( |$)', line)]
        assert len(lines) == 1, f"log: {alone.log().splitlines()[lines_before:]}"

        said = self._api(reason, account_id)
        assert said == reason, f"API: {said}"
        if reason in ("alert", "reminder"):
            newest = alone.get(f"/api/v1/messages?account_id={account_id}")["messages"][0]
            assert newest["kind"] == reason, newest

    def _api(self, reason, account_id):
        if reason == "bad_facts":
            kept = [bad for bad in self.alone.get("/api/v1/bad-alerts")["bad_alerts"]
                    if bad["labels"]["account_id"] == account_id]
            return kept[0]["reason"] if len(kept) == 1 else kept
        episodes = self.alone.get(f"/api/v1/episodes?account_id={account_id}")["episodes"]
        (episode,) = [one for one in episodes if one["level"] == "warning"]
        if reason != "duplicate":  # Which is of the delivery, and leaves the account as it is.
            assert episode["reason"] == reason, episode
        return episode["last_decision"]["reason"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, help="not needed")
    parser.add_argument("--keep", action="store_true", help="keep folder and logs")
    arguments = parser.parse_args()
    contacts = {"finance": {"internal": ["finance"]}}
    with WebhookAlone(arguments.bin.resolve(), contacts,
                      {"reminders": {"every": f"{DAY:g}s", "at_most": 1}},
                      ("--log.level", "debug"), "reasons", arguments.keep) as alone:
        reasons = Reasons(alone)
        families = {series.split('"')[1]
                    for series in alone.metric("lowbalance_webhook_decisions_total")}
        assert families == set(REASONS), families ^ set(REASONS)
        for reason in REASONS:
            reasons.check(reason)
            print(f"the log, the metric and the API say {reason}", flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
