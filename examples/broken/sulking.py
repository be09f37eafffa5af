"""A service with a defect that is found in the wild: when it was stopped for a second or more, it does not come back.

A watchdog of its own sees that time has passed it by, takes the service for broken, and lets it answer 503 from then on.
Its twin that goes on is started with `steady`. Python's standard library only. Usage: python3 sulking.py PORT sulking|steady
"""

import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SULKING = sys.argv[2] == "sulking"
STOPPED_S = 1.0
PAUSE_S = 0.02

broken = threading.Event()


def watch():
    last = time.monotonic()
    while True:
        time.sleep(PAUSE_S)
        now = time.monotonic()
        if SULKING and now - last > STOPPED_S:
            broken.set()
        last = now


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(503 if broken.is_set() else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
threading.Thread(target=watch, daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
