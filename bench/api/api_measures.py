"""What is done to a server, and what came of it: raw numbers, nothing judged."""

import json
import pathlib
import re
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass

import server
from machine import BenchError, floor_per_s, run_well
from subjects import nginx

HERE = pathlib.Path(__file__).resolve().parent
# Enough that the disk confirms many writes at once, and no more than a small team opens.
CONNECTIONS = 64
# Half of what is promised, both at the same time.
READS_PER_S, WRITES_PER_S = 5_000, 2_500
# The server gives back every 10 s what a load has made it take.
CALM_S = 15


@dataclass
class Amounts:
    """How much of everything is done."""

    rounds: int = 5
    seconds: float = 4
    floor_seconds: float = 0.5
    starts: int = 25
    calm_s: float = CALM_S
    reads_per_s: int = READS_PER_S
    writes_per_s: int = WRITES_PER_S
    wrk: bool = False


SMOKE = Amounts(
    rounds=1, seconds=1, floor_seconds=0.1, starts=2, calm_s=0, reads_per_s=100, writes_per_s=50, wrk=True,
)


@dataclass
class Bench:
    """What every measure needs."""

    plimsoll: str
    folder: pathlib.Path
    amounts: Amounts
    say: object


def starts(bench):
    """From the start of the process to the first good answer of /health/ready: with keys to be made, and without."""
    first, later = [], []
    for turn in range(bench.amounts.starts):
        bench.say(f"start {turn + 1} of {bench.amounts.starts}")
        folder = bench.folder / f"start-{turn}"
        for times in (first, later):
            times.append(start(bench, folder))
    return {"first": first, "later": later}


def start(bench, folder):
    started_ns = time.monotonic_ns()
    with server.server(bench.plimsoll, folder) as subject:
        subject.ask_well("GET", "/health/ready")
        ready_ms = (time.monotonic_ns() - started_ns) / 1e6
        return {"ready_ms": ready_ms, "rss_bytes": subject.rss_bytes()}


def rounds(bench):
    """Everything in turn, there and back again, so that a drift of the machine hits all alike."""
    amounts, made = bench.amounts, []
    with ExitStack() as stack:
        subject = stack.enter_context(server.server(bench.plimsoll, bench.folder / "server"))
        subject.set_up()
        notes = stack.enter_context(server.notes(bench.plimsoll, bench.folder))
        page = stack.enter_context(nginx(bench.folder))
        steps = [
            lambda: closed(bench, "plimsoll serve", "read", subject), lambda: closed_page(bench, page),
            lambda: closed(bench, "demo service", "read", notes),
            lambda: counted(subject, lambda: closed(bench, "plimsoll serve", "write", subject)),
            lambda: closed(bench, "demo service", "write", notes),
            lambda: counted(subject, lambda: both(bench, subject)),
        ]
        if amounts.wrk:
            steps.append(lambda: wrk(bench, "read", subject))
            steps.append(lambda: counted(subject, lambda: wrk(bench, "write", subject)))
        for turn in range(amounts.rounds):
            for step in steps if turn % 2 == 0 else steps[::-1]:
                before = floor_per_s(bench.folder, amounts.floor_seconds)
                run = step()
                run["floor_per_s"] = [before, floor_per_s(bench.folder, amounts.floor_seconds)]
                bench.say(f"round {turn + 1} of {amounts.rounds}: {run}")
                made.append({"round": turn, **run})
        time.sleep(amounts.calm_s)
        memory = {"rss_bytes_after_load": subject.rss_bytes()}
    return {"connections": CONNECTIONS, "seconds": amounts.seconds, "memory": memory, "runs": made}


def counted(subject, step):
    """A step of writes, with the lines that it left in the audit trail."""
    before = subject.audit_lines()
    run = step()
    run["audit_lines"] = subject.audit_lines() - before
    if run["audit_lines"] < run["good_writes"]:
        raise BenchError(f"{run['good_writes']} writes were acknowledged, and {run['audit_lines']} are in the trail")
    return run


def asking(bench, request, *words):
    """Our generator with a request."""
    method, url, headers, body = request
    named = [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
    sent = ["--body", body] if body is not None else []
    seconds = bench.amounts.seconds
    # A gate that failed is exit 3; what was measured is said all the same, and so is the gate.
    load = [bench.plimsoll, "load", "--json", "--duration", f"{seconds}s", "--method", method]
    return [*load, *named, *sent, *words, url]


def closed(bench, contender, what, subject):
    """As many as it takes, each connection sending when its answer has come."""
    request = getattr(subject, what)()
    cpu_s = subject.cpu_s()
    said = said_by(asking(bench, request, "--closed", str(CONNECTIONS), "--warm-up", "0s"), bench)
    cpu_s = subject.cpu_s() - cpu_s
    if said["good"] < said["count"]:
        raise BenchError(f"{contender} refused {said['count'] - said['good']} of {said['count']} {what}s")
    return {
        "contender": contender, "what": what, "per_s": said["good"] / bench.amounts.seconds,
        "good_writes": said["good"] if what == "write" else 0, "latency_ms": said["latency_ms"],
        "cpu_us": 1e6 * cpu_s / said["count"],
    }


def closed_page(bench, page):
    request = ("GET", page.url, {}, None)
    said = said_by(asking(bench, request, "--closed", str(CONNECTIONS), "--warm-up", "0s"), bench)
    return {"contender": "nginx, 1 KiB", "what": "read", "per_s": said["good"] / bench.amounts.seconds}


def said_by(command, bench):
    return json.loads(run_well(command, bench.amounts.seconds, accepted=(0, 3)).stdout)


def both(bench, subject):
    """Half of what is promised, reads and writes at the same time, each on a schedule that the server cannot delay."""
    amounts = bench.amounts
    commands = {
        "read": asking(bench, subject.read(), "--rate", str(amounts.reads_per_s)),
        "write": asking(bench, subject.write(), "--rate", str(amounts.writes_per_s)),
    }
    processes = {
        what: subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for what, command in commands.items()
    }
    run = {"contender": "plimsoll serve", "what": "both"}
    try:
        for what, process in processes.items():
            output, _ = process.communicate(timeout=amounts.seconds + server.START_S)
            if process.returncode not in (0, 3):
                raise BenchError(f"the generator of {what}s ended with {process.returncode}")
            said = json.loads(output)
            run[what] = {
                "rate": getattr(amounts, f"{what}s_per_s"), "count": said["count"], "good": said["good"],
                "achieved_per_s": said["achieved_per_s"], "latency_ms": said["latency_ms"],
                "failed_gates": [gate["gate"] for gate in said["gates"] if not gate["passed"]],
            }
    finally:
        for process in processes.values():
            process.kill()
            process.wait()
    run["good_writes"] = run["write"]["good"]
    return run


def wrk(bench, what, subject):
    """The same closed loop by another generator, which must be told of nothing but the request."""
    method, url, headers, body = getattr(subject, what)()
    seconds = max(1, round(bench.amounts.seconds))
    named = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", HERE / "request.lua", *named, url]
    finished = run_well(command, seconds, env={"METHOD": method, "BODY": body or ""})
    requests, took_s = re.search(r"(\d+) requests in ([\d.]+)s", finished.stdout).groups()
    if "Non-2xx" in finished.stdout or "Socket errors" in finished.stdout:
        raise BenchError(f"wrk was refused: {finished.stdout[-400:]}")
    good = int(requests)
    return {
        "contender": "plimsoll serve, asked by wrk", "what": what, "per_s": good / float(took_s),
        "good_writes": good if what == "write" else 0,
    }
