#!/usr/bin/python3
"""Kills both services at random moments while balances move, and looks for what got lost.

Each account falls below its threshold, moves a little, is topped up, and again. A fall counts as
one expected alert; an account is topped up only once its alert is delivered to everybody, because
a recovery before that rightly cancels what is on its way. Meanwhile exporter and webhook are
killed with SIGKILL, one or both, and started again. Each time their stores are looked at as the
kill left them (store_check): whole, and nothing in them half done. At the end

- every expected alert is in every recipient's inbox exactly once,
- and in the mail at least once, further copies having the same Message-ID; each kill of
  the webhook may repeat the mails that were under way, AT_ONCE of them at most,
- no other message was sent,
- the exporter's counters of spending and top-ups are the exact sums of all moves.

The moments come from --seed; what they hit is up to the machine.
"""

import argparse
import decimal
import email
import email.policy
import http.client
import pathlib
import random
import sys
import threading
import time

from chain import Chain, Programs
from configuration import CONTACTS, PROVIDER, Timing
from player import pages
from process import wait_for
from store_check import EXPORTER, WEBHOOK, check_store

THRESHOLD = 100
AT_ONCE = 4  # Mails that the webhook sends at the same time.
PATIENCE = 60.0  # Seconds that one step may take, killed services included.


def patiently(what, question):
    """Asks until the answer is true; a service that is away, or has too many logins at once to
    answer, is no answer."""
    def ask():
        try:
            return question()
        except (OSError, http.client.HTTPException):
            return False
        except RuntimeError as error:
            if "too many logins" not in str(error):
                raise
            return False
    return wait_for(what, ask, PATIENCE, step=0.1)


class Account(threading.Thread):
    """Moves one account's balance until told to stop."""

    def __init__(self, chain, account_id, seed, stop):
        super().__init__(name=account_id, daemon=True)
        self.chain = chain
        self.account_id = account_id
        self.random = random.Random(seed)
        self.stop = stop
        self.alerts = 0
        self.credit = None
        self.spent = self.topped_up = decimal.Decimal(0)
        self.problem = None

    def run(self):
        try:
            self._move(150)
            patiently("the alert to be enabled", self._enable)
            while not self.stop.is_set():
                self._move(self.random.randrange(10, THRESHOLD * 100) / 100)
                self.alerts += 1
                patiently(f"alert {self.alerts} of {self.account_id} to be delivered",
                          lambda: self._alerted() >= self.alerts)
                for _ in range(self.random.randrange(3)):
                    self._move(self.random.randrange(10, THRESHOLD * 100) / 100)
                self._move(self.random.randrange(THRESHOLD, 5 * THRESHOLD))
        except Exception as error:
            self.problem = f"{self.account_id}: {type(error).__name__}: {error}"

    def _enable(self):
        self.chain.edit(self.account_id, "warning", enabled=True, threshold=str(THRESHOLD))
        return True

    def _move(self, amount):
        credit = decimal.Decimal(str(amount))
        if self.credit is not None:
            self.spent += max(self.credit - credit, 0)
            self.topped_up += max(credit - self.credit, 0)
        self.credit = credit
        as_of = self.chain.sources["main.json"].set_credit(self.account_id, str(credit))
        patiently(f"{self.account_id} to be polled",
                  lambda: self.chain.seen_as_of(self.account_id, as_of))

    def _alerted(self):
        """Messages of the account that have reached every recipient."""
        return sum(all(delivery["state"] == "delivered" for delivery in message["deliveries"])
                   for message in pages(self.chain, "/api/v1/messages", provider=PROVIDER,
                                        account_id=self.account_id))


def kill_now_and_then(chain, count, rng):
    """Returns how often each service was killed, and what was wrong with its store then."""
    killed = {"exporter": 0, "webhook": 0}
    problems = []
    for _ in range(count):
        time.sleep(rng.uniform(0.05, 1.2))
        victims = rng.choice((["exporter"], ["webhook"], ["webhook"], ["exporter", "webhook"]))
        for name in victims:
            getattr(chain, name).kill()
            killed[name] += 1
        for name in victims:
            problems += [f"kill {sum(killed.values())}, {problem}" for problem in check_store(
                chain.folder / f"{name}.db", {"exporter": EXPORTER, "webhook": WEBHOOK}[name])]
        time.sleep(rng.uniform(0.0, 0.4))
        for name in victims:
            getattr(chain, name).start()
    return killed, problems


def read_copies(folder):
    """{(recipient, account): {Message-ID: how many copies}}."""
    copies = {}
    for path in pathlib.Path(folder).glob("new/*"):
        with open(path, "rb") as file:
            mail = email.message_from_binary_file(file, policy=email.policy.default)
        about = copies.setdefault((mail["X-RcptTo"], mail["X-Lowbalance-Account"]), {})
        about[mail["Message-ID"]] = about.get(mail["Message-ID"], 0) + 1
    return copies


def compare(chain, accounts, contact):
    """What is wrong, how many mails came again, and how many different messages arrived."""
    problems = []
    inboxes = 0
    copies = read_copies(chain.mail)
    for recipient in CONTACTS[contact]["internal"]:
        entries = list(pages(chain, "/api/v1/inbox", recipient=recipient))
        about = {message["id"]: message for message in pages(chain, "/api/v1/messages")}
        heard = [(about[entry["message_id"]]["account_id"], about[entry["message_id"]]["low_since"],
                  about[entry["message_id"]]["number"]) for entry in entries]
        inboxes += len(heard)
        if len(set(heard)) != len(heard):
            problems.append(f"inbox of {recipient}: the same message twice")
        for account in accounts:
            count = sum(1 for item in heard if item[0] == account.account_id)
            if count != account.alerts:
                problems.append(f"inbox of {recipient}: {account.alerts} alerts of "
                                f"{account.account_id} expected, {count} there")
        if len(heard) != sum(account.alerts for account in accounts):
            problems.append(f"inbox of {recipient}: {len(heard)} messages in all")
    for recipient in CONTACTS[contact]["email"]:
        for account in accounts:
            mails = copies.get((recipient, account.account_id), {})
            if len(mails) != account.alerts:
                problems.append(f"mail to {recipient}: {account.alerts} alerts of "
                                f"{account.account_id} expected, {len(mails)} different there")
    for account in accounts:
        shown = chain.account(account.account_id)
        for name, total in (("spend_total", account.spent), ("top_up_total", account.topped_up)):
            if decimal.Decimal(shown[name]) != total:
                problems.append(f"{account.account_id}: {name} is {shown[name]}, not {total}")
    extra = sum(n - 1 for mails in copies.values() for n in mails.values())
    return problems, extra, inboxes + sum(len(mails) for mails in copies.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="Prometheus' programs")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--accounts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep folder and logs")
    arguments = parser.parse_args()
    programs = Programs(arguments.bin.resolve(), arguments.tools.resolve())
    programs.check()

    ids = [f"kills.{n}" for n in range(arguments.accounts)]
    timing = Timing(hour=60.0)  # So that no reminder is ever due.
    with Chain(programs, timing, {"main.json": dict.fromkeys(ids, "USD")}, dict.fromkeys(ids, "team"),
               arguments.keep, "kills") as chain:
        stop = threading.Event()
        accounts = [Account(chain, account_id, f"{arguments.seed}.{account_id}", stop)
                    for account_id in ids]
        for account in accounts:
            account.start()
        wait_for("the first alert", lambda: any(a.alerts > 1 for a in accounts), 30)
        killed, problems = kill_now_and_then(chain, arguments.kills,
                                             random.Random(arguments.seed))
        stop.set()
        for account in accounts:
            account.join()
        problems += [account.problem for account in accounts if account.problem]
        seen = 0
        try:
            wait_for("all messages to be delivered", lambda: chain.metric(
                "webhook", "lowbalance_webhook_pending_deliveries")[""] == 0, 30)
            time.sleep(3)  # A few heartbeats more, in which a stray message would show.
            more, extra, seen = compare(chain, accounts, "team")
            problems += more
            if extra > killed["webhook"] * AT_ONCE:
                problems.append(f"{extra} mails came again, more than were under way")
        except (TimeoutError, RuntimeError) as error:
            problems.append(str(error))
            extra = 0
        for problem in problems:
            print(f"FAIL {problem}")
        if problems:
            print(chain.tails(), end="")
        alerts = sum(account.alerts for account in accounts)
        recipients = sum(len(CONTACTS["team"][way]) for way in ("email", "internal"))
        print(f"killed {killed}, {alerts} alerts, {alerts * recipients} messages expected, "
              f"{seen} seen, {len(problems)} problems, "
              f"{extra} mails came twice (same Message-ID), seed {arguments.seed}", flush=True)
    sys.exit(1 if problems or not alerts else 0)


if __name__ == "__main__":
    main()
