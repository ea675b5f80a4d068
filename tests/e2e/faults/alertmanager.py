"""Alertmanager forgets, restarts, reloads, is two, and is told to be silent."""

import threading
import time

from link import Link
from process import wait_for
from source_file import rfc3339
from stage import scenario


@scenario("1.5", accounts=("falls", "recovers"), day=10.0, at_most=1)
def killed_before_it_saved_its_log(stage):
    """Alertmanager is killed within a quarter of an hour of a notification and forgets that it
    sent it: it sends all again as if it were the first. Twice: while an account falls, and while
    one recovers, of which it then says nothing."""
    stage.fall("recovers")
    stage.wait_for_messages("recovers", 1)
    stage.chain.alertmanager.kill()
    stage.fall("falls")
    stage.chain.alertmanager.start()
    stage.wait_until_heard("steady")
    stage.chain.alertmanager.kill()
    stage.rise("recovers")
    stage.wait(1)
    stage.chain.alertmanager.start()
    stage.wait_until_heard("steady")
    stage.expect("falls", *stage.cadence)
    stage.expect("recovers", "alert")


@scenario("1.4, 1.5")
def restarted(stage):
    """Alertmanager is stopped and started in an orderly way, and an account falls while it is
    away."""
    assert stage.chain.alertmanager.stop() == 0
    stage.fall("falls")
    stage.chain.alertmanager.start()
    stage.wait_until_heard("steady")
    stage.expect("falls", *stage.cadence)


@scenario("1.5")
def reloaded_with_a_post_in_flight(stage):
    """Alertmanager is reloaded while the webhook works on a notification, which it has taken in
    but not answered yet: Alertmanager hangs up, forgets it, and sends it again."""
    chain, proxy = stage.chain, stage.chain.proxy
    falls = stage.ids["falls"]
    with proxy.treating(proxy.answer_late):
        stage.fall("falls")
        wait_for("a notification in flight", lambda: proxy.heard[falls], 10)
        reload = threading.Thread(target=chain.reload_alertmanager)
        reload.start()
        wait_for("the same once more", lambda: proxy.heard[falls] > 1, 15)
    reload.join()
    stage.expect("falls", *stage.cadence)


def _pair(stage):
    chain = stage.chain
    gossip = {name: (chain.port_of(f"{name}-gossip"), chain.port_of(f"{name}-link"))
              for name in ("alertmanager", "alertmanager-2")}
    stage.links = [Link(link, port) for port, link in gossip.values()]
    chain.closers += [link.close for link in stage.links]

    def flags(name):
        port, link = gossip[name]
        return {"cluster.listen-address": f"127.0.0.1:{port}",
                "cluster.advertise-address": f"127.0.0.1:{link}",
                "cluster.peer-timeout": "500ms", "cluster.settle-timeout": "2s",
                "cluster.gossip-interval": "50ms", "cluster.pushpull-interval": "1s",
                "cluster.reconnect-interval": "500ms", "cluster.probe-interval": "300ms",
                "cluster.probe-timeout": "200ms"}

    chain.flags["alertmanager"] = flags("alertmanager")
    other = chain.add_alertmanager("alertmanager-2")
    peer = gossip["alertmanager"][1]
    other.argv = [word for word in other.argv if not word.startswith("--cluster.")]
    other.argv += [f"--{flag}={value}" for flag, value in flags("alertmanager-2").items()]
    other.argv.append(f"--cluster.peer=127.0.0.1:{peer}")

    def both(prometheus):
        prometheus["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [
            f"127.0.0.1:{chain.ports[name]}" for name in gossip]
    chain.change_yaml("prometheus.yml", both)


def _members(chain, part):
    return len(chain.get(part, "/api/v2/status")["cluster"].get("peers", []))


@scenario("1.5, 1.2", accounts=("falls", "falls_cut_off", "falls_later"), day=9.0, at_most=1,
          before=_pair)
def pair_with_the_link_cut(stage):
    """Two Alertmanagers for availability, which tell each other what they have sent. The network
    between them is cut, and each sends everything; then it is mended. An account falls before,
    one during the cut, one after it."""
    chain, proxy = stage.chain, stage.chain.proxy
    chain.part("alertmanager-2").start()
    wait_for("the two to find each other",
             lambda: all(_members(chain, part) == 2 for part in ("alertmanager", "alertmanager-2")),
             15)
    stage.fall("falls")
    stage.wait_for_messages("falls", 1)
    for link in stage.links:
        link.cut()
    stage.fall("falls_cut_off")
    wait_for("both to send what happened while they were cut off",
             lambda: len(proxy.senders[stage.ids["falls_cut_off"]]) == 2, 15)
    for link in stage.links:
        link.mend()
    stage.fall("falls_later")
    for name in ("falls", "falls_cut_off", "falls_later"):
        stage.expect(name, *stage.cadence)


def _silence(chain, *account_ids):
    now = time.time()
    status, answer = chain.request("alertmanager", "POST", "/api/v2/silences", {
        "matchers": [{"name": "account_id", "value": "|".join(account_ids), "isRegex": True,
                      "isEqual": True}],
        "startsAt": rfc3339(now), "endsAt": rfc3339(now + 600), "createdBy": "finance",
        "comment": "being topped up"})
    assert status == 200, f"a silence: {status} {answer}"
    return answer["silenceID"]


@scenario("1.5", accounts=("relapses", "recovers", "falls"), day=8.0, at_most=1)
def silence_over_a_recovery_and_a_relapse(stage):
    """Somebody silences accounts that are low. One of them recovers and falls again under the
    silence, one recovers for good, and one that was well falls. Alertmanager never says that an
    alert is resolved, and takes the relapse for what it has told already. Then the silence is
    lifted: the relapse and the fall are told then, not before, and once."""
    chain = stage.chain
    for name in ("relapses", "recovers"):
        stage.fall(name)
    for name in ("relapses", "recovers"):
        stage.wait_for_messages(name, 1)
    silence = _silence(chain, *(stage.ids[name] for name in ("relapses", "recovers", "falls")))
    stage.wait(0.5)
    stage.rise("relapses")
    stage.rise("recovers")
    stage.fall("falls")
    stage.wait(1)
    stage.fall("relapses", "80")
    stage.wait(1.5)
    silent = {name: len(stage.messages(name)) for name in ("relapses", "falls")}
    assert silent == {"relapses": 1, "falls": 0}, f"told under the silence: {silent}"
    status, answer = chain.request("alertmanager", "DELETE", f"/api/v2/silence/{silence}")
    assert status == 200, f"lifting the silence: {status} {answer}"
    stage.expect("relapses", "alert", *stage.cadence)
    stage.expect("recovers", "alert")
    stage.expect("falls", *stage.cadence)


@scenario("1.5")
def grouping_changed(stage):
    """The route is changed and Alertmanager reloaded: other groups, then another receiver's name,
    then a matcher more. To Alertmanager nothing has been told yet, and all is sent again."""
    chain, proxy = stage.chain, stage.chain.proxy

    def one_group(route):
        route["group_by"] = ["alertname"]

    def own_groups(route):
        route["group_by"] = ["alertname", "account_id", "level"]

    def another_matcher(route):
        route["matchers"] = ['provider="demo"', *route["matchers"]]

    for number, change in enumerate((one_group, own_groups, another_matcher)):
        def changed(content, number=number, change=change):
            change(content["route"]["routes"][1])
            content["receivers"][1]["name"] = f"lowbalance-{number}"
            for route in content["route"]["routes"]:
                route["receiver"] = f"lowbalance-{number}"
        before = proxy.heard[stage.ids["steady"]]
        chain.change_yaml("alertmanager.yml", changed)
        chain.reload_alertmanager()
        wait_for("everything to be sent again",
                 lambda: proxy.heard[stage.ids["steady"]] > before, 10)
        if number == 0:
            stage.fall("falls")
    stage.expect("falls", *stage.cadence)
