#!/usr/bin/python3
"""Mail servers as they are in the world: they refuse, hang, drop, want a login, show a bad
certificate. What the user sees of each: the state of the delivery, how often it was tried, the
last error without a secret, the other recipients unaffected; and, once the server is mended, each
mail exactly once.
"""

import argparse
import contextlib
import pathlib
import subprocess
import sys
import tempfile
import time

from configuration import PASSWORD
from process import wait_for
from webhook_alone import WebhookAlone, low

SECRET = "s3cret-of-the-mail-server"
LOGIN = f"alerts:{SECRET}"
FATES = ("refuse", "later", "databad", "datalater", "drop", "hang")


def address(name):
    return f"{name}@example.com"


class MailServers:
    def __init__(self, bin_folder, keep):
        self.bin = bin_folder
        self.keep = keep

    @contextlib.contextmanager
    def webhook(self, *addresses, email=None, **webhook):
        """One whose default contact has these addresses and an internal recipient."""
        alone = WebhookAlone(self.bin, {"finance": {"email": list(addresses),
                                                    "internal": ["finance"]}},
                             webhook, name="mail-servers", keep=self.keep)
        alone.settings["webhook"]["email"].update(email or {})
        (alone.folder / "password").write_text(SECRET + "\n", encoding="utf-8")
        alone.write_configuration()
        with alone:
            yield alone
            shown = alone.log() + str(alone.deliveries())
            for secret in (SECRET, PASSWORD):
                assert secret not in shown, "a secret is shown"

    # ---- One recipient and the others.

    def each_recipient_has_a_fate_of_its_own(self):
        people = [address(fate) for fate in FATES] + [address("ana"), address("bo")]
        with self.webhook(*people) as alone:
            alone.start_smtp()
            alone.notify(low("17"))
            for name in ("ana", "bo"):
                delivery = alone.wait_for_state(address(name), "delivered")
                assert (delivery["attempts"], delivery["last_error"]) == (1, ""), delivery
            assert alone.wait_for_state("finance", "delivered")["relay"] == "internal"
            for fate, error in (("refuse", "550 5.1.1 no such user here"),
                                ("databad", "554 5.6.0 content refused")):
                delivery = alone.wait_for_state(address(fate), "dead")
                assert delivery["attempts"] == 1 and error in delivery["last_error"], delivery
            for fate, error in (("later", "450 4.2.1 greylisted"), ("datalater", "451 4.3.0"),
                                ("drop", ""), ("hang", "time")):
                delivery = alone.wait_for_attempts(address(fate), 2)
                assert delivery["state"] == "pending", delivery
                assert error in delivery["last_error"].lower() and delivery["last_error"], delivery
                assert delivery["next_attempt"], delivery

            # The server is mended: what was pending gets there, what was refused for good stays
            # until somebody sends it again.
            (alone.mail / "mended").touch()
            for fate in ("later", "datalater", "drop", "hang"):
                alone.wait_for_state(address(fate), "delivered")
            before = alone.mails()
            assert sorted(to for to, _, _ in before) == sorted(
                address(name) for name in ("ana", "bo", "later", "datalater", "drop", "hang"))
            dead = alone.get("/api/v1/deliveries?state=dead")["deliveries"]
            assert {d["recipient"] for d in dead} == {address("refuse"), address("databad")}
            self._send_dead_letters_again(alone)
            for fate in ("refuse", "databad"):
                assert alone.wait_for_state(address(fate), "delivered")["attempts"] == 1
            ids = {message_id for _, message_id, _ in alone.mails()}
            assert len(alone.mails()) == len(people) == len(ids), alone.mails()

    def _send_dead_letters_again(self, alone):
        def command(*words):
            return subprocess.run(
                [self.bin / "lowbalance", "messages", *words, "--url", alone.url(""),
                 "--user", "ops"], capture_output=True, text=True, timeout=30, check=False,
                env={"LOWBALANCE_PASSWORD": PASSWORD})

        listed = command("deliveries", "--state", "dead")
        assert listed.returncode == 0 and listed.stdout.count("550 5.1.1") == 1, listed
        assert command("resend", "--all-dead", "--contact", "nobody").stdout.strip() == (
            "there is no dead letter for nobody")
        resent = command("resend", "--all-dead", "--contact", "finance")
        assert resent.returncode == 0, resent
        assert resent.stdout.count("queued again\n") == 2, resent.stdout
        assert resent.stdout.endswith("2 queued again, 0 already, 0 refused\n"), resent.stdout
        (ana,) = [d["id"] for d in alone.deliveries().values() if d["recipient"] == address("ana")]
        refused = command("resend", str(ana))
        assert refused.returncode == 1 and "it has been delivered" in refused.stderr, refused

    def the_message_id_is_the_same_at_every_try(self):
        with self.webhook(address("ana")) as alone:
            alone.start_smtp("--hold")  # It takes the mail, and its answer never comes.
            alone.notify(low("17"))
            alone.wait_for_attempts(address("ana"), 2)
            ids = {message_id for _, message_id, _ in alone.mails()}
            assert len(alone.mails()) >= 2 and len(ids) == 1, alone.mails()

    def many_mails_go_over_one_connection_a_worker(self):
        with self.webhook(address("ana"), address("bo")) as alone:
            alone.start_smtp()
            alone.notify(*(low(str(n)) for n in range(60)))
            wait_for("all mails", lambda: len(alone.mails()) == 120, 20)
            # Each of the four workers keeps its connection as long as there is something to send.
            peers = {how["peer"][1] for _, _, how in alone.mails()}
            assert len(peers) <= 20, f"{len(peers)} connections for 120 mails"

    def a_bad_address_never_holds_up_a_good_one(self):
        """Hundreds of mails for addresses that defer or hang, all due again and again, and a
        worker free for everybody else."""
        with self.webhook(address("ana"), email={"timeout": "6s"}) as alone:
            alone.settings["contacts"]["deferring"] = {"email": [address("later")]}
            alone.settings["contacts"]["hanging"] = {"email": [address("hang")]}
            alone.write_configuration()
            assert alone.request("POST", "/-/reload")[0] == 200
            alone.start_smtp()
            bad = [low(f"d{n}", "deferring") for n in range(300)]
            bad += [low(f"h{n}", "hanging") for n in range(20)]
            alone.notify(*bad)
            tries = "lowbalance_webhook_deliveries_total"
            wait_for("hundreds of failures", lambda: sum(
                value for labels, value in alone.metric(tries).items()
                if 'outcome="retry"' in labels) >= 350, 30)
            waits = []
            for number in range(5):
                begun = time.monotonic()
                alone.notify(low(f"g{number}"))
                wait_for("a good one's mail", lambda number=number:
                         len(alone.mails()) == number + 1, 10, step=0.005)
                waits.append(time.monotonic() - begun)
            assert min(waits) < 0.5 and max(waits) < 2.5, waits
            assert {to for to, _, _ in alone.mails()} == {address("ana")}
            # What was never tried goes before what failed, in the order in which it was decided.
            alone.notify(*(low(f"o{number:02}") for number in range(30)))
            wait_for("thirty more", lambda: len(alone.mails()) == 35, 20)
            order = [path.read_text(encoding="utf-8").partition("X-Lowbalance-Account: ")[2]
                     .partition("\n")[0] for path in sorted(alone.mail.glob("*.eml"))[5:]]
            assert all(abs(place - int(account[1:])) <= 8 for place, account in enumerate(order)), (
                order)
            (alone.mail / "mended").touch()
            wait_for("the hundreds", lambda: alone.metric(
                "lowbalance_webhook_pending_deliveries")[""] == 0, 60)
            ids = {message_id for _, message_id, _ in alone.mails()}
            assert len(ids) == len(alone.mails()) == 355, len(alone.mails())
            print(f"        {len(bad)} bad ones; a good one waits "
                  f"{max(waits):.2f} s at most", flush=True)

    # ---- The server as a whole.

    def a_server_that_limits_the_rate(self):
        """So many mails a connection, then 421; so many a second, then 450."""
        for flags, code in ((("--per-connection", "5"), 421), (("--per-second", "25"), 450)):
            with self.webhook(address("ana"), address("bo")) as alone:
                alone.start_smtp(*flags)
                alone.notify(*(low(f"r{n}") for n in range(40)))
                wait_for("all mails", lambda: alone.metric(
                    "lowbalance_webhook_pending_deliveries")[""] == 0, 40)
                refused = len((alone.mail / f"answered-{code}").read_bytes())
                assert refused > 0, "no limit was met"
                ids = {message_id for _, message_id, _ in alone.mails()}
                assert len(ids) == len(alone.mails()) == 80, len(alone.mails())
                states = {d["state"] for d in alone.get("/api/v1/deliveries?limit=1000")
                          ["deliveries"]}
                assert states == {"delivered"}, states
                print(f"        {code}: 80 mails, {refused} refusals", flush=True)

    def a_server_that_hangs_at_any_stage(self, certificate):
        with self.webhook(address("ana"), email={
                "timeout": "1s", "url": "", "username": "alerts",
                "password_file": "password", "tls": "required", "ca_file": str(certificate),
        }) as alone:
            alone.settings["webhook"]["email"]["url"] = f"smtp://localhost:{alone.smtp_port}"
            alone.write_configuration()
            assert alone.request("POST", "/-/reload")[0] == 200
            flags = ("--cert", str(certificate.with_name("both.pem")), "--login", LOGIN)
            stages = ("banner", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "body")
            for number, stage in enumerate(stages):
                alone.start_smtp(*flags, "--hang", stage)
                alone.notify(low(str(number)))
                message = alone.get(f"/api/v1/messages?account_id={number}")["messages"][0]
                (mail,) = [d for d in message["deliveries"] if d["relay"] == "email"]

                def now(wanted=mail["id"]):
                    (found,) = [d for d in alone.get("/api/v1/deliveries?limit=1000")["deliveries"]
                                if d["id"] == wanted]
                    return found

                tried = wait_for(f"a try that hangs at {stage}",
                                 lambda: (d := now())["attempts"] >= 1 and d, 10)
                assert tried["state"] == "pending" and "time" in tried["last_error"].lower(), tried
                wait_for("the inbox", lambda: len(alone.get("/api/v1/inbox")["messages"])
                         == number + 1, 5)
                alone.start_smtp(*flags)
                wait_for(f"the mail after {stage}", lambda: now()["state"] == "delivered", 10)
                assert len(alone.mails()) == 1, (stage, alone.mails())
                assert alone.mails()[0][2]["tls"] and alone.mails()[0][2]["login"] == "alerts"
            # Taking leave is no part of the delivery.
            alone.start_smtp(*flags, "--hang", "QUIT")
            alone.notify(low("q"))
            wait_for("the mail", lambda: len(alone.mails()) == 1, 10)
            time.sleep(1)
            assert len(alone.mails()) == 1
            (message,) = alone.get("/api/v1/messages?account_id=q")["messages"]
            assert {d["state"] for d in message["deliveries"]} == {"delivered"}, message

    def a_server_that_wants_a_login(self):
        for mechanism in ("PLAIN", "LOGIN"):
            with self.webhook(address("ana"), email={"username": "alerts",
                                                     "password_file": "password"}) as alone:
                alone.start_smtp("--login", LOGIN, "--mechanism", mechanism)
                alone.notify(low("17"))
                alone.wait_for_state(address("ana"), "delivered")
                (mail,) = alone.mails()
                assert (mail[2]["login"], mail[2]["mechanism"]) == ("alerts", mechanism), mail

    def a_login_that_is_wrong_costs_no_alert(self):
        with self.webhook(address("ana"), email={"username": "alerts",
                                                 "password_file": "password"}) as alone:
            (alone.folder / "password").write_text(SECRET + "-of-last-year\n", encoding="utf-8")
            alone.start_smtp("--login", LOGIN)
            alone.notify(low("17"))
            delivery = alone.wait_for_attempts(address("ana"), 2)
            assert delivery["state"] == "pending" and "535" in delivery["last_error"], delivery
            (alone.folder / "password").write_text(SECRET + "\n", encoding="utf-8")
            alone.wait_for_state(address("ana"), "delivered")

    def a_certificate_that_is_bad(self, certificate, strangers):
        for ca_file, host in ((strangers, "localhost"), (certificate, "127.0.0.1")):
            with self.webhook(address("ana"),
                              email={"tls": "required", "ca_file": str(ca_file)}) as alone:
                email = alone.settings["webhook"]["email"]
                alone.start_smtp("--cert", str(certificate.with_name("both.pem")))
                email["url"] = f"smtp://{host}:{alone.smtp_port}"
                alone.write_configuration()
                assert alone.request("POST", "/-/reload")[0] == 200
                alone.notify(low("17"))
                delivery = alone.wait_for_attempts(address("ana"), 2)
                assert delivery["state"] == "pending", delivery
                assert "certificate" in delivery["last_error"].lower(), delivery
                assert not alone.mails()
                email.update({"url": f"smtp://localhost:{alone.smtp_port}",
                              "ca_file": str(certificate)})
                alone.write_configuration()
                assert alone.request("POST", "/-/reload")[0] == 200
                alone.wait_for_state(address("ana"), "delivered")

    def a_server_without_starttls_where_it_is_required(self):
        with self.webhook(address("ana"), email={"tls": "required"}) as alone:
            alone.start_smtp()
            alone.notify(low("17"))
            delivery = alone.wait_for_attempts(address("ana"), 2)
            assert delivery["state"] == "pending" and "STARTTLS" in delivery["last_error"], delivery
            assert not alone.mails(), "it was sent in the clear"

    def no_server_at_all(self):
        with self.webhook(address("ana")) as alone:
            alone.notify(low("17"))
            delivery = alone.wait_for_attempts(address("ana"), 2)
            assert delivery["state"] == "pending" and "connect" in delivery["last_error"], delivery
            assert alone.wait_for_state("finance", "delivered")["attempts"] == 1
            alone.start_smtp()
            alone.wait_for_state(address("ana"), "delivered")
            assert len(alone.mails()) == 1


def make_certificate(folder, name):
    """A certificate for localhost in a folder of its own; `both.pem` beside it has the key too."""
    folder = folder / name
    folder.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-days", "2", "-keyout", folder / "key.pem",
                    "-out", folder / "cert.pem"], check=True, capture_output=True)
    both = (folder / "key.pem").read_text() + (folder / "cert.pem").read_text()
    (folder / "both.pem").write_text(both)
    return folder / "cert.pem"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, help="not needed")
    parser.add_argument("--keep", action="store_true", help="keep folders and logs")
    parser.add_argument("--only", help="the step of that name")
    arguments = parser.parse_args()
    servers = MailServers(arguments.bin.resolve(), arguments.keep)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lowbalance-certificates.") as folder:
        ours = make_certificate(pathlib.Path(folder), "ours")
        strangers = make_certificate(pathlib.Path(folder), "strangers")
        steps = {
            servers.each_recipient_has_a_fate_of_its_own: (),
            servers.the_message_id_is_the_same_at_every_try: (),
            servers.many_mails_go_over_one_connection_a_worker: (),
            servers.a_bad_address_never_holds_up_a_good_one: (),
            servers.a_server_that_limits_the_rate: (),
            servers.a_server_that_hangs_at_any_stage: (ours,),
            servers.a_server_that_wants_a_login: (),
            servers.a_login_that_is_wrong_costs_no_alert: (),
            servers.a_certificate_that_is_bad: (ours, strangers),
            servers.a_server_without_starttls_where_it_is_required: (),
            servers.no_server_at_all: (),
        }
        for step, with_what in steps.items():
            if arguments.only not in (None, step.__name__):
                continue
            step(*with_what)
            print(f"{time.monotonic() - begun:5.1f} s  {step.__name__.replace('_', ' ')}",
                  flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
