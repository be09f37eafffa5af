"""What was promised of the journal, what was measured, and whether it was met. Pure.

The disk is most of the figure, and changes from minute to minute: each run is held against what the disk could do right
before and right after it. A bound is held against the worst run, a ratio is that of the medians, as everywhere.
"""

from statistics import mean, median

from figures import Figure, spread

MANY_PER_S_MIN = 100_000
# On a slower disk the promise is a multiple of what it can do.
FLOOR_PER_S_MIN = 15_000
MANY_FLOORS_MIN = 6
ONE_FLOORS_MIN = 0.55
REPLAY_S_MAX = 1.0
START_US_PER_ACT_MAX = 10
APPEND_MS_MAX = 5.0
APPEND_FLOORS_MAX = 40
SEALED_RATIO_MIN = 0.7


def runs_of(part, step, amount=None):
    runs = [run for results in part["rounds"] for run in results if run["step"] == step]
    return [run for run in runs if amount is None or run["amount"] == amount]


def floor(run):
    return mean(run["floor_per_s"])


def floors(runs):
    return f"the disk: {spread([floor(run) for run in runs], ',.0f')}/s"


def figures_of(part):
    many = runs_of(part, "journal", 64)
    yield Figure(
        "records that are synced and acknowledged, 64 writers, 256 bytes, hashed",
        f">= {MANY_PER_S_MIN:,}/s, or {MANY_FLOORS_MIN} times the disk where it does fewer than {FLOOR_PER_S_MIN:,}/s",
        f"{spread([run['per_s'] for run in many], ',.0f')}/s; {floors(many)}",
        all(
            run["per_s"] >= (MANY_PER_S_MIN if floor(run) >= FLOOR_PER_S_MIN else MANY_FLOORS_MIN * floor(run))
            for run in many
        ),
    )
    one = runs_of(part, "journal", 1)
    yield Figure(
        "the same, one writer", f">= {ONE_FLOORS_MIN} of the disk",
        f"{spread([run['per_s'] / floor(run) for run in one], '.2f')} of it: "
        f"{spread([run['per_s'] for run in one], ',.0f')}/s; {floors(one)}",
        median(run["per_s"] / floor(run) for run in one) >= ONE_FLOORS_MIN,
    )
    replay = runs_of(part, "replay")
    yield Figure(
        f"replay of {replay[0]['amount']:,} records, each checked", f"< {REPLAY_S_MAX:g} s",
        f"{spread([run['replay_s'] for run in replay], '.2f')} s",
        all(run["replay_s"] < REPLAY_S_MAX and run["records"] == run["amount"] for run in replay),
    )
    paced = runs_of(part, "paced")
    bound_ms = lambda run: max(APPEND_MS_MAX, APPEND_FLOORS_MAX * 1_000 / floor(run))
    yield Figure(
        f"p99 of an append at {paced[0]['amount']:,}/s", f"< {APPEND_MS_MAX:g} ms or {APPEND_FLOORS_MAX} waits for the disk",
        f"{spread([run['p99_ms'] for run in paced], '.2f')} ms; {floors(paced)}",
        all(run["p99_ms"] < bound_ms(run) for run in paced),
    )
    # Results of before they were measured have none.
    if sealing := runs_of(part, "sealing"):
        yield Figure(
            "the same with payloads that are sealed, 64 writers, in turns with unsealed ones",
            f">= {SEALED_RATIO_MIN:g} of the unsealed",
            f"{spread([run['ratio'] for run in sealing], '.2f')} of them: "
            f"{spread([run['per_s'] for run in sealing], ',.0f')}/s beside "
            f"{spread([run['plain_per_s'] for run in sealing], ',.0f')}/s",
            median(run["per_s"] for run in sealing) >= SEALED_RATIO_MIN * median(run["plain_per_s"] for run in sealing),
        )

    if folds := runs_of(part, "folds"):
        acts = folds[0]["acts"]
        yield Figure(
            f"state of {acts:,} sign-ins and tokens, read again when a server starts",
            f"< {START_US_PER_ACT_MAX * acts / 1_000:g} ms",
            f"{spread([run['start_ms'] for run in folds], '.1f')} ms",
            all(run["start_ms"] * 1_000 < START_US_PER_ACT_MAX * acts for run in folds),
        )


def contenders(part):
    """A row for each contender: what it acknowledges a second, and in waits for the disk."""
    rows = [["contender", "acknowledged per second", "in syncs of the disk"]]
    names = {
        ("journal", 64): "journal, 64 writers", ("journal", 8): "journal, 8 writers", ("journal", 1): "journal, 1 writer",
        ("sqlite-rows", None): "SQLite, a row per commit, 1 writer",
        ("nats", 64): "NATS JetStream, sync always, 64 publishers", ("nats", 1): "NATS JetStream, sync always, 1 publisher",
    }
    for (step, amount), name in names.items():
        runs = [run for run in runs_of(part, step) if run["amount"] == amount]
        if runs:
            ratio = median(run["per_s"] / floor(run) for run in runs)
            rows.append([name, spread([run["per_s"] for run in runs], ",.0f"), f"{ratio:.2f}"])
    return rows
