"""The judgement of raw numbers: `python3 -B -m unittest discover bench/api`. Each figure is seen met and not met."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "load"))

import api_figures  # noqa: E402

MIB = 2**20


def part(**given):
    """All that is promised, barely; what is given is otherwise."""
    said = {
        "reads": 10_000, "writes": 5_000, "read_p99_ms": 19.9, "write_p99_ms": 19.9, "good": 100, "first_ms": 149,
        "later_ms": 149, "ready_mib": 39, "after_mib": 39, **given,
    }
    always = {"floor_per_s": [20_000, 30_000]}
    half = {
        what: {
            "rate": 1, "count": 100, "good": said["good"], "latency_ms": {"p99": said[f"{what}_p99_ms"]},
            "failed_gates": ["run-queue"],
        }
        for what in ("read", "write")
    }
    server = {"contender": "plimsoll serve", "cpu_us": 9.0, **always}
    start = lambda ms: {"ready_ms": ms, "rss_bytes": said["ready_mib"] * MIB}
    return {
        "connections": 64, "memory": {"rss_bytes_after_load": said["after_mib"] * MIB},
        "starts": {"first": [start(said["first_ms"])], "later": [start(said["later_ms"])]},
        "runs": [
            {**server, "what": "read", "per_s": said["reads"]}, {**server, "what": "write", "per_s": said["writes"]},
            {**server, "what": "both", **half},
            {"contender": "nginx, 1 KiB", "what": "read", "per_s": 40_000, **always},
        ],
    }


class Judgement(unittest.TestCase):
    def missed(self, **given):
        """The numbers of the figures that are missed."""
        return [number for number, figure in enumerate(api_figures.figures_of(part(**given))) if not figure.met]

    def test_all_is_met(self):
        self.assertEqual(self.missed(), [])

    def test_each_is_missed_alone(self):
        missed = {
            0: {"reads": 9_999}, 1: {"writes": 4_999}, 2: {"read_p99_ms": 20}, 3: {"write_p99_ms": "inf"},
            4: {"first_ms": 150}, 5: {"later_ms": 150}, 6: {"ready_mib": 40}, 7: {"after_mib": 40},
        }
        for number, given in missed.items():
            self.assertEqual(self.missed(**given), [number])

    def test_one_request_that_failed_is_too_many(self):
        self.assertEqual(self.missed(good=99), [2, 3])

    def test_a_doubtful_instrument_is_told(self):
        said = list(api_figures.figures_of(part()))[2].measured
        self.assertIn("the generator was kept waiting in 1 of 1 runs", said)

    def test_the_worst_run_counts_and_the_median_start(self):
        slow = part(reads=9_999)["runs"][0]
        whole = part()
        whole["runs"].insert(0, slow)
        whole["starts"]["later"] += [{"ready_ms": 1_000, "rss_bytes": 0}, {"ready_ms": 1, "rss_bytes": 0}]
        figures = list(api_figures.figures_of(whole))
        self.assertEqual([figure.met for figure in figures], [False] + [True] * 7)

    def test_others_are_ratios_to_the_server(self):
        rows = api_figures.contenders(part())
        self.assertEqual(rows[1][1], "10,000 [10,000, 10,000]")
        self.assertEqual(rows[2], ["nginx, 1 KiB", "40,000 [40,000, 40,000] (4.00 times)", "-"])


if __name__ == "__main__":
    unittest.main()
