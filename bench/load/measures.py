"""The measurements: each returns the raw numbers from which `figures` computes what is printed."""

import json
import os
import pathlib
import subprocess
import time

import figures
from machine import BenchError, run, run_well, shown
from subjects import nginx, oracle, pin, spinner

TIMER = pathlib.Path(__file__).resolve().parent / "timer.py"
ORACLES = tuple(figures.FASTEST_NS)
# Seconds for each rate. 6 s put the oracle's stall between p90 and p95, and p99.9 at 5,000/s has 30 requests beyond it;
# at 100/s p99 needs 30 s.
TRUTH_SECONDS = {100: 30, 1_000: 6, 5_000: 6}
# The errors of others are shown and not judged: one round of this length shows them.
OTHERS_SECONDS_MAX = 6
COST_CONNECTIONS = 64
MEMORY_CONNECTIONS = (64, 1024)
SEND_LAG_RATE = 5_000
# A service that gives its first good reply half a second after it was started: the rest of it needs some 10 ms.
SUBJECT = """name = "notes"
[start]
command = ["sh", "-c", "sleep 0.49; exec {plimsoll} demo-service --listen 127.0.0.1:{{port}} --data {{dir}}/notes.db"]
[target]
url = "http://127.0.0.1:{{port}}"
health = "/health"
[load]
rate = "200/s"
[[request]]
method = "PUT"
path = "/notes/n{{seq}}"
body = "a note that was written under load"
[[request]]
path = "/notes"
weight = 4
[ledger]
write = {{ method = "PUT", path = "/notes/{{key}}", body = "{{value}}" }}
read = {{ path = "/notes/{{key}}" }}
"""


class Bench:
    """One session: who takes part, how much is done, and where files may lie."""

    def __init__(self, plimsoll, contenders, amounts, folder, say):
        self.plimsoll, self.contenders, self.amounts = plimsoll, contenders, amounts
        self.folder, self.say = pathlib.Path(folder), say


def truth(bench):
    """What each generator says about oracles, and what their logs say. The others take part in the first round only."""
    runs = []
    for turn in range(bench.amounts.truth_rounds):
        for kind in ORACLES if bench.amounts.is_whole else ORACLES[:1]:
            for rate, seconds in bench.amounts.truth_seconds.items():
                runs.append(truth_run(bench, bench.contenders[0], kind, rate, seconds))
                for other in bench.contenders[1:] if turn == 0 else []:
                    runs.append(truth_run(bench, other, kind, rate, min(seconds, OTHERS_SECONDS_MAX)))
    return {"runs": runs}


def truth_run(bench, contender, kind, rate, seconds):
    bench.say(f"truth: {contender.name}, {kind} at {rate:,}/s for {seconds} s")
    with oracle(bench.plimsoll, kind, bench.folder) as subject:
        said_ms = contender.truth(subject.url, rate, seconds)
        log = subject.finish()
    if not log:
        raise BenchError(f"{contender.name} asked the oracle nothing")
    latencies_ns = figures.true_latencies_ns(kind, rate, log)
    true_ms = {quantile: latencies_ns[figures.rank(quantile, len(log))] / 1e6 for quantile in figures.QUANTILES}
    return {
        "contender": contender.name, "is_open": contender.is_open, "oracle": kind, "rate": rate, "seconds": seconds,
        "replies": len(log), "said_ms": said_ms, "true_ms": true_ms,
    }


def cost(bench):
    """Closed loops at saturation in turn, there and back again, so that a drift of the machine hits all alike."""
    runs, seconds = [], bench.amounts.cost_seconds
    with nginx(bench.folder) as subject:
        for turn in range(-1, bench.amounts.cost_rounds):
            bench.say(f"cost: {'warm-up' if turn < 0 else f'round {turn + 1} of {bench.amounts.cost_rounds}'}")
            order = bench.contenders if turn % 2 == 0 else bench.contenders[::-1]
            for contender in order:
                made = cost_run(contender, subject, seconds)
                if turn >= 0:
                    runs.append(made)
        commands = [shown(contender.closed(subject.url, COST_CONNECTIONS, seconds)) for contender in bench.contenders]
    return {"connections": COST_CONNECTIONS, "seconds": seconds, "commands": commands, "runs": runs}


def cost_run(contender, subject, seconds):
    before = subject.requests()
    finished = run_well(contender.closed(subject.url, COST_CONNECTIONS, seconds), seconds)
    # nginx counts, not the generator; one of the two questions about the count is in the difference.
    requests = subject.requests() - before - 1
    if requests < COST_CONNECTIONS:
        raise BenchError(f"{contender.name} made {requests} requests")
    return {
        "contender": contender.name, "requests": requests, "cpu_s": finished.cpu_s, "wall_s": finished.wall_s,
        "peak_rss_bytes": finished.peak_rss_bytes,
    }


def memory(bench):
    """The peak memory of our generator after few and after many samples, in a closed loop against nginx."""
    runs, ours = [], bench.contenders[0]
    with nginx(bench.folder) as subject:
        for connections in MEMORY_CONNECTIONS if bench.amounts.is_whole else MEMORY_CONNECTIONS[:1]:
            rate = samples_per_s(ours, subject, connections)
            for samples in bench.amounts.memory_samples:
                # A tenth more, since the rate is that of a second ago.
                seconds = max(1, round(1.1 * samples / rate))
                bench.say(f"memory: {connections:,} connections, {samples:,} samples in {seconds} s")
                finished = run_well(ours.closed(subject.url, connections, seconds), seconds)
                runs.append({
                    "connections": connections, "wanted": samples, "samples": json.loads(finished.stdout)["count"],
                    "peak_rss_bytes": finished.peak_rss_bytes, "wall_s": finished.wall_s,
                })
    return {"runs": runs}


def samples_per_s(contender, subject, connections):
    return json.loads(run_well(contender.closed(subject.url, connections, 1), 1).stdout)["count"]


def send_lag(bench):
    """How late our generator sends: beside an easy subject, and beside one that uses one core wholly; and a bare timer."""
    runs, seconds = [], bench.amounts.send_lag_seconds
    with nginx(bench.folder) as subject:
        for turn in range(bench.amounts.send_lag_rounds):
            bench.say(f"send lag: round {turn + 1} of {bench.amounts.send_lag_rounds}")
            runs.append(send_lag_run(bench, subject, seconds, "nginx"))
        pin(subject.process, 0)
        with spinner(0):
            for turn in range(bench.amounts.send_lag_rounds):
                bench.say(f"send lag, busy subject: round {turn + 1} of {bench.amounts.send_lag_rounds}")
                runs.append(send_lag_run(bench, subject, seconds, "nginx and a spinner that fill one core"))
    return {"rate": SEND_LAG_RATE, "seconds": seconds, "runs": runs}


def send_lag_run(bench, subject, seconds, kind):
    # A failed gate is exit 3; how late the requests were is said all the same.
    finished = run_well([
        bench.plimsoll, "load", "--rate", str(SEND_LAG_RATE), "--duration", f"{seconds}s", "--json", subject.url,
    ], seconds, accepted=(0, 3))
    said = json.loads(finished.stdout)
    timer = run_well([TIMER, str(SEND_LAG_RATE), str(seconds)], seconds)
    return {
        "timer_lag_p999_ms": float(timer.stdout), "subject": kind, "send_lag_p999_ms": said["send_lag_ms"]["p999"], "achieved_per_s": said["achieved_per_s"],
        "count": said["count"], "exit_code": finished.exit_code, "failed_gates": [
            gate["gate"] for gate in said["gates"] if not gate["passed"]
        ],
    }


def certify(bench):
    """The time of a whole certification, after one that has calibrated the generator, and of re-checking it."""
    state = {"XDG_STATE_HOME": str(bench.folder / "state")}
    (bench.folder / "passphrase").write_text("a passphrase that protects nothing")
    (bench.folder / "subject.toml").write_text(SUBJECT.format(plimsoll=bench.plimsoll))
    keys = [bench.plimsoll, "keys", "new", "bench", "--passphrase-file", "passphrase"]
    run_well(keys, env=state, folder=bench.folder)
    runs = []
    for turn in range(bench.amounts.certify_rounds + 1):
        bench.say(f"certify: {'with calibration' if turn == 0 else f'run {turn} of {bench.amounts.certify_rounds}'}")
        finished = run([
            bench.plimsoll, "certify", "subject.toml", "--profile", "quick", "--out", f"certificate-{turn}", "--json",
            "--passphrase-file", "passphrase",
        ], 300, state, bench.folder)
        if finished.exit_code > 3 or not finished.stdout:
            raise BenchError(f"certify ended with {finished.exit_code}: {finished.stderr[-800:]}")
        said = json.loads(finished.stdout)
        start_up = next(each for each in said["criteria"] if each["id"] == "start-up")
        runs.append({
            "wall_s": finished.wall_s, "exit_code": finished.exit_code, "status": said["status"],
            "start_up_s": start_up["value"] / 1e9,
        })
    verify = [bench.plimsoll, "verify", "certificate-1"]
    checks = [checked(verify, state, bench.folder) for _ in range(bench.amounts.verify_rounds + 1)]
    return {"first": runs[0], "certify": runs[1:], "verify": checks[1:]}


def checked(command, state, folder):
    # Not through `run`, whose look at the memory every 50 ms would be what is measured.
    started_ns = time.monotonic_ns()
    done = subprocess.run(command, env={**os.environ, **state}, cwd=folder, capture_output=True, timeout=60)
    return {"wall_ms": (time.monotonic_ns() - started_ns) / 1e6, "exit_code": done.returncode}


MEASURES = {"truth": truth, "cost": cost, "memory": memory, "send-lag": send_lag, "certify": certify}
