"""Programs run as processes on loopback: started, watched, stopped by pid."""

import concurrent.futures
import fcntl
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

# Processes are started from one thread that lives as long as we do: setpriv has the kernel kill
# a program when the *thread* that started it is gone, so that nothing outlives a killed test.
_SPAWNER = concurrent.futures.ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")

_ports_lock = threading.Lock()
_ports_given = []  # Open files, whose locks tell other tests that the port is somebody's.


def free_port():
    """A loopback port that nobody listens on, outside the range outgoing connections use, and that
    no other test on this machine is given while this one runs."""
    folder = pathlib.Path(tempfile.gettempdir()) / f"lowbalance-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    with _ports_lock:
        while True:
            port = random.randint(20000, 31999)
            taken = open(folder / str(port), "w", encoding="utf-8")
            try:
                fcntl.flock(taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            except OSError:
                taken.close()
                continue
            _ports_given.append(taken)
            return port


def wait_for(what, condition, timeout, step=0.02):
    """Polls until condition() is truthy, and returns that; raises naming `what` otherwise."""
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout:g} s in vain for {what}")
        time.sleep(step)


def answers(url, headers=None):
    """Does the URL answer 200?"""
    try:
        request = urllib.request.Request(url, headers=headers or {})
        with urllib.request.urlopen(request, timeout=2) as reply:
            return reply.status == 200
    except (OSError, urllib.error.URLError):
        return False


def accepts(port):
    """Does somebody listen on the port?"""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return True
    except OSError:
        return False


class Process:
    """One program. Its output goes to a file that later starts append to."""

    def __init__(self, name, argv, log, cwd, ready=None):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = log
        self.cwd = cwd
        self._ready = ready  # Called until true after a start.
        self._popen = None

    def start(self, timeout=30):
        assert not self.alive(), f"{self.name} runs already"
        with open(self.log, "ab") as out:
            self._popen = _SPAWNER.submit(
                subprocess.Popen, ["setpriv", "--pdeathsig", "KILL", "--", *self.argv],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                cwd=self.cwd).result()
        if self._ready:
            wait_for(f"{self.name} to be ready", self._is_ready, timeout)

    def _is_ready(self):
        if not self.alive():
            raise RuntimeError(f"{self.name} exited {self._popen.returncode} at its start:\n"
                               + self.tail())
        return self._ready()

    def alive(self):
        return self._popen is not None and self._popen.poll() is None

    @property
    def pid(self):
        return self._popen.pid

    def signal(self, number):
        self._popen.send_signal(number)

    def kill(self):
        """SIGKILL, and wait until it is gone."""
        if self._popen is not None:
            self._popen.kill()
            self._popen.wait()

    def stop(self, timeout=10):
        """SIGTERM; returns the exit code, or kills and raises when that takes too long."""
        if self._popen is None:
            return None
        self._popen.send_signal(signal.SIGTERM)
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError(f"{self.name} did not stop within {timeout} s of SIGTERM") from None

    def cpu_seconds(self):
        """User and system time so far; 0 once it is gone."""
        try:
            with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
                fields = stat.read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / 100
        except (OSError, AttributeError):
            return 0.0

    def tail(self, lines=15):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                return "".join(f"    {self.name}: {line}" for line in log.readlines()[-lines:])
        except OSError:
            return f"    {self.name}: no log\n"
