//! What is going on, while it goes on: one live line on a terminal, a line a step and a heartbeat elsewhere.

use plimsoll_base::{Quantity, Unit};
use plimsoll_certify::Event;
use plimsoll_measure::Probability;

use crate::print::Printer;

/// Off a terminal, a line at least this often while load is sent.
pub(super) const HEARTBEAT_NS: u64 = 10_000_000_000;

pub(crate) struct Progress<'a> {
    printer: &'a Printer,
    step: String,
    began_ns: u64,
    last_line_ns: u64,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(printer: &'a Printer, now_ns: u64) -> Self {
        Self { printer, step: String::new(), began_ns: now_ns, last_line_ns: now_ns }
    }

    pub(crate) fn show(&mut self, event: &Event<'_>, now_ns: u64) {
        match event {
            Event::Calibrating => {
                self.begin("calibrating the load generator, unless that was done today", now_ns);
            }
            Event::CalibrationFailed { tried, of, problem } => {
                self.line(&format!("calibration {tried} of at most {of} failed: {problem}"), now_ns);
                self.begin("calibrating the load generator again", now_ns);
            }
            // How many steps the load line takes is known when it is found.
            Event::Step { done, of, name } => {
                self.begin(&format!("[{} of about {of}] {name}", done + 1), now_ns);
            }
            Event::Load(progress) => {
                let text = format!("{}  {}", self.step, load(progress));
                if now_ns.saturating_sub(self.last_line_ns) > HEARTBEAT_NS {
                    self.line(&text, now_ns);
                }
                self.printer.live(&text);
            }
        }
    }

    /// Says that everything was run: the last step's number does not tell.
    pub(crate) fn end(&mut self, now_ns: u64) {
        self.line("done", now_ns);
    }

    fn begin(&mut self, step: &str, now_ns: u64) {
        self.step = step.to_owned();
        self.line(step, now_ns);
        self.printer.live(step);
    }

    /// A line of its own, with its time, where there is no live line.
    fn line(&mut self, text: &str, now_ns: u64) {
        if self.printer.is_live() {
            return;
        }
        let elapsed_s = now_ns.saturating_sub(self.began_ns) / 1_000_000_000;
        self.printer.status(&format!("{elapsed_s:>4} s  {text}"));
        self.last_line_ns = now_ns;
    }
}

/// Rate, quantiles, errors and time left of a run of load.
pub(crate) fn load(progress: &plimsoll_load::Progress<'_>) -> String {
    let rate = Quantity { amount: progress.rate_per_ks, unit: Unit::PerKs };
    let at = |quantile| {
        let value = progress.latency.quantile(quantile).map(plimsoll_evidence::Amount::from);
        value.map_or_else(|| "-".to_owned(), |value| value.display(Unit::Ns))
    };
    let left_ns = progress.total_ns.saturating_sub(progress.elapsed_ns);
    let warming_up = if progress.measured_ns == 0 { "warming up, " } else { "" };
    format!(
        "{warming_up}{rate}, p50 {}, p99 {}, errors {}, {} s left",
        at(Probability::P50),
        at(Probability::P99),
        progress.errors.total(),
        left_ns.div_ceil(1_000_000_000)
    )
}
