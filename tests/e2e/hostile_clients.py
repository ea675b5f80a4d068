"""Clients that mean harm, hundreds or thousands at a time, and the one that watches whether honest
ones are still served."""

import json
import multiprocessing
import selectors
import socket
import time

from configuration import TOKEN
from webhook_alone import low, notification

LOOPBACK = "127.0.0.1"
NEW_AT_ONCE = 200  # Connections that a crowd adds in a tenth of a second.


# ---- Kinds of clients. Each yields what to do next: bytes to send, or None to wait. It is asked
# about ten times a second until its connection is at its end.

def idle():
    while True:
        yield None


def dripping_head():
    yield b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: "
    while True:
        yield b"a"
        for _ in range(4):
            yield None


def dripping_body():
    """Where anybody may send one."""
    yield (b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
           b"Content-Length: 8000\r\n\r\n{")
    while True:
        yield b" "
        for _ in range(4):
            yield None


def passing():
    yield None
    yield b"GET /-/healthy HT"
    raise ConnectionResetError  # Gone, in the middle of it.


class Crowd:
    """So many clients of a kind for each service, each replaced when its connection ends."""

    def __init__(self, kind, services, counts):
        self.kind = kind
        self.places = [each for each in services.all for _ in range(counts[each.name])]  # To fill.
        self.clients = {}
        self.opened = 0
        self.selector = selectors.EpollSelector()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in list(self.clients):
            self._close(connection)
        self.selector.close()

    def _open(self, service):
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex((LOOPBACK, service.port))
        self.selector.register(connection, selectors.EVENT_READ)
        self.clients[connection] = (service, self.kind())
        self.opened += 1

    def _close(self, connection):
        self.selector.unregister(connection)
        del self.clients[connection]
        connection.close()

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            round_begun = time.monotonic()
            for _ in range(min(len(self.places), NEW_AT_ONCE)):
                self._open(self.places.pop())
            for connection, (service, steps) in list(self.clients.items()):
                try:
                    data = next(steps)
                    if data:
                        connection.send(data)
                except BlockingIOError:
                    pass
                except OSError:
                    self._close(connection)
                    self._open(service)
            self._take_ends()
            time.sleep(max(0.0, 0.1 - (time.monotonic() - round_begun)))

    def _take_ends(self):
        for key, _ in self.selector.select(0):
            connection = key.fileobj
            try:
                ended = not connection.recv(65536)
            except OSError:
                ended = True
            if ended:
                service = self.clients[connection][0]
                self._close(connection)
                self._open(service)


# ---- The honest ones.

def _ask(port, data):
    """The status of the answer, 0 if there is none within 10 s, and how long it took."""
    begun = time.monotonic()
    try:
        with socket.create_connection((LOOPBACK, port), timeout=10) as connection:
            connection.sendall(data)
            answer = b""
            while True:
                part = connection.recv(65536)
                if not part:
                    break
                answer += part
        status = int(answer.split(b" ", 2)[1])
    except (OSError, IndexError, ValueError):
        status = 0
    return status, time.monotonic() - begun


def _get(path):
    return (f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: Prometheus/2.42.0\r\n"
            "Accept-Encoding: gzip\r\nConnection: close\r\n\r\n").encode()


def _watch(webhook, exporter, commands, reports):
    alerts = 0
    seen = []
    while True:
        if commands.poll():
            if commands.recv() == "stop":
                reports.send((seen, alerts))
                return
            reports.send((seen, alerts))
            seen = []
        body = json.dumps(notification([low(f"watch-{alerts}", "finance")])).encode()
        head = ("POST /api/v1/alerts HTTP/1.1\r\nHost: x\r\nUser-Agent: Alertmanager/0.25.0\r\n"
                f"Content-Type: application/json\r\nAuthorization: Bearer {TOKEN}\r\n"
                f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n").encode()
        status, took = _ask(webhook, head + body)
        alerts += status == 200
        seen.append(("Alertmanager", status, took))
        seen.append(("webhook's health", *_ask(webhook, _get("/-/healthy"))))
        seen.append(("Prometheus", *_ask(exporter, _get("/metrics"))))
        time.sleep(0.05)


class Watch:
    """A context manager: a process of its own that asks both services all the time."""

    def __init__(self, services):
        self.alerts = 0
        fork = multiprocessing.get_context("fork")
        self._commands, commands = fork.Pipe()
        self._reports, reports = fork.Pipe()
        self._process = fork.Process(target=_watch, daemon=True, args=(
            services.webhook.port, services.exporter.port, commands, reports))

    def __enter__(self):
        self._process.start()
        return self

    def __exit__(self, *_):
        self._commands.send("stop")
        if self._reports.poll(60):
            self.alerts = self._reports.recv()[1]
        self._process.join(5)
        self._process.kill()

    def take(self):
        """What was seen since the last time: [(what, status, seconds)]."""
        self._commands.send("take")
        if not self._reports.poll(60):
            return []
        seen, self.alerts = self._reports.recv()
        return seen
