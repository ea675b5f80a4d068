"""Prometheus scrapes the exporter, and it goes wrong."""

import signal
import time

from stage import scenario


def _gate(stage):
    stage.gate = stage.chain.gate_before_exporter()


# The scrape is slower than the rules: between a failed one and the next the rules are evaluated
# several times, find nothing, and Alertmanager is told.
@scenario("1.4, 2.3", timing={"scrape": 1.5, "evaluation": 0.25}, before=_gate)
def one_failed_scrape(stage):
    """One answer of the exporter is lost on a bad network, breaks off in the middle, or is a
    proxy's page: all its series are gone at once and every alert is resolved, and fires anew with
    the next scrape. Once over an account that has been low for long, once over one that falls."""
    for _ in range(2):
        begun, failed = time.time(), stage.gate.failed
        stage.gate.fail()
        stage.wait_until_resolved("steady", begun)
        assert stage.gate.failed == failed + 1, "more than one scrape failed"
        stage.wait_until_heard("steady")
    stage.gate.fail()
    stage.fall("falls")
    stage.expect("falls", *stage.cadence)


@scenario("2.3")
def scrapes_time_out(stage):
    """The exporter's machine is paused for a live migration: its port is there, nothing answers,
    every scrape times out. An account falls meanwhile."""
    stage.wait(0.5)
    begun = time.time()
    stage.chain.exporter.signal(signal.SIGSTOP)
    stage.fall("falls", polled=False)
    stage.wait_until_resolved("steady", begun)
    stage.wait(1)
    stage.chain.exporter.signal(signal.SIGCONT)
    stage.expect("falls", *stage.cadence)
