"""A service whose reference is odd in a way that is found in the wild, by the word behind the port: `missing`, `none` (a page
in its place), `empty`, `open` (without anything that is kept for some, or that takes a text), `shut` (all that it tells of
is refused, as it says), `busy` (whoever asks with a text came too often), `large` (a good one of 3 MiB), or `huge` (one of
17 MiB).

Python's standard library only. Usage: python3 ill_described.py PORT WAY
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WAY = sys.argv[2]
MIB = 1 << 20


def reference():
    schema = {"type": "object", "required": ["count"], "properties": {"count": {"type": "integer"}}}
    responses = {"403": {}} if WAY == "shut" else {"200": {"content": {"application/json": {"schema": schema}}}}
    query = [{"name": "q", "in": "query", "required": True, "schema": {"type": "string"}}] if WAY == "busy" else []
    paths = {} if WAY == "empty" else {"/things": {"get": {"parameters": query, "responses": responses}}}
    info = {"title": "things", "version": "1", "description": "x" * {"large": 3 * MIB, "huge": 17 * MIB}.get(WAY, 0)}
    return json.dumps({"openapi": "3.1.0", "info": info, "paths": paths})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status, kind, text = 404, "text/plain; charset=utf-8", "no\n"
        if self.path == "/health":
            status, text = 200, "ok\n"
        elif self.path == "/things":
            status, kind, text = (403, kind, text) if WAY == "shut" else (200, "application/json", '{"count": 1}')
        elif self.path.startswith("/things?"):
            status, text = 429, "later\n"
        elif self.path == "/openapi.json" and WAY == "none":
            status, kind, text = 200, "text/html; charset=utf-8", "<p>our reference has moved"
        elif self.path == "/openapi.json" and WAY != "missing":
            status, kind, text = 200, "application/json", reference()
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
