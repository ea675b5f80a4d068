"""What stands between two of the programs, and misbehaves when told to."""

import collections
import contextlib
import http.client
import http.server
import itertools
import json
import threading
import time

from proxy import RecordingProxy


class FaultyProxy(RecordingProxy):
    """Between Alertmanager and the webhook. Set `treatment` to one of the methods under "What can
    be done", or use `treating`; while it is None, notifications are passed on."""

    def __init__(self, port, target_port):
        super().__init__(port, target_port)
        self.treatment = None
        self.treated = collections.Counter()  # Account id to notifications that spoke of it.
        self.heard = collections.Counter()  # The same of those that the webhook accepted.
        self.senders = collections.defaultdict(set)  # Account id to Alertmanagers' addresses.
        self._held = []
        self._go_on = threading.Event()

    @contextlib.contextmanager
    def treating(self, treatment):
        self._go_on.clear()
        self.treatment = treatment
        try:
            yield
        finally:
            self.treatment = None
            self._go_on.set()

    def _treat(self, request, headers, body):
        treatment = self.treatment
        if treatment is None:
            super()._treat(request, headers, body)
            return
        self._count(self.treated, body)
        treatment(request, headers, body)

    def _remember(self, path, headers, body):
        super()._remember(path, headers, body)
        self._count(self.heard, body)

    def _count(self, counter, body):
        notification = json.loads(body)
        with self._lock:
            for account_id in {alert["labels"].get("account_id", "")
                               for alert in notification["alerts"]}:
                counter[account_id] += 1
                self.senders[account_id].add(notification["externalURL"])

    # ---- What can be done with a notification.

    def answer(self, code):
        """It is not passed on; Alertmanager gets this code."""
        return lambda request, headers, body: self._answer(request, code, b"{}")

    def hang(self, request, headers, body):
        """It is not passed on and not answered, until Alertmanager hangs up or this is over."""
        self._go_on.wait(60)
        request.close_connection = True

    def lose_the_answer(self, request, headers, body):
        """The webhook takes it in; Alertmanager never learns."""
        self._deliver(request.path, headers, body)
        request.close_connection = True

    def answer_late(self, request, headers, body):
        """The webhook takes it in; its answer is kept back until this is over."""
        answered = self._deliver(request.path, headers, body)
        self._go_on.wait(60)
        if answered is None:
            request.close_connection = True
            return
        with contextlib.suppress(OSError):  # Alertmanager may have hung up.
            self._answer(request, *answered)

    def twice(self, request, headers, body):
        """It is passed on twice at the same time."""
        other = threading.Thread(target=self._deliver, args=(request.path, headers, body))
        other.start()
        RecordingProxy._treat(self, request, headers, body)
        other.join()

    def hold(self, request, headers, body):
        """It is accepted in the webhook's name and kept for `release`."""
        with self._lock:
            self._held.append((time.monotonic(), (request.path, headers, body)))
        self._answer(request, 200, b"{}")

    def release(self, order=lambda held: held, keep=False, after=0.0):
        """Delivers what has been held for so many seconds, in an order made of the order it came
        in; returns how many."""
        now = time.monotonic()
        with self._lock:
            held = [what for since, what in self._held if now - since >= after]
            if not keep:
                self._held.clear()
        for path, headers, body in order(held):
            answered = self._deliver(path, headers, body)
            assert answered and answered[0] == 200, f"a held notification was answered {answered}"
        return len(held)

    def holds(self, account_id, alertname, episodes_after=0.0):
        """Is a firing alert of that name held, of an account and of what began after that
        instant (seconds since 1970)?"""
        fact = "low" if alertname == "LowBalance" else "ended"
        with self._lock:
            bodies = [json.loads(body) for _, (_, _, body) in self._held]
        for alert in itertools.chain.from_iterable(body["alerts"] for body in bodies):
            labels = alert["labels"]
            if (alert["status"] != "firing" or labels["alertname"] != alertname
                    or labels["account_id"] != account_id):
                continue
            facts = dict(pair.split("=", 1) for pair in
                         alert["annotations"]["lowbalance_facts"].split(" ") if "=" in pair)
            if float(facts[fact]) >= episodes_after:
                return True
        return False


class ScrapeGate:
    """Between Prometheus and the exporter. Fails as many scrapes as it is told to, each in another
    way: an error, an answer that breaks off, a page that is no metrics."""

    def __init__(self, port, target_port):
        self.port = port
        self._target_port = target_port
        self._lock = threading.Lock()
        self._to_fail = 0
        self.failed = 0
        self._ways = itertools.cycle((self._error, self._break_off, self._no_metrics))
        self._server = None

    def fail(self, scrapes=1):
        with self._lock:
            self._to_fail += scrapes

    def up(self):
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                gate._scrape(self)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self):
        self._server.shutdown()
        self._server.server_close()

    def _scrape(self, request):
        connection = http.client.HTTPConnection("127.0.0.1", self._target_port, timeout=10)
        try:
            passed_on = ("Authorization", "Accept", "Accept-Encoding")
            connection.request("GET", request.path, headers={
                name: request.headers[name] for name in passed_on if name in request.headers})
            reply = connection.getresponse()
            code, headers, body = reply.status, dict(reply.getheaders()), reply.read()
        except OSError:
            request.close_connection = True
            return
        finally:
            connection.close()
        with self._lock:
            fails = self._to_fail > 0
            self._to_fail -= fails
            self.failed += fails
            way = next(self._ways) if fails else self._pass_on
        way(request, code, headers, body)

    def _pass_on(self, request, code, headers, body):
        self._send(request, code, headers, len(body), body)

    def _error(self, request, _, headers, body):
        self._send(request, 500, {}, 0, b"")

    def _break_off(self, request, code, headers, body):
        self._send(request, code, headers, len(body), body[:len(body) // 2])
        request.close_connection = True

    def _no_metrics(self, request, _code, _headers, _body):
        page = b"<html><body>Bad Gateway</body></html>\n"
        self._send(request, 200, {"Content-Type": "text/html"}, len(page), page)

    @staticmethod
    def _send(request, code, headers, length, body):
        request.send_response(code)
        for name in ("Content-Type", "Content-Encoding"):
            if name in headers:
                request.send_header(name, headers[name])
        request.send_header("Content-Length", str(length))
        request.end_headers()
        request.wfile.write(body)
