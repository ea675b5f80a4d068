#!/usr/bin/python3
"""`lowbalance simulate --from-prometheus` against a real Prometheus.

Its database is filled with nine days of an account's balance, every minute, as two exporters
published it: more points than Prometheus answers to one query.
"""

import argparse
import base64
import crypt
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import process  # noqa: E402

MINUTE = 60
DAYS = 9
LENGTH = DAYS * 24 * 60  # In minutes.
PASSWORD = "s3cret word"
ACCOUNT = 'a "17"'
TOP_UP = 4 * 24 * 60
# In minutes: neither exporter ran, for longer than billing data may be old.
GAP = range(9120, 9660)


def balance(minute):
    """Falls by 14.4 a day from 100, and is topped up to that after four days, then falls faster."""
    if minute < TOP_UP:
        return round(100 - 0.01 * minute, 3)
    return round(100 - 0.025 * (minute - TOP_UP), 3)


def open_metrics(start):
    """The account as two exporters saw it: they take turns, a day each, and overlap by an hour."""
    lines = ["# TYPE billing_account_available_credit gauge"]

    def series(instance, account, value, minute):
        account = account.replace("\\", r"\\").replace('"', r'\"')
        lines.append(f'billing_account_available_credit{{provider="demo",account_id="{account}",'
                     f'currency="USD",instance="{instance}"}} {value} {start + minute * MINUTE}')

    for minute in range(LENGTH):
        if minute in GAP:
            continue
        day, of_day = divmod(minute, 24 * 60)
        if day % 2 == 0 or of_day < 60:
            series("a", ACCOUNT, balance(minute), minute)
        if day % 2 == 1 or of_day < 60:
            series("b", ACCOUNT, balance(minute), minute)
        if minute % 60 == 0:
            series("a", "other", -1, minute)
    return "\n".join(lines) + "\n# EOF\n"


class BacktestTest(unittest.TestCase):
    program = tools = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.start = int(time.time()) // 300 * 300 - LENGTH * MINUTE
        cls.write("history.om", open_metrics(cls.start))
        subprocess.run([cls.tools / "promtool", "tsdb", "create-blocks-from", "openmetrics",
                        "history.om", "data"],
                       cwd=cls.folder, check=True, stdout=subprocess.DEVNULL)
        hashed = crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=2 ** 4))
        cls.write("web.yml", json.dumps({"basic_auth_users": {"reader": hashed}}))
        cls.write("prometheus.yml", "{}\n")
        cls.write("password", PASSWORD + "\n")
        port = process.free_port()
        cls.url = f"http://127.0.0.1:{port}"
        login = base64.b64encode(f"reader:{PASSWORD}".encode()).decode()
        cls.prometheus = process.Process(
            "prometheus",
            [cls.tools / "prometheus", "--config.file=prometheus.yml", "--web.config.file=web.yml",
             f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.path=data",
             "--storage.tsdb.retention.time=10y", "--log.level=warn"],
            cls.folder / "prometheus.log", cls.folder,
            ready=lambda: process.answers(cls.url + "/-/ready",
                                          {"Authorization": "Basic " + login}))
        cls.addClassCleanup(cls.prometheus.stop)
        cls.prometheus.start()

    @classmethod
    def write(cls, name, text):
        (cls.folder / name).write_text(text, encoding="utf-8")
        return name

    def run_simulate(self, *arguments):
        environment = {"PATH": os.environ["PATH"]}
        return subprocess.run([self.program, "simulate", *arguments], cwd=self.folder, check=False,
                              capture_output=True, encoding="utf-8", env=environment)

    def from_prometheus(self, *arguments, account=f"demo/{ACCOUNT}", url=None):
        return self.run_simulate("--from-prometheus", url or self.url, "--account", account,
                                 "--user", "reader", "--password-file", "password", "--days",
                                 str(DAYS + 1), *arguments)

    def results(self, done):
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def test_sends_what_the_same_history_from_a_file_sends(self):
        known = [f"{self.start + minute * MINUTE},{'' if minute in GAP else balance(minute)}"
                 for minute in range(LENGTH)]
        self.write("history.csv", "time,available_credit\n" + "\n".join(known) + "\n")
        thresholds = "95,40,0"
        by_file = self.results(self.run_simulate("--from", "history.csv", "--threshold", thresholds,
                                                 "--output", "json"))
        by_query = self.results(self.from_prometheus("--step", "1m", "--threshold", thresholds,
                                                     "--output", "json"))
        self.assertEqual(by_query["from"], by_file["from"])
        self.assertEqual(by_query["currency"], "USD")

        # Where the series ends, Prometheus still shows the last value for five minutes.
        def messages(result):
            return [(t["threshold"], t["messages"], t["overdue"]) for t in result["thresholds"]]

        self.assertEqual(messages(by_query), messages(by_file))
        self.assertEqual([(t["threshold"], t["alerts"], t["reminders"], len(t["overdue"]))
                          for t in by_query["thresholds"]],
                         [("95.00", 2, 5, 1), ("40.00", 1, 1, 1), ("0.00", 1, 0, 1)])

    def test_says_who_would_have_been_told(self):
        self.write("told.yml", "contacts: {finance: {email: [finance@example.com]}}\n"
                               "default_contact: finance\nwebhook: {reminders: once}\n")
        done = self.from_prometheus("--threshold", "10", "--config.file", "told.yml")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("to finance: finance@example.com\n", done.stdout)
        self.assertIn("threshold 10.00 USD: 1 alert, 0 reminders;", done.stdout)
        self.assertIn(" after the alert\n", done.stdout)

    def test_tells_what_is_wrong(self):
        nobody = self.from_prometheus("--threshold", "10", account="demo/nobody")
        self.assertEqual(nobody.returncode, 1)
        self.assertRegex(nobody.stderr, r"^lowbalance: no available credit of demo/nobody from ")
        login = self.run_simulate("--from-prometheus", self.url, "--account", "demo/other",
                                  "--threshold", "1")
        self.assertEqual(login.returncode, 1)
        self.assertIn("401", login.stderr)
        nowhere = self.from_prometheus("--threshold", "10",
                                       url=f"http://127.0.0.1:{process.free_port()}")
        self.assertEqual(nowhere.returncode, 3)
        self.assertRegex(nowhere.stderr, r"^lowbalance: no answer from http://127\.0\.0\.1:")
        other = self.from_prometheus("--threshold", "10", url=self.url + "/elsewhere")
        self.assertEqual(other.returncode, 1)
        self.assertIn("the server answered 404", other.stderr)

    def test_a_token_stands_in_a_file(self):
        seen = []

        class Proxy(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append(self.headers.get("Authorization"))
                self.send_response(422)
                self.end_headers()
                self.wfile.write(b'{"status":"error","errorType":"execution","error":"too much"}')

            def log_message(self, *_):
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Proxy) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.write("token", "abc.def\n")
            done = self.run_simulate(
                "--from-prometheus", f"http://127.0.0.1:{server.server_address[1]}", "--account",
                "demo/17", "--threshold", "1", "--bearer-token-file", "token")
            server.shutdown()
        self.assertEqual(seen, ["Bearer abc.def"])
        self.assertEqual((done.returncode, done.stderr), (1, "lowbalance: too much\n"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    parser.add_argument("--tools", required=True, type=pathlib.Path)
    given, rest = parser.parse_known_args()
    BacktestTest.program = given.bin / "lowbalance"
    BacktestTest.tools = given.tools
    unittest.main(argv=[sys.argv[0], *rest])
