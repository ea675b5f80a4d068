#!/usr/bin/python3
"""A poll of 1,000 accounts under limits that the double enforces, in scaled time: what takes 5 a
second in life has 75 a second here, so that five minutes are twenty seconds."""

import argparse
import pathlib
import sys

from alibaba_bench import Bench
from enterprise import Enterprise, FundAccount, Key
from process import wait_for

SCALE = 15
MANAGER = "1000"
ACCOUNTS = 1000
INTERVAL = 300 / SCALE


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, help="not used")
    arguments = parser.parse_args()
    enterprise = Enterprise()
    enterprise.keys["LTAImanager"] = Key("manager-secret", MANAGER)
    for number in range(ACCOUNTS):
        enterprise.add(FundAccount(f"5{number:04}", f"2{number:04}", managers=(MANAGER,)))
    bench = Bench(arguments.bin.resolve(), enterprise, [], environment={
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAImanager",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "manager-secret"})
    limit = 5 * SCALE
    # The vendor counts within a second and we let through no more; the margin is for what the
    # network and a busy machine push together.
    bench.double.limits["GetFundAccountAvailableAmount"] = limit * 1.2
    bench.write([{"name": "enterprise", "discovery": "fund_accounts", "interval": f"{INTERVAL:g}s",
                  "request_timeout": "5s", "tries": 4, "timeout": "30s",
                  "limits": {"GetFundAccountAvailableAmount": limit, "ListFundAccount": 1000}}])
    with bench:
        wait_for("a poll", lambda: bench.count("polls_total") >= 1, 60, step=0.2)
        assert bench.count("polls_total", outcome="success") == bench.count("polls_total")
        assert bench.count("accounts") == ACCOUNTS
        took = bench.count("poll_duration_seconds")
        asked = bench.count("api_requests_total", operation="GetFundAccountAvailableAmount",
                            code="ok")
        throttled = bench.count("api_throttled_total")
        print(f"{ACCOUNTS} accounts at {limit} a second: {took:.2f} s of {INTERVAL:g} s, which is "
              f"{took * SCALE:.0f} s of 300 s; {asked:.0f} requests, {throttled:.0f} throttled; "
              f"{bench.exporter.cpu_seconds():.2f} s of CPU, "
              f"connections {bench.double.connections_made()}", flush=True)
        assert asked >= ACCOUNTS
        assert throttled <= 2, throttled
        assert (ACCOUNTS - 1) / limit * 0.98 <= took < INTERVAL, took
        # One pool: connections are kept, not made for every request.
        assert bench.double.connections_made() <= 3 * 32, bench.double.connections_made()
    sys.exit(0)


if __name__ == "__main__":
    main()
