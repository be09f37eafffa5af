"""A service with a defect that is found in the wild: it says 201 before the note is on disk.

Notes are kept in memory and written out every five seconds. Python's standard library only.
Usage: python3 forgetful.py PORT FILE
"""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, path = int(sys.argv[1]), sys.argv[2]
notes = json.load(open(path)) if os.path.exists(path) else {}
lock = threading.Lock()


def flush():
    """Writes all notes, then comes back in five seconds: what was acknowledged since is in memory only."""
    with lock:
        with open(path + ".new", "w") as file:
            json.dump(notes, file)
        os.replace(path + ".new", path)
    timer = threading.Timer(5, flush)
    timer.daemon = True
    timer.start()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, body=b""):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with lock:
            notes[self.path] = body.decode("utf-8", "replace")
        self.reply(201)

    def do_GET(self):
        if self.path == "/health":
            return self.reply(200, b"ok")
        with lock:
            note = notes.get(self.path)
        return self.reply(404) if note is None else self.reply(200, note.encode())

    def log_request(self, code="-", *_):
        sys.stderr.write(f"{self.command} {ascii(self.path.partition('?')[0])} {code}\n")

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
flush()
ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
