"""What is measured against: oracle servers, whose every delay is known, and nginx."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

from machine import BenchError

# Longer than any of them needs to start or to stop.
START_S = 10
STOP_S = 20
PAGE_BYTES = 1024


@contextmanager
def ended(process):
    """Whatever happens, the process is gone in the end."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


class Oracle:
    """`plimsoll oracle` as a process of its own."""

    def __init__(self, process, url, log):
        self.process, self.url, self._log = process, url, log

    def finish(self):
        """Ends it and hands over its log: (number, written in ns, status) for each reply."""
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(STOP_S) != 0:
            raise BenchError(f"the oracle ended with {self.process.returncode}")
        return [tuple(map(int, line.split())) for line in self._log.read_text().splitlines()]


@contextmanager
def oracle(plimsoll, kind, folder):
    log = folder / "oracle.log"
    log.unlink(missing_ok=True)
    command = [plimsoll, "oracle", "--kind", kind, "--log", log]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    with ended(process):
        word, _, address = process.stdout.readline().strip().partition(" ")
        if word != "listening":
            raise BenchError(f"the oracle did not start: it said `{word}`")
        yield Oracle(process, f"http://{address}", log)


NGINX = """daemon off; {user} worker_processes 1; worker_rlimit_nofile 8192;
pid {folder}/nginx.pid; error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; keepalive_requests 1000000000; keepalive_timeout 600s; open_file_cache max=10;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{port} backlog=4096; root {folder}/site;
    location = /requests {{ stub_status; }}
  }}
}}
"""


class Nginx:
    """One worker that serves a page of 1 KiB, and counts what it was asked."""

    def __init__(self, process, port):
        self.process = process
        self.url = f"http://127.0.0.1:{port}/page"
        self._counts = f"http://127.0.0.1:{port}/requests"

    def requests(self):
        """Requests served so far, by nginx's own count, this question among them."""
        with urllib.request.urlopen(self._counts, timeout=START_S) as reply:
            return int(reply.read().split()[9])


@contextmanager
def nginx(folder):
    (folder / "site").mkdir(exist_ok=True)
    # Whoever runs this, the worker may read the folder.
    user = "user root root;" if os.getuid() == 0 else ""
    (folder / "site" / "page").write_bytes(b"x" * PAGE_BYTES)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "nginx.conf").write_text(NGINX.format(user=user, folder=folder, port=port))
    program = next((path for path in ("/usr/sbin/nginx", "/usr/bin/nginx") if pathlib.Path(path).exists()), "nginx")
    command = [program, "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=sys.stderr)
    try:
        subject = Nginx(process, port)
        wait_until_it_answers(subject)
        yield subject
    finally:
        # SIGTERM lets the master end its worker; SIGKILL would leave it behind.
        process.terminate()
        process.wait(STOP_S)


def wait_until_it_answers(subject):
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        if subject.process.poll() is not None:
            raise BenchError("nginx did not start")
        try:
            subject.requests()
            return
        except OSError:
            time.sleep(0.02)
    raise BenchError(f"nginx did not answer within {START_S} s")


@contextmanager
def spinner(core):
    """A process that uses one core wholly, for as long as it is let."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"], stdin=subprocess.DEVNULL)
    with ended(process):
        os.sched_setaffinity(process.pid, {core})
        yield process


def pin(process, core):
    """Keeps a process and its children on one core."""
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for pid in [process.pid, *map(int, children)]:
        os.sched_setaffinity(pid, {core})
