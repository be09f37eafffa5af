//! A certificate that may be shown and handed on: intact, in its time, withdrawn by nobody.

use plimsoll_base::Utc;
use plimsoll_evidence::{
    CertificatePredicate, CriterionSummary, JudgedCriterion, Judgement, Outcome, Profile, Report, State,
    withdrawal,
};
use plimsoll_proof::Digest;

/// What a verification found to be as it was signed. Whether its issuer is trusted is another matter, which
/// [`conclusion`] says.
#[derive(Debug, Clone, Copy)]
pub struct Intact<'a> {
    /// What was signed.
    pub certificate: &'a CertificatePredicate,
    /// What was computed again.
    pub judgement: &'a Judgement,
    /// By what it was judged.
    pub profile: &'a Profile,
    /// The digest by which the log names the certificate.
    pub payload: Digest,
    /// The verification.
    pub report: &'a Report,
    /// The time asked about.
    pub at: Utc,
}

/// What a verification says as a whole, in one line.
pub fn conclusion(report: &Report) -> String {
    let reason = report
        .failed()
        .map_or_else(String::new, |step| format!(": {} (step {})", step.found, step.step.name()));
    format!("{}{reason}", report.outcome.name())
}

impl<'a> Intact<'a> {
    /// What a report is about, or why nothing of it may be shown. A stranger's certificate is not looked at for its time
    /// by `verify`, which has its answer before: here it is.
    pub fn of(report: &'a Report, at: Utc) -> Result<Self, String> {
        if report.outcome == Outcome::Expired {
            return Err(conclusion(report));
        }
        let intact = Self::at_any_time(report, at)?;
        intact.certificate.check_time(at)?;
        Ok(intact)
    }

    /// The same whether or not its time is over, for those who ask what has become of it.
    pub fn at_any_time(report: &'a Report, at: Utc) -> Result<Self, String> {
        let is_as_signed = [Outcome::Valid, Outcome::ValidDemo, Outcome::Untrusted, Outcome::Expired];
        if !is_as_signed.contains(&report.outcome) {
            return Err(conclusion(report));
        }
        let (Some(certificate), Some(judgement), Some(profile), Some(payload)) =
            (&report.certificate, &report.judgement, &report.profile, report.payload)
        else {
            return Err(conclusion(report));
        };
        if let Some((_, reason)) = withdrawal(&report.history, payload) {
            return Err(reason);
        }
        Ok(Self { certificate, judgement, profile, payload, report, at })
    }

    /// Every criterion with what the certificate says of it, in the profile's order.
    pub fn criteria(&self) -> impl Iterator<Item = (&'a JudgedCriterion, &'a CriterionSummary)> {
        self.judgement.criteria.iter().zip(&self.certificate.criteria)
    }

    /// What is known of a claim at the time asked about: a criterion that does not block may be stale before the
    /// certificate expires.
    pub fn state(&self, summary: &CriterionSummary) -> State {
        if self.at >= summary.fresh_until { State::Stale } else { summary.state }
    }

    /// The subject's name and version.
    pub fn title(&self) -> String {
        let subject = &self.certificate.subject;
        format!("{} {}", subject.name, subject.version).trim_end().to_owned()
    }
}
