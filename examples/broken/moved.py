"""A service that sends whoever asks to another address: with the word `slash` behind the port to the same with a slash more, where
all is open and a client's text becomes a part of a command; with `door` to the page where one signs in, as it should.

Python's standard library only. Usage: python3 moved.py PORT slash|door
"""

import json
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TO_SLASH = sys.argv[2] == "slash"
QUERY = [{"name": "q", "in": "query", "required": True, "schema": {"type": "string", "example": "plum"}}]
GUARDED = {"get": {"security": [{"token": []}], "parameters": QUERY, "responses": {"200": {}}}}
OPEN = {"get": {"responses": {"200": {}}}}
REFERENCE = {
    "openapi": "3.1.0",
    "info": {"title": "people", "version": "1"},
    "paths": {"/people": GUARDED, "/hello": OPEN},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, text, kind="text/plain; charset=utf-8", location=None):
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        if location:
            self.send_header("location", location)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urlsplit(self.path)
        text = parse_qs(url.query, keep_blank_values=True).get("q", [""])[0]
        if url.path == "/openapi.json":
            self.reply(200, json.dumps(REFERENCE), "application/json")
        elif url.path == "/people/":
            done = subprocess.run(f"echo {text}", shell=True, capture_output=True, timeout=20)
            self.reply(200, done.stdout.decode("utf-8", "replace"))
        elif url.path == "/people" and TO_SLASH:
            self.reply(308, "", location=f"/people/?{url.query}")
        elif url.path == "/people" and self.headers.get("authorization") != "Bearer t-ann":
            self.reply(302, "", location="/sign-in?next=/people")
        else:
            self.reply(200, "ok")

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
