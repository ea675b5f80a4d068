#!/usr/bin/python3
"""S14 on the running programs: the same edit of many accounts, made one by one, at once through the
API, by selection and by CSV on the command line, gives each account the same.

Usage: bulk_edits.py --bin FOLDER
"""

import argparse
import base64
import json
import pathlib
import subprocess
import tempfile
import urllib.request

from process import Process, answers, free_port

HASH = "$2b$04$PAWgsMNhzxgQrC9OYRTen.IzcqIO.QA9/P0lHWzyc.OC3NnJLSSQG"  # bcrypt of "secret".
ACCOUNTS = [("17", "150", "true"), ("18", "90", "true"), ("19", "-5", "true"), ("20", "100", ""),
            ("21", "10", "false")]
EDITED = ["17", "18", "19", "20"]  # 21 is known to have had no costs.

CONFIGURATION = """
exporter:
  listen_address: "127.0.0.1:%d"
  web_config_file: web.yml
  store: sqlite:exporter.db
  sources: [{name: books, type: file, provider: demo, path: balances.csv, interval: 200ms}]
"""


class Exporter:
    def __init__(self, folder, bin_folder):
        self.folder, self.bin = folder, bin_folder
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        (folder / "lowbalance.yml").write_text(CONFIGURATION % port, encoding="utf-8")
        (folder / "web.yml").write_text(f'basic_auth_users: {{admin: "{HASH}"}}\n')
        (folder / "password").write_text("secret")
        (folder / "balances.csv").write_text(
            "account_id,currency,available_credit,costs_incurred\n" +
            "".join(f"{a},USD,{credit},{costs}\n" for a, credit, costs in ACCOUNTS))
        self.process = Process("exporter", [bin_folder / "lowbalance-exporter"],
                               folder / "log", folder, ready=lambda: answers(self.base + "/-/ready"))
        self.process.start()

    def ask(self, method, path, body=None):
        request = urllib.request.Request(self.base + path, method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization",
                           "Basic " + base64.b64encode(b"admin:secret").decode())
        with urllib.request.urlopen(request, timeout=20) as reply:
            text = reply.read().decode()
            return json.loads(text) if "json" in reply.headers["Content-Type"] else text

    def cli(self, *words, code=0):
        ran = subprocess.run(
            [self.bin / "lowbalance", "accounts", *words, "--url", self.base, "--user", "admin",
             "--password-file", self.folder / "password"],
            capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == code, (words, ran.returncode, ran.stdout, ran.stderr)
        return ran.stdout + ran.stderr

    def settings(self):
        """All there is of the accounts' alerts, but for when."""
        found = {}
        for account in self.ask("GET", "/api/v1/accounts")["accounts"]:
            alerts = account["alerts"]
            for alert in alerts:
                for name in ("low_since", "first_change", "overdue_since"):
                    alert[name] = alert[name] is not None
                alert["ended"] = alert["ended"] and alert["ended"]["reason"]
            found[account["account_id"]] = alerts
        return found


def one_by_one(exporter, edit):
    for account in EDITED:
        exporter.ask("PATCH", f"/api/v1/accounts/demo/{account}/alerts/warning", edit)


def through_the_api(exporter, edit):
    exporter.ask("POST", "/api/v1/accounts/edits", {"select": "provider=demo", **edit})


def by_selection(exporter, edit):
    words = ["enable" if edit["enabled"] else "disable", "--select", "provider=demo"]
    if "threshold" in edit:
        words += ["--threshold", edit["threshold"]]
    before = exporter.settings()
    preview = exporter.cli(*words, "--dry-run")
    assert "would change" in preview and exporter.settings() == before, preview
    if edit.get("threshold") == "100":
        assert "the first alert goes out when it next changes" in preview, preview
    exporter.cli(*words)


def by_csv(exporter, edit):
    lines = ["account_id,enabled,threshold"] + [
        f"{account},{'yes' if edit['enabled'] else 'no'},{edit.get('threshold', '')}"
        for account in EDITED]
    file = exporter.folder / "settings.csv"
    file.write_text("\n".join(lines + ["22,yes,lots"]) + "\n")
    before = exporter.settings()
    refusal = exporter.cli("apply", str(file), code=2)
    assert "line 6: threshold: not an amount" in refusal, refusal
    assert exporter.settings() == before, "a wrong line changes nothing"
    file.write_text("\n".join(lines) + "\n")
    exporter.cli("apply", str(file))


EDITS = [{"enabled": True, "threshold": "100"}, {"enabled": True, "threshold": "80"},
         {"enabled": True, "threshold": "200.5"}, {"enabled": False},
         {"enabled": True, "threshold": "0"}]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    ways = [one_by_one, through_the_api, by_selection, by_csv]
    outcomes = {}
    for way in ways:
        with tempfile.TemporaryDirectory() as name:
            exporter = Exporter(pathlib.Path(name), arguments.bin)
            try:
                outcomes[way] = []
                for edit in EDITS:
                    way(exporter, edit)
                    outcomes[way].append(exporter.settings())
                audit = exporter.ask("GET", "/api/v1/edits")["edits"]
                wanted = "cli" if way in (by_selection, by_csv) else "api"
                assert {edit["through"] for edit in audit} == {wanted}, audit
                assert len(audit) == len(EDITED) * len(EDITS), audit
                exported = exporter.cli("export")
                (exporter.folder / "again.csv").write_text(exported)
                same = exporter.cli("apply", str(exporter.folder / "again.csv"))
                assert "0 changed, 4 unchanged" in same, same
                assert "admin" in exporter.cli("edits", "--account", "demo/17")
                whole = exporter.cli("edits", "--csv").splitlines()
                assert whole == exporter.ask("GET", "/api/v1/edits.csv").splitlines(), whole
                wrong = exporter.cli("list", "--select", "lowe", code=1)
                assert "did you mean low?" in wrong, wrong
            finally:
                exporter.process.stop()
    for way in ways[1:]:
        for edit, alone, together in zip(EDITS, outcomes[one_by_one], outcomes[way]):
            assert alone == together, (way.__name__, edit, alone, together)
    assert outcomes[one_by_one][0]["18"][0]["state"] == "low"
    assert outcomes[one_by_one][0]["21"] == []
    print("passed")


if __name__ == "__main__":
    main()
