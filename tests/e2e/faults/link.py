"""Carries what is sent to one loopback port on to another, UDP and TCP, until it is cut."""

import contextlib
import socket
import threading


class Link:
    """A program that listens on `target` is reached by its peers on `port`. While it is cut,
    nothing passes, either way, and whoever tries hears nothing."""

    def __init__(self, port, target):
        self._target = ("127.0.0.1", target)
        self._is_cut = False
        self._lock = threading.Lock()
        self._streams = set()
        self._back = {}  # A peer's UDP address to the socket that speaks for it.
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", port))
        self._tcp = socket.create_server(("127.0.0.1", port))
        for work in (self._datagrams, self._connections):
            threading.Thread(target=work, daemon=True).start()

    def cut(self):
        with self._lock:
            self._is_cut = True
            for stream in self._streams:
                with contextlib.suppress(OSError):
                    stream.shutdown(socket.SHUT_RDWR)

    def mend(self):
        self._is_cut = False

    def close(self):
        self.cut()
        self._tcp.close()
        self._udp.close()
        for back in self._back.values():
            back.close()

    def _datagrams(self):
        with contextlib.suppress(OSError):  # Closed.
            while True:
                packet, peer = self._udp.recvfrom(65536)
                if self._is_cut:
                    continue
                if peer not in self._back:
                    self._back[peer] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    self._back[peer].connect(self._target)
                    threading.Thread(target=self._answers, args=(self._back[peer], peer),
                                     daemon=True).start()
                with contextlib.suppress(ConnectionError):  # Nobody listens there any more.
                    self._back[peer].send(packet)

    def _answers(self, back, peer):
        while True:
            try:
                packet = back.recv(65536)
            except ConnectionError:
                continue
            except OSError:
                return
            if not self._is_cut:
                with contextlib.suppress(OSError):
                    self._udp.sendto(packet, peer)

    def _connections(self):
        with contextlib.suppress(OSError):  # Closed.
            while True:
                near, _ = self._tcp.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near):
        with near, contextlib.suppress(OSError):
            if self._is_cut:
                return
            with socket.create_connection(self._target, timeout=5) as far:
                far.settimeout(None)
                with self._lock:
                    self._streams |= {near, far}
                there = threading.Thread(target=self._pump, args=(near, far), daemon=True)
                there.start()
                self._pump(far, near)
                there.join()
                with self._lock:
                    self._streams -= {near, far}

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
