"""A service with defects that are found in the wild: what a client says becomes a part of a query, of a command, of a
template, of a path, of a page, of a head, of an address, or of a document. With the word `careful` behind the port it takes
the same texts for what they are.

Python's standard library only. Usage: python3 injectable.py PORT [careful]
"""

import html
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import urllib.request
import xml.sax
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CAREFUL = sys.argv[2:] == ["careful"]


def query(name):
    parameters = [{"name": name, "in": "query", "required": True, "schema": {"type": "string", "example": "plum"}}]
    return {"get": {"parameters": parameters, "responses": {"200": {}, "404": {}}}}


PLACES = ["/rows", "/count", "/sort", "/greet", "/read", "/page", "/language", "/fetch", "/away"]
REFERENCE = {"openapi": "3.1.0", "info": {"title": "fruit", "version": "1"}, "paths": {place: query("q") for place in PLACES}}
REFERENCE["paths"]["/away"]["get"]["responses"]["302"] = {}
REFERENCE["paths"]["/import"] = {
    "post": {"requestBody": {"content": {"text/plain": {"schema": {"type": "string"}}}}, "responses": {"200": {}}}
}
DATABASE = sqlite3.connect(":memory:", check_same_thread=False)
DATABASE.executescript("CREATE TABLE fruit (name TEXT, size INTEGER); INSERT INTO fruit VALUES ('plum', 3), ('pear', 5);")
LOCK = threading.Lock()


class Texts(xml.sax.ContentHandler):
    def __init__(self):
        self.text = ""

    def characters(self, content):
        self.text += content


def rows(text):
    with LOCK:
        if CAREFUL:
            found = DATABASE.execute("SELECT name, size FROM fruit WHERE name = ?", (text,)).fetchall()
        else:
            found = DATABASE.execute(f"SELECT name, size FROM fruit WHERE name = '{text}'").fetchall()
    return json.dumps(found)


def count(text):
    command = ["grep", "-c", "--", text] if CAREFUL else f"grep -c {text}"
    done = subprocess.run(command, shell=not CAREFUL, input=b"plum\n", capture_output=True, timeout=20)
    return done.stdout.decode("utf-8", "replace")


def sort(text):
    # Nobody sees what the command says: that it takes long is all there is to see.
    if CAREFUL:
        return "sorted"
    subprocess.run(["sh", "-c", f"echo '{text}' | sort"], capture_output=True, timeout=20)
    return "sorted"


def greet(text):
    if CAREFUL:
        return f"hello {text}"
    return re.sub(r"\$\{([0-9* ]+)\}", lambda found: str(eval(found[1])), f"hello {text}")


def read(text):
    name = os.path.basename(text) if CAREFUL else os.path.join("/usr/share", text)
    try:
        with open(name, encoding="utf-8", errors="replace") as file:
            return file.read(4096)
    except (OSError, ValueError):
        return "nothing"


def fetch(text):
    if not CAREFUL:
        try:
            urllib.request.urlopen(text, timeout=2).read(64)
        except (OSError, ValueError):
            pass
    return "thank you"


def taken_in(text):
    parser, handler = xml.sax.make_parser(), Texts()
    parser.setFeature(xml.sax.handler.feature_external_ges, not CAREFUL)
    parser.setContentHandler(handler)
    try:
        parser.feed(text)
        parser.close()
    except (xml.sax.SAXException, OSError, ValueError):
        return "no document"
    return handler.text


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, text, kind="text/plain; charset=utf-8", status=200, fields=()):
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urlsplit(self.path)
        text = parse_qs(url.query, keep_blank_values=True).get("q", [""])[0]
        if url.path == "/openapi.json":
            return self.reply(json.dumps(REFERENCE), "application/json")
        if url.path == "/page":
            return self.reply(f"<p>{html.escape(text) if CAREFUL else text}</p>", "text/html; charset=utf-8")
        if url.path == "/language":
            value = text.split("\r")[0].split("\n")[0] if CAREFUL else text
            return self.reply("said", fields=[("x-language", value)])
        if url.path == "/away":
            return self.reply("", status=302, fields=[("location", "/" if CAREFUL else text.split("\r")[0].split("\n")[0])])
        say = {"/rows": rows, "/count": count, "/sort": sort, "/greet": greet, "/read": read, "/fetch": fetch}
        if url.path not in say:
            return self.reply("ok")
        try:
            return self.reply(say[url.path](text))
        except (sqlite3.Error, subprocess.SubprocessError, ValueError) as error:
            return self.reply(type(error).__name__, status=500)

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("content-length", "0")))
        return self.reply(taken_in(text.decode("utf-8", "replace")))

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
