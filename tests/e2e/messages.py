#!/usr/bin/python3
"""What people read, from the real programs, read back by Python's own mail and HTML parsers.

Awkward names go through the webhook into mails. Every phrase of the built-in wording is shown by
`lowbalance messages preview`, and mistakes in a wording are told by `lowbalance check`.
"""

import argparse
import email
import email.policy
import html.parser
import json
import pathlib
import re
import subprocess
import tempfile
import time
import unittest
import urllib.request

import yaml

from process import answers, free_port, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = None  # The folder of our programs.

NAMES = [
    "Acme Ltd.",
    "quote \" and ' and \\ and `",
    "a=b available_credit=0 account_name=\"x\"",
    "two\nlines\r\nBcc: victim@example.com\r\n\r\n<b>body</b>",
    "nul \0 bell \a escape \x1b[2J del \x7f",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\"><a href=\"javascript:alert(1)\">click</a>",
    "</title></style><!-- comment",
    "&lt;b&gt; &amp; &#60;",
    "{credit} {account} {{}} %s ${x}",
    "שלום עולם",
    "شركة المثال",
    "\u202egnp.exe \u2066isolated\u2069 \u2028line \u0085next",
    "生产账户（主）",
    "😀 👩‍👩‍👧‍👦 é",
    "=?UTF-8?Q?=0D=0ABcc:_victim@example.com?=",
    "  blanks   within  ",
    "x" * 300,
    "账" * 300,
    ".",
    "-- ",
]


def one_line(text, most):
    """What is left of a name: one line of at most `most` bytes without misleading characters."""
    raw = text.encode()
    cut = len(raw) > most
    if cut:
        text = raw[:most - len("…".encode())].decode(errors="ignore")
    text = re.sub("[\x00-\x1f\x7f\x85\u2028-\u202e\u2066-\u2069]", " ", text)
    return text + ("…" if cut else "")


def go_quoted(text):
    quoted = "".join(f"\\x{ord(c):02x}" if ord(c) < 0x20 or c == "\x7f"
                     else "\\" + c if c in "\"\\" else c for c in text)
    return f'"{quoted}"'


class Shape(html.parser.HTMLParser):
    """The tags of a page with the names of their attributes, and its text."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.text, self.links = [], "", []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_comment(self, data):
        self.tags.append(("comment", data))

    def handle_data(self, data):
        self.text += data


def read_mail(raw):
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    defects = [d for part in mail.walk() for d in part.defects]
    defects += [d for value in mail.values() for d in value.defects]
    assert not defects, defects
    parts = {part.get_content_type(): part.get_content() for part in mail.iter_parts()}
    assert list(parts) == ["text/plain", "text/html"], list(parts)
    return mail, parts["text/plain"].replace("\r\n", "\n"), parts["text/html"]


class AwkwardNames(unittest.TestCase):
    SUBJECTS = {
        "en": "Low balance: {} ({}) has 90.00 USD, below 100.00 USD",
        "zh": "余额不足：{}（{}），可用额度 90.00 USD，低于 100.00 USD",
    }

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="lowbalance-messages.")
        folder = pathlib.Path(cls.folder.name)
        port = free_port()
        config = folder / "lowbalance.yml"
        config.write_text(yaml.safe_dump({
            "contacts": {language: {"email": [f"{language}@example.com"], "language": language}
                         for language in cls.SUBJECTS},
            "default_contact": "en",
            "webhook": {
                "listen_address": f"127.0.0.1:{port}", "store": "sqlite:webhook.db",
                "email": {"url": "file:mail", "from": "Low Balance Alerts <alerts@example.com>"},
                "links": {"accounts": "https://example.com/a/{provider}/{account_id}"},
            },
        }), encoding="utf-8")
        webhook = subprocess.Popen([BIN / "lowbalance-webhook", "--config.file", config],
                                   stderr=subprocess.DEVNULL)
        try:
            wait_for("the webhook", lambda: answers(f"http://127.0.0.1:{port}/-/ready"), 30)
            cls.notify(port)
            wait_for("the mails", lambda: len(list(folder.glob("mail/*.eml")))
                     == len(NAMES) * len(cls.SUBJECTS), 60)
        finally:
            webhook.terminate()
            webhook.wait(30)
        cls.mails = {}
        for path in folder.glob("mail/*.eml"):
            raw = path.read_bytes()
            mail, text, page = read_mail(raw)
            cls.mails[str(mail["X-Lowbalance-Account"])] = (raw, mail, text, page)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def notify(cls, port):
        now = time.time()
        alerts = []
        for language in cls.SUBJECTS:
            for number, name in enumerate(NAMES):
                facts = (f"evaluated_at={now:.3f} available_credit=90.000000 threshold=100.000000 "
                         f"low={now - 60:.3f} first_change={now - 60:.3f} last_success={now:.3f} "
                         f"account_name={go_quoted(name)} contact={go_quoted(language)}")
                alerts.append({
                    "status": "firing",
                    "labels": {"alertname": "LowBalance", "provider": "demo", "level": "warning",
                               "account_id": f"{language}-{number}", "currency": "USD"},
                    "annotations": {"lowbalance_facts": facts},
                })
        body = json.dumps({"version": "4", "receiver": "x", "status": "firing", "alerts": alerts})
        request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/alerts", body.encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            assert reply.status == 200

    def each(self):
        for language in self.SUBJECTS:
            for number, name in enumerate(NAMES):
                with self.subTest(language=language, name=name):
                    account = f"{language}-{number}"
                    yield language, name, account, self.mails[account]

    def test_headers_decode_to_what_they_should(self):
        for language, name, account, (raw, mail, _, _) in self.each():
            self.assertEqual(str(mail["Subject"]),
                             self.SUBJECTS[language].format(one_line(name, 60), account))
            self.assertEqual(mail["To"].addresses[0].addr_spec, f"{language}@example.com")
            self.assertIsNone(mail["Bcc"])
            self.assertTrue(all(len(line) <= 78 for line in raw.split(b"\r\n")))
            self.assertTrue(raw.isascii())

    def test_html_has_no_markup_but_its_own(self):
        for language, name, account, (_, _, _, page) in self.each():
            shape, plain = Shape(page), Shape(self.mails[f"{language}-0"][3])
            self.assertEqual(shape.tags, plain.tags)
            self.assertEqual(shape.links, [f"https://example.com/a/demo/{account}"])
            self.assertIn(one_line(name, 120), shape.text)

    def test_text_holds_the_name_on_one_line(self):
        for _, name, _, (_, _, text, _) in self.each():
            # Marks of direction around a name are ours.
            lines = [re.sub("[\u2068\u2069]", "", line) for line in text.split("\n")]
            ends = tuple(colon + one_line(name, 120) for colon in (": ", "："))
            self.assertTrue(any(line.endswith(ends) for line in lines), lines)
            self.assertEqual(lines.count("-- "), 1)


def preview(*arguments, config="", wording=None):
    """The output of `lowbalance messages preview`."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "lowbalance.yml").write_text(config, encoding="utf-8")
        for name, text in (wording or {}).items():
            (folder / "wording").mkdir(exist_ok=True)
            (folder / "wording" / name).write_text(text, encoding="utf-8")
        command = [BIN / "lowbalance", "messages", "preview", *arguments]
        return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout.decode()


def webhook(text):
    return f"pipeline: {{evaluation: 1s, heartbeat: 1s}}\nwebhook: {{{text}}}\n"


EVERYTHING = webhook("links: {dashboard: 'http://a.example/', accounts: 'http://b.example/', "
                     "messages: 'http://c.example/'}, billed_before_tax: [example]")
ZONE = ("contacts: {{x: {{internal: [x], language: {}, time_zone: Mars/Olympus}}}}\n"
        "default_contact: x\n")
# What the preview's example cannot show; unit tests do.
NOT_SHOWN = {"formula.other_amounts"}
# What is used without being shown as it stands.
NOT_TEXT = {"language_tag", "format.month_names", "format.thousands_separator",
            "format.decimal_separator"}


class Preview(unittest.TestCase):
    def test_every_phrase_appears(self):
        for language in ("en", "zh"):
            shown = ""
            for config, *arguments in [
                    (EVERYTHING,), (EVERYTHING, "--format", "internal"),
                    ("", "--credit", "-5"), ("", "--credit", "0.5"), ("", "--credit", "20"),
                    ("", "--name", "", "--level", "critical"),
                    ("", "--kind", "reminder", "--number", "2"),
                    ("", "--kind", "reminder", "--number", "4"),
                    ("", "--kind", "reminder", "--number", "5"),
                    ("", "--kind", "reminder", "--credit", "-5"),
                    ("", "--kind", "recovery"), ("", "--kind", "overdue"),
                    ("", "--kind", "recovery", "--level", "critical"),
                    ("", "--kind", "watchdog"), ("", "--kind", "watchdog", "--heard-again"),
                    ("", "--kind", "test"),
                    (ZONE.format(language),),
                    (webhook("reminders: once"),), (webhook("reminders: {at_most: 1}"),),
                    (webhook("reminders: novita"),),
                    (webhook("reminders: novita"), "--kind", "reminder"),
                    (webhook("reminders: {every: 1h, at_most: unlimited}"),),
                    (webhook("reminders: {every: 1s}"),), (webhook("reminders: {every: 90s}"),),
                    (webhook("reminders: {every: 1m}"),), (webhook("reminders: {every: 90m}"),),
                    (webhook("reminders: {every: 1h, at_most: 1}"),),
                    (webhook("reminders: {every: 2d}"), "--kind", "reminder"),
                    (webhook("reminders: {every: 2h}"), "--kind", "reminder", "--number", "4")]:
                arguments = ["--language", language, *arguments]
                shown += preview(*arguments, config=config)
                if "--format" not in arguments:
                    shown += Shape(preview(*arguments, "--format", "html", config=config)).text
            wording = yaml.safe_load((ROOT / "config" / "wording" / f"{language}.yml").read_text())
            for key, text in self.phrases(wording):
                base = key.removesuffix(".one").removesuffix(".other")
                if base in NOT_SHOWN or base in NOT_TEXT:
                    continue
                if key == "duration.days.one":
                    continue  # Only after a day of silence.
                for piece in re.split(r"\{\w+\}", text):
                    self.assertTrue(piece.strip() in shown, f"{language}: {key} is not shown")

    def phrases(self, wording, path=""):
        for key, value in wording.items():
            if isinstance(value, dict):
                yield from self.phrases(value, f"{path}{key}.")
            else:
                yield path + key, value

    def test_an_edited_wording_is_shown(self):
        shown = preview(config="webhook: {wording: wording}\n",
                        wording={"en.yml": "alert: {subject: '{account} runs dry: {credit}'}\n"})
        self.assertTrue(shown.startswith("Example Ltd. (1234567890) runs dry: 86.42 USD\n"), shown)

    def test_a_whole_mail(self):
        mail, text, page = read_mail(preview("--format", "eml", "--name", "生产 \"<b>\"").encode())
        self.assertEqual(mail["Subject"], "Low balance: 生产 \"<b>\" (1234567890) has 86.42 USD, "
                         "below 100.00 USD")
        self.assertIn("86.42 USD", text)
        self.assertIn("86.42 USD", Shape(page).text)

    def test_mistakes_are_told_by_check(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "wording").mkdir()
            (folder / "lowbalance.yml").write_text("webhook:\n  wording: wording\n  reminders: x\n")
            (folder / "wording" / "en.yml").write_text("alert:\n  subject: '{acount} {credit}'\n"
                                                       "  headlin: x\n")
            done = subprocess.run([BIN / "lowbalance", "check"], cwd=folder, capture_output=True,
                                  check=False)
            self.assertEqual(done.returncode, 2)
            lines = done.stderr.decode()
            self.assertIn("en.yml:2: alert.subject: unknown place {acount}; did you mean {account}?",
                          lines)
            self.assertIn("en.yml:3: alert.headlin: unknown key; did you mean headline?", lines)
            self.assertIn("lowbalance.yml:3: webhook.reminders: no cadence of this name", lines)
            self.assertIn("there are alibaba, tencent, huawei, volcengine, novita and once", lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=lambda text: pathlib.Path(text).resolve(), required=True)
    parser.add_argument("--tools")
    arguments, rest = parser.parse_known_args()
    BIN = arguments.bin
    unittest.main(argv=["messages.py", *rest])
