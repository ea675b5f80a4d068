#!/usr/bin/python3
"""The chain in half a minute: one crossing, one reminder, one recovery, and what an operator does
with the two services: start, log in, reload, stop, start again.

Prints a line for each step; exits 1 at the first that does not hold.
"""

import argparse
import email
import email.policy
import json
import pathlib
import re
import signal
import sys
import time

import yaml

from chain import Chain, Programs
from configuration import CONTACTS, PASSWORD, PROVIDER, SENDER, TOKEN, Timing
from player import pages
from process import Process, wait_for

ACCOUNT = "smoke.17"
HOUR = 0.25  # Seconds; so a reminder comes after 6.


class Smoke:
    def __init__(self, chain):
        self.chain = chain
        self.source = chain.sources["main.json"]

    def credit(self, amount):
        as_of = self.source.set_credit(ACCOUNT, amount)
        wait_for("the poll", lambda: self.chain.seen_as_of(ACCOUNT, as_of), 5)

    def mails(self):
        found = []
        for path in sorted(self.chain.mail.glob("new/*"), key=lambda path: path.stat().st_mtime):
            with open(path, "rb") as file:
                found.append(email.message_from_binary_file(file, policy=email.policy.default))
        return found

    def wait_for_mail(self, count):
        mails = wait_for(f"mail number {count}", lambda: self.mails()[count - 1:], 15)
        assert len(mails) == 1, f"{len(mails) + count - 1} mails, {count} expected"
        return mails[0]

    def inbox(self, recipient="finance"):
        return list(pages(self.chain, "/api/v1/inbox", recipient=recipient))

    # ---- Steps, in order.

    def a_crossing_becomes_a_mail_and_an_inbox_message(self):
        self.credit("150")
        self.chain.edit(ACCOUNT, "warning", enabled=True, threshold="100")
        self.credit("89.5")
        mail = self.wait_for_mail(1)
        assert mail["X-RcptTo"] == "finance@example.com", mail["X-RcptTo"]
        assert mail["From"] == SENDER, mail["From"]
        assert (mail["X-Lowbalance-Account"], mail["X-Lowbalance-Level"], mail["X-Lowbalance-Kind"],
                mail["X-Lowbalance-Number"]) == (ACCOUNT, "warning", "alert", "0"), mail.items()
        text = mail.get_body(("plain",)).get_content()
        for word in (ACCOUNT, f"The account {ACCOUNT}", PROVIDER, "89.50", "100.00", "USD"):
            assert word in text, f"{word!r} is not in the mail:\n{text}"
        assert mail.get_body(("html",)) is not None, "the mail has no HTML part"
        (entry,) = wait_for("the inbox message", self.inbox, 5)
        assert "89.50" in entry["title"] + entry["text"] and not entry["read"], entry

    def edits_can_be_made_and_read_on_the_command_line(self):
        shown = json.loads(self.chain.command("exporter", "accounts", "show",
                                              f"{PROVIDER}/{ACCOUNT}", "--output", "json"))
        (account,) = shown["accounts"]
        assert account["alerts"][0]["state"] == "low", account
        for part, words in (("exporter", ("accounts", "list")), ("webhook", ("messages", "list"))):
            listed = self.chain.command(part, *words)
            assert ACCOUNT in listed, f"lowbalance {' '.join(words)}:\n{listed}"

    def a_reminder_follows(self):
        mail = self.wait_for_mail(2)
        assert (mail["X-Lowbalance-Kind"], mail["X-Lowbalance-Number"]) == ("reminder", "1")
        assert len({mail["Message-ID"] for mail in self.mails()}) == 2

    def strangers_are_refused(self):
        chain = self.chain
        for token in ("wrong", TOKEN + "x", ""):
            status, answer = chain.request("webhook", "POST", "/api/v1/alerts", b"{}",
                                           token=token or " ")
            assert status == 401, f"token {token!r}: {status} {answer}"
        for part, path in (("exporter", "/api/v1/accounts"), ("webhook", "/api/v1/messages"),
                           ("webhook", "/api/v1/inbox")):
            status, answer = chain.request(part, "GET", path, token="wrong")
            assert status == 401, f"{path} without login: {status} {answer}"

    def what_is_published_passes_promtool(self):
        self.chain.check_metrics()

    def a_reload_takes_effect_and_a_bad_one_does_not(self):
        chain = self.chain
        good = yaml.safe_load(chain.config.read_text(encoding="utf-8"))
        good["contacts"]["finance"]["email"] = ["cfo@example.com"]
        bad = {**good, "pipelin": {}, "default_contact": "nobody"}
        for part in ("exporter", "webhook"):
            loaded = f"lowbalance_{part}_config_last_reload_successful"
            chain.config.write_text(yaml.safe_dump(bad), encoding="utf-8")
            status, answer = chain.request(part, "POST", "/-/reload")
            assert status == 500 and "pipelin" in str(answer) and "nobody" in str(answer), answer
            assert chain.metric(part, loaded)[""] == 0
            chain.config.write_text(yaml.safe_dump(good), encoding="utf-8")
            getattr(chain, part).signal(signal.SIGHUP)
            wait_for(f"the {part} to reload", lambda p=part, m=loaded: chain.metric(p, m)[""] == 1, 5)
            status, answer = chain.request(part, "POST", "/-/reload")
            assert status == 200, answer
        self.credit("500")
        self.credit("42")
        assert self.wait_for_mail(3)["X-RcptTo"] == "cfo@example.com"

    def both_stop_cleanly_and_find_their_state_again(self):
        chain = self.chain
        before = (chain.account(ACCOUNT)["alerts"], self.inbox(), len(self.mails()))
        for part in ("exporter", "webhook"):
            begun = time.monotonic()
            code = getattr(chain, part).stop(timeout=5)
            assert code == 0, f"{part} exited {code} on SIGTERM"
            print(f"       {part} stopped within {time.monotonic() - begun:.2f} s")
        for part in ("exporter", "webhook"):
            getattr(chain, part).start()
        heard = chain.proxy.codes[200]
        wait_for("a few more notifications", lambda: chain.proxy.codes[200] > heard + 4, 10)
        after = (chain.account(ACCOUNT)["alerts"], self.inbox(), len(self.mails()))
        assert before == after, f"before {before}\nafter  {after}"

    def a_recovery_ends_it_without_a_word(self):
        chain = self.chain
        count = len(self.mails())
        self.credit("150")

        def ended():
            episodes = chain.get("webhook", f"/api/v1/episodes?account_id={ACCOUNT}")["episodes"]
            return episodes and episodes[0]["ended"] and episodes[0]["reason"] == "recovered"

        wait_for("the webhook to hear of the recovery", ended, 10)
        time.sleep(24 * HOUR + 1)  # A reminder would have come by now.
        assert len(self.mails()) == count

    def nothing_went_wrong_on_the_way(self):
        chain = self.chain
        reasons = chain.metric("webhook", "lowbalance_webhook_decisions_total")
        assert len(reasons) == 14 and reasons['{reason="bad_facts"}'] == 0, reasons
        for part in ("exporter", "webhook"):
            log = pathlib.Path(getattr(chain, part).log).read_text(encoding="utf-8")
            for secret in (TOKEN, PASSWORD):
                assert secret not in log, f"the {part}'s log shows a secret"


def a_port_of_its_own_is_told(programs, folder):
    """With port 0 each service says in its log where it listens."""
    for part in ("exporter", "webhook"):
        config = folder / f"{part}-anywhere.yml"
        config.write_text(yaml.safe_dump({
            "contacts": CONTACTS, "default_contact": "finance",
            part: {"store": f"sqlite:{part}-anywhere.db"}}), encoding="utf-8")
        log = folder / f"{part}-anywhere.log"
        process = Process(part, [programs.bin / f"lowbalance-{part}", "--config.file", config,
                                 "--web.listen-address", "127.0.0.1:0"], log, folder)
        process.start()
        try:
            wait_for(f"the {part} to say where it listens", lambda p=log: re.search(
                r"msg=\"?listening\"? .*address=\"?127\.0\.0\.1:[1-9]\d*",
                p.read_text(encoding="utf-8")), 10)
            assert process.stop(timeout=5) == 0
        finally:
            process.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="Prometheus' programs")
    parser.add_argument("--keep", action="store_true", help="keep folder and logs")
    arguments = parser.parse_args()
    programs = Programs(arguments.bin.resolve(), arguments.tools.resolve())
    programs.check()

    begun = time.monotonic()
    timing = Timing(hour=HOUR, heartbeat=0.75, billing_data_max_age=5.0)
    with Chain(programs, timing, {"main.json": {ACCOUNT: "USD"}}, keep=arguments.keep,
               name="smoke") as chain:
        wait_for("the watchdog to come through", lambda: chain.proxy.codes[200], 30)
        a_port_of_its_own_is_told(programs, chain.folder)
        smoke = Smoke(chain)
        for step in (smoke.a_crossing_becomes_a_mail_and_an_inbox_message,
                     smoke.edits_can_be_made_and_read_on_the_command_line,
                     smoke.a_reminder_follows,
                     smoke.strangers_are_refused,
                     smoke.what_is_published_passes_promtool,
                     smoke.a_reload_takes_effect_and_a_bad_one_does_not,
                     smoke.both_stop_cleanly_and_find_their_state_again,
                     smoke.a_recovery_ends_it_without_a_word,
                     smoke.nothing_went_wrong_on_the_way):
            step()
            print(f"{time.monotonic() - begun:5.1f} s  {step.__name__.replace('_', ' ')}",
                  flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
