#!/usr/bin/python3
"""The OpenAPI files against the running programs: every documented path answers as documented.

That every route is documented is the programs' own tests' (service_test in tests/exporter and
tests/webhook). Usage: openapi.py --bin FOLDER
"""

import argparse
import base64
import json
import pathlib
import re
import tempfile
import time
import urllib.error
import urllib.request

import yaml

from process import Process, answers, free_port, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
HASH = "$2b$04$PAWgsMNhzxgQrC9OYRTen.IzcqIO.QA9/P0lHWzyc.OC3NnJLSSQG"  # bcrypt of "secret".
ACCOUNT = "/api/v1/accounts/demo/17"
ALERT = ACCOUNT + "/alerts/warning"
EDITS = "/api/v1/accounts/edits"

# What is asked, of whom, and with which status it is answered; in this order. Together these must
# be all that is documented.
REQUESTS = {"exporter": [
    ("admin", "GET", "/api/v1/session", None, 200),
    ("", "GET", "/api/v1/session", None, 401),
    ("", "POST", "/api/v1/session", {"user": "admin", "password": "secret"}, 200),
    ("", "POST", "/api/v1/session", {"user": "admin"}, 400),
    ("", "POST", "/api/v1/session", {"user": "admin", "password": "guess"}, 401),
    ("foreign", "POST", "/api/v1/session", {"user": "admin", "password": "secret"}, 403),
    ("", "DELETE", "/api/v1/session", None, 200),
    ("admin", "GET", "/api/v1/accounts", None, 200),
    ("admin", "GET", "/api/v1/accounts?select=low,provider%3Ddemo&sort=-credit&limit=1&offset=0",
     None, 200),
    ("admin", "GET", "/api/v1/accounts?select=lowe", None, 400),
    ("", "GET", "/api/v1/accounts", None, 401),
    ("admin", "GET", "/api/v1/accounts/summary", None, 200),
    ("admin", "GET", ACCOUNT, None, 200),
    ("olga", "GET", ACCOUNT, None, 404),
    ("admin", "GET", ACCOUNT + "/history", None, 200),
    ("admin", "GET", ACCOUNT + "/history?since=yesterday", None, 400),
    ("admin", "GET", "/api/v1/accounts/demo/99/history", None, 404),
    ("admin", "PATCH", ALERT, {"enabled": True, "threshold": "500"}, 200),
    ("admin", "PATCH", ALERT, {"enabled": "yes"}, 400),
    ("vera", "PATCH", ALERT, {"enabled": False}, 403),
    ("olga", "PATCH", ALERT, {"enabled": False}, 404),
    ("admin", "PATCH", "/api/v1/accounts/demo/18/alerts/warning", {"enabled": False}, 409),
    ("stale", "PATCH", ALERT, {"enabled": False}, 412),
    ("admin", "PATCH", ALERT, {"threshold": "lots"}, 422),
    ("admin", "POST", EDITS, {"select": "", "threshold": "7", "dry_run": True,
                              "leave_out_provisioned": True}, 200),
    ("admin", "POST", EDITS, {"select": "account=17", "threshold": "7"}, 200),
    ("admin", "POST", EDITS, {"select": ""}, 400),
    ("vera", "POST", EDITS, {"select": "", "enabled": False}, 403),
    ("admin", "POST", EDITS, {"select": "", "enabled": False, "basis": "0-0"}, 409),
    ("admin", "POST", EDITS, {"csv": "account_id,threshold\n17,lots\n"}, 422),
    ("admin", "POST", EDITS, {"select": "", "enabled": False}, 422),
    ("admin", "GET", "/api/v1/settings.csv?select=low", None, 200),
    ("admin", "GET", "/api/v1/settings.csv?select=%21", None, 400),
    ("admin", "GET", "/api/v1/edits?limit=1", None, 200),
    ("admin", "GET", "/api/v1/edits?limit=none", None, 400),
    ("admin", "GET", "/api/v1/edits.csv?who=admin", None, 200),
    ("admin", "GET", "/api/v1/edits.csv?whom=admin", None, 400),
    # Last, as it makes others wait.
    *[("", "POST", "/api/v1/session", {"user": "vera", "password": "guess"}, 401)] * 5,
    ("", "POST", "/api/v1/session", {"user": "vera", "password": "guess"}, 429),
], "webhook": [
    ("admin", "GET", "/api/v1/session", None, 200),
    ("", "GET", "/api/v1/session", None, 401),
    ("", "POST", "/api/v1/session", {"user": "admin", "password": "secret"}, 200),
    ("", "POST", "/api/v1/session", {"user": "admin"}, 400),
    ("", "POST", "/api/v1/session", {"user": "admin", "password": "guess"}, 401),
    ("foreign", "POST", "/api/v1/session", {"user": "admin", "password": "secret"}, 403),
    ("", "DELETE", "/api/v1/session", None, 200),
    ("token", "POST", "/api/v1/alerts", "NOTIFICATION", 200),
    ("token", "POST", "/api/v1/alerts", {}, 400),
    ("", "POST", "/api/v1/alerts", "NOTIFICATION", 401),
    ("admin", "POST", "/api/v1/contacts/finance/test", {}, 200),
    ("olga", "POST", "/api/v1/contacts/ops/test", {}, 403),
    ("admin", "POST", "/api/v1/contacts/nobody/test", {}, 404),
    ("admin", "GET", "/api/v1/contacts", None, 200),
    ("admin", "POST", "/api/v1/contacts/finance/preview", {"kind": "reminder", "number": 2}, 200),
    ("admin", "POST", "/api/v1/contacts/finance/preview", {"kind": "gossip"}, 400),
    ("olga", "POST", "/api/v1/contacts/finance/preview", {}, 404),
    ("admin", "GET", "/api/v1/messages?limit=10", None, 200),
    ("admin", "GET", "/api/v1/messages?state=lost", None, 400),
    ("", "GET", "/api/v1/messages", None, 401),
    ("admin", "GET", "/api/v1/messages/1", None, 200),
    ("olga", "GET", "/api/v1/messages/1", None, 404),
    ("admin", "GET", "/api/v1/inbox", None, 200),
    ("admin", "GET", "/api/v1/inbox?limit=0", None, 400),
    ("admin", "POST", "/api/v1/inbox/1/read", {}, 200),
    ("vera", "POST", "/api/v1/inbox/1/read", {}, 403),
    ("olga", "POST", "/api/v1/inbox/1/read", {}, 404),
    ("admin", "GET", "/api/v1/episodes", None, 200),
    ("admin", "GET", "/api/v1/bad-alerts", None, 200),
    ("olga", "GET", "/api/v1/bad-alerts", None, 403),
    ("admin", "GET", "/api/v1/deliveries?state=delivered", None, 200),
    ("admin", "GET", "/api/v1/deliveries?state=lost", None, 400),
    ("vera", "POST", "/api/v1/deliveries/1/resend", {}, 403),
    ("admin", "POST", "/api/v1/deliveries/99/resend", {}, 404),
    ("admin", "POST", "/api/v1/deliveries/DEAD/resend", {}, 200),
    ("admin", "POST", "/api/v1/deliveries/DONE/resend", {}, 409),
    ("vera", "POST", "/api/v1/deliveries/1/cancel", {}, 403),
    ("admin", "POST", "/api/v1/deliveries/99/cancel", {}, 404),
    ("admin", "POST", "/api/v1/deliveries/DEAD/cancel", {}, 200),
    ("admin", "POST", "/api/v1/deliveries/DONE/cancel", {}, 409),
    *[("", "POST", "/api/v1/session", {"user": "vera", "password": "guess"}, 401)] * 5,
    ("", "POST", "/api/v1/session", {"user": "vera", "password": "guess"}, 429),
]}


def notification():
    now = time.time()
    facts = (f"evaluated_at={now:.3f} available_credit=90.000000 threshold=100.000000 "
             f"low={now - 60:.3f} first_change={now - 60:.3f} last_success={now:.3f} "
             'account_name="Acme" contact="finance"')
    return {
        "version": "4", "receiver": "lowbalance", "status": "firing", "groupKey": "{}",
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "",
        "truncatedAlerts": 0,
        "alerts": [{
            "status": "firing", "startsAt": "2026-01-01T00:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": "1",
            "labels": {"alertname": "LowBalance", "provider": "demo", "account_id": "17",
                       "currency": "USD", "level": "warning", "severity": "warning", "shard": "7"},
            "annotations": {"summary": "", "lowbalance_facts": facts}}]}


def delivery(base, state):
    """The id of a delivery in this state, once there is one."""
    def look():
        _, _, text = ask(base + f"/api/v1/deliveries?state={state}", "admin", "GET", None)
        found = json.loads(text)["deliveries"]
        return str(found[0]["id"]) if found else None
    return wait_for(f"a delivery that is {state}", look, 30)

CONFIGURATION = """
contacts: {finance: {email: [finance@example.com], internal: [finance]}, ops: {internal: [ops]}}
default_contact: finance
access: {roles: {admin: administrator, vera: viewer, olga: {contact: ops}}}
exporter:
  listen_address: "127.0.0.1:%(exporter)d"
  web_config_file: web.yml
  store: sqlite:exporter.db
  sources: [{name: books, type: file, provider: demo, path: balances.csv, interval: 1s}]
  accounts: [{provider: demo, account_id: "18", alert: {threshold: 5}}]
webhook:
  listen_address: "127.0.0.1:%(webhook)d"
  web_config_file: web.yml
  store: sqlite:webhook.db
  bearer_token_file: token
  # Nobody listens there, and it is tried but for a moment.
  email: {url: "smtp://127.0.0.1:9", from: alerts@example.com, tls: "off", timeout: 1s}
  alert_expiry: 100ms
  retry: {first: 20ms, longest: 20ms}
"""


class Mismatch(Exception):
    pass


class Document:
    def __init__(self, path):
        self.root = yaml.safe_load(path.read_text(encoding="utf-8"))

    def resolve(self, node):
        while "$ref" in node:
            target = self.root
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def operations(self):
        return {(method.upper(), path): item for path, methods in self.root["paths"].items()
                for method, item in methods.items() if method != "parameters"}

    def find(self, method, path):
        """The most literal of the documented paths that this one is an instance of."""
        fits = [(pattern.count("{"), pattern) for m, pattern in self.operations() if m == method
                and re.fullmatch(re.sub(r"{[^}]*}", "[^/]+", pattern), path.split("?")[0])]
        if not fits:
            raise Mismatch("not documented")
        return min(fits)[1]

    def check(self, value, schema, at="answer"):
        """Is the value what the schema says, without members that it does not speak of?"""
        schema = self.resolve(schema)
        if value is None:
            if not schema.get("nullable"):
                raise Mismatch(f"{at} is null")
            return
        if "allOf" in schema:
            return self.check(value, schema["allOf"][0], at)
        kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
                 "number": (int, float)}
        kind = kinds[schema["type"]]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Mismatch(f"{at} is no {schema['type']}: {value!r}")
        if "enum" in schema and value not in schema["enum"]:
            raise Mismatch(f"{at} is none of {schema['enum']}: {value!r}")
        if schema.get("format") == "date-time" and not re.fullmatch(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value):
            raise Mismatch(f"{at} is no instant: {value!r}")
        if kind is list:
            for n, item in enumerate(value):
                self.check(item, schema["items"], f"{at}[{n}]")
        if kind is dict:
            for name in schema.get("required", []):
                if name not in value:
                    raise Mismatch(f"{at} lacks {name}")
            if "properties" not in schema and "additionalProperties" not in schema:
                return
            for name, item in value.items():
                inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
                if inner is True:
                    continue
                if inner is None:
                    raise Mismatch(f"{at}.{name} is not documented")
                self.check(item, inner, f"{at}.{name}")


def ask(url, who, method, body):
    request = urllib.request.Request(url, method=method,
                                     data=None if body is None else json.dumps(body).encode())
    if who == "foreign":
        request.add_header("Origin", "https://elsewhere.example")
    elif who == "token":
        request.add_header("Authorization", "Bearer a-token")
    elif who:
        user = "admin" if who == "stale" else who
        login = base64.b64encode(f"{user}:secret".encode()).decode()
        request.add_header("Authorization", "Basic " + login)
        if who == "stale":
            request.add_header("If-Match", '"0000000000000000"')
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def check_program(name, base, document):
    problems = []
    documented = {(method, path, int(status)) for (method, path), item
                  in document.operations().items() for status in item["responses"]}
    tried = set()
    for who, method, path, body, wanted in REQUESTS[name]:
        if body == "NOTIFICATION":
            body = notification()
        for placeholder, state in (("DEAD", "dead"), ("DONE", "delivered")):
            if placeholder in path:
                path = path.replace(placeholder, delivery(base, state))
        status, headers, text = ask(base + path, who, method, body)
        try:
            pattern = document.find(method, path)
            tried.add((method, pattern, status))
            if status != wanted:
                raise Mismatch(f"answers {status}, not {wanted}: {text[:200]!r}")
            responses = document.operations()[(method, pattern)]["responses"]
            if str(status) not in responses:
                raise Mismatch(f"answers {status}, which is not documented")
            content = document.resolve(responses[str(status)])["content"]
            kind = headers.get_content_type()
            if kind not in content:
                raise Mismatch(f"answers with {kind}, documented is {list(content)}")
            if kind == "application/json":
                document.check(json.loads(text), content[kind]["schema"])
        except Mismatch as mismatch:
            problems.append(f"{method} {path} as {who or 'nobody'}: {mismatch}")
    problems += [f"documented, but not tried here: {each}" for each in sorted(documented - tried)]
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--tools")
    arguments = parser.parse_args()
    problems = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ports = {program: free_port() for program in ("exporter", "webhook")}
        (folder / "lowbalance.yml").write_text(CONFIGURATION % ports, encoding="utf-8")
        (folder / "web.yml").write_text(yaml.safe_dump(
            {"basic_auth_users": {user: HASH for user in ("admin", "vera", "olga")}}))
        (folder / "balances.csv").write_text(
            "account_id,currency,available_credit\n17,USD,90\n18,USD,4\n", encoding="utf-8")
        (folder / "token").write_text("a-token")
        for program in REQUESTS:
            base = f"http://127.0.0.1:{ports[program]}"
            process = Process(program, [arguments.bin / f"lowbalance-{program}"],
                              folder / f"{program}.log", folder,
                              ready=lambda base=base: answers(base + "/-/ready"))
            process.start()
            try:
                problems += check_program(program, base, Document(
                    ROOT / "docs" / "openapi" / f"{program}.yaml"))
            finally:
                process.stop()
    print("\n".join(problems) or "passed")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
