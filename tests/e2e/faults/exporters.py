"""Exporters that come, go, and are two."""

import signal
import time

from stage import scenario


def _pod(name, number):
    return {"pod": f"{name}-{number}", "namespace": "billing", "node": f"node-{number}"}


@scenario("1.1, 2.3")
def restarted(stage):
    """The exporter is killed, by an operator or for its memory, and an account falls while it is
    away. Started again, it has polled within the second; all that was firing fires anew."""
    begun = time.time()
    stage.chain.exporter.kill()
    stage.fall("falls", polled=False)
    stage.wait_until_resolved("steady", begun)
    stage.chain.exporter.start()
    stage.expect("falls", *stage.cadence)
    stage.wait_for_messages("falls", 1)
    # And once in an orderly way.
    assert stage.chain.exporter.stop() == 0
    stage.chain.exporter.start()


def _one_more_on_the_same_store(stage):
    chain = stage.chain
    chain.add_exporter("exporter-2")
    chain.scrape_exporter_at((chain.ports["exporter"], _pod("exporter", 1)),
                             (chain.ports["exporter-2"], _pod("exporter", 2)))


def _start_waiting(process):
    """Starts an exporter whose store another one has: it is not ready before it gets it."""
    is_ready, process._ready = process._ready, None
    process.start()
    process._ready = is_ready


def _take_over(stage, name, stop):
    """Has the waiting exporter become the one that publishes."""
    stop()
    stage.publishing = name
    stage.wait_until_polled("steady", time.time())


@scenario("2.1, 2.3", accounts=("falls", "falls_later"), before=_one_more_on_the_same_store)
def rolled_over_to_another_pod(stage):
    """A Deployment is rolled out: the new pod starts, with other labels and at another address,
    and waits for the store; the old one ends, and the new one goes on. Accounts fall before and
    after."""
    chain = stage.chain
    new = chain.part("exporter-2")
    _start_waiting(new)
    stage.fall("falls")
    _take_over(stage, "exporter-2", lambda: chain.exporter.signal(signal.SIGTERM))
    stage.fall("falls_later")
    # The old pod is no target any more.
    chain.scrape_exporter_at((chain.ports["exporter-2"], _pod("exporter", 2)))
    chain.prometheus.signal(signal.SIGHUP)
    for name in ("falls", "falls_later"):
        stage.expect(name, *stage.cadence)


@scenario("2.1", accounts=("falls", "falls_later"), before=_one_more_on_the_same_store)
def two_sharing_a_store(stage):
    """Two replicas of the exporter have one store on a shared disk, both are scraped all the time.
    One publishes; when it is killed the other does; when that one is, the first again."""
    chain = stage.chain
    first, second = chain.exporter, chain.part("exporter-2")
    _start_waiting(second)
    stage.fall("falls")
    _take_over(stage, "exporter-2", first.kill)
    stage.fall("falls_later")
    _start_waiting(first)
    stage.wait(1)
    _take_over(stage, "exporter", second.kill)
    for name in ("falls", "falls_later"):
        stage.expect(name, *stage.cadence)


def _one_more_with_its_own_store(stage):
    chain = stage.chain
    sources = [{"name": "main", "type": "file", "provider": "demo", "path": "main.json",
                "interval": "1500ms"}]
    chain.add_exporter("exporter-2", store="sqlite:exporter-2.db", sources=sources)
    chain.scrape_exporter_at((chain.ports["exporter"], _pod("exporter", 1)),
                             (chain.ports["exporter-2"], _pod("exporter", 2)))
    # It is there from the beginning, as a second data centre is.
    stage.source.set_credits(dict.fromkeys(stage.ids.values(), "150"))
    chain.part("exporter-2").start()
    for name in stage.ids:
        stage.publishing = "exporter-2"
        stage.wait_until_polled(name)
    stage.enable(stage.ids, "exporter-2")
    stage.publishing = "exporter"


@scenario("2.1", accounts=("falls", "relapses", "falls_alone"),
          before=_one_more_with_its_own_store)
def two_with_stores_of_their_own(stage):
    """Two data centres each have an exporter with a store of its own, both with the same accounts
    and settings. They poll at their own pace, so that one sees a fall or a recovery a while before
    the other, and each has its own opinion of when it was. One is away while an account falls, and
    in the end for good."""
    chain = stage.chain
    stage.fall("relapses")
    stage.fall("falls")
    stage.wait_for_messages("relapses", 1)
    stage.rise("relapses")
    stage.wait(2)  # Both have seen it.
    chain.part("exporter-2").kill()
    stage.fall("falls_alone")
    stage.wait(1)
    chain.part("exporter-2").start()
    stage.wait_for_messages("falls_alone", 1)
    stage.fall("relapses")
    stage.wait_for_messages("relapses", 2)
    chain.part("exporter-2").kill()
    for name in ("falls", "falls_alone"):
        stage.expect(name, *stage.cadence)
    stage.expect("relapses", "alert", *stage.cadence)
