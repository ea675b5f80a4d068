"""Requests that no honest client sends, and what may come back: one refusal, or the end of the
connection, and never 500."""

import collections
import gzip
import json
import random
import socket
import zlib

from configuration import PASSWORD, TOKEN
from webhook_alone import low, notification

# `answers`: the statuses that may come, 0 for a connection that ends without any. All of `data` is
# one request to whoever counts right, so that no more than one answer may come.
Request = collections.namedtuple("Request", "what service data answers")

REFUSED = {0, 400, 401, 403, 404, 405, 408, 413, 414, 415, 417, 431, 501, 505}
SMUGGLED = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
PATHS = [
    "/../../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd",
    "/%252e%252e/etc/passwd", "/..%c0%af..%c0%afetc/passwd", "/%c0%ae%c0%ae/etc/passwd",
    "/%e0%80%ae/etc/passwd", "/..\\..\\etc\\passwd", "/%5c..%5cetc", "/console/../../etc/passwd",
    "/assets/..%2f..%2fweb.yml", "/./lowbalance.yml", "/lowbalance.yml", "/token", "/web.yml",
    "/metrics%00", "/metrics%00.html", "/%00", "/metrics/", "//metrics", "/metrics;a=b", "/%",
    "/%2", "/%zz", "/%ff", "/%f4%90%80%80", "/%ed%a0%80", "/a%0d%0aSet-Cookie:%20x=1", "/%0a",
    "/%7f", "http://other/metrics", "//other/metrics", "*", "metrics", "?", "/api/v1/%2e%2e/x",
    "/" + "a/" * 2000, "/" + "%41" * 1300, "/" + "a" * 100_000,
]
METHODS = ["TRACE", "CONNECT", "BREW", "get", "GETT", "PROPFIND", "PUT", "PATCH", "DELETE", "GE T",
           "", "G" * 10_000, "\x00", "PRI"]


def _request(line, *headers, body=b""):
    lines = [line.encode("latin-1"), b"Host: x",
             *(h if isinstance(h, bytes) else h.encode("latin-1") for h in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _post(path, body, *headers):
    return _request(f"POST {path} HTTP/1.1", f"Content-Length: {len(body)}", *headers, body=body)


def _heads():
    many = [f"X-{n}: {n}" for n in range(5000)]
    get = "GET /metrics HTTP/1.1"
    yield "5,000 headers", _request(get, *many)
    yield "one header of 1 MB", _request(get, "X: " + "v" * (1 << 20))
    yield "a name of 1 MB", _request(get, "n" * (1 << 20) + ": v")
    yield "a head of 5 MB without an end", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 800_000
    yield "a folded header", _request(get, "X: a\r\n b\r\n c", "No colon")
    yield "a blank before the colon", _request(get, "Content-Length : 5", body=b"hello")
    yield "the other protocol", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(512)
    yield "HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(64)
    yield "no request at all", b"\r\n" * 2000
    yield "NULs", bytes(70_000)
    yield "HTTP/0.9", b"GET /metrics\r\n\r\n"
    yield "a version that is none", _request("GET /metrics HTTP/9.9999999999")
    yield "Host twice", _request(get, "Host: y")
    yield "a login twice", _request(get, "Authorization: Bearer a", "Authorization: Bearer b")


# Two readers that disagree about where a request ends: what follows must never be answered as a
# request of its own, so that all of it is one.
def _smuggled():
    def post(*headers, body=SMUGGLED):
        return _request("POST /api/v1/session HTTP/1.1", *headers, body=body)
    chunked = b"0\r\n\r\n" + SMUGGLED
    for headers in (
            ("Content-Length: 6", "Transfer-Encoding: chunked"),
            ("Transfer-Encoding: chunked", "Content-Length: 6"),
            ("Content-Length: 6", "Transfer-Encoding: identity"),
            ("Content-Length: 6", "Transfer-Encoding: xchunked"),
            ("Content-Length: 6", "transfer-encoding:\tchunked"),
            ("Content-Length: 6", "Transfer-Encoding: chunked, identity"),
            ("Content-Length: 6", "Transfer-Encoding: chunked", "Transfer-Encoding: x"),
            ("Content-Length: 6", "X: y\r\n Transfer-Encoding: chunked"),
            ("Transfer-Encoding: chunked",), ("Transfer-Encoding: \x0bchunked",)):
        yield f"smuggled behind {headers}", post(*headers, body=chunked)
    for headers in (("Content-Length: 0", "Content-Length: 36"), ("Content-Length: +36",),
                    ("Content-Length: 0, 36",), ("Content-Length: 0x0",), ("Content-Length: -1",),
                    ("Content-Length: 3 6",), ("Content-Length: 18446744073709551616",),
                    ("Content-Length: 9223372036854775807",), ("Content-Length: 1e1",),
                    ("Content-Length: ",), ("Content-Length:\x0036",), ()):
        yield f"smuggled behind {headers}", post(*headers)
    yield "a body with GET", _request("GET /metrics HTTP/1.1", "Content-Length: 36", body=SMUGGLED)


def _bodies(path, headers):
    body = b'{"version":"4","alerts":[]}'
    bomb = gzip.compress(bytes(50_000_000))
    yield "in chunks", _request(f"POST {path} HTTP/1.1", "Transfer-Encoding: chunked", *headers,
                                body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    yield "in one endless chunk", _request(f"POST {path} HTTP/1.1", "Transfer-Encoding: chunked",
                                           *headers, body=b"ffffffffffffffff\r\n" + b"x" * 100_000)
    for encoding, data in (("gzip", gzip.compress(body)), ("gzip", bomb), ("x-gzip", bomb),
                           ("deflate", zlib.compress(bytes(50_000_000))), ("br", b"\x0b\x02\x80"),
                           ("zstd", b"\x28\xb5\x2f\xfd"), ("gzip, gzip, gzip", bomb),
                           ("identity, gzip", bomb)):
        yield f"compressed, {encoding}", _post(path, data, f"Content-Encoding: {encoding}",
                                               *headers)
    yield "100 MB where they are not allowed", _request(
        f"POST {path} HTTP/1.1", "Content-Length: 100000000", *headers) + bytes(100_000_000)
    yield "100 MB that stay away", _request(
        f"POST {path} HTTP/1.1", "Content-Length: 100000000", "Expect: 100-continue", *headers)


def _json():
    alert = json.dumps(low("hostile", "finance"))
    yield "deep lists", b"[" * 1_000_000
    yield "deep objects", b'{"a":' * 200_000
    yield "deep and skipped", (b'{"version":"4","alerts":[],"x":' + b"[" * 500_000 +
                               b"]" * 500_000 + b"}")
    yield "deep labels", b'{"version":"4","alerts":[{"labels":' + b'{"a":' * 100_000
    for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x00",
                b"\\ud800", b"\\u00"):
        yield f"{bad} in a text", b'{"version":"4","alerts":[{"labels":{"a":"' + bad + b'"}}]}'
    for number in (b"1e999", b"-1e999", b"0" * 10_000, b"1" * 400_000 + b"e1", b"-", b"1.", b".5",
                   b"0x10", b"NaN", b"Infinity"):
        yield f"the number {number[:12]}", b'{"version":"4","alerts":[],"n":' + number + b"}"
    yield "cut off", json.dumps(notification([low("hostile")])).encode()[:-40]
    yield "two of them", b'{"version":"4","alerts":[]}' * 2
    yield "a byte order mark", b"\xef\xbb\xbf" + b'{"version":"3"}'
    yield "another version", b'{"version":"5","alerts":[' + alert.encode() + b"]}"
    yield "more alerts than have room", (
        b'{"version":"4","alerts":[' + b"{}," * 99_999 + b"{}]}")
    yield "a form", b"version=4&alerts=" + b"a" * 100_000


# Well formed, and nothing in it can be believed. They are taken, and decide nothing.
def _alerts():
    for facts in (b"threshold=" + b"9" * 100_000, b"evaluated_at=1e400", b"evaluated_at=" * 20_000,
                  b"account_name=\\\"" + b"\\\\" * 50_000, b"x=1 " * 100_000,
                  b"threshold=" + b"1" * 59 + "é".encode()):
        yield "facts nobody can believe", (
            b'{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"LowBalance",'
            b'"provider":"demo","account_id":"1","level":"warning","currency":"USD"},'
            b'"annotations":{"lowbalance_facts":"' + facts + b'"}}]}')
    empty = b'{"status":"firing","labels":{},"annotations":{},"fingerprint":"0123456789abcdef"}'
    yield "100,000 empty alerts", (
        b'{"version":"4","alerts":[' + b",".join([empty] * 100_000) + b"]}")
    yield "100,000 labels", (b'{"version":"4","alerts":[{"status":"firing","labels":{' + b",".join(
        b'"l%d":"v"' % n for n in range(100_000)) + b"}}]}")


def table(services):
    token = f"Authorization: Bearer {TOKEN}"
    requests = []
    for service in services.all:
        def add(what, data, answers=REFUSED, service=service):
            requests.append(Request(f"{service.name}: {what}", service, data, answers))
        for path in PATHS:
            add(f"the path {path[:40]}", _request(f"GET {path} HTTP/1.1"))
        for method in METHODS:
            add(f"the method {method[:12]!r}", _request(f"{method} /metrics HTTP/1.1"))
        for what, data in [*_heads(), *_smuggled()]:
            # A reader of HTTP/1 may well read a folded or an empty head.
            fine = what in ("HTTP/0.9", "a version that is none", "a folded header")
            add(what, data, REFUSED | {200} if fine else REFUSED)
        for what, data in _bodies("/api/v1/session", ()):
            add(what, data)

    def webhook(what, data, answers=REFUSED):
        requests.append(Request(f"webhook: {what}", services.webhook, data, answers))
    for what, data in _bodies("/api/v1/alerts", (token,)):
        webhook(what + ", with the token", data)
    for what, body in _json():
        webhook(what, _post("/api/v1/alerts", body, token), {400})
    for what, body in _alerts():
        webhook(what, _post("/api/v1/alerts", body, token), {200})
    return requests


def mutations(services, count, seed):
    """Good requests, each bent in one to five places. Anything may come of them but a failure."""
    randomly = random.Random(seed)
    good = {
        "webhook": _post("/api/v1/alerts", json.dumps(notification([low("bent")])).encode(),
                         f"Authorization: Bearer {TOKEN}x", "User-Agent: Alertmanager/0.25"),
        "exporter": _request("GET /metrics HTTP/1.1", "Accept: text/plain;q=0.5,*/*;q=0.1",
                             "Accept-Encoding: gzip", "User-Agent: Prometheus/2.42.0")}
    anything = set(range(0, 500)) | {501, 505}
    for n in range(count):
        service = services.all[n % len(services.all)]
        data = bytearray(good[service.name])
        head = data.index(b"\r\n\r\n") + 4
        for _ in range(randomly.randint(1, 5)):
            if len(data) < 10:
                break
            at = randomly.randrange(min(head, len(data)) if randomly.random() < 0.8 else len(data))
            how = randomly.randrange(4)
            if how == 0:
                data[at] = randomly.randrange(256)
            elif how == 1:
                data[at:at] = randomly.choice([b"\r\n", b"\0", b":", b" ", b"%", b"\xff" * 9,
                                               bytes(data[at:at + 40])])
            elif how == 2:
                del data[at:at + randomly.randint(1, 20)]
            else:
                del data[max(at, 10):]
        yield Request(f"{service.name}: bent {n} of seed {seed}", service, bytes(data), anything)


def _answers(service, data):
    """The statuses that come, and all that was said. Sends until nobody takes it any more, then
    tells that there is no more to come."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as connection:
        said = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # Refused before all of it was sent.
        try:
            while len(said) < 1 << 20:
                part = connection.recv(65536)
                if not part:
                    break
                said += part
        except ConnectionResetError:
            pass
    return _statuses(said), said


def _statuses(said):
    found = []
    for part in said.split(b"HTTP/1.1 ")[1:]:
        if part[:3].isdigit() and part[:4] != b"100 ":
            found.append(int(part[:3]))
    return found


def send_all(requests, problems):
    """Sends them one by one; returns how often each status came, 0 for none."""
    counts = collections.Counter()
    for request in requests:
        try:
            statuses, said = _answers(request.service, request.data)
        except OSError as error:
            problems.append(f"{request.what}: {error}")
            continue
        seen = statuses or [0]
        counts.update(seen)
        if not set(seen) <= request.answers or (len(seen) > 1 and "bent" not in request.what):
            problems.append(f"{request.what}: answered {seen}")
        if b"root:" in said or PASSWORD.encode() in said:
            problems.append(f"{request.what}: told what is nobody's business")
    return counts
