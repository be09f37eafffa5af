"""The judgement of the verdicts: `python3 -B -m unittest discover bench/coverage`. The figure is seen met and not met."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "load"))

import coverage_figures  # noqa: E402


def said(verdict, held=True):
    return {"verdict": verdict, "held": held, "reason": ""}


class Coverage(unittest.TestCase):
    def test_a_row_counts_if_something_was_decided_of_it_and_the_control_held(self):
        criteria = {"a": said("PASS"), "b": said("FAIL"), "c": said("INCONCLUSIVE"), "d": said("PASS", held=False)}
        answers = {"a": {1, 2}, "b": {2, 3}, "c": {4}, "d": {5}}
        self.assertEqual(coverage_figures.rows_decided(criteria, answers), {1, 2, 3})

    def test_a_quarter_of_all_rows_is_asked_for(self):
        def met(decided):
            part = {"rows": 100, "decided": 0, "criteria": {}, "wall_s": 1}
            return [one.met for one in coverage_figures.figures_of({"a": part, "b": {**part, "decided": decided}})]

        self.assertEqual((met(50), met(49)), ([True], [False]))

    def test_what_was_not_decided_is_named(self):
        part = {"rows": 9, "decided": 2, "wall_s": 61.4, "criteria": {"a": said("PASS"), "b": said("INCONCLUSIVE")}}
        rows = coverage_figures.by_profile({"quick": part})
        self.assertEqual(rows[1], ["`quick`", "9", "2", "1", "0", "`b`", "61 s"])


if __name__ == "__main__":
    unittest.main()
