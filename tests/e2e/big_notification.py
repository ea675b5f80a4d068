#!/usr/bin/python3
"""A notification of 60 MB, posted to the real webhook with its default limits: accepted, every
message in it made, in bounded memory; repeated, it changes nothing. One over the limit is refused
with 413 without being read. Prints what it took.
"""

import argparse
import json
import pathlib
import re
import socket
import sys
import time

from configuration import TOKEN
from process import wait_for
from webhook_alone import WebhookAlone, low, notification

LIMIT = 64 << 20  # The default of webhook.max_body_bytes.
MEMORY_PER_BODY = 14  # The resident set may grow to so many times the body.


def body_of(size):
    """A notification of about that many bytes, its alerts as Prometheus words them."""
    now = time.time()
    alert = low("0" * 12, "finance", now=now, cash_balance=150, credit_limit=0, credit_refunds=0,
                unsettled_current_month=60, unsettled_previous_months=0)
    text = json.dumps(alert)
    before, after = json.dumps(notification([])).rsplit("[]", 1)
    count = (size - len(before) - len(after) - 2) // (len(text) + 1)
    alerts = ",".join(text.replace("0" * 12, f"{n:012}") for n in range(count))
    return f"{before}[{alerts}]{after}".encode(), count


def memory(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def refused_unread(port):
    """What the webhook answers to the head of a body over the limit, of which nothing is sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall((
            "POST /api/v1/alerts HTTP/1.1\r\nHost: webhook\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {TOKEN}\r\nContent-Length: {LIMIT + 1}\r\n\r\n").encode())
        return connection.recv(1000).split(b"\r\n")[0].decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, help="not needed")
    parser.add_argument("--megabytes", type=float, default=60)
    parser.add_argument("--keep", action="store_true", help="keep folder and logs")
    arguments = parser.parse_args()
    body, count = body_of(int(arguments.megabytes * 1e6))
    with WebhookAlone(arguments.bin.resolve(), {"finance": {"internal": ["finance"]}}, name="big",
                      keep=arguments.keep) as alone:
        at_rest = memory(alone.webhook)
        cpu = alone.webhook.cpu_seconds()
        begun = time.monotonic()
        status, answer = alone.request("POST", "/api/v1/alerts", body, TOKEN, timeout=300)
        took, used = time.monotonic() - begun, alone.webhook.cpu_seconds() - cpu
        assert status == 200, f"{status} {answer}"
        peak = memory(alone.webhook)
        made = alone.metric("lowbalance_webhook_messages_total")['{kind="alert"}']
        assert made == count, f"{made} messages of {count} alerts"
        wait_for("the inbox to be filled", lambda: alone.metric(
            "lowbalance_webhook_pending_deliveries")[""] == 0, 120)
        assert alone.metric("lowbalance_webhook_deliveries_total")[
            '{outcome="delivered",relay="internal"}'] == count

        cpu = alone.webhook.cpu_seconds()
        begun = time.monotonic()
        status, answer = alone.request("POST", "/api/v1/alerts", body, TOKEN, timeout=300)
        again, used_again = time.monotonic() - begun, alone.webhook.cpu_seconds() - cpu
        assert status == 200, f"{status} {answer}"
        decisions = alone.metric("lowbalance_webhook_decisions_total")
        assert decisions['{reason="duplicate"}'] == count, decisions
        assert alone.metric("lowbalance_webhook_messages_total")['{kind="alert"}'] == count
        after = memory(alone.webhook)

        line = refused_unread(alone.port)
        assert " 413 " in line, line
        print(f"{len(body) / 1e6:.0f} MB, {count} new alerts: committed in {took:.1f} s, "
              f"{used:.1f} s of processor time; unchanged {again:.1f} s, {used_again:.1f} s; "
              f"largest resident set {at_rest:.0f} MB at rest, {peak:.0f} MB, then {after:.0f} MB",
              flush=True)
        bound = at_rest + MEMORY_PER_BODY * len(body) / (1 << 20)
        assert after < bound, f"{after:.0f} MB, more than {bound:.0f} MB"
    sys.exit(0)


if __name__ == "__main__":
    main()
