"""A service with a defect that is found in the wild: it takes the clock on its own wall for everybody's. It says Greenwich
and tells its local time, and looks for a note only in the folder of the hour in which it is asked.

Python's standard library only. Usage: python3 provincial.py PORT FOLDER
"""

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def note(path):
    return Path(sys.argv[2]) / time.strftime("%H") / path.replace("/", "-")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def date_time_string(self, timestamp=None):
        now = time.localtime(timestamp)
        day, month = DAYS[now.tm_wday], MONTHS[now.tm_mon - 1]
        return f"{day}, {now.tm_mday:02} {month} {now.tm_year} {time.strftime('%H:%M:%S', now)} GMT"

    def reply(self, status, body=b""):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if not self.path.startswith("/notes/"):
            return self.reply(200)
        file = note(self.path)
        return self.reply(200, file.read_bytes()) if file.exists() else self.reply(404)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        file = note(self.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        return self.reply(204)

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
