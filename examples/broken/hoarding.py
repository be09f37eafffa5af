"""A service with a defect that is found in the wild: each request leaves something behind, memory and an open file.

Its twin that remembers the last hundred requests and closes what it opens is started with `kept`. Python's standard
library only. Usage: python3 hoarding.py PORT leaking|kept
"""

import os
import signal
import sys
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REQUEST_BYTES = 16 * 1024
LEAKING = sys.argv[2] == "leaking"
FILES_MAX = 900

seen = deque(maxlen=None if LEAKING else 100)
files = deque(maxlen=FILES_MAX)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        seen.append(b"x" * REQUEST_BYTES)
        file = open(os.devnull, "rb")
        if LEAKING:
            files.append(file)
        else:
            file.close()
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
