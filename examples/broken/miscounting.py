"""A service whose metrics are not true: it forgets to count requests that it refuses, or begins to count anew.

Without a third word its metrics are true. Python's standard library only. Usage: python3 miscounting.py PORT [forgets|begins-anew]
"""

import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOW = sys.argv[2] if len(sys.argv) > 2 else ""
# It counts up to this and begins anew, as a number in a small register does.
REGISTER = 50
BOUNDS_S = [0.001, 0.01, 0.1, 1.0]
lock = threading.Lock()
counts, took = {}, []


def metrics():
    lines = ["# TYPE requests_total counter"]
    for status, count in sorted(counts.items()):
        lines.append(f'requests_total{{status="{status}"}} {count % REGISTER if HOW == "begins-anew" else count}')
    lines.append("# TYPE request_duration_seconds histogram")
    for bound in BOUNDS_S:
        lines.append(f'request_duration_seconds_bucket{{le="{bound}"}} {sum(one <= bound for one in took)}')
    lines.append(f'request_duration_seconds_bucket{{le="+Inf"}} {len(took)}')
    lines += [f"request_duration_seconds_sum {sum(took):.9f}", f"request_duration_seconds_count {len(took)}"]
    return "\n".join(lines) + "\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        began = time.monotonic()
        self.rfile.read(int(self.headers.get("content-length", 0)))
        status = 200 if self.path in ("/notes", "/health", "/metrics") else 404
        with lock:
            body = (metrics() if self.path == "/metrics" else "").encode()
            if self.path != "/metrics" and not (HOW == "forgets" and status == 404):
                counts[status] = counts.get(status, 0) + 1
                took.append(time.monotonic() - began)
        self.send_response(status)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_POST = do_GET

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
