"""One fault on one chain: what must hold before, during and after it.

A scenario is a function that takes a Stage, does to the chain what its docstring says, and states
which messages docs/semantics.md has come of it. Every chain has two accounts for control: `calm`,
which is never low and must hear nothing, and `steady`, which is low from the beginning and must
hear its alert and its reminders, exactly, whatever is done to the chain. Days are seconds long.
"""

import dataclasses
import time

import yaml

from between import FaultyProxy, ScrapeGate
from chain import Chain
from configuration import CONTACTS, PROVIDER, Timing
from judge import Due, judge
from player import pages, read_inbox, read_mail, what_of
from process import answers, free_port, wait_for
from source_file import seconds

LEVEL = "warning"
CONTACT = "team"
ENOUGH, THRESHOLD, LOW = "150", "100", "90"


@dataclasses.dataclass(frozen=True)
class Scenario:
    family: str
    run: object
    reference: str  # Sections of the notes on what Prometheus and Alertmanager do.
    accounts: tuple  # Beside `calm` and `steady`. Each begins with ENOUGH.
    day: float  # Seconds between reminders; the fault must leave room for each in its own day.
    at_most: int  # Reminders.
    timing: dict
    flags: dict
    before: object  # Called with the chain before it starts.

    @property
    def name(self):
        return f"{self.family}.{self.run.__name__}"


SCENARIOS = []


def scenario(reference, accounts=("falls",), day=6.0, at_most=2, timing=None, flags=None,
             before=None):
    def register(function):
        SCENARIOS.append(Scenario(function.__module__, function, reference, tuple(accounts), day,
                                  at_most, timing or {}, flags or {}, before))
        return function
    return register


class FaultyChain(Chain):
    """A chain that can have a second exporter, Prometheus or Alertmanager."""

    PROXY = FaultyProxy
    HOLD_AGAINST_CHECKERS = False  # They are the same in all these chains, and elsewhere.

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.closers = []

    def close(self, failed=False):
        super().close(failed)
        for close in self.closers:
            close()

    def part(self, name):
        return self._processes[name]

    def port_of(self, name):
        return self.ports.setdefault(name, free_port())

    def change_yaml(self, name, change, to=None):
        """Reads a configuration file, has `change` change it in place, and writes it."""
        content = yaml.safe_load((self.folder / name).read_text(encoding="utf-8"))
        change(content)
        path = self.folder / (to or name)
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return path

    def scrape_exporter_at(self, *targets):
        """`targets`: (port, labels). Takes effect with the next reload of Prometheus."""
        def change(prometheus):
            prometheus["scrape_configs"][0]["static_configs"] = [
                {"targets": [f"127.0.0.1:{port}"], "labels": labels} for port, labels in targets]
        self.change_yaml("prometheus.yml", change)

    def gate_before_exporter(self):
        gate = ScrapeGate(self.port_of("gate"), self.ports["exporter"])
        gate.up()
        self.closers.append(gate.down)
        self.scrape_exporter_at((gate.port, {}))
        return gate

    def add_exporter(self, name, **settings):
        """Another exporter, with settings of its own; it is not started."""
        port = self.port_of(name)

        def change(configuration):
            configuration["exporter"].update(listen_address=f"127.0.0.1:{port}", **settings)
        config = self.change_yaml("lowbalance.yml", change, f"{name}.yml")
        return self._add(name, [self.programs.bin / "lowbalance-exporter", "--config.file", config],
                         lambda: answers(self.url(name, "/-/ready")))

    def add_alertmanager(self, name, **flags):
        self.port_of(name)
        return self._add_alertmanager(name, {f.replace("_", "."): v for f, v in flags.items()})

    def add_prometheus(self, name, change):
        """Another Prometheus, whose configuration is the first's but for `change`."""
        self.port_of(name)
        self.change_yaml("prometheus.yml", change, f"{name}.yml")
        return self._add_prometheus(name, f"{name}.yml", {})

    def reload_alertmanager(self):
        status, answer = self.request("alertmanager", "POST", "/-/reload")
        assert status == 200, f"Alertmanager's reload: {status} {answer}"


class Stage:
    """Runs one scenario. After run(): `problems`, `notes`, `due`, `came`, `slow`."""

    def __init__(self, scenario, programs, keep, stretch=1.0, at_most=None):
        """`stretch`: of the days. `at_most`: reminders, in place of the scenario's own number."""
        self.scenario = scenario
        self.day = scenario.day * stretch
        self.at_most = at_most or scenario.at_most
        self.problems, self.notes = [], []
        self.due = self.came = 0  # Messages, each at every recipient.
        self.slow = True  # Unless what is done to the chain was done within a day.
        names = ("calm", "steady", *scenario.accounts)
        # Two of each shard, so that Alertmanager's groups have members that come and go.
        self.ids = {name: f"{scenario.run.__name__}.{name}.{n // 2}"
                    for n, name in enumerate(names)}
        self.expected = {name: [] for name in names}
        self.expected["steady"] = self.cadence
        self.falls = {name: [] for name in names}  # When each was made low, in order.
        self.publishing = "exporter"  # The exporter that is asked what has been polled.
        timing = Timing(**{"hour": self.day / 24, "evaluation": 0.5, "scrape": 0.5, "poll": 0.2,
                           "heartbeat": 1.0, "facts_max_age": 10.0, "billing_data_max_age": 600.0,
                           **scenario.timing})
        ids = list(self.ids.values())
        self.chain = FaultyChain(
            programs, timing, {"main.json": dict.fromkeys(ids, "USD")}, dict.fromkeys(ids, CONTACT),
            keep, self.scenario.name,
            webhook={"reminders": {"every": f"{round(self.day * 1000)}ms",
                                   "at_most": self.at_most, "stop_when_overdue": True}},
            flags=scenario.flags)
        self.source = self.chain.sources["main.json"]

    # ---- For scenarios.

    @property
    def cadence(self):
        """What an account hears that falls and stays low."""
        return ["alert"] + [f"reminder {n + 1}" for n in range(self.at_most)]

    def expect(self, name, *whats):
        self.expected[name] = list(whats)

    def fall(self, name, amount=LOW, polled=True):
        """Makes the account low; waits until the exporter has seen it, unless it cannot."""
        self.falls[name].append(time.time())
        self._set(name, amount, polled)

    def rise(self, name, amount=ENOUGH, polled=True):
        self._set(name, amount, polled)

    def _set(self, name, amount, polled):
        as_of = self.source.set_credit(self.ids[name], amount)
        if polled:
            self.wait_until_polled(name, as_of)

    def wait_until_polled(self, name, as_of=0.0):
        def polled():
            try:
                return self.chain.seen_as_of(self.ids[name], as_of, self.publishing)
            except OSError:  # It is not there yet.
                return False
        wait_for(f"{self.publishing} to poll {name}", polled, 15, step=0.1)

    def enable(self, names, part="exporter"):
        for name in names:
            self.chain.edit(self.ids[name], LEVEL, part=part, enabled=True, threshold=THRESHOLD)

    def wait_for_messages(self, name, count, timeout=20):
        wait_for(f"{count} messages about {name}", lambda: len(self.messages(name)) >= count,
                 timeout, step=0.2)

    def wait_until_heard(self, name, more=1, timeout=20):
        """Waits for so many more notifications to the webhook that speak of the account."""
        heard = self.chain.proxy.heard
        wanted = heard[self.ids[name]] + more
        wait_for(f"a notification about {name}", lambda: heard[self.ids[name]] >= wanted, timeout,
                 step=0.1)

    def wait_until_resolved(self, name, since, timeout=20):
        """Waits for the webhook to be told that the account's alert is resolved."""
        wait_for(f"a resolved notification about {name}",
                 lambda: self.chain.proxy.resolved_since(self.ids[name], since), timeout, step=0.1)

    def wait(self, duration):
        time.sleep(duration)

    def note(self, text):
        self.notes.append(text)

    def messages(self, name):
        """What the webhook decided to send, oldest first: [(instant, "alert", "reminder 1", …)]."""
        return [(seconds(message["created"]), what_of(message["kind"], message["number"]))
                for message in reversed(list(pages(self.chain, "/api/v1/messages",
                                                   provider=PROVIDER,
                                                   account_id=self.ids[name])))]

    # ---- The course of every scenario.

    def run(self):
        chain = self.chain
        try:
            if self.scenario.before:
                self.scenario.before(self)
            with chain:
                self._begin()
                begun = time.monotonic()
                self.scenario.run(self)
                self.slow = time.monotonic() - begun > self.day
                self.rise("calm", "140")
                self._watch()
                self._judge()
                if self.problems:
                    self.notes.append("\n" + chain.tails())
        except Exception as error:
            self.problems.append(f"{type(error).__name__}: {error}")

    def _begin(self):
        chain = self.chain
        self.source.set_credits(dict.fromkeys(self.ids.values(), ENOUGH))
        for name in self.ids:
            self.wait_until_polled(name)
        self.enable(self.ids)
        wait_for("the watchdog to come through", lambda: chain.proxy.codes[200], 60, step=0.1)
        self.fall("steady")
        self.wait_for_messages("steady", 1)

    def _watch(self):
        """Until the day after the last reminder is over for `steady`, in which one too many would
        come, and until the last that the others expect has had time to come."""
        until = [self._last_alert("steady") + (self.at_most + 1) * self.day + 1.5]
        for name, expected in self.expected.items():
            alerts = expected.count("alert")
            if name == "steady" or not alerts:
                continue
            try:
                wait_for(f"alert {alerts} of {name}", lambda: sum(
                    what == "alert" for _, what in self.messages(name)) >= alerts, 20, step=0.2)
            except TimeoutError:
                continue  # The judge will say so.
            reminders = len(expected) - 1 - max(
                n for n, what in enumerate(expected) if what == "alert")
            until.append(self._last_alert(name) + reminders * self.day + 2)
        time.sleep(max(0.0, max(until) - time.time()))
        wait_for("all messages to be delivered", lambda: self.chain.metric(
            "webhook", "lowbalance_webhook_pending_deliveries")[""] == 0, 10, step=0.1)

    def _last_alert(self, name):
        return max((at for at, what in self.messages(name) if what == "alert"), default=time.time())

    def _due(self, name):
        """As the judge wants it. An alert comes after the fall it tells of; reminder n in the n-th
        day after the alert, and a second later if the machine is busy."""
        falls, alerts = iter(self.falls[name]), iter(
            [at for at, what in self.messages(name) if what == "alert"])
        due, alerted = [], 0.0
        for position, what in enumerate(self.expected[name]):
            if what == "alert":
                earliest, latest = next(falls), time.time()
                alerted = next(alerts, latest)
            else:
                number = int(what.split()[1])
                earliest = alerted + number * self.day
                latest = earliest + self.day + 1
            due.append(Due(position, name, LEVEL, what, earliest, latest))
        return due

    def _judge(self):
        chain = self.chain
        names = {account_id: name for name, account_id in self.ids.items()}
        arrived = {f"mail to {to}": seen for to, seen in read_mail(chain.mail, names).items()}
        for to in CONTACTS[CONTACT]["internal"]:
            arrived[f"inbox of {to}"] = read_inbox(chain, to, names)
        wanted = [f"mail to {to}" for to in CONTACTS[CONTACT]["email"]]
        wanted += [f"inbox of {to}" for to in CONTACTS[CONTACT]["internal"]]
        for where in set(arrived) - set(wanted):
            self.problems.append(f"{len(arrived[where])} messages: {where}, who is not concerned")
        for name in self.ids:
            due, found = self._due(name), {}
            for where in wanted:
                seen = [item for item in arrived.get(where, []) if item.account == name]
                self.due += len(due)
                self.came += len(seen)
                for problem in judge(due, seen):
                    found.setdefault(problem, []).append(where)
            self.problems += [f"{name}: {problem} ("
                              + ("everywhere" if where == wanted else ", ".join(where)) + ")"
                              for problem, where in found.items()]
        mails = len(list(chain.mail.glob("new/*")))
        about_them = sum(len(seen) for where, seen in arrived.items() if where.startswith("mail"))
        if mails != about_them:
            self.problems.append(f"{mails - about_them} mails are about no account of these")
        self._judge_the_services()

    def _judge_the_services(self):
        chain = self.chain
        bad = chain.metric("webhook", "lowbalance_webhook_decisions_total")['{reason="bad_facts"}']
        if bad:  # S10. Series may vanish between an alert's expression and its annotations.
            self.note(f"{bad:g} alerts without their facts")
        if any(chain.metric("webhook", "lowbalance_webhook_dead_letters").values()):
            self.problems.append("there are dead letters")
        refused = {code: n for code, n in chain.proxy.codes.items() if code not in (0, 200)}
        if refused:
            self.problems.append(f"the webhook refused notifications: {refused}")
        for part in (self.publishing, "webhook"):
            code = chain.part(part).stop()
            if code != 0:
                self.problems.append(f"{part} exited {code} on SIGTERM")
