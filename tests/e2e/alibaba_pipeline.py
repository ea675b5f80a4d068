#!/usr/bin/python3
"""From Alibaba Cloud's API to the mail: 200 accounts of one enterprise, two of which fall."""

import argparse
import email
import email.policy
import pathlib
import sys
import time

from chain import Chain, Programs
from configuration import Timing
from process import wait_for

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "fakes" / "alibaba"))

from double import Double  # noqa: E402  pylint: disable=wrong-import-position
from enterprise import Enterprise, FundAccount, Key  # noqa: E402  pylint: disable=wrong-import-position

MANAGER = "1000"
FELL, FROZEN, OFF = "50017", "50018", "50019"


def make_enterprise():
    """All have the vendor's alarm at 80, but for one whose alarm is off."""
    enterprise = Enterprise()
    enterprise.keys["LTAImanager"] = Key("manager-secret", MANAGER)
    for number in range(200):
        id = f"5{number:04}"
        enterprise.add(FundAccount(id, f"2{number:04}", name=f"Team {number}", managers=(MANAGER,),
                                   threshold="80", alarm=id != OFF))
    return enterprise


def mails(chain):
    found = []
    for path in sorted(chain.mail.glob("new/*"), key=lambda path: path.stat().st_mtime):
        with open(path, "rb") as file:
            found.append(email.message_from_binary_file(file, policy=email.policy.default))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="Prometheus' programs")
    parser.add_argument("--keep", action="store_true", help="keep folder and logs")
    arguments = parser.parse_args()
    programs = Programs(arguments.bin.resolve(), arguments.tools.resolve())
    programs.check()
    begun = time.monotonic()

    def said(text):
        print(f"{time.monotonic() - begun:5.1f} s  {text}", flush=True)

    double = Double(make_enterprise()).start()
    source = {
        "name": "enterprise", "type": "alibaba", "site": "china", "interval": "1s", "jitter": "0s",
        "discovery": "fund_accounts", "alarm": "import",
        "credentials": {"type": "files", "access_key_id_file": "key-id",
                        "access_key_secret_file": "key-secret"},
        "limits": {name: 2000 for name in (
            "GetFundAccountAvailableAmount", "GetFundAccountLowAvailableAmountAlarm",
            "ListFundAccount")},
        "endpoints": {name: double.url for name in ("billing", "sts")},
    }
    chain = Chain(programs, Timing(hour=1.0, heartbeat=0.75, billing_data_max_age=20.0), {},
                  keep=arguments.keep, name="alibaba", more_sources=[source])
    for name, text in (("key-id", "LTAImanager"), ("key-secret", "manager-secret")):
        (chain.folder / name).write_text(text + "\n", encoding="utf-8")
    try:
        with chain:
            accounts = double.enterprise.fund_accounts
            get = "/api/v1/accounts/alibaba/"
            wait_for("the accounts", lambda: chain.metric(
                "exporter", "lowbalance_exporter_accounts") == {'{source="enterprise"}': 200}, 20)
            setting = chain.get("exporter", get + FELL)["alerts"][0]
            assert (setting["enabled"], setting["threshold"], setting["provisioned"]) == (
                True, "80.00", True), setting
            said("200 accounts, with the vendor's own thresholds")
            status, answer = chain.request("exporter", "PATCH", get + FELL + "/alerts/warning",
                                           {"threshold": "50"})
            assert status == 403 and "imports" in str(answer) or status == 409, (status, answer)
            said("which are read-only here")

            accounts[FROZEN].status = "FROZEN"
            for id in (FELL, FROZEN, OFF):
                accounts[id].available, accounts[id].cash = "79.99", "29.99"
            (mail,) = wait_for("the mail", lambda: mails(chain), 30)
            text = mail.get_body(("plain",)).get_content()
            for word in (FELL, "Team 17", "alibaba", "79.99", "80.00", "CNY"):
                assert word in text, f"{word!r} is not in the mail:\n{text}"
            said("the mail for the one that fell")
            time.sleep(4)  # Several heartbeats: others would have come.
            assert [m["X-Lowbalance-Account"] for m in mails(chain)] == [FELL]
            state = {id: chain.get("exporter", get + id) for id in (FROZEN, OFF)}
            assert state[FROZEN]["status"] == "frozen", state
            assert state[OFF]["alerts"] == [] or not state[OFF]["alerts"][0]["enabled"], state
            said("none for the frozen one and the one whose alarm is off")

            accounts[FELL].available = "1,157.74"
            wait_for("the recovery", lambda: chain.get("exporter", get + FELL)["alerts"][0][
                "state"] == "ok", 10)
            accounts[OFF].alarm = True
            wait_for("the alarm to be taken over", lambda: chain.get(
                "exporter", get + OFF)["alerts"][0]["state"] == "low", 10)
            accounts[OFF].available = "79.98"
            second = wait_for("the second mail", lambda: mails(chain)[1:], 30)
            assert [m["X-Lowbalance-Account"] for m in second] == [OFF], second
            said("an alarm switched on at the vendor counts from its first change on")
            chain.check_metrics()
    finally:
        double.stop()
    sys.exit(0)


if __name__ == "__main__":
    main()
