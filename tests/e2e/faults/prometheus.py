"""Prometheus restarts, is away, errs, is two, and drops."""

import signal
import time

from stage import scenario

DROPPED = "prometheus_notifications_dropped_total"


# A Prometheus that starts learns its targets after five seconds, however fast its clocks run. Its
# alerts last for four times 2.4 s here, so that it is back before they end.
@scenario("1.4, 2.3", day=9.0, at_most=1,
          flags={"prometheus": {"rules.alert.resend-delay": "2400ms"}},
          timing={"facts_max_age": 15.0})
def killed_and_restarted(stage):
    """Prometheus is killed and started at once. It does not remember since when an alert fires:
    the same alerts come with new instants. An account falls in between."""
    stage.wait(1)
    stage.chain.prometheus.kill()
    stage.fall("falls")
    stage.chain.prometheus.start()
    stage.expect("falls", *stage.cadence)


@scenario("1.4", accounts=("falls", "recovers", "bounces"), day=14.0, at_most=1)
def away_for_longer_than_its_alerts_last(stage):
    """Prometheus is away for longer than four evaluations (four minutes, where one is a minute):
    Alertmanager ends every alert by itself and says resolved, which proves nothing. Meanwhile one
    account falls, one recovers, and one recovers and falls again."""
    for name in ("recovers", "bounces"):
        stage.fall(name)
    for name in ("recovers", "bounces"):
        stage.wait_for_messages(name, 1)
    begun = time.time()
    stage.chain.prometheus.kill()
    stage.fall("falls")
    stage.rise("recovers")
    stage.rise("bounces")
    stage.fall("bounces", "80")
    stage.wait_until_resolved("steady", begun)
    stage.chain.prometheus.start()
    stage.expect("falls", *stage.cadence)
    stage.expect("recovers", "alert")
    stage.expect("bounces", "alert", *stage.cadence)


def _scraped_twice(stage):
    def change(prometheus):
        exporter = prometheus["scrape_configs"][0]
        prometheus["scrape_configs"].append({**exporter, "job_name": "exporter-again"})
    stage.chain.change_yaml("prometheus.yml", change)


@scenario("1.4, 2.1", before=_scraped_twice)
def rule_that_errors(stage):
    """The exporter is scraped by two jobs, so that every series is there twice. The rules as they
    are shipped do not mind. Then somebody puts a simpler rule in their place, which errs on
    duplicate series: nothing is evaluated, Alertmanager says resolved when the alerts have ended.
    An account falls meanwhile; then the shipped rules are put back."""
    chain = stage.chain
    rules = chain.folder / "rules.yml"
    shipped = rules.read_text(encoding="utf-8")

    def simpler(content):
        (rule,) = [rule for rule in content["groups"][0]["rules"]
                   if rule.get("alert") == "LowBalance"]
        rule["expr"] = ("billing_account_available_credit"
                        " < on (provider, account_id, currency) group_right ()"
                        " billing_account_alert_threshold")

    failures = "prometheus_rule_evaluation_failures_total"
    assert chain.their_metric("prometheus", failures) == 0, "the shipped rules fail"
    begun = time.time()
    chain.change_yaml("rules.yml", simpler)
    chain.prometheus.signal(signal.SIGHUP)
    stage.fall("falls")
    stage.wait_until_resolved("steady", begun)
    stage.note(f"{chain.their_metric('prometheus', failures):g} evaluations failed")
    assert chain.their_metric("prometheus", failures) > 0
    rules.write_text(shipped, encoding="utf-8")
    chain.prometheus.signal(signal.SIGHUP)
    stage.expect("falls", *stage.cadence)


def _another(stage):
    def replica(name):
        def change(prometheus):
            prometheus["global"]["external_labels"] = {"replica": name}
        return change
    stage.chain.add_prometheus("prometheus-2", replica("b"))
    stage.chain.change_yaml("prometheus.yml", replica("a"))


@scenario("1.5", accounts=("falls", "falls_later"), day=8.0, at_most=1, before=_another)
def two_with_labels_of_their_own(stage):
    """A pair of Prometheus servers whose replica label nobody drops: every alert is there twice,
    with another fingerprint. Then one of the two is killed."""
    chain = stage.chain
    other = chain.part("prometheus-2")
    other.start()
    as_two = stage.ids["steady"]
    stage.fall("falls")
    deadline = time.monotonic() + 20
    while len(chain.alerts(as_two)) < 2:
        assert time.monotonic() < deadline, "the second Prometheus' alerts did not come"
        time.sleep(0.1)
    chain.prometheus.kill()
    stage.fall("falls_later")
    for name in ("falls", "falls_later"):
        stage.expect(name, *stage.cadence)


CROWD = tuple(f"crowd_{n}" for n in range(10))


@scenario("2.1", accounts=CROWD, day=8.0,
          flags={"prometheus": {"alertmanager.notification-queue-capacity": 6}})
def queue_that_drops(stage):
    """More accounts are low than Prometheus' queue of notifications takes: of every round it drops
    some, counts them as sent, and Alertmanager says now of one and now of another that it is
    resolved. All accounts fall at once."""
    chain = stage.chain
    before = chain.their_metric("prometheus", DROPPED)
    begun = time.time()
    for name in CROWD:
        stage.falls[name].append(begun)
        stage.expect(name, *stage.cadence)
    stage.source.set_credits({stage.ids[name]: "90" for name in CROWD})
    for name in CROWD:
        stage.wait_for_messages(name, 1)
    stage.note(f"{chain.their_metric('prometheus', DROPPED) - before:g} notifications dropped")
    assert chain.their_metric("prometheus", DROPPED) > before, "nothing was dropped"
