//! What every section of the page is made of, read once.

use plimsoll_evidence::{
    Calibration, CertificatePredicate, Criterion, Environment, Error, Issuer, JudgedCriterion, LoadRun, Plan,
    Probe, Scene, Signing, Step, Verdict, certificate_statement, rung_verdict,
};
use plimsoll_measure::{Histogram, Probability, Series};

use super::ReportInput;

/// The evidence of one certification, as sections want it.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) input: ReportInput<'a>,
    pub(crate) plan: &'a Plan,
    pub(crate) environment: &'a Environment,
    pub(crate) calibration: &'a Calibration,
    /// What will be signed, apart from the keys and the list of files.
    pub(crate) certificate: CertificatePredicate,
    /// The steady trials, in order.
    pub(crate) steady: Vec<Run<'a>>,
}

/// A run of load with its histograms.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) run: &'a LoadRun,
    pub(crate) series: Series,
    pub(crate) total: Histogram,
}

impl<'a> Page<'a> {
    pub(crate) fn read(input: &ReportInput<'a>) -> Result<Self, Error> {
        let (documents, judgement) = (input.documents, input.judgement);
        // The page stands among the signed files and speaks of none of them, nor of the keys: both stay empty.
        let issuer = Issuer { certificate_key: String::new(), log_key: String::new() };
        let signing = Signing { at: input.at, issuer, issuance: input.issuance, files: Vec::new() };
        Ok(Self {
            input: *input,
            plan: documents.plan()?.1,
            environment: documents.environment()?.1,
            calibration: documents.calibration()?.1,
            certificate: certificate_statement(documents, judgement, &signing)?.predicate,
            steady: runs(input, |step| step == Step::Steady),
        })
    }

    /// The runs from which the load line follows, and those of the search for it.
    pub(crate) fn line_runs(&self) -> Vec<Run<'a>> {
        runs(&self.input, |_| true)
    }

    /// What the fresh trials at a rate gave. What cannot be judged has made `judge` fail before.
    pub(crate) fn rung_verdict(&self, rate_per_ks: u64) -> Verdict {
        rung_verdict(self.input.documents, rate_per_ks).unwrap_or(Verdict::NotMeasured)
    }

    pub(crate) fn criteria(&self) -> &'a [JudgedCriterion] {
        &self.input.judgement.criteria
    }

    /// The criterion whose quantile and limit the plots of latency show.
    pub(crate) fn latency_criterion(&self) -> Option<&'a JudgedCriterion> {
        self.criteria().iter().find(|judged| judged.criterion.probe == Probe::Latency)
    }

    /// The quantile that the plots of latency show: that of the criterion, or p99.
    pub(crate) fn quantile(&self) -> Probability {
        self.latency_criterion().and_then(|judged| quantile_of(&judged.criterion)).unwrap_or(Probability::P99)
    }

    /// Name and version of the subject.
    pub(crate) fn subject_title(&self) -> String {
        let subject = &self.plan.subject;
        format!("{} {}", subject.name, subject.version).trim_end().to_owned()
    }
}

fn quantile_of(criterion: &Criterion) -> Option<Probability> {
    criterion.quantile_ppb.and_then(Probability::from_ppb)
}

/// Runs of load on the subject as it is. A run whose histogram cannot be read has made `judge` fail before.
fn runs<'a>(input: &ReportInput<'a>, wanted: impl Fn(Step) -> bool) -> Vec<Run<'a>> {
    let read = |run: &'a LoadRun| {
        let series = run.latency.read()?;
        Some(Run { run, total: series.total(), series })
    };
    let measured = input.documents.load_runs(Scene::Measured).into_iter();
    measured.filter(|(_, run)| wanted(run.step)).filter_map(|(_, run)| read(run)).collect()
}
