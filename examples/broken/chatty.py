"""A service with a defect that is found in the wild: its log tells all that it is told, as it was told.

Python's standard library only. Usage: python3 chatty.py PORT
"""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        fields = "; ".join(f"{name}: {value}" for name, value in self.headers.items())
        told = f"{self.command} {unquote(self.path)} {fields} ".encode("utf-8", "replace")
        sys.stderr.buffer.write(told + body + b"\n")
        sys.stderr.flush()
        self.send_response(200 if self.path in ("/health", "/notes") else 404)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_PUT = do_POST = answer

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
