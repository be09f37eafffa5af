"""A service with a defect that is found in the wild: it logs what it is asked, passwords and all, into a file. Notes are kept
beside it, where they belong. With the word `careful` behind the folder it logs no more than it needs, with `silent` nothing.

Python's standard library only. Usage: python3 filing.py PORT FOLDER [careful|silent]
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FOLDER, WAY = sys.argv[2], (sys.argv[3:] or ["careless"])[0]
os.makedirs(os.path.join(FOLDER, "logs"), exist_ok=True)


def log(text):
    if WAY != "silent":
        with open(os.path.join(FOLDER, "logs", "requests"), "a", encoding="utf-8") as file:
            file.write(ascii(text) + "\n")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    notes = {}

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode("utf-8", "replace")
        path = self.path.partition("?")[0]
        log(f"{self.command} {path}" if WAY == "careful" else f"{self.command} {self.path} {body}")
        if self.command == "PUT":
            self.notes[path] = body
            with open(os.path.join(FOLDER, "notes.json"), "w", encoding="utf-8") as file:
                json.dump(self.notes, file)
        is_known = path in ("/health", "/notes") or path in self.notes
        told = self.notes.get(path, "").encode()
        self.send_response(200 if is_known else 404)
        self.send_header("content-length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_PUT = answer

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
