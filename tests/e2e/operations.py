#!/usr/bin/python3
"""What docs/operations.md promises, without Prometheus and Alertmanager: its commands for a back-up
and a restore, run as they stand there while the services work; a stop that loses nothing; readiness
that tells the truth.
"""

import argparse
import base64
import json
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request

import yaml

from configuration import PASSWORD, PASSWORD_HASH, TOKEN, USER
from process import Process, answers, free_port, wait_for
from source_file import SourceFile
from webhook_alone import WebhookAlone, low, notification

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def page_commands(heading):
    """The indented lines below a heading, as they stand there."""
    text = PAGE.read_text(encoding="utf-8")
    section = re.split(r"^## ", text.split(f"\n## {heading}\n", 1)[1], flags=re.M)[0]
    return [line[4:] for line in section.splitlines() if line.startswith("    ")]


class Operations:
    def __init__(self, bin_folder):
        self.bin = bin_folder
        self.begun = time.monotonic()

    def say(self, text):
        print(f"{time.monotonic() - self.begun:5.1f} s  {text}", flush=True)

    def run_page(self, heading, folder, services=None):
        """Runs the page's commands on the stores in `folder`. systemctl is what we are: it stops
        and starts `services`; the files' owner is who runs this."""
        commands = page_commands(heading)
        assert commands, heading
        for line in commands:
            if line.startswith("systemctl "):
                verb, *names = line.split()[1:]
                for name in names:
                    process = services[name.removeprefix("lowbalance-")]
                    if process:
                        getattr(process, verb)()
                continue
            for name in ("exporter", "webhook"):
                line = line.replace(f"/var/lib/lowbalance-{name}/", f"{folder}/")
            line = line.replace("-o lowbalance -g lowbalance ", "")
            subprocess.run(["bash", "-euc", line], check=True, cwd=folder, timeout=30)
        return commands

    def start_exporter(self, folder, port, ready=True):
        return Process(
            "exporter", [self.bin / "lowbalance-exporter", "--config.file", "exporter.yml"],
            folder / "exporter.log", folder,
            (lambda: answers(f"http://127.0.0.1:{port}/-/ready")) if ready else None)

    def configure_exporter(self, folder, port, accounts):
        (folder / "exporter.yml").write_text(yaml.safe_dump({
            "contacts": {"finance": {"email": ["finance@example.com"]}},
            "default_contact": "finance",
            "exporter": {
                "listen_address": f"127.0.0.1:{port}", "store": "sqlite:exporter.db",
                "web_config_file": "web.yml",
                "sources": [{"name": "main", "type": "file", "provider": "demo",
                             "path": "main.json", "interval": "50ms"}],
                "accounts": [{"provider": "demo", "account_id": account,
                              "alert": {"threshold": 100}} for account in accounts]}}),
            encoding="utf-8")
        (folder / "web.yml").write_text(
            yaml.safe_dump({"basic_auth_users": {USER: PASSWORD_HASH}}), encoding="utf-8")

    # ---- Back-up and restore.

    def a_backup_is_made_and_restored(self):
        with WebhookAlone(self.bin, {"finance": {"email": ["finance@example.com"],
                                                 "internal": ["finance"]}},
                          {"reminders": {"every": "6s", "at_most": 5}}, name="restore") as alone:
            alone.start_smtp()
            port = free_port()
            self.configure_exporter(alone.folder, port, ("17", "18"))
            source = SourceFile(alone.folder / "main.json", {"17": "USD", "18": "USD"})
            source.set_credits({"17": "150", "18": "150"})
            exporter = self.start_exporter(alone.folder, port)
            exporter.start()
            stop = threading.Event()
            try:
                self._backup_and_restore(alone, exporter, source, port, stop)
            finally:
                stop.set()
                exporter.kill()

    @staticmethod
    def _low_since(port, account):
        secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics",
                                         headers={"Authorization": f"Basic {secret}"})
        with urllib.request.urlopen(request, timeout=10) as reply:
            text = reply.read().decode()
        found = re.search(r"billing_account_alert_low_timestamp_seconds\{[^}]*account_id=\""
                          + account + r"\"[^}]*\} (\S+)", text)
        return float(found[1]) if found else None

    def _backup_and_restore(self, alone, exporter, source, port, stop):
        source.set_credit("17", "90")
        since = wait_for("17 to be low", lambda: self._low_since(port, "17"), 10)

        def heartbeat():
            # What is low says so again and again, as Alertmanager does; to a webhook that is down
            # nothing gets through.
            while not stop.wait(0.1):
                for account, at in list(lows.items()):
                    try:
                        alone.request("POST", "/api/v1/alerts", notification(
                            [low(account, low=at, first_change=at)]), TOKEN)
                    except OSError:
                        pass

        lows = {"17": since}
        threading.Thread(target=heartbeat, daemon=True).start()
        mails = wait_for("the alert of 17", lambda: self._by_account(alone).get("17"), 10)
        alert_of_17 = mails[0]

        # While both work: the exporter polls every 50 ms, the webhook hears ten times a second.
        commands = self.run_page("Back-up", alone.folder)
        self.say(f"backed up: {commands}")
        for name in ("exporter", "webhook"):
            with sqlite3.connect(alone.folder / f"{name}-backup.db") as copy:
                assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",), name
            copy.close()

        # After it: an alert that the back-up does not know.
        source.set_credit("18", "90")
        lows["18"] = wait_for("18 to be low", lambda: self._low_since(port, "18"), 10)
        alert_of_18 = wait_for("the alert of 18", lambda: self._by_account(alone).get("18"), 10)[0]

        del lows["18"]
        self.run_page("Restore", alone.folder, {"exporter": exporter, "webhook": alone.webhook})
        assert self._low_since(port, "17") == since, "another episode"
        # 18 falls once more for the restored exporter: a new episode is a new alert.
        lows["18"] = wait_for("18 to be low again", lambda: self._low_since(port, "18"), 10)
        told = wait_for("the new alert of 18",
                        lambda: (ids := self._by_account(alone)["18"])[1:] and ids, 10)
        assert told[0] == alert_of_18 != told[1], told
        # What is due after the restore is sent: the first reminder of 17; and its alert is not sent
        # again.
        wait_for("the reminder of 17", lambda: len(self._by_account(alone)["17"]) > 1, 15)
        assert self._by_account(alone)["17"].count(alert_of_17) == 1, "17 was told twice"
        messages = alone.get("/api/v1/messages?account_id=17&limit=100")["messages"]
        kinds = [message["kind"] for message in messages]
        assert kinds == ["reminder", "alert"], kinds
        inbox = alone.get("/api/v1/inbox?recipient=finance")["messages"]
        assert len({entry["id"] for entry in inbox}) == len(inbox) == 3, inbox
        assert len(self._by_account(alone)["18"]) == 2, self._by_account(alone)
        self.say("restored: what is due is sent, what the back-up knows is not told twice")

    @staticmethod
    def _by_account(alone):
        """{account: [Message-ID of each mail taken]}, the first first."""
        found = {}
        for path in sorted(alone.mail.glob("*.eml")):
            text = path.read_text(encoding="utf-8")
            account = re.search(r"^X-Lowbalance-Account: (\S+)", text, re.M | re.I)
            message_id = re.search(r"^Message-ID: (\S+)", text, re.M | re.I)
            found.setdefault(account[1].rpartition("/")[2], []).append(message_id[1])
        return found

    # ---- Stopping.

    def a_stop_loses_nothing(self):
        with WebhookAlone(self.bin, {"finance": {"email": ["ana@example.com"]}},
                          {"email": None}, name="stop") as alone:
            alone.settings["webhook"]["email"] = {
                "url": f"smtp://127.0.0.1:{alone.smtp_port}", "from": "a@example.com",
                "tls": "off", "timeout": "20s"}
            alone.write_configuration()
            assert alone.request("POST", "/-/reload")[0] == 200
            alone.start_smtp("--hold")  # It takes a mail and answers only when released.
            alone.notify(low("17"))
            wait_for("the mail to be under way", alone.mails, 10)
            # A notification whose body is on its way, and a client that says nothing.
            body = json.dumps(notification([low("18")])).encode()
            half = self._connect(alone, body)
            idle = socket.create_connection(("127.0.0.1", alone.port))
            stopped = threading.Thread(target=lambda: codes.append(alone.webhook.stop(timeout=15)))
            codes = []
            begun = time.monotonic()
            alone.webhook.signal(signal.SIGTERM)
            stopped.start()
            wait_for("not ready", lambda: alone.request("GET", "/-/ready")[0] == 503, 5)
            status, text = alone.request("GET", "/-/ready")
            assert (status, text) == (503, "lowbalance-webhook is stopping.\n"), (status, text)
            assert alone.webhook.alive(), "it left with a mail under way"
            half.sendall(body[len(body) // 2:])
            answer = half.recv(1000)
            assert answer.startswith(b"HTTP/1.1 200"), answer
            (alone.mail / "release").touch()
            stopped.join()
            assert codes == [0], codes
            self.say(f"stopped within {time.monotonic() - begun:.1f} s: not ready at once, the "
                     "mail under way finished, the notification in flight answered")
            idle.close()
            half.close()
            (alone.mail / "mended").touch()
            alone.webhook.start()
            wait_for("the mail of 18", lambda: self._by_account(alone).get("18"), 10)
            time.sleep(1)
            assert {a: len(ids) for a, ids in self._by_account(alone).items()} == {
                "17": 1, "18": 1}, self._by_account(alone)

    def a_server_that_hangs_does_not_keep_it(self):
        with WebhookAlone(self.bin, {"finance": {"email": ["ana@example.com"]}},
                          name="hangs") as alone:
            alone.settings["webhook"]["email"]["timeout"] = "60s"
            alone.write_configuration()
            assert alone.request("POST", "/-/reload")[0] == 200
            alone.start_smtp("--hang", "RCPT")
            alone.notify(low("17"))
            time.sleep(0.5)
            body = json.dumps(notification([low("18")])).encode()
            half = self._connect(alone, body)  # And its other half never comes.
            begun = time.monotonic()
            assert alone.webhook.stop(timeout=14) == 0
            took = time.monotonic() - begun
            assert 6 < took < 14, took
            half.close()
            alone.start_smtp()
            alone.webhook.start()
            wait_for("the mail", lambda: self._by_account(alone).get("17"), 10)
            self.say(f"stopped after {took:.1f} s of a mail server that hangs; the mail was kept")

    @staticmethod
    def _connect(alone, body):
        """Sends the head and half of the body of a notification."""
        connection = socket.create_connection(("127.0.0.1", alone.port), timeout=10)
        connection.sendall((f"POST /api/v1/alerts HTTP/1.1\r\nHost: webhook\r\nAuthorization: "
                            f"Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
                            f"Content-Length: {len(body)}\r\n\r\n").encode()
                           + body[:len(body) // 2])
        time.sleep(0.2)
        return connection

    # ---- Readiness.

    def readiness_tells_the_truth(self):
        with WebhookAlone(self.bin, {"finance": {"email": ["ana@example.com"]}},
                          name="ready") as alone:
            alone.start_smtp()
            port = free_port()
            self.configure_exporter(alone.folder, port, ())
            config = alone.folder / "exporter.yml"
            good = config.read_text(encoding="utf-8")
            # Its first poll comes at some time within the hour.
            config.write_text(good.replace("interval: 50ms", "interval: 1h\n    jitter: 1h"),
                              encoding="utf-8")
            exporter = self.start_exporter(alone.folder, port, ready=False)
            exporter.start()
            try:
                wait_for("the exporter to be up",
                         lambda: answers(f"http://127.0.0.1:{port}/-/healthy"), 10)
                assert not answers(f"http://127.0.0.1:{port}/-/ready"), "ready before a poll"
                exporter.kill()
                config.write_text(good, encoding="utf-8")
                source = SourceFile(alone.folder / "main.json", {"17": "USD"})
                source.set_credit("17", "150")
                exporter.start()
                wait_for("ready", lambda: answers(f"http://127.0.0.1:{port}/-/ready"), 10)
                for name, url in (("exporter", f"http://127.0.0.1:{port}/-/ready"),
                                  ("webhook", alone.url("/-/ready"))):
                    store = alone.folder / f"{name}.db"
                    away = alone.folder / "away.db"
                    store.rename(away)
                    wait_for(f"the {name} to be not ready", lambda u=url: not answers(u), 5)
                    if name == "webhook":
                        # A commit would be to a file that the next start does not find.
                        status, _ = alone.request("POST", "/api/v1/alerts",
                                                  notification([low("17")]), TOKEN)
                        assert status == 503, status
                        status, text = alone.request("GET", "/-/ready")
                        assert status == 503 and "was moved, deleted or replaced" in text, text
                    away.rename(store)
                    wait_for(f"the {name} to be ready", lambda u=url: answers(u), 5)
                alone.notify(low("17"))
                alone.wait_for_state("ana@example.com", "delivered")
                self.say("not ready before the first poll, nor while a store is lost")
            finally:
                exporter.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, help="not needed")
    parser.add_argument("--only", help="the step of that name")
    arguments = parser.parse_args()
    operations = Operations(arguments.bin.resolve())
    for step in (operations.a_backup_is_made_and_restored, operations.a_stop_loses_nothing,
                 operations.a_server_that_hangs_does_not_keep_it,
                 operations.readiness_tells_the_truth):
        if arguments.only in (None, step.__name__):
            step()
    sys.exit(0)


if __name__ == "__main__":
    main()
