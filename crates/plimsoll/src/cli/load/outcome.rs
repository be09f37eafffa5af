//! What a run of load answers: a pure function of what was measured.

use plimsoll_load::{Judged, Run, Threshold};
use plimsoll_measure::{Gate, GateResult, Histogram, instrument_gates};

use super::order::Order;
use crate::exit::Answer;

/// Rates are counted per 1,000 s, times in ns.
const NS_PER_KS: u128 = 1_000_000_000_000;

/// Why a run ended before its schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// Somebody asked for it.
    Interrupted,
    /// The threshold with this place in the order must never fail, and did.
    Threshold(usize),
}

/// What a run answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    Fail,
    Inconclusive,
}

impl Verdict {
    pub(super) fn answer(self) -> Answer {
        match self {
            Self::Pass => Answer::Yes,
            Self::Fail => Answer::No,
            Self::Inconclusive => Answer::Inconclusive,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// A run and everything that follows from it.
#[derive(Debug)]
pub(super) struct Finished<'a> {
    pub(super) order: &'a Order,
    pub(super) run: &'a Run,
    pub(super) stopped: Option<Stopped>,
    pub(super) gates: Vec<GateResult>,
    pub(super) thresholds: Vec<(&'a Threshold, Judged)>,
    pub(super) verdict: Verdict,
    /// Why it is no pass; empty for a pass.
    pub(super) reasons: Vec<String>,
}

impl<'a> Finished<'a> {
    pub(super) fn new(order: &'a Order, run: &'a Run, stopped: Option<Stopped>) -> Self {
        let limit_ns = order.thresholds.iter().filter_map(Threshold::latency_limit_ns).min();
        let mut gates = instrument_gates(&run.facts, limit_ns);
        if order.is_closed() {
            // The others ask whether a schedule was kept, and here there is none.
            gates.retain(|gate| gate.gate == Gate::Measured);
        }
        if stopped == Some(Stopped::Interrupted) {
            // Nothing is judged, and of a moment's data the allowances are wider than any doubt.
            gates.clear();
        }
        let judge = |threshold: &'a Threshold| (threshold, threshold.judge(run));
        let thresholds: Vec<_> = order.thresholds.iter().map(judge).collect();
        let (verdict, reasons) = conclude(stopped, run.good, &gates, &thresholds);
        Self { order, run, stopped, gates, thresholds, verdict, reasons }
    }

    /// For how long arrivals were due.
    pub(super) fn sending_ns(&self) -> u64 {
        let planned_ns = self.order.plan.schedule.duration_ns;
        if self.run.aborted { planned_ns.min(self.run.facts.wall_ns) } else { planned_ns }
    }

    /// Arrivals that the schedule held.
    pub(super) fn offered_per_ks(&self) -> u64 {
        self.rate_per_ks(self.run.facts.scheduled)
    }

    /// Arrivals that were sent within the schedule.
    pub(super) fn achieved_per_ks(&self) -> u64 {
        self.rate_per_ks(self.run.facts.send_lag.count())
    }

    /// Arrivals that had a good reply.
    pub(super) fn good_per_ks(&self) -> u64 {
        self.rate_per_ks(self.run.good)
    }

    fn rate_per_ks(&self, count: u64) -> u64 {
        let scaled = (u128::from(count) * NS_PER_KS).checked_div(u128::from(self.sending_ns()));
        scaled.and_then(|rate| u64::try_from(rate).ok()).unwrap_or(0)
    }

    pub(super) fn latency(&self) -> &Histogram {
        &self.run.total
    }

    /// Failed arrivals of all that came to an end; nothing where none did.
    pub(super) fn error_ratio_ppb(&self) -> Option<u64> {
        let scaled = u128::from(self.run.errors.total()) * 1_000_000_000;
        scaled.checked_div(u128::from(self.latency().count())).and_then(|ratio| u64::try_from(ratio).ok())
    }
}

/// An interrupted run judges nothing, and one that a threshold ended can only fail. Then a doubtful instrument goes
/// before a failed threshold: its numbers prove no failure either.
fn conclude(
    stopped: Option<Stopped>,
    good: u64,
    gates: &[GateResult],
    thresholds: &[(&Threshold, Judged)],
) -> (Verdict, Vec<String>) {
    let failure = |threshold: &Threshold| {
        format!("threshold `{}: {}` does not hold", threshold.metric, threshold.expression)
    };
    match stopped {
        Some(Stopped::Interrupted) => {
            return (Verdict::Inconclusive, vec!["the run was interrupted".to_owned()]);
        }
        Some(Stopped::Threshold(place)) => {
            let culprit = thresholds.get(place).map(|(threshold, _)| failure(threshold));
            return (
                Verdict::Fail,
                culprit.map(|text| format!("{text} and has ended the run")).into_iter().collect(),
            );
        }
        None => {}
    }
    let failed = thresholds.iter().filter(|(_, judged)| !judged.passed);
    let failed: Vec<String> = failed.map(|(threshold, _)| failure(threshold)).collect();
    let failed_gates = gates.iter().filter(|gate| !gate.passed);
    let mut doubts: Vec<String> =
        failed_gates.map(|gate| format!("the instrument's gate {} failed", gate.gate.name())).collect();
    if good == 0 {
        doubts.insert(0, "there was no good reply, so nothing was measured".to_owned());
    }
    match (doubts.is_empty(), failed.is_empty()) {
        (false, _) => (Verdict::Inconclusive, doubts),
        (true, false) => (Verdict::Fail, failed),
        (true, true) => (Verdict::Pass, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{gate, threshold};
    use super::*;

    #[test]
    fn what_goes_before_what() {
        use Stopped::{Interrupted, Threshold};
        use Verdict::{Fail, Inconclusive, Pass};
        let cases = [
            // stopped, good replies, gate holds, threshold holds, verdict
            (None, 1, true, true, Pass),
            (None, 1, true, false, Fail),
            (None, 1, false, true, Inconclusive),
            (None, 1, false, false, Inconclusive),
            (None, 0, true, true, Inconclusive),
            (None, 0, true, false, Inconclusive),
            (Some(Threshold(0)), 1, true, false, Fail),
            (Some(Threshold(0)), 0, false, false, Fail),
            (Some(Interrupted), 1, true, true, Inconclusive),
            (Some(Interrupted), 1, true, false, Inconclusive),
        ];
        let parsed = threshold("p(99)<500");
        for (stopped, good, gate_holds, holds, verdict) in cases {
            let judged = Judged { passed: holds, observed: None };
            let found = conclude(stopped, good, &[gate(Gate::Rate, gate_holds)], &[(&parsed, judged)]);
            assert_eq!(found.0, verdict, "{stopped:?} {good} {gate_holds} {holds}: {found:?}");
            assert_eq!(found.1.is_empty(), verdict == Pass, "{found:?}");
        }
    }

    #[test]
    fn a_verdict_is_an_exit_code_and_a_word() {
        let verdicts = [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive];
        assert_eq!(verdicts.map(Verdict::answer), [Answer::Yes, Answer::No, Answer::Inconclusive]);
        assert_eq!(verdicts.map(Verdict::name), ["pass", "fail", "inconclusive"]);
    }

    #[test]
    fn rates_are_over_the_time_in_which_arrivals_were_due() {
        let order = super::super::testing::order();
        let mut run = super::super::testing::run(&order, 300, 100);
        let finished = Finished::new(&order, &run, None);
        // 400 arrivals in the two seconds of the schedule, of which 300 had a good reply.
        assert_eq!((finished.offered_per_ks(), finished.good_per_ks()), (200_000, 150_000));
        assert_eq!(finished.error_ratio_ppb(), Some(250_000_000));
        run.aborted = true;
        run.facts.wall_ns = 1_000_000_000;
        let finished = Finished::new(&order, &run, Some(Stopped::Interrupted));
        assert_eq!(finished.offered_per_ks(), 400_000);
    }
}
