"""From raw numbers to figures: what was promised, what was measured, and whether it was met. Pure.

A bound is held against the worst run, a ratio against the ratio of medians.
"""

from dataclasses import dataclass
from statistics import median

# The delay of an oracle's fastest reply, in ns.
FASTEST_NS = {"constant": 5_000_000, "bimodal": 2_000_000, "global-stall": 0}
SLOW_NS = 40_000_000
# Of 1,000 requests to the bimodal oracle so many are slow.
SLOW_PER_MILLE = 70
STALL_START_NS, STALL_END_NS = 500_000_000, 1_000_000_000
# With fewer requests beyond it a quantile is one accident and no property.
BEYOND_MIN = 30
QUANTILES = (500, 900, 950, 990, 999)

TOLERANCE_RATIO = 0.01
TOLERANCE_MS = 0.2
TOLERANCE_P999_MS = 2.0
CLOSED_FORM_RATIO = 0.03
CLOSED_FORM_RATES = (100, 1_000)
# Below it loopback and wake-ups are a part of the value that no closed form knows.
CLOSED_FORM_MS_MIN = 20
# A generator that sent fewer than the schedule held has left some out, and nobody knows which.
SENT_RATIO_MIN = 0.995

COST_RATIO_MIN = {"wrk": 1.0, "oha": 1.3}
PEAK_MIB_MAX = 64
# A list of samples grows by 8. What is allowed here is for the windows of one second, which are evidence.
GROWTH_BYTES_PER_SAMPLE_MAX = 1
SEND_LAG_MS_MAX = 1.0
CERTIFY_S_MAX = 60
VERIFY_MS_MAX = 100


@dataclass
class Figure:
    """One promise beside what was measured."""

    what: str
    target: str
    measured: str
    met: bool


def rank(quantile, count):
    """The place of a quantile among `count` sorted values: the smallest whose cumulative share reaches it."""
    return -(-quantile * count // 1000) - 1


def compared(count):
    """The quantiles with enough requests beyond them."""
    return [quantile for quantile in QUANTILES if count * (1000 - quantile) // 1000 >= BEYOND_MIN]


def true_latencies_ns(kind, rate, log):
    """The time of each reply since its intended moment, sorted, from an oracle's log alone.

    Request n was meant to go n / rate after a beginning that only the generator knows, and it is not asked: no reply
    can be written before its request was due and the oracle's delay was over, so the beginning is at the earliest
    reply by that reckoning. That is too late by the fastest trip of all, some 0.03 ms.
    """
    due_ns = [number * 1_000_000_000 // rate for number, _, _ in log]
    beginning_ns = min(written - due for (_, written, _), due in zip(log, due_ns)) - FASTEST_NS[kind]
    return sorted(written - due - beginning_ns for (_, written, _), due in zip(log, due_ns))


def closed_form_ns(kind, rate, seconds, quantile):
    """The quantile that an open loop at `rate` sees by the oracle's definition.

    The oracle counts from the arrival of the first request, which has come late by the making of a connection: what is
    due just when the stall begins comes before it.
    """
    if kind == "global-stall":
        due_ns = (number * 1_000_000_000 // rate for number in range(rate * seconds))
        values = sorted(STALL_END_NS - at if STALL_START_NS < at < STALL_END_NS else 0 for at in due_ns)
        return values[rank(quantile, len(values))]
    is_slow = kind == "bimodal" and quantile > 1000 - SLOW_PER_MILLE
    return SLOW_NS if is_slow else FASTEST_NS[kind]


def tolerance_ms(quantile, true_ms):
    return max(TOLERANCE_RATIO * true_ms, TOLERANCE_P999_MS if quantile > 990 else TOLERANCE_MS)


@dataclass
class Comparison:
    """What a generator said about one quantile, and what was true."""

    run: dict
    quantile: int
    true_ms: float
    said_ms: float

    @property
    def error_ms(self):
        return abs(self.said_ms - self.true_ms)

    def __str__(self):
        percent = f"p{self.quantile / 10:g}"
        return f"{self.run['oracle']} at {self.run['rate']:,}/s, {percent}: {ms(self.said_ms)} for {ms(self.true_ms)}"


def comparisons(run, by_log):
    """Every quantile of a run that can be compared, with the oracle's log or with the closed form."""
    scheduled = run["rate"] * run["seconds"]
    for quantile in compared(scheduled):
        if by_log:
            true_ms = run["true_ms"][str(quantile)]
        else:
            true_ms = closed_form_ns(run["oracle"], run["rate"], run["seconds"], quantile) / 1e6
        yield Comparison(run, quantile, true_ms, float(run["said_ms"][str(quantile)]))


def followed_the_schedule(run):
    return run["is_open"] and run["replies"] >= SENT_RATIO_MIN * run["rate"] * run["seconds"]


def truth_figures(part):
    ours = [run for run in part["runs"] if run["contender"] == "plimsoll"]
    complete = all(run["replies"] == run["rate"] * run["seconds"] for run in ours)
    by_log = [comparison for run in ours for comparison in comparisons(run, by_log=True)]
    usual = [comparison for comparison in by_log if comparison.quantile <= 990]
    tail = [comparison for comparison in by_log if comparison.quantile > 990]
    rates = ", ".join(f"{rate:,}" for rate in sorted({run["rate"] for run in ours}))
    yield error_figure(f"truth up to p99 at {rates}/s, by the oracle's log", "max(1 %, 0.2 ms)", usual, complete)
    if tail:
        yield error_figure("truth at p99.9, by the oracle's log", "max(1 %, 2 ms)", tail, complete)
    known = [
        comparison for run in ours if run["rate"] in CLOSED_FORM_RATES
        for comparison in comparisons(run, by_log=False) if comparison.true_ms >= CLOSED_FORM_MS_MIN
    ]
    if known:
        worst = max(known, key=lambda comparison: comparison.error_ms / comparison.true_ms)
        ratio = worst.error_ms / worst.true_ms
        yield Figure(
            "truth at 100 and 1,000/s where it is at least 20 ms, by closed form", "3 %",
            f"at worst {100 * ratio:.2f} % ({worst}); {len(known)} comparisons", ratio <= CLOSED_FORM_RATIO,
        )


def error_figure(what, target, comparisons_made, complete):
    share = lambda comparison: comparison.error_ms / tolerance_ms(comparison.quantile, comparison.true_ms)
    worst = max(comparisons_made, key=share)
    within = sum(share(comparison) <= 1 for comparison in comparisons_made)
    missing = "" if complete else "; not every request was answered"
    return Figure(
        what, target,
        f"at worst {ms(worst.error_ms)} ({worst}); {within} of {len(comparisons_made)} comparisons within{missing}",
        within == len(comparisons_made) and complete,
    )


def per_cpu_second(part):
    """Requests per CPU-second of each contender, a value a round."""
    values = {}
    for run in part["runs"]:
        values.setdefault(run["contender"], []).append(run["requests"] / run["cpu_s"])
    return values


def cost_figures(part):
    values = per_cpu_second(part)
    for contender, least in COST_RATIO_MIN.items():
        if contender in values:
            ratio = median(values["plimsoll"]) / median(values[contender])
            yield Figure(
                f"requests per CPU-second against {contender}, closed loop, {part['connections']} connections, 1 KiB "
                "from nginx", f">= {least} times",
                f"{ratio:.2f} times: {spread(values['plimsoll'], ',.0f')} against {spread(values[contender], ',.0f')}",
                ratio >= least,
            )


def memory_figures(part):
    peak = max(part["runs"], key=lambda run: run["peak_rss_bytes"])
    yield Figure(
        "peak memory at up to 1,024 connections", f"< {PEAK_MIB_MAX} MiB",
        f"at most {mib(peak['peak_rss_bytes'])} ({peak['connections']:,} connections, {peak['samples']:,} samples)",
        peak["peak_rss_bytes"] < PEAK_MIB_MAX << 20,
    )
    grown = []
    for connections in sorted({run["connections"] for run in part["runs"]}):
        runs = [run for run in part["runs"] if run["connections"] == connections]
        in_order = sorted(runs, key=lambda run: run["samples"])
        grown.append((in_order[0], in_order[-1]))
    at = lambda run: f"{mib(run['peak_rss_bytes'])} after {run['samples']:,}"
    yield Figure(
        "memory is flat from 10^5 to 10^7 samples", f"< {GROWTH_BYTES_PER_SAMPLE_MAX} byte a sample",
        "; ".join(f"{at(few)}, {at(many)} ({few['connections']:,} connections)" for few, many in grown),
        all(
            many["peak_rss_bytes"] - few["peak_rss_bytes"]
            < GROWTH_BYTES_PER_SAMPLE_MAX * (many["samples"] - few["samples"]) for few, many in grown
        ),
    )


def send_lag_figures(part):
    for subject in dict.fromkeys(run["subject"] for run in part["runs"]):
        runs = [run for run in part["runs"] if run["subject"] == subject]
        values = [float(run["send_lag_p999_ms"]) for run in runs]
        timer = [run["timer_lag_p999_ms"] for run in runs]
        yield Figure(
            f"send lag p99.9 at {part['rate']:,}/s beside {subject}", f"< {SEND_LAG_MS_MAX:g} ms in every run",
            f"{spread(values, '.3f')} ms in {len(values)} runs; a bare timer in turn with it: {spread(timer, '.3f')} ms",
            max(values) < SEND_LAG_MS_MAX,
        )


def certify_figures(part):
    seconds = [run["wall_s"] for run in part["certify"]]
    statuses = ", ".join(sorted({run["status"] for run in part["certify"]}))
    well = all(run["exit_code"] == 0 for run in part["certify"])
    start_up_s = median(run["start_up_s"] for run in part["certify"])
    yield Figure(
        f"`certify --profile quick` of a service that starts in {start_up_s:.2f} s, calibrated", f"< {CERTIFY_S_MAX} s",
        f"{spread(seconds, '.1f')} s in {len(seconds)} runs ({statuses})", well and max(seconds) < CERTIFY_S_MAX,
    )
    times_ms = [run["wall_ms"] for run in part["verify"]]
    yield Figure(
        "`verify` of that certificate", f"< {VERIFY_MS_MAX} ms",
        f"{spread(times_ms, '.1f')} ms in {len(times_ms)} runs",
        all(run["exit_code"] == 0 for run in part["verify"]) and max(times_ms) < VERIFY_MS_MAX,
    )


FIGURES = {
    "truth": truth_figures, "cost": cost_figures, "memory": memory_figures, "send-lag": send_lag_figures,
    "certify": certify_figures,
}


def other_generators(part):
    """A row for each oracle and rate: the quantile at which each generator was furthest from the truth."""
    contenders = list(dict.fromkeys(run["contender"] for run in part["runs"]))
    rows = [["oracle", *contenders]]
    for kind, rate in dict.fromkeys((run["oracle"], run["rate"]) for run in part["runs"]):
        row = [f"{kind} at {rate:,}/s"]
        for contender in contenders:
            runs = [
                run for run in part["runs"] if (run["oracle"], run["rate"], run["contender"]) == (kind, rate, contender)
            ]
            found = [each for run in runs for each in comparisons(run, followed_the_schedule(run))]
            worst = max(found, key=lambda comparison: comparison.error_ms, default=None)
            row.append(f"p{worst.quantile / 10:g} {ms(worst.said_ms)} for {ms(worst.true_ms)}" if worst else "")
        rows.append(row)
    return rows


def costs(part):
    """A row for each generator: what a CPU-second of it brings."""
    rows = [["generator", "requests per CPU-second", "requests per second"]]
    for contender, values in per_cpu_second(part).items():
        rates = [run["requests"] / run["wall_s"] for run in part["runs"] if run["contender"] == contender]
        rows.append([contender, spread(values, ",.0f"), spread(rates, ",.0f")])
    return rows


def spread(values, form):
    """The median and the range."""
    return f"{median(values):{form}} [{min(values):{form}}, {max(values):{form}}]"


def ms(value):
    return f"{value:.3f} ms" if value < 10 else f"{value:.1f} ms"


def mib(size_bytes):
    return f"{size_bytes / (1 << 20):.1f} MiB"


def markdown(rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def figure_rows(figures):
    head = ["what", "target", "measured", "met"]
    return [head, *([each.what, each.target, each.measured, "yes" if each.met else "**no**"] for each in figures)]
