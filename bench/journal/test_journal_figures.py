"""The judgement of raw numbers: `python3 -B -m unittest discover bench/journal`. Each figure is seen met and not met."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "load"))

import journal_figures  # noqa: E402


def part(floor=20_000, many=120_000, one=12_000, replay_s=0.9, p99_ms=4.0, records=1_000_000, sealed=None, start_ms=None):
    floors = {"floor_per_s": [floor, floor]}
    sealing = {"step": "sealing", "amount": 64, "per_s": sealed, "plain_per_s": 100_000, **floors}
    return {"rounds": [[
        {"step": "journal", "amount": 64, "per_s": many, **floors}, {"step": "journal", "amount": 1, "per_s": one, **floors},
        {"step": "replay", "amount": 1_000_000, "records": records, "replay_s": replay_s, **floors},
        {"step": "paced", "amount": 10_000, "p99_ms": p99_ms, **floors},
        *([{**sealing, "ratio": sealed / 100_000}] if sealed else []),
        *([{"step": "folds", "amount": 5_000, "acts": 5_000, "start_ms": start_ms, **floors}] if start_ms else []),
    ]]}


class Judgement(unittest.TestCase):
    def met(self, **given):
        return [figure.met for figure in journal_figures.figures_of(part(**given))]

    def test_all_is_met(self):
        self.assertEqual(self.met(), [True] * 4)

    def test_each_is_missed_alone(self):
        self.assertEqual(self.met(many=99_999), [False, True, True, True])
        self.assertEqual(self.met(one=10_999), [True, False, True, True])
        self.assertEqual(self.met(replay_s=1.0), [True, True, False, True])
        self.assertEqual(self.met(records=999_999), [True, True, False, True])
        self.assertEqual(self.met(p99_ms=5.0), [True, True, True, False])

    def test_sealing_is_judged_where_it_was_measured(self):
        self.assertEqual(self.met(sealed=70_000), [True] * 5)
        self.assertEqual(self.met(sealed=69_999), [True, True, True, True, False])

    def test_a_start_is_judged_where_it_was_measured(self):
        self.assertEqual(self.met(start_ms=49.9), [True] * 5)
        self.assertEqual(self.met(start_ms=50), [True] * 4 + [False])

    def test_a_slow_disk_moves_the_bounds(self):
        self.assertEqual(self.met(floor=1_000, many=6_000, one=550, p99_ms=39.9), [True] * 4)
        self.assertEqual(self.met(floor=1_000, many=5_999, one=550, p99_ms=40.0), [False, True, True, False])


if __name__ == "__main__":
    unittest.main()
