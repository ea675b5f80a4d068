"""Stands between Alertmanager and the webhook: passes on, remembers, and can be cut.

While it is down nobody listens on its port, so Alertmanager sees what it sees when the webhook's
machine is away: connections refused.
"""

import collections
import http.client
import http.server
import json
import socket
import threading
import time


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address, handler):
        super().__init__(address, handler)
        self.open = set()

    def process_request(self, request, client_address):
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        pass  # A cut connection is what `down` is for.


class RecordingProxy:
    """Forwards POSTs to 127.0.0.1:target_port."""

    def __init__(self, port, target_port):
        self.port = port
        self.target_port = target_port
        self.codes = collections.Counter()  # What the webhook answered; 0: it did not.
        self._lock = threading.Lock()
        self._last = {}  # Account id to (path, headers, body) of the last that was accepted.
        self._resolved_at = {}  # Account id to when a resolved alert of it was passed on.
        self._server = None

    def up(self):
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                proxy._pass_on(self)

            def log_message(self, *_):
                pass

        self._server = _Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self):
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        for connection in list(server.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def repeat_last(self, account_id):
        """Sends the last notification that spoke of the account once more; returns the code."""
        with self._lock:
            path, headers, body = self._last[account_id]
        return self._forward(path, headers, body)[0]

    def has_heard_of(self, account_id):
        with self._lock:
            return account_id in self._last

    def resolved_since(self, account_id, instant):
        with self._lock:
            return self._resolved_at.get(account_id, 0) >= instant

    def _forward(self, path, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.target_port, timeout=30)
        try:
            connection.request("POST", path, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def _pass_on(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"]))
        headers = {name: request.headers[name] for name in ("Content-Type", "Authorization")
                   if name in request.headers}
        self._treat(request, headers, body)

    def _treat(self, request, headers, body):
        answered = self._deliver(request.path, headers, body)
        if answered is None:
            request.close_connection = True
        else:
            self._answer(request, *answered)

    def _deliver(self, path, headers, body):
        """(code, body) of the webhook's answer, or None where there was none."""
        try:
            code, answer = self._forward(path, headers, body)
        except OSError:
            self.codes[0] += 1
            return None
        self.codes[code] += 1
        if code // 100 == 2:
            self._remember(path, headers, body)
        return code, answer

    @staticmethod
    def _answer(request, code, answer):
        request.send_response(code)
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)

    def _remember(self, path, headers, body):
        now = time.time()
        with self._lock:
            for alert in json.loads(body)["alerts"]:
                account_id = alert["labels"].get("account_id")
                if account_id is None:
                    continue
                self._last[account_id] = (path, headers, body)
                if alert["labels"]["alertname"] == "LowBalance" and alert["status"] == "resolved":
                    self._resolved_at[account_id] = now
