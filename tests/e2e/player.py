"""Carries a story out on the chain, in its own time, and reads what arrived about it."""

import email
import email.policy
import pathlib
import threading
import time
import urllib.parse

from configuration import CONTACTS, PROVIDER
from judge import Due, Seen, judge, latencies
from process import wait_for
from source_file import seconds
from story import parse_offset

DAY = parse_offset("1d")
OUTAGES = {"pipeline down", "pipeline up", "exporter down", "exporter up", "exporter restart",
           "webhook restart"}
# While the webhook cannot be reached Alertmanager tries again at growing intervals, up to about
# this many seconds apart (0.5 s, half as much again each time, plus a half by chance, and no
# longer than the 10 s that it gives a notification). So late may be what is due as it comes back.
BACK_OFF = 6.0


def watched_until(story):
    """Offset at which the watch ends. After the last event and the last message one more
    reminder's day is waited for, in which a wrong one would show, but no longer than the story."""
    last = max([event.offset for event in story.events]
               + [message.offset for message in story.expected])
    return min(story.end, last + DAY)


class Player(threading.Thread):
    """One story on one chain. After join(): `problems`, `waits`."""

    def __init__(self, chain, story, source, ids, contact, start_at, tolerance, by_command):
        super().__init__(name=story.name, daemon=True)
        self.chain = chain
        self.story = story
        self.source = source  # The SourceFile that holds the story's accounts.
        self.ids = ids  # The story's account names to the chain's account ids.
        self.contact = contact
        self.start_at = start_at
        self.tolerance = tolerance
        self.by_command = by_command  # Edit by `lowbalance accounts …` rather than by HTTP.
        self.problems = []
        self.waits = []  # Seconds from due to arrival, of the mails.
        self._lags = []  # (offset, seconds after its time that the event was carried out).

    def run(self):
        try:
            for event in self.story.events:
                self._sleep_until(event.offset)
                self._carry_out(event)
                lag = time.time() - self._time_of(event.offset)
                self._lags.append((event.offset, lag))
                if lag > 2.5:
                    self.problems.append(f"line {event.line} was carried out {lag:.1f} s late: "
                                         "too slow a machine, or something hangs")
            self._sleep_until(watched_until(self.story))
            time.sleep(self.tolerance)
            self._compare()
        except Exception as error:  # Whatever it is belongs to this story's verdict.
            self.problems.append(f"{type(error).__name__}: {error}")

    def _time_of(self, offset):
        return self.start_at + offset / 3600 * self.chain.timing.hour

    def _sleep_until(self, offset):
        time.sleep(max(0.0, self._time_of(offset) - time.time()))

    # ---- Events.

    def _accounts(self, event):
        return [event.account] if event.account else list(self.story.accounts)

    def _carry_out(self, event):
        chain = self.chain
        match event.verb:
            case "credit":
                for account in self._accounts(event):
                    self._seen(account, self.source.set_credit(self.ids[account], event.amount))
            case "enable":
                self._edit(event, enabled=True, threshold=event.amount)
            case "threshold":
                self._edit(event, threshold=event.amount)
            case "disable":
                self._edit(event, enabled=False)
            case "poll fails":
                self.source.fail()
            case "poll works":
                as_of = self.source.work()
                for account in self.story.accounts:
                    self._seen(account, as_of)
            case "exporter down":
                chain.exporter.kill()
            case "exporter up":
                chain.exporter.start()
            case "exporter restart":
                chain.exporter.kill()
                chain.exporter.start()
            case "webhook restart":
                chain.webhook.kill()
                chain.webhook.start()
            case "pipeline down":
                chain.proxy.down()
            case "pipeline up":
                chain.proxy.up()
            case "resolved":
                for account in self._accounts(event):
                    self._resolve_falsely(self.ids[account])
            case "duplicate":
                for account in self._accounts(event):
                    code = chain.proxy.repeat_last(self.ids[account])
                    assert code == 200, f"the duplicate was answered {code}"
            case _:
                raise NotImplementedError(event.verb)

    def _seen(self, account, as_of):
        """Waits until the exporter has polled it, so that what the story does next comes after."""
        if as_of is not None and self.chain.exporter.alive():
            wait_for(f"the exporter to poll {self.ids[account]}",
                     lambda: self.chain.seen_as_of(self.ids[account], as_of), 10)

    def _edit(self, event, **change):
        for account in self._accounts(event):
            # A value says in which currency it is; before the first, the edit must.
            if self.source.is_new(self.ids[account]) and "threshold" in change:
                change["currency"] = self.story.accounts[account]
            if self.by_command:
                self.chain.edit_by_command(self.ids[account], event.level, **change)
            else:
                self.chain.edit(self.ids[account], event.level, **change)

    def _resolve_falsely(self, account_id):
        # Prometheus says the opposite a moment later, so it is said again until Alertmanager has
        # passed it on.
        alerts = wait_for(f"Alertmanager to hold an alert of {account_id}",
                          lambda: self.chain.alerts(account_id), 10)
        begun = time.time()

        def passed_on():
            self.chain.tell_resolved(alerts)
            return self.chain.proxy.resolved_since(account_id, begun)

        wait_for(f"a false resolve of {account_id} to reach the webhook", passed_on, 10)

    # ---- What arrived.

    def _due(self):
        due = []
        for message in self.story.expected:
            lag = max([0.0] + [lag for offset, lag in self._lags if offset <= message.offset])
            late = self.tolerance
            if any(event.verb == "pipeline up" and event.offset == message.offset
                   for event in self.story.events):
                late += BACK_OFF
            at = self._time_of(message.offset)
            due.append(Due(message.offset, message.account, message.level, message.what, at,
                           at + lag + late))
        return due

    def _compare(self):
        due = self._due()
        names = {account_id: account for account, account_id in self.ids.items()}
        mails = read_mail(self.chain.mail, names)
        for recipient in CONTACTS[self.contact]["email"]:
            seen = mails.pop(recipient, [])
            self.waits += latencies(due, seen)
            self.problems += [f"mail to {recipient}: {problem}" for problem in judge(due, seen)]
        for recipient, seen in mails.items():
            self.problems.append(f"{len(seen)} mails to {recipient}, who is not to hear of it")
        for recipient in CONTACTS[self.contact]["internal"]:
            seen = read_inbox(self.chain, recipient, names)
            self.problems += [f"inbox of {recipient}: {problem}" for problem in judge(due, seen)]


def what_of(kind, number):
    """As a story says it: "alert", "reminder 3"."""
    assert (number > 0) == (kind == "reminder"), f"{kind} {number}"
    return f"{kind} {number}" if number else kind


def read_mail(folder, names):
    """{recipient: [Seen]} of the accounts in `names`, by a mail library's reading of the Maildir.
    Raises where two different mails share a Message-ID, or one has none."""
    by_recipient, ids = {}, {}
    for path in sorted(pathlib.Path(folder).glob("new/*")):
        with open(path, "rb") as file:
            mail = email.message_from_binary_file(file, policy=email.policy.default)
        account_id = mail["X-Lowbalance-Account"]
        if account_id not in names:
            continue
        recipient, message_id = mail["X-RcptTo"], mail["Message-ID"]
        assert message_id, f"a mail about {account_id} has no Message-ID"
        what = what_of(mail["X-Lowbalance-Kind"], int(mail["X-Lowbalance-Number"]))
        assert recipient in mail["To"], f"a mail to {recipient} says To: {mail['To']}"
        assert (recipient, message_id) not in ids, f"two mails to {recipient} are {message_id}"
        ids[recipient, message_id] = path
        by_recipient.setdefault(recipient, []).append(
            Seen(path.stat().st_mtime, names[account_id], mail["X-Lowbalance-Level"], what))
    return by_recipient


def pages(chain, path, **query):
    """All items of a paged list of the webhook's API, newest first."""
    before = None
    while True:
        words = {**query, "limit": 100, **({"before": before} if before is not None else {})}
        answer = chain.get("webhook", f"{path}?{urllib.parse.urlencode(words)}")
        yield from answer["messages"]
        before = answer["next"]
        if before is None:
            return


def read_inbox(chain, recipient, names):
    """[Seen] of one recipient's inbox about the accounts in `names`."""
    about = {}
    for account_id in names:
        for message in pages(chain, "/api/v1/messages", provider=PROVIDER, account_id=account_id):
            about[message["id"]] = message
    return [Seen(seconds(entry["at"]), names[about[entry["message_id"]]["account_id"]],
                 about[entry["message_id"]]["level"],
                 what_of(about[entry["message_id"]]["kind"], about[entry["message_id"]]["number"]))
            for entry in pages(chain, "/api/v1/inbox", recipient=recipient)
            if entry["message_id"] in about]
