"""A service with a defect that is found in the wild: it has gone on, and its reference has not.

A price is a text where the reference says that it is a number, an order that is not there is a fault of the server, and a
number of pieces is never looked at. Python's standard library only. Usage: python3 drifted.py PORT
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ORDER = {
    "type": "object",
    "required": ["price"],
    "properties": {"price": {"type": "number"}, "pieces": {"type": "integer"}},
}
REFERENCE = {
    "openapi": "3.1.0",
    "info": {"title": "orders", "version": "1"},
    "paths": {
        "/health": {"get": {"responses": {"200": {"description": "ok"}}}},
        "/orders": {
            "get": {
                "parameters": [{"name": "pieces", "in": "query", "required": True, "schema": {"type": "integer"}}],
                "responses": {"200": {"content": {"application/json": {"schema": {"type": "array", "items": ORDER}}}}},
            },
            "post": {
                "requestBody": {"required": True, "content": {"application/json": {"schema": ORDER}}},
                "responses": {"201": {"description": "kept"}, "422": {"description": "no"}},
            },
        },
        "/orders/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}}],
                "responses": {"404": {"description": "none"}, "200": {"description": "ok"}},
            }
        },
    },
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, value=None):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        if body:
            self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/openapi.json":
            return self.reply(200, REFERENCE)
        if self.path.startswith("/orders/"):
            return self.reply(500)
        if self.path.startswith("/orders"):
            return self.reply(200, [{"price": "12.50"}])
        return self.reply(200)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            order = json.loads(body)
        except ValueError:
            return self.reply(422)
        return self.reply(201 if isinstance(order, dict) and isinstance(order.get("price"), (int, float)) else 422)

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
