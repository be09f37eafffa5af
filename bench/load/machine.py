"""Running programs and saying where: what a process cost, and on which machine, commit and day it was measured."""

import datetime
import hashlib
import os
import pathlib
import subprocess
import tempfile
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Often enough to see the greatest memory of a run of a second, rarely enough to be no load of its own.
POLL_S = 0.05
# What a generator may take beyond its own duration before it is taken for hung.
GRACE_S = 60


class BenchError(Exception):
    """The measurement itself went wrong, so there is no figure."""


@dataclass
class Finished:
    """A process that has ended."""

    exit_code: int
    stdout: str
    stderr: str
    wall_s: float
    # User and system time of the process and of those it has waited for.
    cpu_s: float
    peak_rss_bytes: int


def run(command, seconds=0, env=None, folder=None):
    """Runs a program to its end and tells what it cost."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        started_s = time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, cwd=folder,
            env={**os.environ, **(env or {})},
        )
        peak_rss_bytes = 0
        try:
            while True:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if pid:
                    break
                if time.monotonic() - started_s > seconds + GRACE_S:
                    raise BenchError(f"{name(command)} has not ended {GRACE_S} s after its time")
                peak_rss_bytes = max(peak_rss_bytes, high_water_bytes(process.pid))
                time.sleep(POLL_S)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if process.returncode is None:
                process.kill()
                process.wait()
        wall_s = time.monotonic() - started_s
        stdout.seek(0)
        stderr.seek(0)
        return Finished(
            process.returncode, stdout.read().decode(), stderr.read().decode(), wall_s,
            usage.ru_utime + usage.ru_stime, peak_rss_bytes,
        )


def run_well(command, seconds=0, env=None, folder=None, accepted=(0,)):
    """Runs a program that must succeed."""
    finished = run(command, seconds, env, folder)
    if finished.exit_code not in accepted:
        raise BenchError(f"{name(command)} ended with {finished.exit_code}: {finished.stderr[-800:]}")
    return finished


def high_water_bytes(pid):
    """The greatest resident memory so far. wait4's figure would include this interpreter, from which it was forked."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) * 1024 if lines else 0


def floor_per_s(folder, seconds):
    """How often a second the disk confirms 8 KiB that are written over: no journal can wait for it more often."""
    block, blocks = bytes([7]) * 8192, 1_000
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(len(block) * blocks))
        file.flush()
        os.fsync(file.fileno())
        began_s, count = time.monotonic(), 0
        while (took_s := time.monotonic() - began_s) < seconds:
            os.pwrite(file.fileno(), block, count % blocks * len(block))
            os.fdatasync(file.fileno())
            count += 1
        return count / took_s


def name(command):
    return pathlib.Path(command[0]).name


def shown(command):
    """The command as it may be committed: programs and files by name, without the folders of this machine."""
    words = [str(word) for word in command]
    return " ".join(pathlib.Path(word).name if word.startswith("/") and "//" not in word else word for word in words)


def describe():
    """The machine."""
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in cpuinfo if line.startswith("model name")]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": models[0] if models else os.uname().machine,
        "cores": os.cpu_count(),
        "memory_mib": pages >> 20,
        "kernel": f"{os.uname().sysname} {os.uname().release}",
    }


def provenance(plimsoll, command):
    """What stands beside every figure: how, of what, where, when, and beside how much other work."""
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run(
        [*git, "status", "--porcelain", "--", "crates", "examples", "profiles", "Cargo.toml", "Cargo.lock"],
        capture_output=True, text=True,
    ).stdout.strip()
    return {
        "command": command,
        "commit": (commit or "unknown") + (" with changes" if changed else ""),
        "plimsoll_sha256": hashlib.sha256(pathlib.Path(plimsoll).read_bytes()).hexdigest(),
        "machine": describe(),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "load_average_1m_before": os.getloadavg()[0],
    }
