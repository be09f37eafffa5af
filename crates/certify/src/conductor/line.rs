//! The search for the load line: short steps find where to look, fresh trials decide.

use plimsoll_evidence::{Scene, Step, Verdict, rung_verdict, search_step_passes};
use plimsoll_load::RATE_PER_KS_MAX;

use super::Conductor;
use super::load::LoadOrder;
use crate::error::Error;

impl Conductor<'_> {
    /// Searches upward, then measures the highest good step and the one above it with fresh trials. Goes down
    /// while the chosen step does not pass, up while the one above it does.
    pub(super) fn search_load_line(&mut self) -> Result<(), Error> {
        let rates = self.rates();
        let mut chosen = self.search(&rates)?;
        while chosen > 0 && self.measure_step(rates[chosen], self.plan.profile.trials)? != Verdict::Pass {
            chosen -= 1;
        }
        while let Some(&next) = rates.get(chosen + 1) {
            if self.trials_at(next) > 0 || !self.passes_with_fresh_trials(next)? {
                break;
            }
            chosen += 1;
        }
        Ok(())
    }

    /// One trial shows that a step fails; only one that it does not fail is worth the rest.
    fn passes_with_fresh_trials(&mut self, rate_per_ks: u64) -> Result<bool, Error> {
        let first = self.measure_step(rate_per_ks, 1)?;
        let may_pass = matches!(first, Verdict::Pass | Verdict::ConditionalPass);
        Ok(may_pass && self.measure_step(rate_per_ks, self.plan.profile.trials)? == Verdict::Pass)
    }

    /// The subject's rate, which the steady trials have measured, and the steps above it, within its cap.
    fn rates(&self) -> Vec<u64> {
        let base = self.plan.rate_per_ks;
        let cap = self.subject.target.rate_cap_per_ks.unwrap_or(u64::MAX).min(RATE_PER_KS_MAX);
        let above =
            self.plan.profile.line.steps_percent.iter().map(|percent| base.saturating_mul(*percent) / 100);
        std::iter::once(base).chain(above.filter(|rate| *rate <= cap && *rate > base)).collect()
    }

    /// The index of the last step that looked good; one process serves the whole search.
    fn search(&mut self, rates: &[u64]) -> Result<usize, Error> {
        self.begin("load line: search")?;
        let folder = self.state.scratch()?;
        let running = self.start_directly(&folder)?;
        let (mut last_good, mut died) = (0, false);
        for (index, &rate_per_ks) in rates.iter().enumerate().skip(1) {
            let order = LoadOrder {
                scene: Scene::Measured,
                step: Step::Search,
                trial: 1,
                rate_per_ks,
                duration_ns: self.plan.profile.line.step_ns,
            };
            died = self.load(&order, &running, None)?;
            if !search_step_passes(self.documents, rate_per_ks)? {
                break;
            }
            last_good = index;
        }
        // The step did not pass, and who measures it anew sees it die.
        running.end(died)?;
        Ok(last_good)
    }

    /// Brings the trials at a step to `trials` and gives the worst verdict there.
    fn measure_step(&mut self, rate_per_ks: u64, trials: u64) -> Result<Verdict, Error> {
        for trial in self.trials_at(rate_per_ks) + 1..=trials {
            let shown = plimsoll_base::Quantity { amount: rate_per_ks, unit: plimsoll_base::Unit::PerKs };
            self.begin(&format!("load line: {shown}, trial {trial}"))?;
            self.trial(Step::Line, rate_per_ks, trial, self.plan.profile.line.trial_ns)?;
        }
        Ok(rung_verdict(self.documents, rate_per_ks)?)
    }

    fn trials_at(&self, rate_per_ks: u64) -> u64 {
        let runs = self.documents.load_runs(Scene::Measured);
        let here =
            runs.iter().filter(|(_, run)| run.step == Step::Line && run.schedule.rate_per_ks == rate_per_ks);
        u64::try_from(here.count()).unwrap_or(u64::MAX)
    }
}
