#!/usr/bin/python3
"""Stores that cannot be written to, under the whole chain: a disk that is full, and a store that
another process has locked for longer than we wait.

Each store lies on a file system of its own, small enough to be filled. While it is full or locked
the exporter publishes nothing of what it could not store and the webhook answers 503, both say
which file it is and what to do about it, and both go on answering; mails that are sent meanwhile
are not sent again. Once there is room, every fall is told to everybody exactly once.

Where file systems cannot be mounted, not even in a name space of our own, a limit on the size of
files (RLIMIT_FSIZE) stands for the full disk.
"""

import argparse
import errno
import os
import pathlib
import re
import resource
import sqlite3
import subprocess
import sys
import threading
import time

import yaml

from chain import Chain, Programs
from configuration import CONTACTS, PROVIDER, Timing
from kills import read_copies
from player import pages
from process import answers, wait_for
from store_check import EXPORTER, WEBHOOK, check_store

OWN_NAME_SPACE = "LOWBALANCE_TEST_MAY_MOUNT"
MEGABYTES = 4


def enter_own_name_space():
    """Starts this script again where it may mount, if there is such a place."""
    if OWN_NAME_SPACE in os.environ:
        return True
    for flags in ("-m", "-rm"):
        if subprocess.run(["unshare", flags, "mount", "-t", "tmpfs", "none", "/mnt"],
                          capture_output=True, check=False).returncode == 0:
            os.environ[OWN_NAME_SPACE] = flags
            os.execvp("unshare", ["unshare", flags, sys.executable, *sys.argv])
    return False


class SmallDisk:
    """A file system of a few megabytes at a folder."""

    survives_restart = True
    said = r"cannot grow: the disk is full; free some space"

    def __init__(self, folder):
        self.folder = folder
        self.filler = folder / "filler"
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=700", "none",
                        folder], check=True)

    def wrap(self, argv):
        return argv

    def fill(self, _process):
        with open(self.filler, "wb", buffering=0) as filler:
            for size in (65536, 1):
                try:
                    while True:
                        filler.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def free(self, _process):
        self.filler.unlink()

    def close(self):
        subprocess.run(["umount", "-l", self.folder], check=True)


class LimitedFiles:
    """No file of a process may grow. What it says goes through a pipe, or it would not get far."""

    survives_restart = False
    said = r"cannot be read or written \(.*\); check the disk"

    def __init__(self, folder):
        self.folder = folder
        self.pipe = folder / "said"
        os.mkfifo(self.pipe)
        self._reading = os.open(self.pipe, os.O_RDWR)
        self._log = folder.parent / f"{folder.name}.log"
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with open(self._log, "ab", buffering=0) as log:
            while True:
                log.write(os.read(self._reading, 65536))

    def wrap(self, argv):
        return ["sh", "-c", 'trap "" XFSZ; out=$1; shift; exec "$@" > "$out" 2>&1', "sh",
                self.pipe, *argv]

    def fill(self, process):
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def free(self, process):
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def close(self):
        pass


class SmallStores(Chain):
    """The chain with each store on a disk of its own."""

    def __init__(self, disk, *arguments, **options):
        super().__init__(*arguments, **options)
        settings = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        self.disks = {}
        for service in ("exporter", "webhook"):
            (self.folder / service).mkdir()
            self.disks[service] = disk(self.folder / service)
            settings[service]["store"] = f"sqlite:{service}/{service}.db"
        self.config.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")

    def _add(self, name, argv, ready):
        return super()._add(name, self.disks[name].wrap(argv) if name in self.disks else argv,
                            ready)

    def store(self, service):
        return self.folder / service / f"{service}.db"

    def fill(self, service):
        self.disks[service].fill(getattr(self, service))

    def free(self, service):
        self.disks[service].free(getattr(self, service))

    def log(self, service):
        return (self.folder / f"{service}.log").read_text(encoding="utf-8", errors="replace")

    def close(self, failed=False):
        for name in ("exporter", "webhook"):
            if name in self._processes:
                self._processes[name].kill()
        if not self.keep:
            for disk in self.disks.values():
                disk.close()
        super().close(failed)


class Trouble:
    def __init__(self, chain):
        self.chain = chain
        self.file = chain.sources["main.json"]
        self.told = []  # Accounts whose fall everybody must have heard of, once.

    def settle(self, account_id, amount):
        as_of = self.file.set_credit(account_id, amount)
        wait_for(f"the poll of {account_id}",
                 lambda: self.chain.seen_as_of(account_id, as_of), 10)

    def begin(self, ids):
        for account_id in ids:
            self.settle(account_id, "150")
            self.chain.edit(account_id, "warning", enabled=True, threshold="100")

    def falls(self, account_id):
        self.told.append(account_id)
        self.file.set_credit(account_id, "90")

    def credit(self, account_id):
        """What the exporter publishes."""
        (value,) = [value for labels, value in
                    self.chain.metric("exporter", "billing_account_available_credit").items()
                    if f'account_id="{account_id}"' in labels]
        return value

    def messages(self, account_id):
        return list(pages(self.chain, "/api/v1/messages", provider=PROVIDER,
                          account_id=account_id))

    def wait_until_told(self, account_id):
        def told():
            messages = self.messages(account_id)
            return messages and all(delivery["state"] == "delivered" for message in messages
                                    for delivery in message["deliveries"])
        wait_for(f"everybody to be told of {account_id}", told, 30)

    def says(self, service, event, remedy):
        """The log names the event, the file and the remedy."""
        store = re.escape(str(self.chain.store(service)))
        pattern = rf'msg="{event}[^\n]*error="[^\n]*store {store}: {remedy}'
        wait_for(f"the {service} to say {pattern}",
                 lambda: re.search(pattern, self.chain.log(service)), 20)

    def restart(self, service):
        """kill -9 and a start, with the store as it is."""
        process = getattr(self.chain, service)
        process.kill()
        problems = check_store(self.chain.store(service),
                               {"exporter": EXPORTER, "webhook": WEBHOOK}[service])
        assert not problems, problems
        process.start()

    def keeps_answering(self, service):
        begun = time.monotonic()
        assert answers(self.chain.url(service, "/-/healthy")), f"the {service} is not healthy"
        assert time.monotonic() - begun < 1, f"the {service} takes its time to be healthy"

    # ---- The steps.

    def no_room_for_the_exporter(self, account_id, other):
        chain = self.chain
        chain.fill("exporter")
        self.falls(account_id)
        wait_for("a poll that cannot be stored",
                 lambda: sum(chain.metric("exporter", "lowbalance_exporter_store_errors_total")
                             .values()) > 0, 10)
        self.says("exporter", "poll not stored, so not published", chain.disks["exporter"].said)
        assert self.credit(account_id) == 150, "published, and not stored"
        status, answer = chain.request(
            "exporter", "PATCH", f"/api/v1/accounts/{PROVIDER}/{other}/alerts/warning",
            {"threshold": "120"})
        assert status == 503, (status, answer)
        assert float(chain.account(other)["alerts"][0]["threshold"]) == 100, "half an edit"
        if chain.disks["exporter"].survives_restart:
            self.restart("exporter")
            assert self.credit(account_id) == 150, "not what was stored"
        self.keeps_answering("exporter")
        assert not self.messages(account_id)
        chain.free("exporter")
        self.wait_until_told(account_id)
        chain.edit(other, "warning", threshold="120")
        chain.edit(other, "warning", threshold="100")
        return f"{account_id} told once there was room"

    def no_room_for_the_webhook(self, waiting, account_id):
        chain = self.chain
        chain.smtp.kill()
        self.falls(waiting)
        wait_for("mails that wait", lambda: sum(
            delivery["attempts"] > 0 for message in self.messages(waiting)
            for delivery in message["deliveries"] if delivery["relay"] == "email") == 2, 20)
        chain.fill("webhook")
        chain.smtp.start()
        refused = chain.proxy.codes[503]
        self.falls(account_id)
        wait_for("a notification to be refused", lambda: chain.proxy.codes[503] > refused, 20)
        self.says("webhook", "a notification could not be committed; Alertmanager will send it "
                  "again", chain.disks["webhook"].said)
        self.keeps_answering("webhook")
        assert not self.messages(account_id), "half a notification"
        # Sent mails cannot be noted; then no more are sent, and none twice.
        self.says("webhook", "step failed, to be repeated", chain.disks["webhook"].said)
        copies = read_copies(chain.mail)
        assert all(set(copies.get((to, waiting), {"": 1}).values()) == {1}
                   for to in CONTACTS["team"]["email"]), copies
        chain.free("webhook")
        for told in (waiting, account_id):
            self.wait_until_told(told)
        return f"{chain.proxy.codes[503] - refused} notifications refused, both told"

    def a_kill_without_room(self, account_id):
        chain = self.chain
        if not chain.disks["webhook"].survives_restart:
            return "not possible with limits, which end with a process"
        chain.fill("webhook")
        refused = chain.proxy.codes[503]
        self.falls(account_id)
        wait_for("a notification to be refused", lambda: chain.proxy.codes[503] > refused, 20)
        self.restart("webhook")
        refused = chain.proxy.codes[503]
        wait_for("the new one to refuse it", lambda: chain.proxy.codes[503] > refused, 30)
        assert not self.messages(account_id)
        chain.free("webhook")
        self.wait_until_told(account_id)
        return f"{account_id} told once there was room"

    def locked_by_another(self, at_the_exporter, at_the_webhook):
        """For longer than the ten seconds that a program waits."""
        chain = self.chain
        holders = {}
        for service in ("exporter", "webhook"):
            holders[service] = sqlite3.connect(chain.store(service), isolation_level=None)
        holders["webhook"].execute("BEGIN IMMEDIATE")
        self.falls(at_the_webhook)
        wait_for("the fall to be published", lambda: self.credit(at_the_webhook) == 90, 10)
        holders["exporter"].execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        self.falls(at_the_exporter)
        remedy = r"is locked by another process \(.*\); find it with fuser and stop it"
        for service, event in (
                ("webhook", "a notification could not be committed; Alertmanager will send it "
                 "again"),
                ("exporter", "poll not stored, so not published")):
            self.keeps_answering(service)
            self.says(service, event, remedy)
        held = time.monotonic() - begun
        assert self.credit(at_the_exporter) == 150, "published, and not stored"
        for holder in holders.values():
            holder.execute("ROLLBACK")
            holder.close()
        for account_id in (at_the_exporter, at_the_webhook):
            self.wait_until_told(account_id)
        return f"held for {held:.0f} s"

    def check(self):
        """Of every fall one message, one in each inbox, one mail to each."""
        time.sleep(2)  # A few heartbeats more, in which a stray one would show.
        copies = read_copies(self.chain.mail)
        seen = 0
        about = {}
        for account_id in self.told:
            (message,) = self.messages(account_id)
            about[message["id"]] = account_id
            for recipient in CONTACTS["team"]["email"]:
                mails = copies.pop((recipient, account_id))
                assert list(mails.values()) == [1], (recipient, account_id, mails)
                seen += 1
        assert not copies, f"mails that nobody expects: {copies}"
        for recipient in CONTACTS["team"]["internal"]:
            entries = sorted(about.get(entry["message_id"], "?") for entry in
                             pages(self.chain, "/api/v1/inbox", recipient=recipient))
            assert entries == sorted(self.told), (recipient, entries)
            seen += len(entries)
        for service, invariants in (("exporter", EXPORTER), ("webhook", WEBHOOK)):
            getattr(self.chain, service).kill()
            problems = check_store(self.chain.store(service), invariants)
            assert not problems, problems
        return f"{len(self.told)} falls, {4 * len(self.told)} messages expected, {seen} seen"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="our programs")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="Prometheus' programs")
    parser.add_argument("--keep", action="store_true", help="keep folder and logs")
    parser.add_argument("--limits", action="store_true", help="do not mount")
    arguments = parser.parse_args()
    programs = Programs(arguments.bin.resolve(), arguments.tools.resolve())
    programs.check()
    disk = SmallDisk if not arguments.limits and enter_own_name_space() else LimitedFiles
    print(f"the full disk is {disk.__name__}", flush=True)

    ids = [f"room.{n}" for n in range(6)]
    timing = Timing(hour=60.0)  # So that no reminder is ever due.
    begun = time.monotonic()
    with SmallStores(disk, programs, timing, {"main.json": dict.fromkeys(ids, "USD")},
                     dict.fromkeys(ids, "team"), arguments.keep, "store-trouble") as chain:
        trouble = Trouble(chain)
        trouble.begin(ids)
        for step, accounts in ((trouble.no_room_for_the_exporter, (ids[0], ids[5])),
                               (trouble.no_room_for_the_webhook, ids[1:3]),
                               (trouble.a_kill_without_room, ids[3:4]),
                               (trouble.locked_by_another, ids[4:6]),
                               (trouble.check, ())):
            outcome = step(*accounts)
            print(f"{time.monotonic() - begun:5.1f} s  {step.__name__.replace('_', ' ')}: "
                  f"{outcome}", flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
