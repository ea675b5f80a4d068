#!/usr/bin/python3
"""Wall clocks set back and forward by hours and days, on the real programs (S9, S11): no message
twice, none lost, nothing that is not so; reminders on the days that they belong to, at their
real interval. And mail servers that come back after a day, and after a week.

Exporter and webhook each see a clock that the test sets. The test stands for Prometheus and
Alertmanager: it tells the webhook what the exporter publishes.
"""

import argparse
import collections
import datetime
import pathlib
import sys
import time

import yaml

from clock import DAY, HOUR, MINUTE, Clock
from configuration import PASSWORD_HASH, USER
from process import Process, answers, free_port, wait_for
from source_file import SourceFile
from webhook_alone import WebhookAlone, ended, low

PEOPLE = ("ana@example.com", "bo@example.com")
EVERYBODY = len(PEOPLE) + 1
METRICS = {"available_credit": "available_credit", "threshold": "alert_threshold",
           "low": "alert_low_timestamp_seconds",
           "first_change": "alert_first_change_timestamp_seconds",
           "change": "available_credit_change_timestamp_seconds",
           "last_success": "last_success_timestamp_seconds",
           "ended": "alert_ended_timestamp_seconds"}


class Host:
    """Exporter, webhook and whoever evaluates rules, with a clock each."""

    def __init__(self, bin_folder, keep, ids):
        self.alone = WebhookAlone(bin_folder, {"team": {"email": list(PEOPLE),
                                                        "internal": ["ana"]}},
                                  {"retry": {"first": "30s", "longest": "30m"}},
                                  name="clocks", keep=keep)
        folder = self.alone.folder
        self.clocks = {name: Clock(folder / f"{name}.clock")
                       for name in ("exporter", "webhook", "prometheus")}
        self.file = SourceFile(folder / "main.json", dict.fromkeys(ids, "USD"),
                               self.clocks["prometheus"].now)
        self.port = free_port()
        settings = self.alone.settings
        del settings["pipeline"]  # Everything at its real time.
        settings["exporter"] = {
            "listen_address": f"127.0.0.1:{self.port}", "web_config_file": "web.yml",
            "store": "sqlite:exporter.db",
            "sources": [{"name": "main", "type": "file", "provider": "demo", "path": "main.json",
                         "interval": "100ms", "jitter": "0s"}],
            "accounts": [{"provider": "demo", "account_id": one,
                          "alert": {"enabled": True, "threshold": "100"}} for one in ids]}
        (folder / "web.yml").write_text(
            yaml.safe_dump({"basic_auth_users": {USER: PASSWORD_HASH}}), encoding="utf-8")
        self.alone.write_configuration()
        self.alone.webhook.argv = self.clocks["webhook"].wrap(self.alone.webhook.argv)
        self.exporter = Process(
            "exporter", self.clocks["exporter"].wrap(
                [bin_folder / "lowbalance-exporter", "--config.file", self.alone.config]),
            folder / "exporter.log", folder,
            lambda: answers(f"http://127.0.0.1:{self.port}/-/ready"))
        self.ids = ids

    def __enter__(self):
        self.alone.start_smtp()
        for one in self.ids:
            self.file.set_credit(one, "150")
        self.exporter.start()
        self.alone.__enter__()
        return self

    def __exit__(self, kind, *rest):
        if kind is not None:
            print(self.exporter.tail(), end="")
        self.exporter.kill()
        self.alone.__exit__(kind, *rest)

    def set_clocks(self, offset, *names):
        """Of these, or of all."""
        for name in names or self.clocks:
            self.clocks[name].set_to(offset)
        # Loops notice at their next step, ten seconds later at most.
        assert self.alone.request("POST", "/-/reload")[0] == 200

    def published(self, account_id):
        """{fact: value} of what the exporter publishes."""
        port, self.alone.port = self.alone.port, self.port
        try:
            facts = {}
            for fact, metric in METRICS.items():
                for labels, value in self.alone.metric(f"billing_account_{metric}").items():
                    if f'account_id="{account_id}"' in labels:
                        facts[fact] = value
            return facts
        finally:
            self.alone.port = port

    def sums(self):
        """What every account has spent, as the exporter publishes it."""
        port, self.alone.port = self.alone.port, self.port
        try:
            return list(self.alone.metric("billing_account_spend_total").items())
        finally:
            self.alone.port = port

    def becomes(self, account_id, amount):
        self.file.set_credit(account_id, str(amount))
        wait_for(f"{account_id} to be at {amount}",
                 lambda: self.published(account_id).get("available_credit") == amount, 15)

    def heartbeat(self):
        """A poll, and one evaluation of the rules, passed on."""
        as_of = self.file.refresh()
        # What is later than the exporter's clock counts as now.
        polled = min(as_of, self.clocks["exporter"].now()) - 0.002
        wait_for("a poll", lambda: self.published(self.ids[0])["last_success"] >= polled
                 or self.clocks["exporter"].now() < polled, 15)
        now = self.clocks["prometheus"].now()
        alerts = []
        for one in self.ids:
            facts = {"evaluated_at": now, **self.published(one)}
            over = facts.pop("ended", None)
            if "low" in facts:
                alerts.append(low(one, now=now, **{"first_change": None, **facts}))
            elif over is not None:
                facts.pop("first_change", None)
                facts["low"] = facts["first_change"] = None
                alerts.append(ended(one, over, "recovered", now=now, **facts))
        self.alone.notify(*alerts)

    def messages(self):
        """["alert of a", "reminder 1 of a", …], the oldest first."""
        found = self.alone.get("/api/v1/messages?limit=1000")["messages"]
        return [(f"{m['kind']} {m['number']}" if m["number"] else m["kind"])
                + f" of {m['account_id']}" for m in reversed(found)]

    def expect(self, *messages):
        """After two heartbeats these are all there are, and everybody has each once."""
        self.heartbeat()
        self.heartbeat()
        assert self.messages() == list(messages), self.messages()

        def delivered():
            return all(d["state"] == "delivered" for d in self.deliveries())
        wait_for("all to be delivered", delivered, 15)
        assert len(self.deliveries()) == EVERYBODY * len(messages), self.deliveries()
        counts = collections.Counter(self.mails())
        assert len(counts) == len(PEOPLE) * len(messages), counts
        assert set(counts.values()) == {1}, counts
        assert len(self.alone.get("/api/v1/inbox?limit=1000")["messages"]) == len(messages)

    def mails(self):
        """(recipient, Message-ID) of every mail that came."""
        return [(to, message_id) for to, message_id, _ in self.alone.mails()]

    def deliveries(self):
        return self.alone.get("/api/v1/deliveries?limit=1000")["deliveries"]


class Steps:
    def __init__(self, bin_folder, keep):
        self.bin = bin_folder
        self.keep = keep

    def the_whole_host(self):
        """Back and forth by hours and days, while an account stays low."""
        with Host(self.bin, self.keep, ["a", "b", "c"]) as host:
            host.becomes("a", 90)
            first = host.published("a")
            host.expect("alert of a")
            host.set_clocks(-2 * HOUR)
            host.expect("alert of a")
            unchanged = host.published("a")
            assert unchanged["low"] == first["low"], (first, unchanged)
            # Another one, while it is earlier than it was: told at once, and delivered.
            host.becomes("b", 80)
            host.expect("alert of a", "alert of b")
            # Well again and low again while the clock is back: a new episode, later than the last.
            host.becomes("a", 150)
            host.heartbeat()
            over = host.published("a")["ended"]
            assert over > first["low"], (over, first)
            host.becomes("a", 95)
            again = host.published("a")["low"]
            assert again > over, (again, over)
            told = ["alert of a", "alert of b", "alert of a"]
            host.expect(*told)
            # b's alert was at -2 h; a's alert as well. A day later there is a reminder of each.
            host.set_clocks(22 * HOUR - MINUTE)
            host.expect(*told)
            host.set_clocks(22 * HOUR + 5 * MINUTE)
            told += ["reminder 1 of a", "reminder 1 of b"]
            host.expect(*told)
            host.set_clocks(16 * HOUR)
            host.expect(*told)
            host.exporter.kill()
            host.alone.webhook.kill()
            host.exporter.start()
            host.alone.webhook.start()
            host.expect(*told)
            host.set_clocks(22 * HOUR + 10 * MINUTE)
            host.expect(*told)
            # Days later, past the second day: one reminder, that of the day.
            host.set_clocks(3 * DAY + HOUR)
            told += ["reminder 3 of a", "reminder 3 of b"]
            host.expect(*told)
            host.set_clocks(2 * DAY)
            host.expect(*told)
            # And when all days are over, none; but a new fall is a new alert.
            host.set_clocks(30 * DAY)
            host.expect(*told)
            host.becomes("c", 50)
            told.append("alert of c")
            host.expect(*told)
            spent = {one: host.published(one) for one in "abc"}
            assert [spent[one]["available_credit"] for one in "abc"] == [95, 80, 50], spent
            return f"{len(told)} messages, {EVERYBODY * len(told)} deliveries"

    def the_webhook_alone(self):
        """Its clock is not the others': what it cannot judge is put off, and not lost."""
        with Host(self.bin, self.keep, ["a", "b", "c"]) as host:
            host.becomes("a", 90)
            host.expect("alert of a")
            # An hour ahead: facts look old to it (S9).
            host.set_clocks(HOUR, "webhook")
            host.becomes("b", 90)
            host.expect("alert of a")
            (b,) = host.alone.get("/api/v1/episodes?account_id=b")["episodes"]
            assert b["reason"] == "stale_facts", b
            host.set_clocks(3 * DAY, "webhook")
            host.expect("alert of a")
            host.set_clocks(0, "webhook")
            host.expect("alert of a", "alert of b")
            # Hours behind: facts look new.
            host.set_clocks(-5 * HOUR, "webhook")
            host.becomes("c", 90)
            told = ["alert of a", "alert of b", "alert of c"]
            host.expect(*told)
            host.set_clocks(0, "webhook")
            host.expect(*told)
            return f"{len(told)} messages, {EVERYBODY * len(told)} deliveries"

    def the_exporter_alone(self):
        """Its clock is not the others': episodes keep their order, sums stay exact."""
        with Host(self.bin, self.keep, ["a"]) as host:
            told, last = [], 0
            for offset in (0, -3 * HOUR, -2 * DAY):
                host.set_clocks(offset, "exporter")
                before = host.published("a")
                host.heartbeat()
                assert host.published("a").get("ended") == before.get("ended"), "a false end"
                host.becomes("a", 90)
                facts = host.published("a")
                assert facts["low"] > last and facts["low"] > before.get("ended", 0), facts
                if offset < -6 * HOUR:
                    # By its clock the billing data is too old (S9): put off, not lost.
                    host.expect(*told)
                    (episode,) = host.alone.get("/api/v1/episodes?account_id=a")["episodes"]
                    assert episode["reason"] == "stale_billing_data", episode
                    host.set_clocks(0, "exporter")
                told.append("alert of a")
                host.expect(*told)
                host.becomes("a", 150)
                facts = host.published("a")
                assert facts["ended"] > last, facts
                last = facts["ended"]
                host.heartbeat()
            # Days ahead: what it publishes of the future is still told once.
            host.set_clocks(2 * DAY, "exporter")
            host.becomes("a", 90)
            told.append("alert of a")
            host.expect(*told)
            host.set_clocks(0, "exporter")
            host.expect(*told)
            (account,) = [value for labels, value in host.sums() if 'account_id="a"' in labels]
            assert account == 60 * len(told), account
            return f"{len(told)} messages, {EVERYBODY * len(told)} deliveries"

    def a_mail_server_that_comes_back_after_a_day(self):
        """Nothing is lost and nothing comes twice; the waits grow to half an hour."""
        ids = [f"m{n}" for n in range(5)]
        with Host(self.bin, self.keep, ids) as host:
            host.alone.stop_smtp()
            for one in ids[:-1]:
                host.becomes(one, 90)
            host.heartbeat()
            waits = []
            for hour in range(24):
                host.set_clocks(hour * HOUR)
                host.heartbeat()
                tries = hour + 1
                wait_for(f"try {tries} of each", lambda tries=tries: all(
                    d["attempts"] >= tries for d in host.deliveries() if d["relay"] == "email"), 20)
                for delivery in host.deliveries():
                    if delivery["relay"] == "email":
                        assert delivery["state"] == "pending", delivery
                        waits.append((delivery["attempts"], _wait_of(host, delivery)))
            # 30 s, doubled with each failure up to 30 min, less up to a fifth by chance.
            for attempts, wait in waits:
                whole = min(30 * 2 ** (attempts - 1), 30 * MINUTE)
                assert 0.8 * whole - 15 <= wait <= whole + 1, (attempts, wait, whole)
            spread = {round(wait) for attempts, wait in waits if attempts > 8}
            assert len(spread) > 20, spread
            # The internal messages did not wait.
            assert len(host.alone.get("/api/v1/inbox?limit=1000")["messages"]) == len(ids) - 1
            # Set back meanwhile, by half a day: a next try that far ahead is one that is due.
            host.alone.start_smtp()
            host.set_clocks(12 * HOUR)
            told = [f"alert of {one}" for one in ids[:-1]]
            host.expect(*told)
            # The reminders of the next day come on their day.
            host.set_clocks(24 * HOUR + 10 * MINUTE)
            told += [f"reminder 1 of {one}" for one in ids[:-1]]
            host.expect(*told)
            return f"{len(waits)} tries in vain, then {EVERYBODY * len(told)} deliveries"

    def a_mail_server_that_comes_back_after_a_week(self):
        """Alerts are tried for five days, reminders until the next is due; then they are dead
        letters, and sent again on request."""
        with Host(self.bin, self.keep, ["a", "b"]) as host:
            host.alone.stop_smtp()
            host.becomes("a", 90)
            host.heartbeat()
            for day in (1, 2):
                host.set_clocks(day * DAY + MINUTE)
                host.heartbeat()
                wait_for("the inbox", lambda day=day: len(
                    host.alone.get("/api/v1/inbox")["messages"]) == day + 1, 15)
            emails = self.emails(host)
            wait_for("the first reminder to be dead", lambda: [
                emails(what) for what in ("alert", "reminder 1", "reminder 2")] == [
                    {"pending"}, {"dead"}, {"pending"}], 15)
            host.set_clocks(5 * DAY + HOUR)
            host.heartbeat()
            wait_for("the alert to be dead", lambda: emails("alert") == {"dead"}, 15)
            dead = [d for d in host.deliveries() if d["state"] == "dead"]
            assert all("expired" in d["last_error"] for d in dead), dead
            host.alone.start_smtp()
            host.set_clocks(5 * DAY + 2 * HOUR)
            host.becomes("b", 80)
            host.heartbeat()
            wait_for("what is new", lambda: len(host.mails()) >= 2 * len(PEOPLE), 15)
            for delivery in dead:
                if delivery["message_id"] == 1:
                    status, answer = host.alone.request(
                        "POST", f"/api/v1/deliveries/{delivery['id']}/resend")
                    assert status == 200, answer
            wait_for("the alert, sent again", lambda: emails("alert") == {"delivered"}, 15)
            counts = collections.Counter(host.mails())
            # The alert of each, and reminder 5, whose day it is.
            assert len(counts) == 3 * len(PEOPLE) and set(counts.values()) == {1}, counts
            return f"{len(dead)} dead letters, {len(counts)} mails"

    @staticmethod
    def emails(host):
        def states(what):
            word, _, number = what.partition(" ")
            found = host.alone.get("/api/v1/messages?limit=1000&account_id=a")["messages"]
            return {d["state"] for m in found for d in m["deliveries"]
                    if d["relay"] == "email"
                    and (m["kind"], m["number"]) == (word, int(number or 0))}
        return states


def _wait_of(host, delivery):
    """Seconds from about now, when it was tried last, to its next try."""
    at = datetime.datetime.fromisoformat(delivery["next_attempt"].replace("Z", "+00:00"))
    return at.timestamp() - host.clocks["webhook"].now()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--keep", action="store_true", help="keep folders and logs")
    parser.add_argument("--only", help="the step of that name")
    parser.add_argument("--tools", type=pathlib.Path, help="not needed")
    arguments = parser.parse_args()
    steps = Steps(arguments.bin.resolve(), arguments.keep)
    begun = time.monotonic()
    for step in (steps.the_whole_host, steps.the_webhook_alone, steps.the_exporter_alone,
                 steps.a_mail_server_that_comes_back_after_a_day,
                 steps.a_mail_server_that_comes_back_after_a_week):
        if arguments.only in (None, step.__name__):
            outcome = step()
            print(f"{time.monotonic() - begun:5.1f} s  {step.__name__.replace('_', ' ')}: "
                  f"{outcome}", flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
