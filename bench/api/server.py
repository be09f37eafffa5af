"""`plimsoll serve` as a process of its own, in a folder of its own, with people in it; and the demo service."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
from contextlib import contextmanager

from machine import BenchError

# Longer than any of them needs to start or to stop.
START_S = 20
STOP_S = 20
PASSWORD = "a bench that stands on four legs"
# What is written again and again, each time with another number in it.
SUBJECT = """# {seq}
name = "carried"
[target]
url = "http://127.0.0.1:9"
[[request]]
path = "/"
"""
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Process:
    """What the kernel knows of a server."""

    def __init__(self, process, url):
        self.process, self.url = process, url

    @property
    def host(self):
        return self.url.removeprefix("http://")

    def rss_bytes(self):
        """What it holds in memory now."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))

    def cpu_s(self):
        """User and system time so far, of every thread."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def ask(self, method, path, body=None, headers=None):
        """One request: status, headers and body."""
        connection = http.client.HTTPConnection(self.host, timeout=START_S)
        try:
            sent = {**(headers or {}), **({"Content-Type": "application/json"} if body is not None else {})}
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()
        finally:
            connection.close()

    def ask_well(self, method, path, body=None, headers=None):
        """One request that must succeed."""
        status, replied, text = self.ask(method, path, body, headers)
        if not 200 <= status < 300:
            raise BenchError(f"{method} {path} was answered with {status}: {text.decode()[:400]}")
        return replied, json.loads(text) if text else None


class Server(Process):
    """A server, and what opens it: a token, and the session of an administrator."""

    def __init__(self, process, url, link):
        super().__init__(process, url)
        self.link, self.token, self.session = link, None, None

    def set_up(self):
        """An administrator who signs in, and an operator with a token."""
        admin = {"name": "admin", "password": PASSWORD}
        self.ask_well("POST", "/api/v1/set-up", {**admin, "link": self.link})
        headers, _ = self.ask_well("POST", "/api/v1/session", admin)
        self.session = {"Cookie": headers["Set-Cookie"].split(";")[0], "Origin": self.url}
        operator = {"name": "olga", "password": PASSWORD + " too"}
        self.ask_well("POST", "/api/v1/users", {**operator, "roles": ["operator"]}, self.session)
        headers, _ = self.ask_well("POST", "/api/v1/session", operator)
        session = {"Cookie": headers["Set-Cookie"].split(";")[0], "Origin": self.url}
        wanted = {"label": "bench", "scopes": ["account.read", "subject.write"], "days": 1}
        _, issued = self.ask_well("POST", "/api/v1/account/tokens", wanted, session)
        self.token = {"Authorization": f"Bearer {issued['token']}"}

    def audit_lines(self):
        """How many lines the audit trail has."""
        _, page = self.ask_well("GET", "/api/v1/audit?limit=1", headers=self.session)
        return page["items"][0]["sequence"]

    def read(self):
        """Who is asking, by a token."""
        return "GET", f"{self.url}/api/v1/account", self.token, None

    def write(self):
        """A new text of a subject that is on the disk, with its line in the audit trail, before it is answered."""
        headers = {**self.token, "Content-Type": "application/toml"}
        return "PUT", f"{self.url}/api/v1/subjects/carried", headers, SUBJECT


class Notes(Process):
    """The demo service: a note in SQLite, with nobody asked who he is."""

    def read(self):
        return "GET", f"{self.url}/notes/n", {}, None

    def write(self):
        return "PUT", f"{self.url}/notes/n", {}, "x" * 256


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def stopped(process):
    """Whatever happens, the process is gone in the end."""
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        if process.wait(STOP_S) != 0:
            raise BenchError(f"the server ended with {process.returncode}")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@contextmanager
def server(plimsoll, folder):
    """A server on a folder, which it makes if it is not there. Its log goes to a file, as in service."""
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    (folder / "plimsoll.toml").write_text('data = "data"\ncredential = "credential"\n')
    command = [plimsoll, "serve", "--config", folder / "plimsoll.toml", "--listen", "127.0.0.1:0"]
    with open(folder / "log", "ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
        )
    with stopped(process), process.stdout:
        yield greeted(process)


def greeted(process):
    """The server, when it has said where it is and how to set it up."""
    _, _, url = process.stdout.readline().strip().partition(" is ready at ")
    if not url:
        raise BenchError("the server did not start")
    link = None
    for line in process.stdout:
        if "/set-up#" in line:
            link = line.strip().partition("#")[2]
        if "journal tail" in line:
            break
    return Server(process, url, link)


@contextmanager
def notes(plimsoll, folder):
    """The demo service on a database of its own, with the note that is read."""
    listen = f"127.0.0.1:{free_port()}"
    command = [plimsoll, "demo-service", "--listen", listen, "--data", pathlib.Path(folder) / "notes.db"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    with stopped(process):
        subject = Notes(process, f"http://{listen}")
        wait_until_it_answers(subject)
        subject.ask_well("PUT", "/notes/n", "x")
        yield subject


def wait_until_it_answers(subject):
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        if subject.process.poll() is not None:
            raise BenchError("the demo service did not start")
        try:
            subject.ask("GET", "/health")
            return
        except OSError:
            time.sleep(0.02)
    raise BenchError(f"the demo service did not answer within {START_S} s")
