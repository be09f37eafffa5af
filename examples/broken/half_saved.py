"""A service with a defect that is found in the wild: its backup copies the file of a database, and not the log beside it.

Notes are kept in SQLite with a write-ahead log, where what was written last stands for a while; every note is there before it is
acknowledged, and after a crash. `save careless` copies the database alone, `save whole` has SQLite copy one moment of both.
Python's standard library only.
Usage: python3 half_saved.py serve PORT FILE | save careless|whole FILE FOLDER | restore FOLDER FILE
"""

import os
import shutil
import signal
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock = threading.Lock()


def opened(path):
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    # A busy service merges its log into the database at quiet times only.
    database.execute("PRAGMA wal_autocheckpoint = 0")
    database.execute("CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, body TEXT)")
    return database


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, body=b""):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode("utf-8", "replace")
        with lock:
            self.server.database.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (self.path, body))
        self.reply(201)

    def do_GET(self):
        if self.path in ("/health", "/notes"):
            return self.reply(200, b"ok")
        with lock:
            found = self.server.database.execute("SELECT body FROM notes WHERE key = ?", (self.path,)).fetchone()
        return self.reply(404) if found is None else self.reply(200, found[0].encode())

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


def serve(port, path):
    server = Server(("127.0.0.1", int(port)), Handler)
    server.database = opened(path)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server.serve_forever()


def save(how, path, folder):
    copy = os.path.join(folder, "notes.db")
    if how == "careless":
        shutil.copyfile(path, copy)
    else:
        with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
            source.backup(target)


def restore(folder, path):
    shutil.copyfile(os.path.join(folder, "notes.db"), path)


{"serve": serve, "save": save, "restore": restore}[sys.argv[1]](*sys.argv[2:])
