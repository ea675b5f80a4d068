#!/usr/bin/python3
"""Everything that Alibaba Cloud's gateways are known to answer, to the gauges.

Good replies in all their forms become exact amounts. A failed or odd one changes no gauge but `up`,
never becomes 0, and is named in log and metrics by operation, code and request id.
"""

import argparse
import pathlib
import re
import sys
import time

from alibaba_bench import Bench
from double import changed, error, manner, raw
from enterprise import Bill, Enterprise, FundAccount, Key
from process import wait_for

MANAGER = "1000"
SECRETS = ("manager-secret", "own-secret", "older-secret")
HUGE = 100 << 20


def make_enterprise():
    enterprise = Enterprise()
    for id, name in (("501", "Acme"), ("502", "Bcme"), ("503", "Ccme")):
        enterprise.add(FundAccount(id, f"2{id}", name=name, managers=(MANAGER,)))
    enterprise.add(FundAccount("601", "3001"))
    enterprise.add(FundAccount("602", "3002", cash="900", credit="0.00", available="849.7"))
    enterprise.keys["LTAImanager"] = Key("manager-secret", MANAGER)
    enterprise.keys["LTAIown"] = Key("own-secret", "3001")
    enterprise.keys["LTAIolder"] = Key("older-secret", "3002", denied=frozenset(
        {"GetFundAccountAvailableAmount"}))
    month = time.strftime("%Y-%m", time.gmtime(time.time() + 8 * 3600))
    enterprise.bills["3002"] = [Bill(month, "0.1", "5"), Bill(month, "0.2000000000", "7"),
                                Bill("2026-01" if month != "2026-01" else "2025-12", "50", "50")]
    for member in ("4001", "4002"):
        enterprise.add(FundAccount(f"7{member}", member))
        enterprise.members[member] = (f"Member {member}", "CreateSuccess")
        enterprise.roles.add(f"acs:ram::{member}:role/reader")
    return enterprise


def sources(bench_folder):
    def keys(name, id, secret):
        for suffix, text in (("id", id), ("secret", secret)):
            (bench_folder / f"{name}-{suffix}").write_text(text + "\n", encoding="utf-8")
        return {"type": "files", "access_key_id_file": f"{name}-id",
                "access_key_secret_file": f"{name}-secret"}

    manager = keys("manager", "LTAImanager", "manager-secret")
    return [
        {"name": "funds", "discovery": "fund_accounts", "credentials": manager},
        {"name": "listed", "unsettled_from_bills": True, "accounts": [
            {"account_id": "3001", "name": "Own", "credentials": keys("own", "LTAIown",
                                                                      "own-secret")},
            {"name": "Older", "credentials": keys("older", "LTAIolder", "older-secret")}]},
        {"name": "members", "discovery": "resource_directory", "member_role": "reader",
         "include_management_account": False, "credentials": manager},
    ]


class Scenarios:
    def __init__(self, bench):
        self.bench = bench
        self.double = bench.double
        self.account = bench.double.enterprise.fund_accounts

    def all_well(self):
        """What one scenario broke is whole again before the next begins."""
        for account in ("501", "502", "503", "3001", "3002", "4001", "4002"):
            wait_for(f"account {account} to be well",
                     lambda a=account: self.bench.of_account(a).get("up") == 1, 20)

    # ---- Good replies.

    def every_term_and_the_formula(self):
        gauges = self.bench.of_account("501")
        wanted = {"available_credit{CNY}": 100, "cash_balance{CNY}": 50, "credit_limit{CNY}": 100,
                  "credit_refunds{CNY}": 0, "unsettled_current_month{CNY}": 20,
                  "unsettled_previous_months{CNY}": 30, "unexplained_amount{CNY}": 0, "up": 1,
                  "info{Acme,2501}": 1, "status{active}": 1, "status{closed}": 0}
        assert wanted.items() <= gauges.items(), gauges

    def amounts_in_all_their_forms(self):
        for text, number in (("1,157.74", 1157.74), ("-11.19", -11.19), ("10000.00\n", 10000),
                             ("0.1234567890", 0.123457), ("-1,234,567.89", -1234567.89)):
            self.account["501"].available = text
            self.bench.polls("funds")
            gauges = self.bench.of_account("501")
            assert gauges["available_credit{CNY}"] == number, (text, gauges)
            assert gauges["up"] == 1, gauges

    def other_currencies(self):
        for currency in ("USD", "JPY", "CNY"):
            self.account["501"].currency = currency
            self.bench.polls("funds")
            gauges = self.bench.of_account("501")
            assert f"available_credit{{{currency}}}" in gauges and gauges["up"] == 1, gauges
            assert sum(name.startswith("available_credit{") for name in gauges) == 1, gauges

    def what_the_formula_does_not_know_is_told(self):
        self.account["501"].available = "107.5"
        self.bench.polls("funds")
        gauges = self.bench.of_account("501")
        assert gauges["unexplained_amount{CNY}"] == 7.5, gauges
        self.account["501"].available = "100"

    def metadata_types_and_statuses_in_all_their_forms(self):
        for metadata in ({}, {"a": [1]}, "{}"):
            self.double.metadata = metadata
            self.account["501"].kind = "A_NEW_KIND"
            self.account["501"].status = "valid" if metadata == {} else "VALID"
            self.bench.polls("funds")
            gauges = self.bench.of_account("501")
            assert gauges["up"] == 1 and gauges["status{active}"] == 1, gauges

    def a_missing_term_has_no_series(self):
        self.double.fault("GetFundAccountAvailableAmount",
                          changed(lambda body: body.pop("CreditRefundAmount") and None), "501")
        self.bench.polls("funds")
        gauges = self.bench.of_account("501")
        assert gauges["available_credit{CNY}"] == 100 and gauges["up"] == 1, gauges
        assert not any(name.startswith(("credit_refunds", "unexplained")) for name in gauges), gauges
        self.double.heal()

    def the_older_operation_answers_where_the_newer_is_not_permitted(self):
        gauges = self.bench.of_account("3002")
        assert gauges["available_credit{CNY}"] == 849.7, gauges
        assert gauges["cash_balance{CNY}"] == 900, gauges
        assert gauges["unsettled_current_month{CNY}"] == 0.3, gauges  # From bills, exactly.
        assert gauges["unsettled_previous_months{CNY}"] == 50, gauges
        assert not any(name.startswith(("credit_limit", "credit_refunds", "unexplained"))
                       for name in gauges), gauges
        self.logged("not all terms are known", "GetFundAccountAvailableAmount: NoPermission",
                    "bss:DescribeBillingAccount")

    def members_are_asked_with_a_role_of_their_own(self):
        for member in ("4001", "4002"):
            gauges = self.bench.of_account(member)
            assert gauges["available_credit{CNY}"] == 100 and gauges[f"info{{Member {member}}}"] == 1

    # ---- Accounts that come and go.

    def a_new_account_shows_up_by_itself(self):
        self.double.enterprise.add(FundAccount("504", "2504", name="New", managers=(MANAGER,)))
        wait_for("the new account", lambda: self.bench.of_account("504").get("up") == 1, 10)

    def frozen_and_closed_accounts_say_so(self):
        for status, state in (("FROZEN", "frozen"), ("CLOSED", "closed")):
            self.account["504"].status = status
            wait_for(state, lambda s=state: self.bench.of_account("504")[f"status{{{s}}}"] == 1, 10)
            assert self.bench.of_account("504")["up"] == 1
        # One that is closed may not be asked any more, and says so all the same.
        self.double.fault("GetFundAccountAvailableAmount",
                          error(400, "NoFundAccountPermission"), "504")
        wait_for("the closed account to fail", lambda: self.bench.of_account("504")["up"] == 0, 10)
        gauges = self.bench.of_account("504")
        assert gauges["status{closed}"] == 1 and gauges["available_credit{CNY}"] == 100, gauges
        self.double.heal()

    def an_account_that_vanishes_is_not_dropped_in_silence(self):
        before = self.bench.of_account("503")
        gone = self.account.pop("503")
        wait_for("it to be missed", lambda: self.bench.of_account("503")["up"] == 0, 10)
        self.same_but_up(before, self.bench.of_account("503"))
        # Which of the two it is depends on whether it went before or after it was last listed.
        assert re.search(r"account_id=503 reason=.*(the source no longer contains it|"
                         r"NoFundAccountPermission)", self.bench.logged()), self.bench.logged()
        self.double.enterprise.add(gone)
        wait_for("it to be back", lambda: self.bench.of_account("503")["up"] == 1, 10)

    def a_list_that_cannot_be_had_loses_no_account(self):
        for fault in (error(400, "InternalError"), changed(lambda body: body.update(Data=[])),
                      changed(lambda body: body.pop("Data") and None)):
            self.double.fault("ListFundAccount", fault)
            self.bench.polls("funds", 3)
            for account in ("501", "502", "503"):
                assert self.bench.of_account(account)["up"] == 1, account
            self.double.heal()
        self.logged("the list of accounts", "ListFundAccount")

    # ---- What passes by itself.

    def what_fails_once_is_tried_again(self):
        for fault in (error(400, "InternalError"), error(400, "Throttling.User"),
                      error(429, "Throttling", headers=(("x-acs-retry-after", "100"),)),
                      error(400, "SignatureNonceUsed"), error(503, "ServiceUnavailable"),
                      manner("reset"), manner("half"), manner("silent")):
            self.bench.polls("funds", 1)
            before = self.bench.count("api_retries_total", operation="GetFundAccountAvailableAmount")
            self.double.fault("GetFundAccountAvailableAmount", fault, "501", times=1)
            wait_for("the retry", lambda b=before: self.bench.count(
                "api_retries_total", operation="GetFundAccountAvailableAmount") > b, 10)
            assert self.bench.of_account("501")["up"] == 1
        assert self.bench.count("api_throttled_total") >= 2
        assert self.bench.count("polls_total", source="funds", outcome="failure") == 0

    def a_connection_that_is_closed_after_each_reply_is_fine(self):
        self.double.fault("GetFundAccountAvailableAmount", manner("close"))
        self.bench.polls("funds", 3)
        assert self.bench.of_account("501")["up"] == 1
        self.double.heal()

    def a_token_that_expires_in_the_middle_of_a_poll(self):
        roles = self.double.count("AssumeRole")
        with self.double.lock:
            for id, key in self.double.enterprise.keys.items():
                if id.startswith("STS."):
                    key.expires = 0
        wait_for("new roles", lambda: self.double.count("AssumeRole") >= roles + 2, 10)
        self.bench.polls("members", 2)
        for member in ("4001", "4002"):
            assert self.bench.of_account(member)["up"] == 1
        assert self.bench.count("api_requests_total", code="InvalidSecurityToken.Expired") >= 1
        assert self.bench.count("polls_total", source="members", outcome="failure") == 0

    def roles_are_refreshed_before_they_expire(self):
        self.double.role_lifetime = 3
        with self.double.lock:
            for key in self.double.enterprise.keys.values():
                key.expires = 0 if key.token else key.expires
        self.bench.polls("members", 2)
        expired = self.double.count("GetFundAccountAvailableAmount", "InvalidSecurityToken.Expired")
        roles = self.double.count("AssumeRole")
        wait_for("more roles", lambda: self.double.count("AssumeRole") >= roles + 2, 10)
        assert expired == self.double.count("GetFundAccountAvailableAmount",
                                            "InvalidSecurityToken.Expired")
        self.double.role_lifetime = 3600

    # ---- What does not pass.

    def nothing_but_up(self, source, account, operation, fault, code, *told):
        """While `operation` gets `fault`, no gauge of the account changes but `up`."""
        wait_for("it to be well", lambda: self.bench.of_account(account).get("up") == 1, 10)
        before = self.bench.of_account(account)
        counted = self.bench.count("api_requests_total", operation=operation, code=code)
        self.double.fault(operation, fault, account if operation.startswith("Get") else None)
        wait_for(f"{code} to be seen", lambda: self.bench.of_account(account)["up"] == 0, 20)
        self.bench.polls(source, 1)
        after = self.bench.of_account(account)
        self.same_but_up(before, after)
        assert self.bench.count("api_requests_total", operation=operation, code=code) > counted, (
            code, [k for k in self.bench.metrics() if "api_requests" in k[0]])
        self.logged(f"account_id={account}", f"{operation}: {code}", *told)
        self.double.heal()

    @staticmethod
    def same_but_up(before, after):
        """A good poll may have come between the two looks, so the time of the last may be later."""
        last = "last_success_timestamp_seconds"
        assert {**before, "up": 0, last: 0} == {**after, last: 0}, (before, after)
        assert after[last] >= before[last]

    def odd_and_failed_replies(self):
        funds = "GetFundAccountAvailableAmount"
        page = raw(b"<html><body>Please log in</body></html>")
        for fault, code, *told in (
                (error(400, "InternalError"), "InternalError", "HTTP 400", "request id"),
                (error(400, "NoPermission"), "NoPermission", "bss:DescribeBillingAccount"),
                (error(400, "Throttling.User"), "Throttling.User", "request id"),
                (error(429, "Throttling"), "Throttling", "HTTP 429"),
                (raw(b"<Error><RequestId>AB-1</RequestId><Code>ServiceDown</Code></Error>", 503,
                     "text/xml;charset=utf-8"), "ServiceDown", "request id AB-1"),
                (page, "not_json", "Please log in"),
                (raw(b"", 200), "not_json"),
                (raw(b"<html>502</html>", 502), "not_json", "HTTP 502"),
                (manner("silent"), "timeout"), (manner("drip"), "timeout"),
                (manner("reset"), "connection"),
                (manner("half"), "connection"),
                (manner("huge"), "too_large")):
            self.nothing_but_up("funds", "502", funds, fault, code, *told)

    def replies_that_lack_what_they_promise(self):
        for change, told in (
                (lambda body: body.pop("AvailableAmount") and None, "AvailableAmount is missing"),
                (lambda body: body.update(AvailableAmount=""), "not an amount"),
                (lambda body: body.update(AvailableAmount="N/A"), "not an amount"),
                (lambda body: body.update(AvailableAmount=None), "AvailableAmount is missing"),
                (lambda body: body.pop("Currency") and None, "Currency is missing"),
                (lambda body: '{"AvailableAmount":"0"', "not JSON")):
            wait_for("it to be well", lambda: self.bench.of_account("502")["up"] == 1, 10)
            before = self.bench.of_account("502")["available_credit{CNY}"]
            self.double.fault("GetFundAccountAvailableAmount", changed(change), "502")
            wait_for(told, lambda: self.bench.of_account("502")["up"] == 0, 10)
            assert self.bench.of_account("502")["available_credit{CNY}"] == before == 100
            self.logged(told)
            self.double.heal()

    def the_older_operation_may_fail_as_well(self):
        for fault, code in ((changed(lambda body: body.update(Success=False)), "unexpected_reply"),
                            (changed(lambda body: body.update(Success=False, Code="Strange")),
                             "Strange"), (error(400, "NotAuthorized"), "NotAuthorized")):
            self.nothing_but_up("listed", "3002", "QueryAccountBalance", fault, code)
        self.logged("bss:DescribeAcccount")

    def the_wrong_site_is_told_with_its_remedy(self):
        before = self.bench.of_account("501")
        self.double.enterprise.site = "international"
        wait_for("it to be told", lambda: self.bench.of_account("501")["up"] == 0, 10)
        self.logged("NotApplicable", "site: international")
        self.same_but_up(before, self.bench.of_account("501"))
        self.double.enterprise.site = "china"
        wait_for("it to be well", lambda: self.bench.of_account("501")["up"] == 1, 10)
        # And the operation that has all terms is asked again at once.
        wait_for("all terms", lambda: self.bench.of_account("3001").get("credit_limit{CNY}") == 100,
                 10)

    def a_clock_that_is_wrong_is_told_with_the_difference(self):
        self.double.clock_offset = 1200
        wait_for("it to be told", lambda: self.bench.of_account("501")["up"] == 0, 10)
        self.logged("InvalidTimeStamp.Expired", "behind the server's")
        self.double.clock_offset = 0

    def a_key_that_is_replaced_in_its_file_is_used_at_once(self):
        secret = self.bench.folder / "own-secret"

        def replace(text):  # In one step, so that nobody reads an empty file.
            (self.bench.folder / "new").write_text(text, encoding="utf-8")
            (self.bench.folder / "new").rename(secret)
        replace("wrong\n")
        wait_for("the wrong key to be told",
                 lambda: "SignatureDoesNotMatch" in self.bench.logged() and
                 self.bench.of_account("3001")["up"] == 0, 10)
        replace("own-secret\n")
        wait_for("the right key to be read", lambda: self.bench.of_account("3001")["up"] == 1, 10)

    def the_keys_of_another_account_are_not_taken_for_this_one(self):
        (self.bench.folder / "own-id").write_text("LTAImanager\n", encoding="utf-8")
        (self.bench.folder / "own-secret").write_text("manager-secret\n", encoding="utf-8")
        # A poll in between may see one file written and the other not.
        whose = f"the credentials are those of account {MANAGER}"
        wait_for("it to be told", lambda: whose in self.bench.logged() and
                 self.bench.of_account("3001")["up"] == 0, 10)
        (self.bench.folder / "own-id").write_text("LTAIown\n", encoding="utf-8")
        (self.bench.folder / "own-secret").write_text("own-secret\n", encoding="utf-8")
        wait_for("it to be well", lambda: self.bench.of_account("3001")["up"] == 1, 10)

    # ---- At the end.

    def every_request_was_signed_and_none_twice(self):
        verdicts = {record["verdict"] for record in self.double.records}
        wanted = {"ok", "fault"}
        # Those that the scenarios are about.
        allowed = {"NoPermission", "NotApplicable", "InvalidTimeStamp.Expired",
                   "SignatureDoesNotMatch", "InvalidSecurityToken.Expired",
                   "NoFundAccountPermission"}
        assert wanted <= verdicts <= wanted | allowed, verdicts
        assert {record["scheme"] for record in self.double.records} == {"acs3"}

    def no_secret_was_logged(self):
        log = self.bench.logged()
        for id, key in self.double.enterprise.keys.items():
            assert key.secret not in log, f"the secret of {id} is in the log"
            assert not key.token or key.token not in log, f"the token of {id} is in the log"

    def logged(self, *words):
        """All words stand in the log, logfmt's escapes undone."""
        log = re.sub(r'\\(["\\])', r"\1", self.bench.logged())
        for word in words:
            assert word in log, f"{word!r} is not in the log:\n" + "\n".join(
                log.splitlines()[-12:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, help="not used")
    arguments = parser.parse_args()
    begun = time.monotonic()
    bench = Bench(arguments.bin.resolve(), make_enterprise(), [])
    bench.write(sources(bench.folder))
    with bench:
        scenarios = Scenarios(bench)
        steps = [step for name, step in vars(Scenarios).items()
                 if callable(step) and name not in (
                     "__init__", "all_well", "nothing_but_up", "same_but_up", "logged")]
        for step in steps:
            scenarios.all_well()
            step(scenarios)
            print(f"{time.monotonic() - begun:5.1f} s  {step.__name__.replace('_', ' ')}",
                  flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
