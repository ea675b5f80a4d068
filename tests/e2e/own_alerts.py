#!/usr/bin/python3
"""Each alert about lowbalance itself and about the data it lives on, seen to fire in Alertmanager
because its cause was brought about with the real programs, and to resolve once that was mended; and
the operator told when the watchdog falls silent.

One chain with an account for each cause; all causes at once, then all mended, since alerts take
their time. Exits 1 and says which did not hold.
"""

import argparse
import email
import email.policy
import json
import pathlib
import sys
import time

import yaml

from chain import Chain, Programs
from configuration import CONTACTS, TOKEN, Timing
from player import pages
from process import Process, answers, free_port, wait_for
from source_file import SourceFile, rfc3339
from webhook_alone import SMTP_SERVER, alert, notification

ACCOUNTS = OVERDUE, STALE, FAILING, DISPUTED, SUSPENDED, LOW = (
    "overdue-17", "stale-17", "failing-17", "disputed-17", "suspended-17", "low-17")
OPERATOR = {"email": ["operator@example.com"], "internal": ["operator"]}
# Alerts and the accounts they are about, if they are about one.
CAUSED = {("AccountOverdue", OVERDUE), ("BillingDataStale", STALE), ("BillingPollFailing", FAILING),
          ("BillingAccountDisagreement", DISPUTED), ("LowBalanceSettingSuspended", SUSPENDED),
          ("LowbalanceDeadLetters", ""), ("LowbalanceBadAlerts", "")}
# Always there. What cannot be polled also ages, which is as it should be.
USUAL = {("LowbalanceWatchdog", "")}
SILENCE = 5.0


class FreeFile(SourceFile):
    """One whose accounts may differ in how old they are and in what currency they have."""

    def __init__(self, path, accounts):
        super().__init__(path, accounts)
        self.as_of = {}  # Account id to an instant of its own.
        self.left_out = set()

    def set(self, account_id, amount, currency="USD", as_of=None):
        self._currencies[account_id] = currency
        if as_of:
            self.as_of[account_id] = as_of
        else:
            self.as_of.pop(account_id, None)
        return self.set_credit(account_id, amount)

    def _json(self, as_of):
        text = json.loads(super()._json(as_of))
        text["accounts"] = [{**one, "as_of": rfc3339(self.as_of[one["account_id"]])}
                            if one["account_id"] in self.as_of else one
                            for one in text["accounts"] if one["account_id"] not in self.left_out]
        return json.dumps(text)


class OwnAlerts:
    def __init__(self, chain):
        self.chain = chain
        self.file = FreeFile(chain.folder / "main.json", {})
        chain.sources["main.json"] = self.file
        self.begun = time.monotonic()
        self.second = None  # The exporter that disagrees.

    def say(self, text):
        print(f"{time.monotonic() - self.begun:5.1f} s  {text}", flush=True)

    def active(self):
        """{(name, account id or "")} of the alerts that Alertmanager holds as firing, but for
        those that are the webhook's business."""
        alerts = self.chain.get("alertmanager", "/api/v2/alerts?active=true")
        return {(one["labels"]["alertname"], one["labels"].get("account_id", ""))
                for one in alerts
                if one["labels"]["alertname"] not in ("LowBalance", "LowBalanceEnded")}

    def wait_until_firing(self, wanted, timeout=40):
        seen = set()

        def all_there():
            seen.update(self.active())
            return wanted <= seen

        try:
            wait_for("alerts", all_there, timeout, step=0.2)
        except TimeoutError:
            raise AssertionError(f"never fired: {sorted(wanted - seen)}") from None
        assert seen <= wanted | USUAL | {("BillingDataStale", account) for _, account in wanted}, f"without a cause: {seen - wanted - USUAL}"
        for name, account in sorted(wanted):
            self.say(f"fires: {name} {account}")

    def wait_until_all_is_well(self, timeout=40):
        try:
            wait_for("the alerts to resolve",
                     lambda: self.active() <= {("LowbalanceWatchdog", "")}, timeout, step=0.2)
        except TimeoutError:
            raise AssertionError(f"still firing: {sorted(self.active())}") from None
        self.say("all of them have resolved")

    # ---- Steps.

    def all_is_well(self):
        chain = self.chain
        for account in ACCOUNTS:
            self.file.set(account, "150")
        as_of = self.file.set(LOW, "150")
        wait_for("the poll", lambda: chain.seen_as_of(LOW, as_of), 10)
        for account in (SUSPENDED, LOW):
            chain.edit(account, "warning", enabled=True, threshold="100")
        watchdog = {("LowbalanceWatchdog", "")}
        # That the exporter is started after Prometheus' rules may be told first.
        wait_for("the watchdog alone", lambda: self.active() == watchdog, 30)
        time.sleep(2 * chain.timing.heartbeat)
        assert self.active() == watchdog, self.active()
        self.say("fires while all is well: LowbalanceWatchdog, and nothing else")

    def causes(self):
        chain = self.chain
        self.file.set(OVERDUE, "-5")
        self.file.set(STALE, "150", as_of=time.time())  # And so it stays.
        self.file.left_out.add(FAILING)
        self.file.set(SUSPENDED, "150", currency="EUR")
        # The operator's mail server takes finance for a stranger, for good.
        self.file.set(LOW, "80")
        self._start_second_exporter()
        bad = alert("LowBalance", "bad-17", "warning", {"evaluated_at": time.time()})
        status, answer = chain.request("webhook", "POST", "/api/v1/alerts", notification([bad]),
                                       token=TOKEN)
        assert status == 200, answer
        self.wait_until_firing(CAUSED)

    def mended(self):
        chain = self.chain
        self.file.set(OVERDUE, "0")
        self.file.set(STALE, "150")
        self.file.left_out.clear()
        self.file.set(SUSPENDED, "150", currency="EUR")
        chain.edit(SUSPENDED, "warning", enabled=True, threshold="100", currency="EUR")
        self.second.kill()
        (chain.mail / "mended").touch()
        listed = chain.command("webhook", "messages", "deliveries", "--state", "dead")
        assert "refuse@example.com" in listed and "550" in listed, listed
        resent = chain.command("webhook", "messages", "resend", "--all-dead")
        assert "queued again" in resent, resent
        self.wait_until_all_is_well()

    def the_mail_server_is_away(self):
        chain = self.chain
        chain.smtp.kill()
        as_of = self.file.set(LOW, "150")
        wait_for("the poll", lambda: chain.seen_as_of(LOW, as_of), 10)
        self.file.set(LOW, "70")
        self.wait_until_firing({("LowbalanceDeliveryFailing", "")})
        chain.smtp.start()
        self.wait_until_all_is_well()

    def alerts_come_too_late(self):
        """As where Prometheus' clock is behind by more than facts may be old."""
        def tell():
            now = time.time()
            late = alert("LowBalance", "late-17", "warning",
                         {"evaluated_at": now - 3600, "available_credit": 90, "threshold": 100,
                          "low": now - 7200, "first_change": now - 7200,
                          "last_success": now - 3600})
            status, answer = self.chain.request("webhook", "POST", "/api/v1/alerts",
                                                notification([late]), token=TOKEN)
            assert status == 200, answer
            return ("LowbalanceFactsStale", "") in self.active()
        wait_for("LowbalanceFactsStale", tell, 40, step=0.2)
        self.say("fires: LowbalanceFactsStale")
        self.wait_until_all_is_well()

    def a_source_fails(self):
        self.file.fail()
        self.wait_until_firing({("BillingSourceFailing", "")} | {
            ("BillingPollFailing", account) for account in ACCOUNTS})
        self.file.work()
        self.wait_until_all_is_well()

    def the_exporter_is_down(self):
        self.chain.exporter.kill()
        self.wait_until_firing({("LowbalanceExporterDown", "")})
        self.chain.exporter.start()
        self.wait_until_all_is_well()

    def the_webhook_is_down(self):
        self.chain.webhook.kill()
        self.wait_until_firing({("LowbalanceWebhookDown", "")})
        self.chain.webhook.start()
        self.wait_until_all_is_well()

    def the_watchdog_falls_silent(self):
        chain = self.chain
        # Starting all of it may have taken so long that the operator heard of that.
        before = len(self._told())
        assert before % 2 == 0, self._told()
        chain.alertmanager.kill()
        wait_for("the operator to be told", lambda: len(self._told()) > before, SILENCE + 10)
        told = self._told()[0]
        assert "nothing heard" in told["subject"] and told["contact"] == "operator", told
        self.say(f"told the operator: {told['subject']}")
        # Neither time nor a restart makes it say so again.
        chain.webhook.kill()
        chain.webhook.start()
        time.sleep(SILENCE + 1)
        assert len(self._told()) == before + 1, self._told()
        chain.alertmanager.start()
        wait_for("the operator to be told again", lambda: len(self._told()) > before + 1, 20)
        again = self._told()[0]
        assert "heard again" in again["subject"], again
        self.say(f"told the operator: {again['subject']}")
        # On a slow machine it may have fallen silent once more meanwhile.
        wait_for("the mails", lambda: len(self._operators_mails()) == len(self._told()), 10)
        mails = self._operators_mails()
        assert len({mail["Message-ID"] for mail in mails}) == len(mails) >= before + 2
        inbox = list(pages(chain, "/api/v1/inbox", recipient="operator"))
        assert [one["title"] for one in inbox[:2]] == [again["subject"], told["subject"]], inbox

    def _told(self):
        return [message for message in pages(self.chain, "/api/v1/messages")
                if message["kind"] == "watchdog"]

    def _operators_mails(self):
        mails = []
        for path in self.chain.mail.glob("*.eml"):
            with open(path, "rb") as file:
                mail = email.message_from_binary_file(file, policy=email.policy.default)
            if mail["To"] == "operator@example.com":
                mails.append(mail)
        return mails

    def _start_second_exporter(self):
        """Has another opinion of one account."""
        chain = self.chain
        settings = yaml.safe_load(chain.config.read_text(encoding="utf-8"))
        settings["exporter"].update({
            "listen_address": f"127.0.0.1:{chain.ports['second']}", "store": "sqlite:second.db",
            "sources": [{**settings["exporter"]["sources"][0], "path": "second.json"}],
            "accounts": []})
        config = chain.folder / "second.yml"
        config.write_text(yaml.safe_dump(settings), encoding="utf-8")
        other = SourceFile(chain.folder / "second.json", {DISPUTED: "USD"})
        other.set_credit(DISPUTED, "151")
        chain.sources["second.json"] = other
        self.second = Process(
            "second", [chain.programs.bin / "lowbalance-exporter", "--config.file", config],
            chain.folder / "second.log", chain.folder,
            lambda: answers(chain.url("second", "/-/ready")))
        self.second.start()


class OwnChain(Chain):
    """One whose mail server can refuse, and whose Prometheus scrapes a second exporter too."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.ports["second"] = free_port()
        settings = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        settings["contacts"] = {**CONTACTS, "operator": OPERATOR}
        settings["contacts"]["finance"] = {"email": ["refuse@example.com"],
                                           "internal": ["finance"]}
        self.config.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        prometheus = self.folder / "prometheus.yml"
        scraped = yaml.safe_load(prometheus.read_text(encoding="utf-8"))
        # A job of its own: that this one comes and goes is not what is looked at.
        (exporter,) = [job for job in scraped["scrape_configs"] if job["job_name"] == "exporter"]
        scraped["scrape_configs"].append({
            **exporter, "job_name": "second", "metric_relabel_configs": [
                {"source_labels": ["__name__"], "regex": "billing_account_available_credit",
                 "action": "keep"}],
            "static_configs": [{"targets": [f"127.0.0.1:{self.ports['second']}"]}]})
        prometheus.write_text(yaml.safe_dump(scraped), encoding="utf-8")
        self.mail.mkdir()

    def smtp_command(self):
        return ["/usr/bin/python3", SMTP_SERVER, "--folder", self.mail, "--port",
                self.ports["smtp"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="Prometheus' programs")
    parser.add_argument("--keep", action="store_true", help="keep folder and logs")
    arguments = parser.parse_args()
    programs = Programs(arguments.bin.resolve(), arguments.tools.resolve())
    programs.check()
    timing = Timing(hour=3.0, heartbeat=1.0, billing_data_max_age=6.0)
    with OwnChain(programs, timing, {"main.json": {}}, keep=arguments.keep, name="own-alerts",
                  webhook={"watchdog": {"contact": "operator",
                                        "silence": f"{SILENCE:g}s"}}) as chain:
        own = OwnAlerts(chain)
        for step in (own.all_is_well, own.causes, own.mended, own.the_mail_server_is_away,
                     own.alerts_come_too_late, own.a_source_fails,
                     own.the_exporter_is_down, own.the_webhook_is_down,
                     own.the_watchdog_falls_silent):
            step()
    sys.exit(0)


if __name__ == "__main__":
    main()
