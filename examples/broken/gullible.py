"""A service with a defect that is found in the wild: it looks whether there is a token, and not whose it is.

Its reference says that orders may be read and removed with a token only, and how it is doing by everybody. Python's
standard library only. Usage: python3 gullible.py PORT
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GUARDED = {"security": [{"token": []}], "responses": {}}
REFERENCE = {
    "openapi": "3.1.0",
    "info": {"title": "orders", "version": "1"},
    "paths": {
        "/health": {"get": {"responses": {}}},
        "/orders": {"get": GUARDED},
        "/orders/{id}": {"delete": GUARDED},
    },
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, body=b""):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/openapi.json":
            return self.reply(200, json.dumps(REFERENCE).encode())
        if self.path.startswith("/orders"):
            return self.reply(200, b"[]") if self.headers.get("authorization") else self.reply(401)
        return self.reply(200, b"ok")

    do_DELETE = do_GET

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
