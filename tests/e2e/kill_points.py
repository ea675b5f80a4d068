#!/usr/bin/python3
"""SIGKILL at the moments that matter, each brought about on purpose; what arrived is counted
against what had to.

kills.py kills at random moments; here the program is known to stand between two steps:

- the webhook within or just after its commit, before anything is sent;
- the webhook after it has answered Alertmanager, with nothing sent: nobody says it again;
- the webhook with mails that the server has taken and not answered for: these may come twice, with
  the same Message-ID, and nothing else may;
- the exporter after a poll, while its commit waits;
- the exporter within or just after its commit, before it publishes;
- the exporter after its commit, before anybody scrapes.
"""

import argparse
import collections
import decimal
import pathlib
import signal
import sqlite3
import sys
import threading
import time

from chain import Chain, Programs
from configuration import CONTACTS, Timing
from kills import read_copies
from player import pages
from process import wait_for
from webhook_alone import WebhookAlone, low

PEOPLE = ("ana@example.com", "bo@example.com")
ROUNDS = 4


def kill_when_written(process, path, timeout=10):
    """SIGKILL as soon as the file is written to; returns whether that came to pass."""
    def look():
        if not path.exists():
            return None
        status = path.stat()
        return status.st_size, status.st_mtime_ns

    before = look()
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if look() != before:
            process.kill()
            return True
    return False


class WebhookPoints:
    def __init__(self, alone):
        self.alone = alone

    def check(self, account_id, copies):
        """Exactly one message, in the inbox once, and so many copies of the mail for each."""
        alone = self.alone
        (message,) = alone.get(f"/api/v1/messages?account_id={account_id}")["messages"]
        wait_for("all to be delivered", lambda: all(
            delivery["state"] == "delivered" for delivery in
            alone.get(f"/api/v1/messages/{message['id']}")["deliveries"]), 20)
        entries = [one for one in alone.get("/api/v1/inbox?limit=1000")["messages"]
                   if one["message_id"] == message["id"]]
        assert len(entries) == 1, f"{len(entries)} times in the inbox"
        found = collections.Counter()
        for path in alone.mail.glob("*.eml"):
            text = path.read_text(encoding="utf-8")
            headers = dict(line.split(": ", 1) for line in text.split("\n\n")[0].splitlines()
                           if ": " in line)
            if headers["X-Lowbalance-Account"] == account_id:
                found[headers["To"], headers["Message-ID"]] += 1
        assert len(found) == len(PEOPLE), found
        assert all(count in copies for count in found.values()), found
        return sum(found.values()) - len(PEOPLE)

    def in_the_commit(self):
        """The store's log grows: the transaction is being written, or has just been."""
        alone = self.alone
        alone.start_smtp()
        wal = alone.folder / "webhook.db-wal"
        again = 0
        for number in range(ROUNDS):
            account_id = f"commit.{number}"
            alert = low(account_id)

            def post(alert=alert):
                try:
                    alone.notify(alert)
                except OSError:
                    pass  # It was killed.

            poster = threading.Thread(target=post)
            poster.start()
            assert kill_when_written(alone.webhook, wal), "nothing was written to the store's log"
            poster.join()
            alone.webhook.start()
            alone.notify(alert)  # As Alertmanager does.
            again += self.check(account_id, (1, 2))
        return f"{ROUNDS} kills, {again} mails came twice"

    def answered_and_nothing_sent(self):
        alone = self.alone
        alone.start_smtp()
        alone.smtp.signal(signal.SIGSTOP)  # Takes connections, says nothing.
        alone.notify(low("answered"))
        alone.webhook.kill()
        assert not alone.mails()
        alone.smtp.signal(signal.SIGCONT)
        alone.webhook.start()
        self.check("answered", (1,))
        return "each mail once"

    def sent_and_not_recorded(self):
        alone = self.alone
        alone.start_smtp("--hold")
        alone.notify(low("held"))
        wait_for("the server to have taken both", lambda: len(alone.mails()) == 2, 10)
        alone.webhook.kill()
        (alone.mail / "release").touch()
        alone.webhook.start()
        self.check("held", (2,))
        time.sleep(1)
        self.check("held", (2,))
        return "both mails under way came twice, with the same Message-ID, and no more"


class ExporterPoints:
    ACCOUNT = "points.17"

    def __init__(self, chain):
        self.chain = chain
        self.file = chain.sources["main.json"]
        self.alerts = 0
        self.credit = None
        self.spent = decimal.Decimal(0)

    def set(self, amount):
        credit = decimal.Decimal(amount)
        if self.credit is not None:
            self.spent += max(self.credit - credit, 0)
        self.credit = credit
        return self.file.set_credit(self.ACCOUNT, amount)

    def settle(self, amount):
        as_of = self.set(amount)
        wait_for("the poll", lambda: self.chain.seen_as_of(self.ACCOUNT, as_of), 10)

    def begin(self):
        self.settle("150")
        self.chain.edit(self.ACCOUNT, "warning", enabled=True, threshold="100")

    def recover(self):
        """The fall must have been told, once; then up again."""
        self.alerts += 1
        chain = self.chain

        def delivered():
            messages = list(pages(chain, "/api/v1/messages", account_id=self.ACCOUNT))
            return len(messages) >= self.alerts and all(
                delivery["state"] == "delivered"
                for message in messages for delivery in message["deliveries"])

        wait_for(f"alert {self.alerts}", delivered, 20)
        account = chain.account(self.ACCOUNT)
        assert decimal.Decimal(account["spend_total"]) == self.spent, (account, self.spent)
        self.settle("150")
        wait_for("the end to be heard of", lambda: chain.get(
            "webhook", f"/api/v1/episodes?account_id={self.ACCOUNT}")["episodes"][0]["ended"], 20)

    def check(self):
        """Of every alert one message, one in each inbox, one mail for each."""
        time.sleep(2)  # A few heartbeats more, in which a stray one would show.
        messages = list(pages(self.chain, "/api/v1/messages", account_id=self.ACCOUNT))
        assert len(messages) == self.alerts, f"{len(messages)} messages for {self.alerts} falls"
        for recipient in CONTACTS["team"]["internal"]:
            entries = list(pages(self.chain, "/api/v1/inbox", recipient=recipient))
            assert len(entries) == self.alerts, f"{len(entries)} in the inbox of {recipient}"
        copies = read_copies(self.chain.mail)
        for recipient in CONTACTS["team"]["email"]:
            found = copies[recipient, self.ACCOUNT]
            assert len(found) == self.alerts and set(found.values()) == {1}, found
        return f"{self.alerts} falls, {self.alerts} alerts"

    def while_the_commit_waits(self):
        chain = self.chain
        store = sqlite3.connect(chain.folder / "exporter.db", isolation_level=None)
        store.execute("BEGIN IMMEDIATE")
        try:
            self.set("90")
            time.sleep(6 * chain.timing.poll)
            assert chain.account(self.ACCOUNT)["available_credit"].startswith("150"), (
                "published before it was committed")
            chain.exporter.kill()
        finally:
            store.rollback()
            store.close()
        chain.exporter.start()
        self.recover()
        return "told once"

    def in_the_commit(self):
        chain = self.chain
        for number in range(ROUNDS):
            self.set(str(90 - number))
            assert kill_when_written(chain.exporter, chain.folder / "exporter.db-wal")
            chain.exporter.start()
            self.recover()
        return f"{ROUNDS} kills, each fall told once"

    def before_anybody_scrapes(self):
        chain = self.chain
        chain.prometheus.signal(signal.SIGSTOP)
        self.settle("60")
        (before,) = chain.account(self.ACCOUNT)["alerts"]
        assert before["low_since"], before
        chain.exporter.kill()
        chain.exporter.start()
        (after,) = chain.account(self.ACCOUNT)["alerts"]
        assert (after["low_since"], after["first_change"]) == (
            before["low_since"], before["first_change"]), (before, after)
        chain.prometheus.signal(signal.SIGCONT)
        self.recover()
        return "the episode kept its instants, and was told once"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="Prometheus' programs")
    parser.add_argument("--keep", action="store_true", help="keep folders and logs")
    arguments = parser.parse_args()
    programs = Programs(arguments.bin.resolve(), arguments.tools.resolve())
    programs.check()
    begun = time.monotonic()

    def run(part, step):
        print(f"{time.monotonic() - begun:5.1f} s  {part} {step.__name__.replace('_', ' ')}: "
              f"{step()}", flush=True)

    with WebhookAlone(programs.bin, {"team": {"email": list(PEOPLE), "internal": ["ana"]}},
                      name="kill-points", keep=arguments.keep) as alone:
        webhook = WebhookPoints(alone)
        for step in (webhook.in_the_commit, webhook.answered_and_nothing_sent,
                     webhook.sent_and_not_recorded):
            run("webhook", step)
    timing = Timing(hour=60.0, heartbeat=0.5)
    with Chain(programs, timing, {"main.json": {ExporterPoints.ACCOUNT: "USD"}},
               {ExporterPoints.ACCOUNT: "team"}, arguments.keep, "kill-points") as chain:
        exporter = ExporterPoints(chain)
        exporter.begin()
        for step in (exporter.while_the_commit_waits, exporter.in_the_commit,
                     exporter.before_anybody_scrapes):
            run("exporter", step)
        run("exporter", exporter.check)
    sys.exit(0)


if __name__ == "__main__":
    main()
