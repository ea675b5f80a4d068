#!/usr/bin/python3
"""Does to the whole chain what real Prometheus and Alertmanager do to it, one fault at a time, and
holds what people hear to docs/semantics.md: the exact messages, none lost, none twice.

Each scenario (a function in one of the files beside this one) has a chain of its own, with real
programs and days that last seconds; --jobs of them run at once. What they have in common is in
stage.py. Five thousand accounts that fall within a minute are a test of their own, size.py; the
services killed at random are kills.py; a webhook, an exporter or a pipeline that is away while
balances move are stories (tests/stories), which stories_on_the_chain.py plays.

A machine so busy that a scenario takes longer over its fault than a day of it has reminders come in
between that are right, but are not those expected; such a scenario that fails is played once more.

Exit code: 0 if every scenario went as it should and there was at least one, else 1.
"""

import argparse
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import alertmanager  # noqa: E402, F401  These register their scenarios.
import exporters  # noqa: E402, F401
import order  # noqa: E402, F401
import prometheus  # noqa: E402, F401
import receiver  # noqa: E402, F401
import scrape  # noqa: E402, F401
from chain import Programs  # noqa: E402
from stage import SCENARIOS, Stage  # noqa: E402

APART = 0.7  # Seconds between the starts of two chains, which is the hardest part for the machine.
AT_ONCE_AGAIN = 3  # Chains, of scenarios that a busy machine took longer than a day of theirs for.


def play_all(scenarios, arguments, programs, jobs):
    """Plays them, so many at once, says how each went, and returns their stages."""
    places = threading.Semaphore(jobs)
    starting, printing = threading.Lock(), threading.Lock()
    stages = []

    def play(one):
        with places:
            with starting:
                time.sleep(APART)
            stage = Stage(one, programs, arguments.keep, arguments.stretch, arguments.reminders)
            stages.append(stage)
            started = time.monotonic()
            stage.run()
        with printing:
            verdict = "FAIL" if stage.problems else "ok  "
            words = [f"{stage.due} messages expected, {stage.came} came",
                     f"{time.monotonic() - started:.0f} s", *stage.notes]
            print(f"{verdict} {one.name}: {', '.join(words)}", flush=True)
            for problem in stage.problems:
                print(f"     {problem}", flush=True)

    threads = [threading.Thread(target=play, args=(one,)) for one in scenarios]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return stages


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="Prometheus' programs")
    parser.add_argument("--only", action="append",
                        help="a family, or a scenario as family.name; may be repeated")
    parser.add_argument("--list", action="store_true", help="say what there is, and end")
    parser.add_argument("--jobs", type=int, default=10, help="chains at once (default 10)")
    parser.add_argument("--stretch", type=float, default=1.0, help="of the days (default 1)")
    parser.add_argument("--reminders", type=int, help="how many there are at most, everywhere")
    parser.add_argument("--keep", action="store_true", help="keep folders and logs")
    arguments = parser.parse_args()
    programs = Programs(arguments.bin.resolve(), arguments.tools.resolve())
    programs.check()
    wanted = [one for one in SCENARIOS if not arguments.only
              or one.name in arguments.only or one.family in arguments.only]
    if arguments.list:
        for one in wanted:
            print(f"{one.name} (reference {one.reference}): {' '.join(one.run.__doc__.split())}")
        sys.exit(0)

    begun = time.monotonic()
    # The longest first: what begins last then ends with the others.
    wanted.sort(key=lambda one: one.day * (one.at_most + 1), reverse=True)
    stages = play_all(wanted, arguments, programs, arguments.jobs)
    again = [stage.scenario for stage in stages if stage.problems and stage.slow]
    if again:
        print(f"{len(again)} once more, {AT_ONCE_AGAIN} at a time: the machine was too slow for "
              "them, and days passed that should not have", flush=True)
        stages = [stage for stage in stages if stage.scenario not in again]
        stages += play_all(again, arguments, programs, AT_ONCE_AGAIN)
    failed = [stage.scenario.name for stage in stages if stage.problems]
    print(f"{len(stages) - len(failed)} of {len(stages)} scenarios passed in "
          f"{time.monotonic() - begun:.0f} s; {sum(stage.due for stage in stages)} messages "
          f"expected, {sum(stage.came for stage in stages)} came"
          + "".join(f"\nFAILED {name}" for name in sorted(failed)), flush=True)
    sys.exit(0 if stages and not failed else 1)


if __name__ == "__main__":
    main()
