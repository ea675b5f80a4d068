"""The double's HTTP side: reads requests, chunked ones too, and sends replies well or badly."""

import http.server
import socket
import struct
import threading
import time
import time

from signatures import Request

_PIECE = b"x" * 65536


class Face:
    def __init__(self, double):
        face = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self):
                super().setup()
                face.connections.add(self.connection)
                face.made += 1

            def finish(self):
                face.connections.discard(self.connection)
                try:
                    super().finish()
                except OSError:
                    pass

            def log_message(self, *_):
                pass

            def date_time_string(self, timestamp=None):
                return super().date_time_string(
                    timestamp or time.time() + double.clock_offset)

            def _serve(self):
                target = self.path
                if target.startswith("http://"):  # We are the proxy, and the server behind it too.
                    double.proxied += 1
                    target = "/" + target.split("/", 3)[3]
                request = Request(self.command, target, list(self.headers.items()), self._body())
                reply = double.answer(request)
                try:
                    self._send(reply)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST = do_PUT = _serve

            def _body(self):
                if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                    body = b""
                    while size := int(self.rfile.readline().split(b";")[0], 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                    return body
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))

            def _head(self, reply, length):
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(length))
                self.end_headers()

            def _send(self, reply):
                if reply.manner == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                               struct.pack("ii", 1, 0))
                    self.close_connection = True
                    self.connection.close()
                elif reply.manner == "silent":
                    face.stopped.wait(60)
                    self.close_connection = True
                elif reply.manner == "drip":
                    self._head(reply, len(reply.body))
                    for byte in reply.body:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        if face.stopped.wait(0.2):
                            break
                    self.close_connection = True
                elif reply.manner == "half":  # The head promises more than what comes.
                    self._head(reply, len(reply.body))
                    self.wfile.write(reply.body[:len(reply.body) // 2])
                    self.close_connection = True
                elif reply.manner == "close":  # Well, but the connection does not stay.
                    self._head(reply, len(reply.body))
                    self.wfile.write(reply.body)
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_WR)
                    self.close_connection = True
                elif reply.manner == "huge":  # A hundred megabytes.
                    self._head(reply, 100 << 20)
                    for _ in range((100 << 20) // len(_PIECE)):
                        self.wfile.write(_PIECE)
                else:
                    self._head(reply, len(reply.body))
                    self.wfile.write(reply.body)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 256

            def handle_error(self, *_):
                pass  # A client that went away.

        self.connections = set()
        self.made = 0
        self.stopped = threading.Event()
        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever,
                                        kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
