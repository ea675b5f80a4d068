#!/usr/bin/python3
"""Holds what `lowbalance route` prints against Alertmanager's own tool.

amtool must accept it, and must say that our three alerts reach the webhook's receiver and nothing
else does.
"""

import argparse
import pathlib
import subprocess
import tempfile
import unittest

import yaml

SCALED = pathlib.Path(__file__).parent / "scaled.yml"
OURS = ("LowBalance", "LowBalanceEnded", "LowbalanceWatchdog")
OTHERS = ("AccountOverdue", "BillingDataStale", "BillingPollFailing", "BillingAccountDisagreement",
          "LowBalanceSettingSuspended", "LowbalanceExporterDown", "LowbalanceWebhookDown",
          "LowbalanceDeliveryFailing", "LowbalanceDeadLetters", "LowbalanceBadAlerts",
          "LowbalanceFactsStale", "BillingSourceFailing", "Watchdog",
          "LowBalanceEndedX", "XLowBalance", "lowbalance")


class RouteTest(unittest.TestCase):
    program = amtool = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def route(self, *arguments):
        return subprocess.run([self.program, "route", *arguments], cwd=self.folder, check=True,
                              capture_output=True, encoding="utf-8").stdout

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def accept(self, file):
        done = subprocess.run([self.amtool, "check-config", file], cwd=self.folder, check=False,
                              capture_output=True, encoding="utf-8")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def receiver_of(self, file, **labels):
        return subprocess.run(
            [self.amtool, "config", "routes", "test", f"--config.file={file}",
             *(f"{name}={value}" for name, value in labels.items())],
            cwd=self.folder, check=True, capture_output=True, encoding="utf-8").stdout.strip()

    def test_only_the_three_alerts_reach_the_webhook(self):
        file = self.write("am.yml", self.route("--complete"))
        self.accept(file)
        for name in OURS:
            with self.subTest(name):
                self.assertEqual(self.receiver_of(file, alertname=name, severity="warning",
                                                  provider="demo", shard="7"), "lowbalance")
        for name in OTHERS:
            with self.subTest(name):
                self.assertEqual(self.receiver_of(file, alertname=name, shard="7"), "null")

    def test_intervals_are_those_of_the_configuration(self):
        self.write("lowbalance.yml", SCALED.read_text(encoding="utf-8"))
        self.write("token", "secret")
        file = self.write("am.yml", self.route("--complete", "--receiver", "low_balance-2"))
        self.accept(file)
        config = yaml.safe_load((self.folder / file).read_text(encoding="utf-8"))
        watchdog, low = config["route"]["routes"]
        self.assertEqual(low["group_interval"], "200ms")
        self.assertEqual(low["repeat_interval"], "1s")
        self.assertEqual(low["group_by"], ["alertname", "shard"])
        self.assertEqual(watchdog["repeat_interval"], "333ms")
        receiver = config["receivers"][1]
        self.assertEqual(receiver["name"], "low_balance-2")
        webhook, = receiver["webhook_configs"]
        self.assertEqual(webhook["url"], "http://127.0.0.1:4711/api/v1/alerts")
        self.assertTrue(webhook["send_resolved"])
        self.assertNotIn("max_alerts", webhook)
        # A webhook that wants a token gets one, or every alert would be refused.
        self.assertEqual(webhook["http_config"]["authorization"],
                         {"type": "Bearer", "credentials_file": str(self.folder / "token")})
        self.assertEqual(self.receiver_of(file, alertname="LowBalance"), "low_balance-2")

    def test_awkward_paths_and_urls_are_quoted(self):
        token = self.folder / "a 'token': \"x\" # \\ 令牌"
        url = "https://[::1]:1/x?a=b&c='d'#{e}"
        file = self.write("am.yml", self.route("--complete", "--url", url,
                                               "--bearer-token-file", str(token)))
        self.accept(file)
        webhook, = yaml.safe_load((self.folder / file).read_text(encoding="utf-8"))[
            "receivers"][1]["webhook_configs"]
        self.assertEqual(webhook["url"], url)
        self.assertEqual(webhook["http_config"]["authorization"]["credentials_file"], str(token))

    def test_the_part_goes_into_a_configuration_that_is_there(self):
        theirs = yaml.safe_load("""
            route:
              receiver: pager
              group_by: [cluster]
              routes: [{receiver: pager, matchers: ['severity="warning"']}]
            receivers: [{name: pager}]
            """)
        part = yaml.safe_load(self.route())
        theirs["route"]["routes"] = part["route"]["routes"] + theirs["route"]["routes"]
        theirs["receivers"] += part["receivers"]
        file = self.write("am.yml", yaml.safe_dump(theirs))
        self.accept(file)
        self.assertEqual(self.receiver_of(file, alertname="LowBalance", severity="warning"),
                         "lowbalance")
        self.assertEqual(self.receiver_of(file, alertname="AccountOverdue"), "pager")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--lowbalance", required=True)
    parser.add_argument("--amtool", required=True)
    arguments = parser.parse_args()
    RouteTest.program, RouteTest.amtool = arguments.lowbalance, arguments.amtool
    unittest.main(argv=["route_test"])
