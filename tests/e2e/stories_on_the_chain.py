#!/usr/bin/python3
"""Plays the stories of tests/stories on the real chain, at scaled time.

The services, Debian's Prometheus and Alertmanager and an SMTP server run as processes on loopback
(chain.py). An hour of a story takes SCALE seconds, 2 unless its events lie so close together that
it needs more. All stories without outages of a program run at once, as accounts of one chain for
each scale; every other story has a chain of its own, beside them. Stories that set the clock cannot
be played here and are skipped by name.

Compared, at every recipient's mailbox (read from the mail server's Maildir) and inbox (read from
the webhook's API): which messages came, in which order and how often, exactly; and when: no earlier
than 0.1 s before, and no later than TOLERANCE seconds after the story's instant, counted from when
its events were really carried out (a pipeline that comes back: BACK_OFF seconds more, as
Alertmanager tries again when it will). Measured on two busy cores: most come within 0.7 s.

A story is watched until a reminder interval has passed after its last event and its last expected
message, in which a sixth reminder or a stray message would show, or until its end if that is
sooner, and TOLERANCE seconds more.

Exit code: 0 if all stories went as they should and there was at least one, else 1.
"""

import argparse
import collections
import dataclasses
import pathlib
import sys
import threading
import time

import story as stories
from chain import Chain, Programs
from configuration import Timing
from player import BACK_OFF, OUTAGES, Player, watched_until
from process import wait_for

TOLERANCE = 6.0  # Seconds.
SCALES = (2, 4, 10, 30)  # Seconds an hour, as multiples of --scale / 2.
LONGEST = 300.0  # Seconds that a story's watch may take.
# What the scale leaves between a message and the event after it, which may make it impossible:
# this many seconds where there is time enough, and at least the second number.
ROOM, LEAST_ROOM = 4.0, 1.9
BETWEEN_EVENTS = 0.4  # Seconds at least between events of different instants.

CONTACT_OF = ("finance", "team")  # Stories in turn; the second has two recipients each way.

_print_lock = threading.Lock()


def say(text):
    with _print_lock:
        print(text, flush=True)


def choose_scale(story, base):
    """Seconds an hour, or None if the story fits none."""
    hour = 3600
    offsets = sorted({event.offset for event in story.events})
    between = min([b - a for a, b in zip(offsets, offsets[1:])], default=hour) / hour
    room = min([offset - message.offset for message in story.expected for offset in offsets
                if offset > message.offset], default=hour * 24) / hour
    fits = [scale * base / 2 for scale in SCALES
            if watched_until(story) / hour * scale * base / 2 <= LONGEST]
    ample = [s for s in fits if room * s >= ROOM and between * s >= BETWEEN_EVENTS]
    enough = [s for s in fits if room * s >= LEAST_ROOM and between * s >= BETWEEN_EVENTS]
    return ample[0] if ample else enough[-1] if enough else None


def edited_before_seen(story, account):
    first = next((event.verb for event in story.events if event.account in (None, account)), "")
    return first in ("enable", "disable", "threshold")


@dataclasses.dataclass
class Run:
    """Stories that share a chain."""

    name: str
    scale: float
    stories: list
    problems: list = dataclasses.field(default_factory=list)  # Of the chain, not of one story.
    players: list = dataclasses.field(default_factory=list)

    def seconds(self):
        return max(watched_until(story) for story in self.stories) / 3600 * self.scale


def plan(all_stories, base):
    """(runs, skipped, impossible): the last two are (name, why)."""
    shared, runs, skipped, impossible = collections.defaultdict(list), [], [], []
    for story in all_stories:
        if any(verb.startswith("clock") for verb in story.verbs()):
            skipped.append((story.name, "it sets the clock, which the real programs share"))
            continue
        if story.expected is None:
            impossible.append((story.name, "it has no `expect`"))
            continue
        scale = choose_scale(story, base)
        if scale is None:
            impossible.append((story.name, "it is too long for events so close together"))
        elif story.verbs() & OUTAGES:
            runs.append(Run(story.name, scale, [story]))
        else:
            shared[scale, story.options].append(story)
    runs += [Run("-".join([f"together-{scale:g}s", *sorted(options)]), scale, together)
             for (scale, options), together in shared.items()]
    return sorted(runs, key=Run.seconds, reverse=True), skipped, impossible


class Stage:
    """Plays one run."""

    def __init__(self, run, programs, keep):
        self.run = run
        self.programs = programs
        self.keep = keep
        self.ids, contacts, sources, self.files = {}, {}, {}, {}
        for number, story in enumerate(run.stories):
            # A story whose polls fail has a file of its own.
            own = any(verb.startswith("poll") for verb in story.verbs())
            self.files[story.name] = f"own-{number}.csv" if own else "main.json"
            source = sources.setdefault(self.files[story.name], {})
            # The last digit spreads the accounts over Alertmanager's groups, as real ids do.
            self.ids[story.name] = {account: f"{story.name}.{account}.{number % 10}"
                                    for account in story.accounts}
            for account, currency in story.accounts.items():
                source[self.ids[story.name][account]] = currency
                # One that is edited before it has a value must be known from the configuration.
                if number % 2 or edited_before_seen(story, account):
                    contacts[self.ids[story.name][account]] = CONTACT_OF[number % 2]
        self.chain = Chain(programs, Timing(hour=run.scale), sources, contacts, keep, run.name,
                           webhook=dict.fromkeys(run.stories[0].options, True))

    def play(self, all_ready):
        """Waits at `all_ready` once the chain stands."""
        with self.chain as chain:
            wait_for("the watchdog to come through", lambda: chain.proxy.codes[200], 30)
            all_ready.wait()
            begun, cpu = time.monotonic(), chain.cpu_seconds()
            for number, story in enumerate(self.run.stories):
                source = chain.sources[self.files[story.name]]
                # A little apart, so that not all accounts move at one instant.
                player = Player(chain, story, source, self.ids[story.name],
                                CONTACT_OF[number % 2], time.time() + 0.5 + number * 0.07,
                                TOLERANCE, by_command=number % 3 == 1)
                self.run.players.append(player)
                player.start()
            if not any(story.verbs() & OUTAGES for story in self.run.stories):
                time.sleep(min(15.0, self.run.seconds()))
                chain.check_metrics()
            for player in self.run.players:
                player.join()
                self._report(player)
            self.run.problems += self._afterwards(begun, cpu)

    def _report(self, player):
        waits = ""
        if player.waits and not player.problems:
            waits = f", {max(player.waits):.2f} s at most after due"
        verdict = "FAIL" if player.problems else "ok  "
        with _print_lock:
            print(f"{verdict} {player.story.name} ({len(player.story.expected)} messages at "
                  f"{self.run.scale:g} s an hour{waits})", flush=True)
            for problem in player.problems:
                print(f"     {problem}")
            if player.problems:
                print(self.chain.tails(), end="", flush=True)

    def _afterwards(self, begun, cpu):
        """What must hold of the chain as a whole, however the stories went."""
        chain, problems = self.chain, []
        elapsed = time.monotonic() - begun
        busy = sum(chain.cpu_seconds().values()) - sum(cpu.values())
        say(f"     {self.run.name}: {len(self.run.stories)} stories in {elapsed:.0f} s, "
            f"{busy / elapsed * 100:.0f} % of a core, {chain.proxy.codes.total()} notifications")
        bad = chain.metric("webhook", "lowbalance_webhook_decisions_total")['{reason="bad_facts"}']
        if bad:
            problems.append(f"{bad:g} alerts had bad facts")
        if any(chain.metric("webhook", "lowbalance_webhook_dead_letters").values()):
            problems.append("there are dead letters")
        refused = {code: n for code, n in chain.proxy.codes.items() if code not in (0, 200)}
        if refused:
            problems.append(f"notifications were refused: {refused}")
        for part in ("exporter", "webhook"):
            code = getattr(chain, part).stop()
            if code != 0:
                problems.append(f"{part} exited {code} on SIGTERM")
        return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="Prometheus' programs")
    parser.add_argument("--stories", type=pathlib.Path,
                        default=pathlib.Path(__file__).parent.parent / "stories")
    parser.add_argument("--only", action="append", help="a story's name; may be repeated")
    parser.add_argument("--scale", type=float, default=2.0, help="seconds an hour (default 2)")
    parser.add_argument("--jobs", type=int, default=16, help="chains at once (default 16)")
    parser.add_argument("--keep", action="store_true", help="keep folders and logs")
    arguments = parser.parse_args()

    programs = Programs(arguments.bin.resolve(), arguments.tools.resolve())
    programs.check()
    all_stories = stories.load_stories(arguments.stories)
    if arguments.only:
        unknown = set(arguments.only) - {story.name for story in all_stories}
        if unknown:
            raise SystemExit(f"no such story: {' '.join(sorted(unknown))}")
        all_stories = [story for story in all_stories if story.name in arguments.only]
    runs, skipped, failed = plan(all_stories, arguments.scale)

    say(f"{len(all_stories)} stories in {len(runs)} chains; tolerance {TOLERANCE:g} s, "
        f"{BACK_OFF:g} s more where the pipeline comes back")
    for name, why in skipped:
        say(f"skip {name}: {why}")
    fine = stories.load_stories(arguments.stories / "fine")
    if fine:
        say(f"{len(fine)} more in {arguments.stories.name}/fine ask for exact instants; only "
            "`lowbalance simulate` plays them: " + ", ".join(story.name for story in fine))
    for name, why in failed:
        say(f"FAIL {name}: {why}")

    # The first chains are all started before any story begins: starting them is the hardest part
    # for the machine. Later ones begin as a place gets free.
    places = threading.Semaphore(arguments.jobs)
    all_ready = threading.Event()
    waiting = set(run.name for run in runs[:arguments.jobs])
    lock = threading.Lock()

    class Ready:
        def __init__(self, run):
            self.run = run

        def wait(self):
            with lock:
                waiting.discard(self.run.name)
                if not waiting:
                    all_ready.set()
            all_ready.wait()

    def play(run):
        with places:
            ready = Ready(run)
            try:
                Stage(run, programs, arguments.keep).play(ready)
            except Exception as error:  # One chain that fails to stand leaves the others playing.
                run.problems.append(f"{type(error).__name__}: {error}")
                with lock:
                    waiting.discard(run.name)
                    if not waiting:
                        all_ready.set()

    threads = [threading.Thread(target=play, args=(run,), daemon=True) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    passed = 0
    for run in runs:
        played = {player.story.name: player for player in run.players}
        for problem in run.problems:
            say(f"FAIL chain {run.name}: {problem}")
        for story in run.stories:
            good = story.name in played and not played[story.name].problems and not run.problems
            passed += good
            if not good:
                failed.append((story.name, ""))
    say(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
