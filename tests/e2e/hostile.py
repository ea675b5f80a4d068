#!/usr/bin/python3
"""Hostile clients against both real services, each kind for some seconds: thousands of idle
connections, heads and bodies that drip, connections that come and go, and thousands of requests no
honest client sends (tests/e2e/hostile_requests.py).

While each goes on, new connections that bring what Alertmanager and Prometheus bring are answered
within a second, and so is /-/healthy. Afterwards no alert is lost or told twice, nothing has
crashed, nobody was answered 500, memory is bounded and every descriptor is back.
"""

import argparse
import collections
import pathlib
import resource
import sys
import time

from hostile_clients import Crowd, Watch, dripping_body, dripping_head, idle, passing
from hostile_requests import mutations, send_all, table
from hostile_services import Services
from process import wait_for

Attack = collections.namedtuple("Attack", "name clients webhook exporter seconds")


def attacks(seconds):
    return [
        Attack("idle connections", idle, 2000, 2000, seconds),
        Attack("dripping heads", dripping_head, 700, 700, seconds),
        Attack("dripping bodies", dripping_body, 400, 400, seconds),
        Attack("connections that come and go", passing, 300, 300, seconds),
    ]


def judge(name, answers, within, problems):
    """Holds what the watch saw to the promise; returns it in words."""
    if not answers:
        problems.append(f"{name}: nothing was asked meanwhile")
        return "nothing"
    worst = collections.defaultdict(float)
    for what, status, took in answers:
        worst[what] = max(worst[what], took)
        if status != 200:
            problems.append(f"{name}: {what} was answered {status} after {took:.2f} s")
    for what, took in worst.items():
        if took > within:
            problems.append(f"{name}: {what} took {took:.2f} s")
    return f"{len(answers)} answers, at worst " + ", ".join(
        f"{what} {took:.2f} s" for what, took in sorted(worst.items()))


def go_on(attack, services, watch, arguments, problems):
    """Once more if somebody had to wait: on a machine that has much else to do it may be that."""
    counts = {"webhook": int(attack.webhook * arguments.crowd),
              "exporter": int(attack.exporter * arguments.crowd)}
    for last in (False, True):
        missed = []
        with Crowd(attack.clients, services, counts) as crowd:
            crowd.run(attack.seconds)
        said = judge(attack.name, watch.take(), arguments.within, missed)
        print(f"{attack.name}: {crowd.opened} connections; {said}", flush=True)
        if not missed or last:
            problems += missed
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--seconds", type=float, default=3, help="how long each attack goes on")
    parser.add_argument("--crowd", type=float, default=1, help="how many clients, to the usual")
    parser.add_argument("--mutations", type=int, default=1500, help="requests bent at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--within", type=float, default=1, help="seconds, for honest clients")
    parser.add_argument("--memory", type=float, default=160, help="MB each service may grow by")
    parser.add_argument("--only", help="attacks whose name has this in it")
    parser.add_argument("--keep", action="store_true", help="keep folder and logs")
    arguments = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    problems = []
    with Services(arguments.bin.resolve(), keep=arguments.keep) as services:
        with Watch(services) as watch:
            time.sleep(1)
            judge("at rest", watch.take(), arguments.within, problems)
            before = {each.name: each.state() for each in services.all}
            for attack in attacks(arguments.seconds):
                if arguments.only and arguments.only not in attack.name:
                    continue
                go_on(attack, services, watch, arguments, problems)
            if not arguments.only or "requests" in arguments.only:
                for name, requests in (("requests", table(services)), ("bent requests", mutations(
                        services, arguments.mutations, arguments.seed))):
                    sent = send_all(requests, problems)
                    said = judge(name, watch.take(), arguments.within, problems)
                    print(f"{name}: {sum(sent.values())} sent, answered "
                          f"{dict(sorted(sent.items()))}; {said}", flush=True)
        alerts = watch.alerts
        for each in services.all:
            was = before[each.name]

            def back(each=each, was=was):
                return each.state().files <= was.files + 3
            try:
                wait_for(f"{each.name}'s descriptors to be back", back, 35, step=0.2)
            except TimeoutError as error:
                problems.append(str(error))
            state = each.state()
            print(f"{each.name}: descriptors {was.files} before, {state.files} after; resident "
                  f"{was.megabytes:.0f} MB, at most {state.most_megabytes:.0f} MB; "
                  f"{each.process.cpu_seconds():.1f} s of processor time", flush=True)
            if state.most_megabytes > was.megabytes + arguments.memory:
                problems.append(f"{each.name} grew to {state.most_megabytes:.0f} MB")
            problems += each.complaints()
        problems += services.told_wrong(alerts)
        problems += services.stop()
    for problem in problems[:60]:
        print(f"  {problem}")
    print(f"{alerts} alerts posted meanwhile; {len(problems)} problems", flush=True)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
