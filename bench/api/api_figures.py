"""What was promised of the server, what was measured, and whether it was met. Pure.

A bound is held against the worst run, as everywhere; a start against the median, for the machine has hiccups.
"""

from statistics import mean, median

from figures import Figure, spread

READS_PER_S_MIN = 10_000
WRITES_PER_S_MIN = 5_000
P99_MS_MAX = 20
IDLE_MIB_MAX = 40
READY_MS_MAX = 150

SERVER = "plimsoll serve"


def runs_of(part, contender, what):
    return [run for run in part["runs"] if run["contender"] == contender and run["what"] == what]


def floors(runs):
    return f"the disk: {spread([mean(run['floor_per_s']) for run in runs], ',.0f')} syncs/s"


def carried(part, what, least, said):
    runs = runs_of(part, SERVER, what)
    return Figure(
        said, f">= {least:,}/s",
        f"{spread([run['per_s'] for run in runs], ',.0f')}/s; "
        f"{spread([run['cpu_us'] for run in runs], ',.0f')} µs of processor each; {floors(runs)}",
        all(run["per_s"] >= least for run in runs),
    )


def p99_ms(run, what):
    """Infinite if it says so: a request that failed is infinitely late."""
    return float(run[what]["latency_ms"]["p99"])


def at_half(part, what):
    runs = runs_of(part, SERVER, "both")
    first = runs[0]
    other = {"read": "write", "write": "read"}[what]
    return Figure(
        f"p99 of {what}s at {first[what]['rate']:,}/s while there are {first[other]['rate']:,} {other}s/s",
        f"< {P99_MS_MAX} ms",
        f"{spread([p99_ms(run, what) for run in runs], '.2f')} ms; {doubtful(runs, what)}{floors(runs)}",
        all(p99_ms(run, what) < P99_MS_MAX and run[what]["good"] == run[what]["count"] for run in runs),
    )


def doubtful(runs, what):
    """In how many runs the generator says of itself that it had not the machine that it needs."""
    count = sum(bool(run[what]["failed_gates"]) for run in runs)
    return f"the generator was kept waiting in {count} of {len(runs)} runs; " if count else ""


def figures_of(part):
    connections = part["connections"]
    yield carried(
        part, "read", READS_PER_S_MIN,
        f"authenticated reads (GET /api/v1/account by a token), {connections} connections",
    )
    yield carried(
        part, "write", WRITES_PER_S_MIN,
        "writes that are synced with their audit line and answered (PUT /api/v1/subjects/NAME by a token), "
        f"{connections} connections",
    )
    yield at_half(part, "read")
    yield at_half(part, "write")
    for which, said in (("first", "first start, with keys to be made"), ("later", "later start")):
        times_ms = [start["ready_ms"] for start in part["starts"][which]]
        yield Figure(
            f"from exec to the first good answer of /health/ready: {said}", f"< {READY_MS_MAX} ms (median)",
            f"{spread(times_ms, '.1f')} ms in {len(times_ms)} starts", median(times_ms) < READY_MS_MAX,
        )
    mib = [start["rss_bytes"] / 2**20 for which in part["starts"].values() for start in which]
    yield Figure(
        "resident memory when it is ready", f"< {IDLE_MIB_MAX} MiB", f"{spread(mib, '.1f')} MiB",
        max(mib) < IDLE_MIB_MAX,
    )
    after = part["memory"]["rss_bytes_after_load"] / 2**20
    yield Figure(
        "resident memory after all of this load", f"< {IDLE_MIB_MAX} MiB", f"{after:.1f} MiB", after < IDLE_MIB_MAX,
    )


def contenders(part):
    """A row for each contender and kind of request, with its ratio to the server."""
    rows = [["contender", "reads per second", "writes per second"]]
    names = list(dict.fromkeys(run["contender"] for run in part["runs"]))
    for name in names:
        rows.append([name, *(beside(part, name, what) for what in ("read", "write"))])
    return rows


def beside(part, name, what):
    runs, ours = runs_of(part, name, what), runs_of(part, SERVER, what)
    if not runs:
        return "-"
    ratio = median(run["per_s"] for run in runs) / median(run["per_s"] for run in ours)
    return f"{spread([run['per_s'] for run in runs], ',.0f')}" + ("" if name == SERVER else f" ({ratio:.2f} times)")
