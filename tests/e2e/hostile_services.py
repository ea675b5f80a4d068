"""The two services for hostile clients: the webhook with a login and a token, and the exporter as
open as it can be."""

import collections
import pathlib
import re
import shutil
import tempfile

import yaml

from process import Process, answers, free_port, wait_for
from webhook_alone import WebhookAlone

ACCOUNTS = 100
State = collections.namedtuple("State", "files megabytes most_megabytes")


class Service:
    def __init__(self, name, port, process):
        self.name, self.port, self.process = name, port, process

    def state(self):
        folder = pathlib.Path(f"/proc/{self.process.pid}")
        status = (folder / "status").read_text(encoding="ascii")
        now, most = (int(re.search(rf"{key}:\s+(\d+)", status)[1]) / 1024
                     for key in ("VmRSS", "VmHWM"))
        return State(len(list((folder / "fd").iterdir())), now, most)

    def log(self):
        return self.process.log.read_text(encoding="utf-8", errors="replace")

    def complaints(self):
        """What must not stand in the log: errors, and the sanitizers' findings."""
        if not self.process.alive():
            return [f"{self.name} has ended:\n{self.process.tail(40)}"]
        bad = [line for line in self.log().splitlines() if "level=error" in line or
               "ERROR: " in line or "WARNING: ThreadSanitizer" in line or "runtime error" in line]
        return [f"{self.name} says {line[:300]}" for line in bad[:5]]


class Services:
    """A context manager."""

    def __init__(self, bin_folder, keep=False):
        self.keep = keep
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lowbalance-hostile."))
        self.alone = WebhookAlone(bin_folder, {"finance": {"internal": ["finance"]}},
                                  name="hostile-webhook", keep=keep)
        port = free_port()
        (self.folder / "balances.csv").write_text(
            "account_id,account_name,currency,available_credit\n" + "".join(
                f"{n},Account number {n},USD,{n}\n" for n in range(ACCOUNTS)), encoding="utf-8")
        (self.folder / "lowbalance.yml").write_text(yaml.safe_dump({"exporter": {
            "listen_address": f"127.0.0.1:{port}", "store": "sqlite:exporter.db",
            "sources": [{"name": "books", "type": "file", "provider": "demo",
                         "path": "balances.csv", "interval": "500ms"}]}}), encoding="utf-8")
        self.exporter = Service("exporter", port, Process(
            "exporter", [bin_folder / "lowbalance-exporter"], self.folder / "exporter.log",
            self.folder, lambda: answers(f"http://127.0.0.1:{port}/-/ready")))
        self.webhook = Service("webhook", self.alone.port, self.alone.webhook)
        self.all = [self.webhook, self.exporter]

    def __enter__(self):
        self.alone.__enter__()
        self.exporter.process.start()
        return self

    def __exit__(self, kind, *_):
        failed = kind is not None
        if failed:
            print(self.exporter.process.tail(20), end="", flush=True)
        self.exporter.process.kill()
        self.alone.close(failed)
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def told_wrong(self, alerts):
        """Each alert that was posted is one message: none lost, none twice."""
        def messages():
            return int(self.alone.metric("lowbalance_webhook_messages_total")['{kind="alert"}'])
        try:
            wait_for("the inbox to be filled", lambda: self.alone.metric(
                "lowbalance_webhook_pending_deliveries")[""] == 0, 30)
        except TimeoutError as error:
            return [str(error)]
        return [] if messages() == alerts else [f"{messages()} messages of {alerts} alerts"]

    def stop(self):
        """Asks both to end, which is when the sanitizers tell of leaks."""
        codes = {each.name: each.process.stop(30) for each in self.all}
        return [f"{name} ended with {code}" for name, code in codes.items() if code != 0]
