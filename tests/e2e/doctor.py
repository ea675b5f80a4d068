#!/usr/bin/python3
"""`lowbalance doctor` on the whole chain: all well on a healthy one; then each thing is broken in
turn on that same chain, and doctor names that one and nothing else; and mended again.

Its real words are shown, as they are what an operator has at night.
"""

import argparse
import json
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from chain import Chain, Programs
from configuration import PASSWORD, PASSWORD_HASH, SENDER, TOKEN, USER, Timing
from mail_servers import LOGIN, SECRET, make_certificate
from process import accepts, free_port, wait_for
from webhook_alone import SMTP_SERVER

SILENCE = 12.0
SESSION_KEY = "the-key-that-signs-the-cookies"
SECRETS = (PASSWORD, TOKEN, SECRET, SECRET[::-1], SESSION_KEY, PASSWORD_HASH)


class DoctorsChain(Chain):
    """One whose mail server wants TLS and a login."""

    def __init__(self, programs, certificate, **named):
        self.certificate = certificate
        super().__init__(
            programs, Timing(hour=20.0, heartbeat=3.0), {"main.json": {"17": "USD", "18": "USD"}},
            name="doctor", webhook={
                "watchdog": {"contact": "finance", "silence": f"{SILENCE:g}s"}}, **named)
        text = self.config.read_text(encoding="utf-8")
        old = text[text.index("  email:\n    url:"):text.index("  retry:")]
        self.config.write_text(text.replace(old, f"""  email:
    url: smtp://localhost:{self.ports['smtp']}
    from: {SENDER}
    tls: required
    ca_file: {certificate}
    username: {LOGIN.split(':')[0]}
    password_file: smtp-password
    timeout: 5s
"""), encoding="utf-8")
        with open(self.config, "a", encoding="utf-8") as config:
            config.write("access: {session_key_file: session-key}\n")
        for name, secret in (("smtp-password", SECRET), ("session-key", SESSION_KEY)):
            (self.folder / name).write_text(secret + "\n", encoding="utf-8")
        self.mail.mkdir()

    def _add(self, name, argv, ready):
        if name in ("exporter", "webhook"):
            argv = [*argv, "--log.level=debug"]
        return super()._add(name, argv, ready)

    def smtp_command(self):
        return ["/usr/bin/python3", SMTP_SERVER, "--folder", self.mail, "--port",
                self.ports["smtp"], "--login", LOGIN, "--cert",
                self.certificate.with_name("both.pem")]


class DoctorTest:
    def __init__(self, chain, everything):
        self.chain = chain
        self.everything = everything
        self.begun = time.monotonic()
        self.route_url = ("--route.url", chain.url("proxy", "/api/v1/alerts"))

    def run(self, *words, timeout="5s", code=None):
        if "--prometheus.url" not in words:
            words = ("--prometheus.url", self.chain.url("prometheus"), *words)
        done = subprocess.run(
            [self.chain.programs.bin / "lowbalance", "doctor", "--config.file", self.chain.config,
             "--user", USER, "--timeout", timeout, *words], capture_output=True, text=True, timeout=60,
            check=False, cwd=self.chain.folder, env={"LOWBALANCE_PASSWORD": PASSWORD})
        for secret in SECRETS:
            assert secret not in done.stdout + done.stderr, f"a secret is shown:\n{done.stdout}"
        assert code is None or done.returncode == code, f"{done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def verdicts(self, *words, **named):
        """{verdict: {check: detail}}, by what scripts get."""
        answer = json.loads(self.run("--output", "json", *self.route_url, *words, **named).stdout)
        found = {verdict: {} for verdict in ("ok", "warn", "FAIL", "skipped")}
        for check in answer["checks"]:
            found[check["verdict"]][check["check"]] = check["detail"]
            needs_remedy = check["verdict"] in ("warn", "FAIL")
            assert bool(check["remedy"]) == needs_remedy, check
        assert answer["ok"] == (not found["FAIL"]), answer
        return found

    def say(self, text):
        print(f"{time.monotonic() - self.begun:5.1f} s  {text}", flush=True)

    def is_well(self, *words):
        seen = {}

        def well():
            seen.update(self.verdicts(*words))
            return not seen["FAIL"] and not seen["warn"]

        try:
            wait_for("doctor to find all well", well, 25, step=0.3)
        except TimeoutError:
            raise AssertionError(f"not well: {seen['FAIL']} {seen['warn']}") from None
        return seen

    def names(self, what, *checks, words=(), timeout=20, says="", **named):
        """Waits until doctor fails these checks and no others; shows its words."""
        seen = {}

        def named_so():
            seen.update(self.verdicts(*words, **named))
            # What is on its way may be seen half-way; what is never meant may not be seen at all.
            return set(seen["FAIL"]) == set(checks)

        try:
            wait_for("doctor to name it", named_so, timeout, step=0.3)
        except TimeoutError:
            raise AssertionError(f"{what}: named {seen['FAIL']}, not {checks}") from None
        text = " ".join(seen["FAIL"].values())
        assert says in text, f"{what}: {says!r} is not in {text!r}"
        self.say(f"{what}: {seen['FAIL']}")

    # ---- Steps.

    def healthy(self):
        chain = self.chain
        for source in chain.sources.values():
            source.set_credits({"17": "150", "18": "250"})
        wait_for("both accounts", lambda: chain.account("18"), 10)
        seen = self.is_well()
        assert not seen["skipped"], seen["skipped"]
        assert seen["ok"]["clocks"].startswith("4 clocks "), seen["ok"]["clocks"]
        # That Alertmanager has the webhook under another address is no trouble once it works.
        assert self.run(code=0).stdout.count("\nFAIL") == 0
        done = self.run(*self.route_url, code=0)
        print(done.stdout, flush=True)
        assert done.stdout.startswith("ok      configuration"), done.stdout
        assert f" {len(seen['ok'])} ok, 0 to look at, 0 failed" in done.stdout, done.stdout
        assert not list(chain.mail.glob("*.eml")), "doctor sent a mail"

    def a_test_message(self):
        seen = self.verdicts("--send-test", "finance", timeout="10s")
        assert "finance@example.com" in seen["ok"]["test message"], seen
        assert len(list(self.chain.mail.glob("*.eml"))) == 1
        seen = self.verdicts("--send-test", "nobody")
        assert "no contact" in seen["FAIL"]["test message"], seen

    def stopped_programs(self):
        for part, says in (("exporter", "no answer"), ("webhook", "no answer"),
                           ("alertmanager", "no answer"), ("prometheus", "no answer")):
            process = getattr(self.chain, part)
            process.stop()
            self.names(f"{part} stopped", part, says=says, words=self._alertmanager())
            process.start()
            self.is_well()

    def an_exporter_that_hangs(self):
        self.chain.exporter.signal(signal.SIGSTOP)
        begun = time.monotonic()
        self.names("exporter hangs", "exporter", timeout=1)
        took = time.monotonic() - begun
        assert took < 9, f"{took:.1f} s with a time-out of 5 s"
        self.chain.exporter.signal(signal.SIGCONT)
        self.is_well()

    def rules(self):
        rules = self.chain.folder / "rules.yml"
        good = rules.read_text(encoding="utf-8")
        broken = good.replace('"shard", "$1", "account_id", ".*(.)")',
                              '"account_id", "same", "account_id", ".*")', 1)
        for what, text, says in self._some(
                ("rules removed", None, "none of our rules"),
                ("one rule missing", good.replace("LowBalanceEnded", "SomethingElse"),
                 "LowBalanceEnded"),
                ("another version's rules", good.replace("< 0\n", "<= 0\n"),
                 "AccountOverdue (expression)"),
                ("a rule that cannot be evaluated", broken, "LowBalance: "), most_telling=1):
            if text is None:
                rules.unlink()
            else:
                assert text != good, what
                rules.write_text(text, encoding="utf-8")
            if text == broken:
                # It fails once two accounts are low.
                for account in ("17", "18"):
                    self.chain.edit(account, "warning", enabled=True, threshold="1000")
            self._reload("prometheus")
            self.names(what, "rules", says=says)
            rules.write_text(good, encoding="utf-8")
            self._reload("prometheus")
            if text == broken:
                for account in ("17", "18"):
                    self.chain.edit(account, "warning", enabled=False)
            self.is_well()

    def prometheus_settings(self):
        settings = self.chain.folder / "prometheus.yml"
        good = settings.read_text(encoding="utf-8")
        start = good.index("alerting:")
        for what, text, check in (
                ("no Alertmanager in Prometheus", good[:start]
                 + good[good.index("scrape_configs:"):], "alertmanagers"),
                ("the exporter is not scraped", good.replace(str(self.chain.ports["exporter"]), "1"),
                 "exporter scrape"),
                ("the scrape's password is wrong", good.replace(PASSWORD, "wrong", 1),
                 "exporter scrape")):
            assert text != good, what
            settings.write_text(text, encoding="utf-8")
            self._reload("prometheus")
            self.names(what, check, words=self._alertmanager())
            settings.write_text(good, encoding="utf-8")
            self._reload("prometheus")
            self.is_well()

    def a_route_that_points_elsewhere(self):
        settings = self.chain.folder / "alertmanager.yml"
        good = settings.read_text(encoding="utf-8")
        for what, text, says in self._some(
                ("another address", good.replace(str(self.chain.ports["proxy"]), str(free_port())),
                 "nothing answers"),
                ("another receiver", good.replace("- receiver: lowbalance", '- receiver: "null"'),
                 "no webhook"),
                ("a matcher for somebody else",
                 good.replace('LowBalance|LowBalanceEnded', "LowBalanced|LowBalanceEnded"),
                 "LowBalance: "), most_telling=2):
            assert text != good, what
            settings.write_text(text, encoding="utf-8")
            self._reload("alertmanager")
            self.names(f"route: {what}", "route", says=says)
            settings.write_text(good, encoding="utf-8")
            self._reload("alertmanager")
            self.is_well()

    def mail(self):
        chain = self.chain
        chain.smtp.kill()
        self.names("mail server stopped", "mail", says="connect")
        chain.smtp.start()
        password = chain.folder / "smtp-password"
        password.write_text("wrong-" + SECRET[::-1] + "\n", encoding="utf-8")
        self.names("mail password wrong", "mail", says="535")
        password.write_text(SECRET + "\n", encoding="utf-8")
        self.is_well()

    def a_silent_watchdog(self):
        self.chain.proxy.down()
        self.names("watchdog silent", "watchdog", says="silent for")
        self.chain.proxy.up()
        self.is_well()

    def stores(self):
        store = self.chain.folder / "webhook.db"
        away = store.with_name("away.db")
        store.rename(away)
        self.names("store moved", "webhook", "webhook store", says="moved")
        away.rename(store)
        self.is_well()
        exporter = sqlite3.connect(self.chain.folder / "exporter.db")
        with exporter:
            (version,) = exporter.execute("SELECT version FROM schema_version").fetchone()
            exporter.execute("UPDATE schema_version SET version = 999")
        self.names("store of a newer version", "exporter store", says="newer version")
        with exporter:
            exporter.execute("UPDATE schema_version SET version = ?", (version,))
        exporter.close()
        self.is_well()

    def a_source_that_cannot_be_read(self):
        settings = self.chain.config
        good = settings.read_text(encoding="utf-8")
        settings.write_text(good.replace("path: main.json", "path: gone.json"), encoding="utf-8")
        seen = self.verdicts(code=1)
        assert set(seen["FAIL"]) == {"source main"}, seen["FAIL"]
        # And the services run what the file was before.
        assert set(seen["warn"]) == {"exporter", "webhook"}, seen["warn"]
        assert "another configuration" in seen["warn"]["exporter"], seen["warn"]
        self.say(f"another configuration, not reloaded: {seen['FAIL']} {seen['warn']}")
        settings.write_text(good + "webhoook: {}\n", encoding="utf-8")
        seen = self.verdicts(code=2)
        assert set(seen["FAIL"]) == {"configuration"} and "webhoook" in str(seen["FAIL"]), seen
        assert {"prometheus", "alertmanager", "polls"} <= set(seen["ok"]), seen["ok"]
        settings.write_text(good, encoding="utf-8")
        self.is_well()

    def dropped_alerts(self):
        """Only a Prometheus that scrapes itself can say when: the last, as it says so for long."""
        chain = self.chain
        assert "none dropped" not in (told := self.is_well()["ok"]["notifications"]), told
        assert "only a Prometheus that scrapes itself" in told, told
        settings = chain.folder / "prometheus.yml"
        with open(settings, "a", encoding="utf-8") as config:
            config.write("- job_name: prometheus\n  static_configs:\n"
                         f"  - targets: ['127.0.0.1:{chain.ports['prometheus']}']\n")
        self._reload("prometheus")
        wait_for("none of late", lambda: "none of them within the last 15 minutes" in
                 self.verdicts()["ok"].get("notifications", ""), 20, step=0.3)
        name = "prometheus_notifications_dropped_total"
        before = chain.metric("prometheus", name)
        chain.alertmanager.stop()
        wait_for("alerts to be dropped", lambda: chain.metric("prometheus", name) != before, 20)
        chain.alertmanager.start()
        seen = {}
        # Before that, that Alertmanager has just started.
        wait_for("doctor to tell", lambda: seen.update(self.verdicts()) or not seen["FAIL"]
                 and set(seen["warn"]) == {"notifications"}, 25, step=0.3)
        assert "within the last 15 minutes" in seen["warn"]["notifications"], seen["warn"]
        self.say(f"alerts dropped: {seen['warn']}")

    def words_that_are_wrong(self):
        for words, says in ((("--prometheus.url", "nonsense"), "--prometheus.url: not a URL"),
                            (("--alertmanager.user", "x"), "--alertmanager.password-file"),
                            (("--skip", "everything"), "--skip")):
            done = self.run(*words, code=2)
            assert says in done.stderr + done.stdout, done
        assert "--timeout: not a duration" in self.run(timeout="soon", code=2).stderr
        seen = self.verdicts("--skip", "mail", "--skip", "sources", "--skip", "stores", code=0)
        assert set(seen["skipped"]) == {"mail", "sources", "stores"}, seen

    def no_secret_is_shown(self):
        """By no log of a whole run at level debug, no metric and no API, after all of the above."""
        chain = self.chain
        # A decision is explained by account.
        chain.edit("17", "warning", enabled=True, threshold="1000")
        wait_for("a decision in the log", lambda: any(
            "account_id=17 " in line and "reason=" in line
            for line in self._log("webhook").splitlines()), 15)
        # Also not where logins fail, notifications are refused and mails are not accepted.
        for part, path in (("exporter", "/api/v1/accounts"), ("webhook", "/api/v1/alerts")):
            for method in ("GET", "POST"):
                chain.request(part, method, path, {"password": "x"}, token="wrong-" + TOKEN[::-1])
            status, answer = chain.request(part, "POST", "/api/v1/session",
                                           {"user": USER, "password": PASSWORD})
            assert status // 100 == 2, answer
            chain.request(part, "POST", "/api/v1/session", {"user": USER, "password": "guess"})
        shown = {}
        for part in ("exporter", "webhook"):
            shown[f"{part}'s log"] = self._log(part)
            shown[f"{part}'s metrics"] = chain.get(part, "/metrics")
        for part, path in (("exporter", "accounts"), ("exporter", "edits"), ("webhook", "messages"),
                           ("webhook", "deliveries"), ("webhook", "episodes"),
                           ("webhook", "contacts"), ("webhook", "bad-alerts")):
            shown[f"{part}'s {path}"] = json.dumps(chain.get(part, f"/api/v1/{path}"))
        shown["alertmanager's status"] = json.dumps(chain.get("alertmanager", "/api/v2/status"))
        for where, text in shown.items():
            for secret in SECRETS:
                assert secret not in text, f"the {where} shows {secret!r}"
        self.say(f"no secret in {len(shown)} places, {sum(map(len, shown.values()))} bytes")

    def _some(self, *breaks, most_telling):
        return breaks if self.everything else [breaks[most_telling]]

    def _alertmanager(self):
        return ("--alertmanager.url", self.chain.url("alertmanager"))

    def _log(self, part):
        return pathlib.Path(getattr(self.chain, part).log).read_text(
            encoding="utf-8", errors="replace")

    def _reload(self, part):
        """And waits until it has."""
        name = {"prometheus": "prometheus_config_last_reload_success_timestamp_seconds",
                "alertmanager": "alertmanager_config_last_reload_success_timestamp_seconds"}[part]
        before = self.chain.metric(part, name)[""]
        # It tells the time in whole seconds.
        wait_for("the next second", lambda: int(time.time()) > before, 3)
        getattr(self.chain, part).signal(signal.SIGHUP)
        wait_for(f"{part} to reload", lambda: self.chain.metric(part, name)[""] > before, 10)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="Prometheus' programs")
    parser.add_argument("--all", action="store_true",
                        help="break everything; else what is most telling and soon mended")
    parser.add_argument("--keep", action="store_true", help="keep folder and logs")
    arguments = parser.parse_args()
    programs = Programs(arguments.bin.resolve(), arguments.tools.resolve())
    programs.check()
    with tempfile.TemporaryDirectory(prefix="lowbalance-certificates.") as folder:
        certificate = make_certificate(pathlib.Path(folder), "ours")
        with DoctorsChain(programs, certificate, keep=arguments.keep) as chain:
            test = DoctorTest(chain, arguments.all)
            wait_for("the mail server", lambda: accepts(chain.ports["smtp"]), 5)
            steps = [test.healthy, test.a_test_message, test.stopped_programs, test.rules,
                     test.a_route_that_points_elsewhere, test.mail, test.stores,
                     test.a_source_that_cannot_be_read, test.words_that_are_wrong]
            if arguments.all:
                steps += [test.an_exporter_that_hangs, test.prometheus_settings,
                          test.a_silent_watchdog, test.dropped_alerts]
            for step in (*steps, test.no_secret_is_shown):
                step()
            test.say("done")
    sys.exit(0)


if __name__ == "__main__":
    main()
