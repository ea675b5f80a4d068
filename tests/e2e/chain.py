"""The whole chain on loopback, with real programs, in a folder of its own.

    source file → lowbalance-exporter → Prometheus → Alertmanager → proxy → lowbalance-webhook
                                                                 → SMTP server (a Maildir), inbox

Rules and route are what `lowbalance rules` and `lowbalance route` write for the same
configuration file that the two services read.
"""

import base64
import dataclasses
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request

from configuration import PASSWORD, PROVIDER, USER, milliseconds, write_configuration
from process import Process, accepts, answers, free_port
from proxy import RecordingProxy
from source_file import SourceFile, seconds


@dataclasses.dataclass(frozen=True)
class Programs:
    """Where the programs are."""

    bin: pathlib.Path  # Ours.
    tools: pathlib.Path  # prometheus, promtool, prometheus-alertmanager, amtool.

    def check(self):
        ours = ("lowbalance", "lowbalance-exporter", "lowbalance-webhook")
        theirs = ("prometheus", "promtool", "prometheus-alertmanager", "amtool")
        missing = [str(folder / name)
                   for folder, names in ((self.bin, ours), (self.tools, theirs)) for name in names
                   if not (folder / name).exists()]
        if missing:
            raise SystemExit("these programs are not there: " + " ".join(missing))


class Chain:
    """Starts and stops the parts. Use as a context manager; the folder goes unless `keep`."""

    PROXY = RecordingProxy
    HOLD_AGAINST_CHECKERS = True  # What is generated, before it is used.

    def __init__(self, programs, timing, sources, contacts=None, keep=False, name="chain",
                 webhook=None, more_sources=(), flags=None):
        """`sources`: file name to {account id: currency}. `contacts`: account id to contact.
        `webhook`: what the configuration's webhook section shall say beyond the usual.
        `more_sources`: items of the configuration's exporter.sources. `flags`: "prometheus" or
        "alertmanager" to {flag: value}, beside or in place of the usual ones."""
        self.programs = programs
        self.timing = timing
        self.keep = keep
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"lowbalance-{name}."))
        self.mail = self.folder / "mail"
        self.ports = {part: free_port() for part in
                      ("smtp", "webhook", "proxy", "alertmanager", "exporter", "prometheus")}
        self.sources = {source: SourceFile(self.folder / source, accounts)
                        for source, accounts in sources.items()}
        self.flags = flags or {}
        self.proxy = self.PROXY(self.ports["proxy"], self.ports["webhook"])
        self._processes = {}
        self._refreshing = threading.Event()
        self.config = write_configuration(self.folder, timing, self.ports, self.sources,
                                          contacts or {}, webhook or {}, more_sources)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close(failed=True)
            raise
        return self

    def __exit__(self, kind, *_):
        self.close(failed=kind is not None)

    # ---- Programs that end.

    def tool(self, name, *words, stdin=None):
        """Runs a program that ends; returns its output, raises with it when it fails."""
        folder = self.programs.bin if name == "lowbalance" else self.programs.tools
        done = subprocess.run([str(folder / name), *map(str, words)], cwd=self.folder,
                              input=stdin, capture_output=True, text=True, timeout=60,
                              check=False, env={**os.environ, "LOWBALANCE_PASSWORD": PASSWORD})
        if done.returncode != 0:
            raise RuntimeError(f"{name} {' '.join(map(str, words))} exited {done.returncode}:\n"
                               f"{done.stdout}{done.stderr}")
        return done.stdout

    def _generate(self):
        """Rules and route from our own command line, held against their makers' checkers."""
        if self.HOLD_AGAINST_CHECKERS:
            self.tool("lowbalance", "check", "--config.file", self.config)
        (self.folder / "rules.yml").write_text(
            self.tool("lowbalance", "rules", "--config.file", self.config), encoding="utf-8")
        (self.folder / "alertmanager.yml").write_text(
            self.tool("lowbalance", "route", "--complete", "--config.file", self.config,
                      "--url", f"http://127.0.0.1:{self.ports['proxy']}/api/v1/alerts"),
            encoding="utf-8")
        if not self.HOLD_AGAINST_CHECKERS:
            return
        self.tool("promtool", "check", "rules", "rules.yml")
        self.tool("promtool", "check", "config", "prometheus.yml")
        self.tool("amtool", "check-config", "alertmanager.yml")

    # ---- Start and stop.

    def _add(self, name, argv, ready):
        process = Process(name, argv, self.folder / f"{name}.log", self.folder, ready)
        self._processes[name] = process
        return process

    def url(self, part, path=""):
        return f"http://127.0.0.1:{self.ports[part]}{path}"

    def smtp_command(self):
        """The mail server: one that takes everything into a Maildir."""
        return ["/usr/bin/python3", "-m", "aiosmtpd", "-n", "-l",
                f"127.0.0.1:{self.ports['smtp']}", "-c", "aiosmtpd.handlers.Mailbox", self.mail]

    def _add_theirs(self, name, program, flags):
        argv = [self.programs.tools / program]
        argv += [f"--{flag}={value}" for flag, value in flags.items()]
        return self._add(name, argv, lambda: answers(self.url(name, "/-/ready")))

    def _add_alertmanager(self, name, flags):
        return self._add_theirs(name, "prometheus-alertmanager", {
            "config.file": "alertmanager.yml", "storage.path": name, "log.level": "warn",
            "cluster.listen-address": "", "web.listen-address": f"127.0.0.1:{self.ports[name]}",
            **flags})

    def _add_prometheus(self, name, config, flags):
        return self._add_theirs(name, "prometheus", {
            "config.file": config, "storage.tsdb.path": name, "log.level": "warn",
            "web.listen-address": f"127.0.0.1:{self.ports[name]}",
            # A little under one evaluation: with the strict comparison Prometheus makes, every
            # evaluation then reaches Alertmanager. It ends an alert after four of the longer.
            "rules.alert.resend-delay": milliseconds(self.timing.evaluation * 0.9),
            "alertmanager.notification-queue-capacity": 20000, **flags})

    def start(self):
        self._generate()
        ports, ours = self.ports, self.programs.bin
        self._add("smtp", self.smtp_command(), lambda: accepts(ports["smtp"]))
        for service in ("exporter", "webhook"):
            self._add(service, [ours / f"lowbalance-{service}", "--config.file", self.config],
                      lambda service=service: answers(self.url(service, "/-/ready")))
        self._add_alertmanager("alertmanager", self.flags.get("alertmanager", {}))
        self._add_prometheus("prometheus", "prometheus.yml", self.flags.get("prometheus", {}))
        for part in ("smtp", "webhook"):
            self._processes[part].start()
        self.proxy.up()
        for part in ("alertmanager", "exporter", "prometheus"):
            self._processes[part].start()
        threading.Thread(target=self._keep_fresh, daemon=True).start()

    def _keep_fresh(self):
        # Every ten minutes of the story, as `simulate` polls, or as often as is sensible.
        while not self._refreshing.wait(max(0.5, self.timing.hour / 6)):
            for source in self.sources.values():
                source.refresh()

    def __getattr__(self, name):
        if name in ("smtp", "webhook", "alertmanager", "exporter", "prometheus"):
            return self._processes[name]
        raise AttributeError(name)

    def close(self, failed=False):
        self._refreshing.set()
        self.proxy.down()
        for process in reversed(self._processes.values()):
            process.kill()
        if failed:
            print(self.tails(), end="", flush=True)
        if self.keep:
            print(f"kept: {self.folder}", flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def tails(self):
        return "".join(process.tail() for process in self._processes.values())

    def cpu_seconds(self):
        return {name: process.cpu_seconds() for name, process in self._processes.items()}

    # ---- What people and programs do with it.

    def request(self, part, method, path, body=None, token=None):
        """(status, decoded JSON or text). Logs in unless a token is given."""
        secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Bearer {token}" if token else f"Basic {secret}"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url(part, path), data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                status, text = reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                status, text = error.code, error.read().decode(errors="replace")
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def get(self, part, path):
        status, answer = self.request(part, "GET", path)
        if status != 200:
            raise RuntimeError(f"GET {path} of the {part}: {status} {answer}")
        return answer

    def account(self, account_id, part="exporter"):
        """The exporter's account, or None while it knows of none."""
        quoted = urllib.parse.quote(account_id, safe="")
        status, answer = self.request(part, "GET", f"/api/v1/accounts/{PROVIDER}/{quoted}")
        if status == 404:
            return None
        if status != 200:
            raise RuntimeError(f"account {account_id}: {status} {answer}")
        return answer

    def edit(self, account_id, level, part="exporter", **change):
        quoted = urllib.parse.quote(account_id, safe="")
        status, answer = self.request(
            part, "PATCH", f"/api/v1/accounts/{PROVIDER}/{quoted}/alerts/{level}", change)
        if status != 200:
            raise RuntimeError(f"editing {account_id} with {change}: {status} {answer}")
        return answer

    def command(self, part, *words):
        """Output of a `lowbalance` command that asks the exporter or the webhook."""
        return self.tool("lowbalance", *words, "--url", self.url(part), "--user", USER)

    def edit_by_command(self, account_id, level, enabled=None, **options):
        verb = {True: "enable", False: "disable", None: "threshold"}[enabled]
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.command("exporter", "accounts", verb, f"{PROVIDER}/{account_id}", "--level", level,
                     *words)

    def alerts(self, account_id):
        """The account's LowBalance alerts that Alertmanager holds."""
        wanted = urllib.parse.urlencode([("filter", 'alertname="LowBalance"'),
                                         ("filter", f'account_id="{account_id}"')])
        return self.get("alertmanager", f"/api/v2/alerts?{wanted}")

    def tell_resolved(self, alerts):
        """Tells Alertmanager that the alerts have just ended, as a Prometheus would."""
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        status, answer = self.request("alertmanager", "POST", "/api/v2/alerts", [
            {"labels": alert["labels"], "annotations": alert["annotations"],
             "startsAt": alert["startsAt"], "endsAt": now,
             "generatorURL": alert.get("generatorURL", "")} for alert in alerts])
        if status != 200:
            raise RuntimeError(f"Alertmanager: {status} {answer}")

    def seen_as_of(self, account_id, instant, part="exporter"):
        """Has the exporter polled data as of that instant (seconds) or later?"""
        account = self.account(account_id, part)
        if account is None or account["last_success"] is None:
            return False
        return round(seconds(account["last_success"]) * 1000) >= round(instant * 1000)

    def check_metrics(self):
        """What both programs publish, held against promtool."""
        for part in ("exporter", "webhook"):
            text = self.get(part, "/metrics")
            self.tool("promtool", "check", "metrics", stdin=text)

    def metric(self, part, name):
        """{labels text: value} of one family."""
        samples = {}
        for line in self.get(part, "/metrics").splitlines():
            series, _, value = line.rpartition(" ")
            if series == name or series.startswith(name + "{"):
                samples[series[len(name):]] = float(value)
        return samples

    def their_metric(self, part, name):
        """The sum over one family of Prometheus or Alertmanager."""
        with urllib.request.urlopen(self.url(part, "/metrics"), timeout=30) as reply:
            text = reply.read().decode()
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines()
                   if re.match(rf"{name}(\{{| )", line))
