"""A service with a defect that is found in the wild: it connects to its store once, and never again when that is lost.

Its twin `careful` connects anew, and waits a moment only. A second defect, `dying`: it ends when the store does not answer.
`store` is the store: it says back what it is told. Python's standard library only. Usage: python3 clinging.py PORT store, or
python3 clinging.py PORT clinging|careful|dying STORE
"""

import os
import signal
import socket
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOW = sys.argv[2]
PATIENCE_S = 0.5


class Store(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)


class Way:
    """The one connection to the store."""

    def __init__(self):
        self.turn = threading.Lock()
        self.store = self.connected()

    def connected(self):
        host, port = sys.argv[3].rsplit(":", 1)
        return socket.create_connection((host, int(port)), PATIENCE_S)

    def answers(self):
        with self.turn:
            try:
                if self.store is None:
                    self.store = self.connected()
                self.store.sendall(b"are you there\n")
                if self.store.recv(64):
                    return True
            except OSError:
                pass
            if HOW == "dying":
                os._exit(1)
            if HOW == "careful" and self.store is not None:
                # What comes later is the answer to an old question.
                self.store.close()
                self.store = None
            return False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200 if self.path == "/health" or way.answers() else 503)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
address = ("127.0.0.1", int(sys.argv[1]))
if HOW == "store":
    socketserver.ThreadingTCPServer.daemon_threads = True
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.ThreadingTCPServer(address, Store).serve_forever()
else:
    way = Way()
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer(address, Handler).serve_forever()
