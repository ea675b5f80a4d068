#!/usr/bin/python3
"""A store that cannot be used is told clearly, by every program that would use it.

Each line names the file and says what to do. `--check` of exporter and webhook says what their
start says; `lowbalance check` warns of it, as the programs may run elsewhere.
"""

import argparse
import os
import pathlib
import resource
import sqlite3
import subprocess
import sys
import tempfile
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import process  # noqa: E402

NOBODY = 65534
ACCOUNTS = 20000


def metric(port, name):
    """The value of a series, by its exact text before the value; None if there is none."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as reply:
        for line in reply.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rpartition(" ")[2])
    return None


class StoresToldTest(unittest.TestCase):
    bin = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)

    def configure(self, exporter_store, webhook_store, sources=""):
        self.ports = {"exporter": process.free_port(), "webhook": process.free_port()}
        (self.folder / "lowbalance.yml").write_text(
            f"exporter:\n  listen_address: 127.0.0.1:{self.ports['exporter']}\n"
            f"  store: {exporter_store}\n  sources: [{sources}]\n"
            f"webhook:\n  listen_address: 127.0.0.1:{self.ports['webhook']}\n"
            f"  store: {webhook_store}\n", encoding="utf-8")

    def run_program(self, name, *arguments, user=None):
        return subprocess.run([self.bin / name, *arguments], cwd=self.folder, check=False,
                              capture_output=True, encoding="utf-8", timeout=60, user=user)

    def program(self, name):
        port = self.ports[name]
        return process.Process(
            name, [self.bin / f"lowbalance-{name}", "--config.file=lowbalance.yml"],
            self.folder / f"{name}.log", self.folder,
            ready=lambda: process.answers(f"http://127.0.0.1:{port}/-/healthy"))

    def make_stores(self):
        """Both programs' stores as they leave them."""
        self.configure("e.db", "w.db")
        for name in ("exporter", "webhook"):
            running = self.program(name)
            running.start()
            running.stop()

    def tells(self, exporter, webhook, user=None):
        """Start, --check and `lowbalance check` say these texts of the two stores."""
        for name, text in (("exporter", exporter), ("webhook", webhook)):
            for arguments in ([], ["--check"]):
                done = self.run_program(f"lowbalance-{name}", *arguments, user=user)
                self.assertEqual(done.returncode, 2, (name, arguments, done.stderr))
                self.assertIn(text, done.stderr.replace('\\"', '"'), (name, arguments))
        done = self.run_program("lowbalance", "check", user=user)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"warning: exporter.store: store {self.folder}/{exporter}\n", done.stderr)
        self.assertIn(f"warning: webhook.store: store {self.folder}/{webhook}\n", done.stderr)

    def test_a_folder_that_does_not_exist(self):
        self.configure("no/e.db", "no/w.db")
        self.tells(*(f"no/{name}.db: its folder {self.folder}/no does not exist; create it"
                     for name in "ew"))

    def test_a_folder_instead_of_a_file(self):
        self.configure("e.db", "w.db")
        for name in ("e.db", "w.db"):
            (self.folder / name).mkdir()
        self.tells(*(f"{name}.db: is a folder; name a file in it" for name in "ew"))

    def test_what_is_no_database(self):
        self.configure("e.db", "w.db")
        for name in ("e.db", "w.db"):
            (self.folder / name).write_text("dear diary\n" * 100, encoding="utf-8")
        self.tells(*(f"{name}.db: is not a SQLite database; name another file, or move this one "
                     "away" for name in "ew"))

    def test_the_other_programs_store(self):
        self.make_stores()
        self.configure("w.db", "e.db")
        self.tells("w.db: belongs to the webhook, not to the exporter; give each its own file",
                   "e.db: belongs to the exporter, not to the webhook; give each its own file")

    def test_a_newer_versions_store(self):
        self.make_stores()
        known = {}
        for name in "ew":
            with sqlite3.connect(self.folder / f"{name}.db") as store:
                known[name], = store.execute("SELECT version FROM schema_version").fetchone()
                store.execute("UPDATE schema_version SET version = 999")
            store.close()
        self.tells(*(f"{name}.db: was written by a newer version of this program (schema 999, this "
                     f"one knows up to {known[name]}); run that version, or restore the backup "
                     "made before the upgrade" for name in "ew"))

    def test_a_store_that_may_not_be_written_to(self):
        self.make_stores()
        for file in self.folder.iterdir():
            file.chmod(0o666 if file.suffix == ".lock" else 0o444)
        self.folder.chmod(0o777)
        self.tells(*(f"{name}.db: cannot be written to (Permission denied); make the file and its "
                     f"folder writable for uid {NOBODY}" for name in "ew"), user=NOBODY)

    def test_damage(self):
        self.make_stores()
        for name in ("e.db", "w.db"):
            with open(self.folder / name, "r+b") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(100)
                file.write(b"\xa5" * (size - 100))
        for name in ("exporter", "webhook"):
            for arguments in ([], ["--check"]):
                done = self.run_program(f"lowbalance-{name}", *arguments)
                self.assertEqual(done.returncode, 2, (name, done.stderr))
                self.assertRegex(done.stderr, r"store \S+\.db: is damaged \(.*\); stop the program "
                                              "and restore the file from a backup")
        self.assertIn("is damaged", self.run_program("lowbalance", "check").stderr)

    def test_a_store_in_use_is_waited_for_and_said_so(self):
        self.configure("e.db", "w.db")
        for name in ("exporter", "webhook"):
            first = self.program(name)
            self.addCleanup(first.kill)
            first.start()
            # In use is how a store is well: nothing to complain of.
            self.assertEqual(self.run_program(f"lowbalance-{name}", "--check").returncode, 0)
            second = process.Process(name + " 2", first.argv, self.folder / f"{name}2.log",
                                     self.folder)
            self.addCleanup(second.kill)
            second.start()
            process.wait_for("the second to say that it waits",
                             lambda second=second: "waiting for the store" in second.tail(), 10)
            self.assertIn(f"store=sqlite:{name[0]}.db", second.tail())
            first.stop()
            process.wait_for(
                "the second to take over",
                lambda name=name: process.answers(
                    f"http://127.0.0.1:{self.ports[name]}/-/healthy"), 10)
            second.stop()
        self.assertNotIn("store", self.run_program("lowbalance", "check").stderr)

    def test_no_room_to_write(self):
        """A limit on file sizes stands for the full disk: what cannot be stored is not published,
        said with the file's name, counted, and made good once there is room."""
        self.configure("e.db", "w.db",
                       "{name: demo, type: file, provider: demo, path: b.csv, interval: 200ms}")
        (self.folder / "b.csv").write_text(
            "account_id,currency,available_credit\n"
            + "".join(f"{i},USD,90\n" for i in range(ACCOUNTS)), encoding="utf-8")
        port = self.ports["exporter"]
        log = self.folder / "exporter.log"
        # Python ignores SIGXFSZ; the program inherits that, and its writes fail with EFBIG.
        with open(log, "ab") as out:
            running = subprocess.Popen(
                ["prlimit", f"--fsize={1 << 20}:unlimited", "setpriv", "--pdeathsig", "KILL",
                 self.bin / "lowbalance-exporter", "--config.file=lowbalance.yml"],
                cwd=self.folder, stdout=out, stderr=out, restore_signals=False)
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        up = 'billing_account_up{provider="demo",account_id="17"}'
        process.wait_for(
            "a poll that could not be stored",
            lambda: process.answers(f"http://127.0.0.1:{port}/-/ready")
            and metric(port, "lowbalance_exporter_store_errors_total"), 60)
        self.assertIsNone(metric(port, up))
        self.assertRegex(log.read_text(encoding="utf-8"),
                         r'msg="poll not stored, so not published" source=demo '
                         r'error="store \S+/e\.db: cannot be read or written \(.*\); check the '
                         r'disk"')
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        process.wait_for("the accounts to be published", lambda: metric(port, up) == 1, 60)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    given, rest = parser.parse_known_args()
    StoresToldTest.bin = given.bin
    unittest.main(argv=[sys.argv[0], *rest])
