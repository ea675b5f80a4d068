"""lowbalance-exporter against the double of Alibaba Cloud: what a test sees of the two."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

import yaml

from process import Process, answers, free_port, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "fakes" / "alibaba"))

from double import Double  # noqa: E402  pylint: disable=wrong-import-position

_SERIES = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def parse_metrics(text):
    """{(name, ((label, value), ...)): number} of an exposition."""
    series = {}
    for line in text.splitlines():
        found = _SERIES.match(line)
        if found:
            labels = tuple(sorted(_LABEL.findall(found[2] or "")))
            series[(found[1], labels)] = float(found[3])
    return series


class Bench:
    """The exporter with the sources given, polling a double. Use as a context manager."""

    def __init__(self, bin_folder, enterprise, sources, environment=None, accounts=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lowbalance-alibaba."))
        self.bin = bin_folder
        self.double = Double(enterprise).start()
        self.port = free_port()
        self.environment = environment or {}
        self.config = self.folder / "lowbalance.yml"
        self.log = self.folder / "exporter.log"
        self.write(sources, accounts)
        self.exporter = Process("exporter", [bin_folder / "lowbalance-exporter", "--config.file",
                                             self.config], self.log, self.folder,
                                lambda: answers(self.url("/-/ready")))

    def write(self, sources, accounts=()):
        endpoints = {name: self.double.url
                     for name in ("billing", "sts", "resource_directory", "metadata")}
        self.config.write_text(yaml.safe_dump({"exporter": {
            "listen_address": f"127.0.0.1:{self.port}", "store": "sqlite:exporter.db",
            "accounts": list(accounts),
            "sources": [{"type": "alibaba", "site": "china", "interval": "100ms", "jitter": "0s",
                         "timeout": "10s", "retry": {"first": "100ms", "longest": "100ms"},
                         "request_timeout": "1s", "tries": 2,
                         "limits": {name: 1000 for name in (
                             "GetFundAccountAvailableAmount", "QueryAccountBalance",
                             "ListFundAccount", "GetFundAccountLowAvailableAmountAlarm",
                             "ListAccounts", "AssumeRole", "QueryBillOverview")},
                         "endpoints": endpoints, **source} for source in sources]}},
            sort_keys=False), encoding="utf-8")

    def __enter__(self):
        os.environ.update(self.environment)
        self.exporter.start()
        return self

    def __exit__(self, kind, *_):
        self.exporter.kill()
        self.double.stop()
        if kind is not None:
            print(self.exporter.tail(30), flush=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def secret_file(self, name, text):
        path = self.folder / name
        path.write_text(text + "\n", encoding="utf-8")
        return str(path)

    def metrics(self):
        with urllib.request.urlopen(self.url("/metrics"), timeout=5) as reply:
            return parse_metrics(reply.read().decode())

    def of_account(self, account_id):
        """{name or name{further label values}: number} of an account's series."""
        found = {}
        for (name, labels), value in self.metrics().items():
            labels = dict(labels)
            if not name.startswith("billing_account_") or labels.pop("account_id", "") != account_id:
                continue
            labels.pop("provider")
            for label in ("source", "contact"):
                labels.pop(label, None)
            rest = ",".join(value for _, value in sorted(labels.items()) if value)
            found[name.removeprefix("billing_account_") + (f"{{{rest}}}" if rest else "")] = value
        return found

    def count(self, name, **labels):
        """The sum of the exporter's own series of that name with these labels."""
        return sum(value for (family, found), value in self.metrics().items()
                   if family == f"lowbalance_exporter_{name}"
                   and labels.items() <= dict(found).items())

    def polls(self, source, more=2):
        """Waits until the source was polled so many times more."""
        begun = self.count("polls_total", source=source)
        wait_for(f"{more} polls of {source}",
                 lambda: self.count("polls_total", source=source) >= begun + more, 30, step=0.03)

    def logged(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def sources_test(self, *words, environment=None):
        """`lowbalance sources test`: (exit code, output, complaints)."""
        done = subprocess.run(
            [str(self.bin / "lowbalance"), "sources", "test", *words, "--config.file",
             str(self.config)], capture_output=True, text=True, timeout=60, check=False,
            cwd=self.folder, env={"PATH": os.environ["PATH"], **(environment or {})})
        return done.returncode, done.stdout, done.stderr

    def vendor(self, peers, mode, *words):
        """What the vendor's own code says; `peers` is the folder its packages are in."""
        script = pathlib.Path(__file__).parents[1] / "peers" / "alibaba" / "peers.cjs"
        done = subprocess.run(["node", str(script), mode, *map(str, words)], capture_output=True,
                              text=True, timeout=60, check=False,
                              env={**os.environ, "NODE_PATH": str(peers / "node_modules")})
        if done.returncode != 0:
            raise RuntimeError(f"node {script.name} {mode}:\n{done.stderr}")
        return json.loads(done.stdout)
