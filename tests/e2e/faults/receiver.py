"""The webhook is there, but not as Alertmanager would like it.

Killed, it may repeat the mails that were under way; that is kills.py.
"""

from process import wait_for
from stage import scenario


def _while_treated(stage, treatment, at_least=1):
    """An account falls, and a notification of it has been treated so often."""
    proxy = stage.chain.proxy
    with proxy.treating(treatment):
        stage.fall("falls")
        wait_for("the notification of the fall",
                 lambda: proxy.treated[stage.ids["falls"]] >= at_least, 15)
        stage.wait(1)
    stage.expect("falls", *stage.cadence)
    stage.note(f"{proxy.treated[stage.ids['falls']]} tries in vain")


@scenario("1.2", day=9.0, at_most=1)
def answers_503(stage):
    """The webhook is overloaded or cannot write its store: it answers 503, and Alertmanager tries
    again at growing intervals."""
    _while_treated(stage, stage.chain.proxy.answer(503), at_least=2)


@scenario("1.2", day=9.0, at_most=1)
def answers_429(stage):
    """Something before the webhook answers 429, which Alertmanager takes for final: it gives the
    notification up and tries anew at the next group interval."""
    _while_treated(stage, stage.chain.proxy.answer(429), at_least=2)


@scenario("1.2", day=17.0, at_most=1)
def times_out(stage):
    """The webhook hangs: it takes the notification and answers nothing, until Alertmanager gives
    up after ten seconds and tries again."""
    _while_treated(stage, stage.chain.proxy.hang, at_least=2)


@scenario("1.2", day=9.0, at_most=1)
def refuses(stage):
    """The webhook's port is closed: connections are refused."""
    stage.chain.proxy.down()
    stage.fall("falls")
    stage.wait(3)
    assert not stage.messages("falls")
    stage.chain.proxy.up()
    stage.expect("falls", *stage.cadence)


@scenario("1.2, 1.5", day=9.0, at_most=1)
def takes_it_in_and_cannot_answer(stage):
    """The webhook has stored what a notification causes, and the connection breaks before its
    answer arrives. Alertmanager tries again and again."""
    _while_treated(stage, stage.chain.proxy.lose_the_answer, at_least=3)
