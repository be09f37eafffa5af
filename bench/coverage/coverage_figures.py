"""What was promised of the rows of the founding documents, what was decided of them, and whether it was met. Pure."""

from figures import Figure

# At least a quarter of all rows.
SHARE_MIN_PERCENT = 25
DECIDED = {"PASS", "FAIL"}


def rows_decided(criteria, answers):
    """The rows of which a criterion said PASS or FAIL, and all of its controls held."""
    decided = [one for one, said in criteria.items() if said["verdict"] in DECIDED and said["held"]]
    return set().union(*(answers.get(one, set()) for one in decided))


def figures_of(parts):
    rows, decided = (sum(part[key] for part in parts.values()) for key in ("rows", "decided"))
    share = 100 * decided / rows
    yield Figure(
        "rows of the founding documents that end in PASS or FAIL on the demo service", f">= {SHARE_MIN_PERCENT} %",
        f"{decided} of {rows}: {share:.1f} %", share >= SHARE_MIN_PERCENT,
    )


def by_profile(parts):
    """Each profile's rows, and what was not decided and why."""
    head = ["profile", "rows", "decided", "criteria with PASS", "with FAIL", "undecided", "took"]
    table = [head]
    for name, part in parts.items():
        verdicts = [said["verdict"] for said in part["criteria"].values()]
        undecided = sorted(one for one, said in part["criteria"].items() if said["verdict"] not in DECIDED or not said["held"])
        table.append([
            f"`{name}`", str(part["rows"]), str(part["decided"]), str(verdicts.count("PASS")), str(verdicts.count("FAIL")),
            ", ".join(f"`{one}`" for one in undecided) or "-", f"{part['wall_s']:.0f} s",
        ])
    return table
