"""Notifications arrive twice, late, or in another order."""

import random
import time

from process import wait_for
from stage import scenario


@scenario("1.5", accounts=("falls", "recovers"))
def everything_twice(stage):
    """A proxy with an idea of its own, or a pair of Alertmanagers that tell each other nothing:
    every notification arrives twice, at the same time."""
    proxy = stage.chain.proxy
    with proxy.treating(proxy.twice):
        stage.fall("falls")
        stage.fall("recovers")
        stage.wait_for_messages("recovers", 1)
        stage.rise("recovers")
        # Until all there is to say has been said.
        stage.wait(stage.day * stage.at_most)
    stage.expect("falls", *stage.cadence)
    stage.expect("recovers", "alert")


def _relapse(stage):
    """An account recovers and falls again; waits until all of it is held back."""
    proxy = stage.chain.proxy
    begun = time.time()
    stage.rise("relapses")
    wait_for("the recovery to be told", lambda: proxy.holds(
        stage.ids["relapses"], "LowBalanceEnded", begun), 15)
    fell = time.time()
    stage.fall("relapses", "80")
    wait_for("the relapse to be told", lambda: proxy.holds(
        stage.ids["relapses"], "LowBalance", fell), 15)


# Facts may be two seconds old, where they may be ten minutes; an hour is six times as long.
@scenario("1.5", accounts=("falls", "recovers", "relapses"), day=18.0, at_most=1,
          timing={"facts_max_age": 2.0})
def delayed_by_an_hour(stage):
    """Something between the two accepts every notification for an hour, keeps it, and delivers all
    of them then. What they say is too old to decide on; what is said of the present decides."""
    proxy = stage.chain.proxy
    for name in ("recovers", "relapses"):
        stage.fall(name)
    for name in ("recovers", "relapses"):
        stage.wait_for_messages(name, 1)
    with proxy.treating(proxy.hold):
        held_from = time.time()
        stage.fall("falls")
        stage.rise("recovers")
        _relapse(stage)
        stage.wait(max(0.0, held_from + 12 - time.time()))
        # What has come in within the facts' age is current still.
        stage.note(f"{proxy.release(keep=True, after=2.0)} notifications delayed")
        told = {name: len(stage.messages(name)) for name in ("falls", "relapses")}
        assert told == {"falls": 0, "relapses": 1}, f"told on account of the delayed ones: {told}"
    # Again, now among those of the present.
    proxy.release()
    stage.expect("falls", *stage.cadence)
    stage.expect("recovers", "alert")
    stage.expect("relapses", "alert", *stage.cadence)


@scenario("1.5", accounts=("falls", "recovers", "relapses"), day=10.0, at_most=1)
def reordered(stage):
    """Across groups, peers and reloads Alertmanager keeps no order. A recovery and a relapse are
    heard of in reverse, and then a few times more in any order."""
    proxy = stage.chain.proxy
    for name in ("recovers", "relapses"):
        stage.fall(name)
    for name in ("recovers", "relapses"):
        stage.wait_for_messages(name, 1)
    with proxy.treating(proxy.hold):
        stage.rise("recovers")
        _relapse(stage)
        stage.fall("falls")
        wait_for("the fall to be told",
                 lambda: proxy.holds(stage.ids["falls"], "LowBalance"), 15)
        stage.note(f"{proxy.release(order=reversed, keep=True)} notifications, backwards")
        any_order = random.Random(stage.scenario.name)
        for _ in range(3):
            proxy.release(order=lambda held: any_order.sample(held, len(held)), keep=True)
    proxy.release(order=reversed)
    stage.expect("falls", *stage.cadence)
    stage.expect("recovers", "alert")
    stage.expect("relapses", "alert", *stage.cadence)
