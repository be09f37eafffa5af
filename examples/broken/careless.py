"""A service with three defects that are found in the wild, each behind a door that is shut to strangers.

Whoever is known may do everything with everybody's orders; the limit is one for all, and does not say when to come back; and
an idempotency key is not looked at. Python's standard library only. Usage: python3 careless.py PORT
"""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GUARDED = {"security": [{"token": []}], "responses": {}}
USER = {"parameters": [{"name": "user", "in": "path", "required": True, "schema": {"type": "string"}}]}
REFERENCE = {
    "openapi": "3.1.0",
    "info": {"title": "orders", "version": "1"},
    "paths": {
        "/orders": {"get": {"responses": {}}, "post": {"responses": {}}, "delete": GUARDED},
        "/users/{user}/orders": {**USER, "get": GUARDED, "put": GUARDED},
    },
}
TOKENS = {"Bearer t-ann": "ann", "Bearer t-bob": "bob"}
LIMIT, WINDOW_S = 5, 2
orders, asked = [], []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, value=None):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        if self.path == "/openapi.json":
            return self.reply(200, REFERENCE)
        if self.path == "/limited":
            asked[:] = [at for at in asked if time.monotonic() - at < WINDOW_S]
            if len(asked) >= LIMIT:
                return self.reply(429)
            asked.append(time.monotonic())
            return self.reply(200)
        if self.path.startswith("/users/") or self.command == "DELETE":
            return self.reply(200 if self.headers.get("authorization") in TOKENS else 401)
        if self.command == "POST":
            orders.append(body)
            return self.reply(201, {"number": len(orders)})
        return self.reply(200, orders)

    do_PUT = do_POST = do_DELETE = do_GET

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
