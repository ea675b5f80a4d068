"""lowbalance-webhook by itself, between a mail server that can misbehave and notifications as
Alertmanager sends them, which the test posts."""

import base64
import json
import pathlib
import shutil
import tempfile
import time
import urllib.error
import urllib.request

import yaml

from configuration import PASSWORD, PASSWORD_HASH, SENDER, TOKEN, USER
from process import Process, accepts, answers, free_port, wait_for

SMTP_SERVER = pathlib.Path(__file__).resolve().parent.parent / "webhook" / "smtp_server.py"


def low(account_id, contact="", level="warning", now=None, **facts):
    """A LowBalance alert: 90 of 100 USD, low since just now and by a change. A fact given as None
    is left out."""
    now = time.time() if now is None else now
    values = {"evaluated_at": now, "available_credit": 90, "threshold": 100, "low": now,
              "first_change": now, "change": now, "last_success": now, **facts}
    return alert("LowBalance", account_id, level, values, contact)


def ended(account_id, at, reason, level="warning", now=None, **facts):
    now = time.time() if now is None else now
    values = {"evaluated_at": now, "available_credit": 150, "threshold": 100, "ended": at,
              "last_success": now, **facts}
    return alert("LowBalanceEnded", account_id, level, values, reason=reason)


def alert(name, account_id, level, facts, contact="", reason=""):
    line = []
    for fact, value in facts.items():
        if value is None:
            continue
        form = "%.6f" if fact in ("available_credit", "threshold") else "%.3f"
        line.append(f"{fact}={form % value}")
        if fact == "ended":
            line.append(f'reason="{reason}"')
    if contact:
        line.append(f'contact="{contact}"')
    return {
        "status": "firing",
        "labels": {"alertname": name, "provider": "demo", "account_id": account_id, "level": level,
                   "currency": "USD", "severity": "warning", "shard": account_id[-1]},
        "annotations": {"summary": f"{name} of {account_id}", "lowbalance_facts": " ".join(line)},
        "startsAt": "2026-11-23T07:12:00Z", "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph", "fingerprint": "0123456789abcdef"}


WATCHDOG = {"status": "firing", "labels": {"alertname": "LowbalanceWatchdog", "severity": "none"},
            "annotations": {"summary": "Always fires."}}


def notification(alerts):
    return {"version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": "firing",
            "receiver": "lowbalance", "groupLabels": {}, "commonLabels": {},
            "commonAnnotations": {}, "externalURL": "http://alertmanager", "alerts": alerts}


class WebhookAlone:
    """A context manager. `contacts` and `webhook` are sections of lowbalance.yml."""

    def __init__(self, bin_folder, contacts, webhook=None, flags=(), name="webhook", keep=False):
        self.bin = bin_folder
        self.keep = keep
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"lowbalance-{name}."))
        self.mail = self.folder / "mail"
        self.mail.mkdir()
        self.port, self.smtp_port = free_port(), free_port()
        self.settings = {
            "pipeline": {"evaluation": "250ms", "heartbeat": "500ms"},
            "contacts": contacts, "default_contact": next(iter(contacts)),
            "webhook": {
                "listen_address": f"127.0.0.1:{self.port}", "web_config_file": "web.yml",
                "store": "sqlite:webhook.db", "bearer_token_file": "token",
                "email": {"url": f"smtp://127.0.0.1:{self.smtp_port}", "from": SENDER,
                          "tls": "off", "timeout": "1s"},
                "retry": {"first": "100ms", "longest": "200ms"}, **(webhook or {})}}
        (self.folder / "token").write_text(TOKEN + "\n", encoding="utf-8")
        (self.folder / "web.yml").write_text(
            yaml.safe_dump({"basic_auth_users": {USER: PASSWORD_HASH}}), encoding="utf-8")
        self.config = self.folder / "lowbalance.yml"
        self.write_configuration()
        self.webhook = Process(
            "webhook", [self.bin / "lowbalance-webhook", "--config.file", self.config, *flags],
            self.folder / "webhook.log", self.folder,
            lambda: answers(self.url("/-/ready")))
        self.smtp = None

    def write_configuration(self):
        self.config.write_text(yaml.safe_dump(self.settings, sort_keys=False), encoding="utf-8")

    def __enter__(self):
        try:
            self.webhook.start()
        except BaseException:
            self.close(failed=True)
            raise
        return self

    def __exit__(self, kind, *_):
        self.close(failed=kind is not None)

    def close(self, failed=False):
        for process in (self.webhook, self.smtp):
            if process:
                process.kill()
        if failed:
            print(self.webhook.tail(40), end="", flush=True)
        if self.keep:
            print(f"kept: {self.folder}", flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    # ---- The mail server.

    def start_smtp(self, *flags):
        """Starts one in place of the one there was."""
        self.stop_smtp()
        argv = ["/usr/bin/python3", SMTP_SERVER, "--folder", self.mail, "--port", self.smtp_port]
        self.smtp = Process("smtp", [*argv, *flags], self.folder / "smtp.log", self.folder,
                            lambda: accepts(self.smtp_port))
        self.smtp.start()

    def stop_smtp(self):
        if self.smtp:
            self.smtp.kill()
            self.smtp = None
        for path in self.mail.glob("*"):
            path.rename(self.folder / f"earlier-{time.time_ns()}-{path.name}")

    def mails(self):
        """What the present mail server took: [(recipient, Message-ID, how it came)]."""
        found = []
        for path in sorted(self.mail.glob("*.json")):
            how = json.loads(path.read_text(encoding="utf-8"))
            text = path.with_suffix(".eml").read_text(encoding="utf-8")
            (message_id,) = [line.split(":", 1)[1].strip() for line in text.splitlines()
                             if line.lower().startswith("message-id:")]
            found.append((how["to"][0], message_id, how))
        return found

    # ---- What Alertmanager and people do.

    def request(self, method, path, body=None, token=None, timeout=60):
        secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Bearer {token}" if token else f"Basic {secret}",
                   "Content-Type": "application/json"}
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(self.url(path), data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(errors="replace")

    def notify(self, *alerts):
        """Posts them; the answer must be 200."""
        status, answer = self.request("POST", "/api/v1/alerts", notification(list(alerts)), TOKEN)
        assert status == 200, f"{status} {answer}"

    def get(self, path):
        status, answer = self.request("GET", path)
        assert status == 200, f"GET {path}: {status} {answer}"
        return json.loads(answer)

    def metric(self, name):
        """{labels text: value} of one family."""
        status, text = self.request("GET", "/metrics")
        assert status == 200, text
        samples = {}
        for line in text.splitlines():
            series, _, value = line.rpartition(" ")
            if series == name or series.startswith(name + "{"):
                samples[series[len(name):]] = float(value)
        return samples

    def deliveries(self):
        """{recipient: delivery} as the API shows them; one message at a time in these tests."""
        return {delivery["recipient"]: delivery
                for delivery in self.get("/api/v1/deliveries?limit=1000")["deliveries"]}

    def wait_for_state(self, recipient, state, timeout=15):
        def reached():
            delivery = self.deliveries().get(recipient)
            return delivery if delivery and delivery["state"] == state else None
        return wait_for(f"{recipient} to be {state}", reached, timeout)

    def wait_for_attempts(self, recipient, attempts, timeout=15):
        def reached():
            delivery = self.deliveries().get(recipient)
            return delivery if delivery and delivery["attempts"] >= attempts else None
        return wait_for(f"{attempts} tries for {recipient}", reached, timeout)

    def log(self):
        return (self.folder / "webhook.log").read_text(encoding="utf-8", errors="replace")
