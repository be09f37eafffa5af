//! What is going on, while it goes on: one live line on a terminal, a line a step and a heartbeat elsewhere.

use plimsoll_base::{Quantity, Unit};
use plimsoll_certify::Event;
use plimsoll_measure::Probability;

use crate::print::Printer;

/// Off a terminal, a line at least this often.
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
        let elapsed_s = now_ns.saturating_sub(self.began_ns) / 1_000_000_000;
        match event {
            Event::Calibrating => self.printer.live("calibrating the load generator"),
            Event::CalibrationFailed { tried, of, problem } => {
                self.line(&format!("calibration {tried} of at most {of} failed: {problem}"), now_ns);
                self.printer.live("calibrating the load generator again");
            }
            Event::Step { done, of, name } => {
                self.step = format!("[{}/{of}] {name}", done + 1);
                if !self.printer.is_live() {
                    self.line(&format!("{elapsed_s:>4} s  {}", self.step), now_ns);
                }
                self.printer.live(&self.step);
            }
            Event::Load(progress) => {
                let text = format!("{}  {}", self.step, load(progress));
                if !self.printer.is_live() && now_ns.saturating_sub(self.last_line_ns) > HEARTBEAT_NS {
                    self.line(&format!("{elapsed_s:>4} s  {text}"), now_ns);
                }
                self.printer.live(&text);
            }
        }
    }

    fn line(&mut self, text: &str, now_ns: u64) {
        self.printer.status(text);
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
