"""A service with a defect that is found in the wild: its health check is green whatever becomes of the store that it needs.

Its twin `honest` asks the store each time. A second defect, `rash`: the check of liveness tells of the store too, so that the
service would be restarted because something else is gone. `store` is the store: it says back what it is told. Python's standard
library only. Usage: python3 cheerful.py PORT store, or python3 cheerful.py PORT cheerful|honest|rash STORE
"""

import signal
import socket
import socketserver
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOW = sys.argv[2]
PATIENCE_S = 0.5


class Store(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)


def is_there():
    host, port = sys.argv[3].rsplit(":", 1)
    try:
        with socket.create_connection((host, int(port)), PATIENCE_S) as store:
            store.sendall(b"are you there\n")
            return store.recv(64) != b""
    except OSError:
        return False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        asks_store = (self.path == "/health" and HOW != "cheerful") or (self.path == "/live" and HOW == "rash")
        self.send_response(503 if asks_store and not is_there() else 200)
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
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer(address, Handler).serve_forever()
