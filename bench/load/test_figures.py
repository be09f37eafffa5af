"""The judgement of raw numbers: `python3 -B -m unittest discover bench/load`. Each figure is seen met and not met."""

import unittest

import figures


def log(kind, rate, count, extra_ns=lambda number: 0, lost_start_ns=0):
    """A log of an oracle that a perfect generator has asked, with what an imperfect one adds."""
    def delay_ns(number):
        at_ns = number * 1_000_000_000 // rate
        if kind == "global-stall":
            return figures.STALL_END_NS - at_ns if figures.STALL_START_NS < at_ns < figures.STALL_END_NS else 0
        return figures.FASTEST_NS[kind]

    beginning_ns = 77_000_000_000 + lost_start_ns
    return [
        (number, beginning_ns + number * 1_000_000_000 // rate + delay_ns(number) + extra_ns(number), 200)
        for number in range(count)
    ]


def truth_run(said_ms, true_ms=5.0, contender="plimsoll", kind="constant", rate=1_000, seconds=30, replies=None):
    return {
        "contender": contender, "is_open": True, "oracle": kind, "rate": rate, "seconds": seconds,
        "replies": rate * seconds if replies is None else replies,
        "said_ms": {str(quantile): said_ms for quantile in figures.QUANTILES},
        "true_ms": {str(quantile): true_ms for quantile in figures.QUANTILES},
    }


def met(part_figures):
    return [figure.met for figure in part_figures]


class Truth(unittest.TestCase):
    def test_the_log_alone_tells_when_the_schedule_began(self):
        found = figures.true_latencies_ns("constant", 1_000, log("constant", 1_000, 100))
        self.assertEqual(found, [5_000_000] * 100)

    def test_a_late_reply_is_late_by_the_log_and_the_others_are_not(self):
        late = log("constant", 1_000, 100, extra_ns=lambda number: 3_000_000 if number == 40 else 0)
        self.assertEqual(figures.true_latencies_ns("constant", 1_000, late), [5_000_000] * 99 + [8_000_000])

    def test_replies_in_any_order_tell_the_same(self):
        shuffled = log("global-stall", 100, 600)[::-1]
        found = figures.true_latencies_ns("global-stall", 100, shuffled)
        for quantile in figures.compared(600):
            self.assertEqual(
                found[figures.rank(quantile, 600)], figures.closed_form_ns("global-stall", 100, 6, quantile)
            )

    def test_the_quantile_is_the_smallest_value_whose_share_reaches_it(self):
        self.assertEqual([figures.rank(500, 4), figures.rank(500, 5), figures.rank(999, 1000)], [1, 2, 998])

    def test_a_quantile_is_compared_from_thirty_requests_beyond_it(self):
        self.assertEqual(figures.compared(59), [])
        self.assertEqual(figures.compared(600), [500, 900, 950])
        self.assertEqual(figures.compared(29_999), [500, 900, 950, 990])
        self.assertEqual(figures.compared(30_000), list(figures.QUANTILES))

    def test_the_closed_form_of_a_stall_leaves_out_what_is_due_as_it_begins(self):
        # At 100/s in 30 s: 49 are stalled, by 490 ms, 480 ms, ... 10 ms; 30 are beyond p99.
        self.assertEqual(figures.closed_form_ns("global-stall", 100, 30, 990), 190_000_000)

    def test_the_closed_form_of_two_speeds(self):
        found = [figures.closed_form_ns("bimodal", 100, 6, quantile) for quantile in (500, 900, 950, 990)]
        self.assertEqual(found, [2_000_000, 2_000_000, 40_000_000, 40_000_000])

    def test_the_tolerance_is_absolute_for_fast_replies_and_a_share_of_slow_ones(self):
        for said_ms, true_ms, expected in (
            (5.19, 5.0, [True, True]), (5.21, 5.0, [False, True]), (7.1, 5.0, [False, False]),
            (504.9, 500.0, [True, True]), (505.1, 500.0, [False, False]), (float("inf"), 500.0, [False, False]),
        ):
            part = {"runs": [truth_run(said_ms, true_ms)]}
            self.assertEqual(met(figures.truth_figures(part))[:2], expected, (said_ms, true_ms))

    def test_only_the_last_quantile_is_allowed_a_delayed_turn(self):
        allowed_ms = {quantile: figures.tolerance_ms(quantile, 5.0) for quantile in figures.QUANTILES}
        self.assertEqual(allowed_ms, {500: 0.2, 900: 0.2, 950: 0.2, 990: 0.2, 999: 2.0})

    def test_a_log_counts_only_for_a_generator_that_kept_to_the_schedule(self):
        run = truth_run(5.0, seconds=1)
        self.assertTrue(figures.followed_the_schedule({**run, "replies": 995}))
        self.assertFalse(figures.followed_the_schedule({**run, "replies": 994}))
        self.assertFalse(figures.followed_the_schedule({**run, "is_open": False}))

    def test_one_bad_run_among_good_ones_is_enough(self):
        part = {"runs": [truth_run(5.0), truth_run(9.0), truth_run(5.0)]}
        self.assertEqual(met(figures.truth_figures(part)), [False, False])
        measured = [figure.measured for figure in figures.truth_figures(part)]
        self.assertIn("at worst 4.000 ms", measured[0])
        self.assertTrue(measured[0].endswith("8 of 12 comparisons within"), measured[0])

    def test_errors_of_others_are_not_ours(self):
        part = {"runs": [truth_run(5.0), truth_run(900.0, contender="wrk")]}
        self.assertEqual(met(figures.truth_figures(part)), [True, True])

    def test_a_lost_request_is_not_forgiven(self):
        part = {"runs": [truth_run(5.0, replies=29_999)]}
        self.assertEqual(met(figures.truth_figures(part)), [False, False])

    def test_the_closed_form_judges_slow_replies_at_low_rates(self):
        run = truth_run(5.0, kind="bimodal")
        run["said_ms"].update({"950": 41.1, "990": 41.1, "999": 41.1})
        self.assertEqual(met(figures.truth_figures({"runs": [run]}))[2], True)
        run["said_ms"]["990"] = 41.3
        self.assertEqual(met(figures.truth_figures({"runs": [run]}))[2], False)
        fast = truth_run(5.0, kind="bimodal", rate=5_000)
        self.assertEqual(len(met(figures.truth_figures({"runs": [fast]}))), 2)

    def test_the_furthest_quantile_of_each_generator_is_shown(self):
        skipping = truth_run(6.0, contender="oha", replies=100)
        rows = figures.other_generators({"runs": [truth_run(5.5), skipping]})
        self.assertEqual(rows[0], ["oracle", "plimsoll", "oha"])
        self.assertEqual(rows[1], ["constant at 1,000/s", "p50 5.500 ms for 5.000 ms", "p50 6.000 ms for 5.000 ms"])


class Limits(unittest.TestCase):
    def cost(self, ours, wrk):
        runs = [
            {"contender": name, "requests": value, "cpu_s": 1.0, "wall_s": 1.0}
            for name, values in (("plimsoll", ours), ("wrk", wrk)) for value in values
        ]
        return {"connections": 64, "runs": runs}

    def test_a_cost_is_the_ratio_of_medians(self):
        self.assertEqual(met(figures.cost_figures(self.cost([10, 90, 100], [80, 90, 900]))), [True])
        self.assertEqual(met(figures.cost_figures(self.cost([10, 89, 100], [80, 90, 900]))), [False])
        self.assertEqual(figures.costs(self.cost([1], [2]))[1:], [["plimsoll", "1 [1, 1]", "1 [1, 1]"],
                                                                  ["wrk", "2 [2, 2]", "2 [2, 2]"]])

    def test_memory_is_bounded_and_flat(self):
        def part(few_mib, many_mib):
            run = lambda samples, size: {"connections": 64, "samples": samples, "peak_rss_bytes": size << 20}
            return {"runs": [run(100_000, few_mib), run(10_000_000, many_mib)]}

        self.assertEqual(met(figures.memory_figures(part(6, 15))), [True, True])
        self.assertEqual(met(figures.memory_figures(part(6, 16))), [True, False])
        self.assertEqual(met(figures.memory_figures(part(60, 64))), [False, True])

    def test_one_late_run_fails_the_send_lag(self):
        part = {"rate": 5_000, "runs": [{"subject": "s", "send_lag_p999_ms": lag, "timer_lag_p999_ms": 0.1} for lag in (0.1, 0.2, 0.99)]}
        self.assertEqual(met(figures.send_lag_figures(part)), [True])
        part["runs"].append({"subject": "s", "send_lag_p999_ms": "inf", "timer_lag_p999_ms": 0.1})
        self.assertEqual(met(figures.send_lag_figures(part)), [False])

    def test_certify_must_be_fast_and_well(self):
        def part(certify_s, exit_code, verify_ms):
            return {
                "certify": [
                    {"wall_s": certify_s, "exit_code": exit_code, "status": "preliminary", "start_up_s": 0.5}
                ],
                "verify": [{"wall_ms": verify_ms, "exit_code": 0}],
            }

        self.assertEqual(met(figures.certify_figures(part(59.9, 0, 99))), [True, True])
        self.assertEqual(met(figures.certify_figures(part(60.1, 0, 101))), [False, False])
        self.assertEqual(met(figures.certify_figures(part(50.0, 3, 99))), [False, True])

    def test_what_is_missed_is_said(self):
        rows = figures.figure_rows([figures.Figure("a", "b", "c", False), figures.Figure("a", "b", "c", True)])
        self.assertEqual(figures.markdown(rows).splitlines()[2:], ["| a | b | c | **no** |", "| a | b | c | yes |"])


if __name__ == "__main__":
    unittest.main()
