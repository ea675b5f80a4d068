#!/usr/bin/python3
"""The vendor's own clients and ours, held against each other.

The vendor's generic client and its SDK of 2017-12-14 talk to the double, which proves the double's
checks; what our exporter sends is signed as the vendor's own code would have signed it.
"""

import argparse
import json
import pathlib
import sys
import time

import alibaba_scenarios
from alibaba_bench import Bench
from enterprise import FundAccount, Key
from process import wait_for


def the_vendors_clients_are_understood(bench, peers):
    enterprise = bench.double.enterprise
    enterprise.add(FundAccount("12332112", "1001", name="Peer"))
    enterprise.keys["LTAIpeer"] = Key("peer-secret", "1001")
    enterprise.keys["STS.peer"] = Key("sts-secret", "1001", token="CAIS+/=token")
    role = "acs:ram::1001:role/reader"
    enterprise.roles.add(role)
    keys = {
        name: {"access_key_id": id, "access_key_secret": enterprise.keys[id].secret,
               "security_token": enterprise.keys[id].token or None, "fund_account": "12332112",
               "role": role}
        for name, id in (("lasting", "LTAIpeer"), ("temporary", "STS.peer"))}
    keys["wrong"] = {**keys["lasting"], "access_key_secret": "not the secret"}
    file = bench.folder / "keys.json"
    file.write_text(json.dumps(keys), encoding="utf-8")
    bench.double.records.clear()
    answers = bench.vendor(peers, "call", bench.double.url, file)
    for name in ("lasting", "temporary"):
        for operation, outcome in answers[name].items():
            assert "body" in outcome, (name, operation, outcome)
        balance = answers[name]["QueryAccountBalance"]["body"]["Data"]
        assert balance["AvailableAmount"] == "100", balance
        funds = answers[name]["GetFundAccountAvailableAmount"]["body"]
        assert funds["FundAccountId"] == "12332112", funds
    for operation, outcome in answers["wrong"].items():
        assert "SignatureDoesNotMatch" in outcome["code"], (operation, outcome)
    schemes = {(r["operation"], r["scheme"]) for r in bench.double.records}
    assert ("AssumeRole", "rpc") in schemes and ("ListFundAccount", "acs3") in schemes, schemes


def our_requests_are_signed_as_the_vendor_signs(bench, peers, scheme, operations):
    bench.double.records.clear()
    wait_for("polls of every source", lambda: all(
        bench.double.count(operation) >= 2 for operation in operations), 30)
    with bench.double.lock:
        records = [r for r in bench.double.records if r["scheme"] == scheme][:400]
        secrets = {id: key.secret for id, key in bench.double.enterprise.keys.items()}
    for record in records:
        record["secret"] = secrets[record["access_key_id"]]
    file = bench.folder / "requests.json"
    file.write_text(json.dumps(records), encoding="utf-8")
    verdicts = bench.vendor(peers, "verify", file)
    assert len(verdicts) == len(records) >= 2 * len(operations)
    for verdict in verdicts:
        assert verdict["same"], verdict
    assert {v["operation"] for v in verdicts} >= set(operations)
    # And it would notice if they were not.
    records[0]["body"] += "x"
    records[0]["secret"] += "x"
    file.write_text(json.dumps(records[:1]), encoding="utf-8")
    assert not bench.vendor(peers, "verify", file)[0]["same"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, help="not used")
    parser.add_argument("--peers", type=pathlib.Path, required=True,
                        help="the folder of the vendor's packages")
    arguments = parser.parse_args()
    peers = arguments.peers.resolve()
    if not (peers / "node_modules").is_dir():
        sys.exit("the vendor's packages are missing; run scripts/install-npm tests/peers/alibaba")
    operations = ["ListFundAccount", "GetFundAccountAvailableAmount", "QueryAccountBalance",
                  "GetFundAccountLowAvailableAmountAlarm", "ListAccounts"]
    begun = time.monotonic()
    bench = Bench(arguments.bin.resolve(), alibaba_scenarios.make_enterprise(), [])
    ours = [{**source, "alarm": "import"} for source in alibaba_scenarios.sources(bench.folder)]
    bench.write(ours)
    with bench:
        the_vendors_clients_are_understood(bench, peers)
        print(f"{time.monotonic() - begun:5.1f} s  the vendor's clients are understood", flush=True)
        # Roles and bills are asked for once, at the start.
        once = {"AssumeRole", "QueryBillOverview", "GetCallerIdentity"}
        our_requests_are_signed_as_the_vendor_signs(bench, peers, "acs3", operations)
        print(f"{time.monotonic() - begun:5.1f} s  ours are signed as the vendor signs", flush=True)
        bench.write([{**source, "signature": "rpc"} for source in ours])
        bench.exporter.stop()
        bench.double.records.clear()
        bench.exporter.start()
        with bench.double.lock:
            seen = {r["operation"] for r in bench.double.records if r["verdict"] == "ok"}
        assert once <= seen, seen
        our_requests_are_signed_as_the_vendor_signs(bench, peers, "rpc", operations)
        print(f"{time.monotonic() - begun:5.1f} s  in the older scheme too", flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
