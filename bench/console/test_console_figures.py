"""The judgement of what the browser saw: `python3 -B -m unittest discover bench/console`. Each figure is seen met and not met."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "load"))

import console_figures  # noqa: E402


def met(**changed):
    run = {
        "first": {"script_bytes": 55_000, "bytes": 62_000, "ms": 900},
        "list": {"rows": 10_000, "longest_ms": 20},
        "tail": {"records_per_s": 1_000, "longest_ms": 20},
    }
    for what, values in changed.items():
        run[what] |= values
    # Of five rounds three are as they are told.
    part = {what: [values] * 3 + [{**values, "ms": 1, "longest_ms": 1}] * 2 for what, values in run.items()}
    return [figure.met for figure in console_figures.figures_of(part)]


class Console(unittest.TestCase):
    def test_each_promise_is_kept_or_broken_by_itself(self):
        self.assertEqual(met(), [True, True, True, True])
        for figure, changed in enumerate([
            {"first": {"script_bytes": 60_000}}, {"first": {"ms": 1_000}}, {"list": {"longest_ms": 50}},
            {"tail": {"longest_ms": 50}},
        ]):
            self.assertEqual([at for at, is_met in enumerate(met(**changed)) if not is_met], [figure])

    def test_a_shorter_list_and_fewer_records_are_no_measure(self):
        self.assertEqual(met(list={"rows": 9_999}), [True, True, False, True])
        self.assertEqual(met(tail={"records_per_s": 900}), [True, True, True, False])


if __name__ == "__main__":
    unittest.main()
