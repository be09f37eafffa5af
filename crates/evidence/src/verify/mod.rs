//! Offline verification: a pure function of a folder, the keys somebody trusts, and a time.
//!
//! Eleven steps, in the order of `docs/FORMAT.md`. The first that fails decides.

mod difference;
mod evidence;
mod log;
mod plan;
mod report;
mod sign_offs;
mod signed;

use plimsoll_base::Utc;
use plimsoll_proof::{TrustFile, TrustPurpose};

use crate::folder::Folder;
use crate::later::withdrawal;
use crate::standing::{Grounds, Standing};
use crate::statement::Issuance;
use crate::subject::ResourceDescriptor;

pub use report::{Outcome, Report, StepName, StepReport};
pub use sign_offs::SignOff;
use signed::Signed;

/// The keys that the verifier believes.
#[derive(Debug, Clone, Default)]
pub struct Anchors {
    /// Keys that may make a certificate valid.
    pub trusted: TrustFile,
    /// Throw-away keys of demonstrations that ran on this machine.
    pub demo: TrustFile,
}

/// What is asked of a certificate.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Whether it is valid at this time.
    pub at: Utc,
    /// For whom.
    pub anchors: &'a Anchors,
    /// Whether it is about this subject, by digest.
    pub subject: Option<&'a [ResourceDescriptor]>,
    /// Whether its log continues that of this earlier certificate.
    pub after: Option<&'a Folder>,
}

/// Why a step fails, and what that makes of the whole.
type Failure = (Outcome, String);

/// Verifies a certificate's folder.
pub fn verify(folder: &Folder, question: &Question<'_>) -> Report {
    let mut report = Report::default();
    match run(folder, question, &mut report) {
        Ok(outcome) => report.outcome = outcome,
        Err((outcome, reason)) => report.fail(outcome, reason),
    }
    report
}

fn run(folder: &Folder, question: &Question<'_>, report: &mut Report) -> Result<Outcome, Failure> {
    report.begin(StepName::Bytes);
    let signed = Signed::read(folder)?;
    report.certificate = Some(signed.certificate.clone());
    report.payload = Some(signed.payload);
    report.done(format!("certificate and {} statements are canonical", signed.statements.len()));

    report.begin(StepName::Signatures);
    signed.check_signatures()?;
    report.fingerprint = Some(signed.certificate_key.public_key().fingerprint());
    report.done(format!("signed by {}", signed.certificate_key.public_key().fingerprint()));

    report.begin(StepName::Schema);
    signed.check_schema()?;
    report.done("every predicate is of a known version".into());

    report.begin(StepName::Subject);
    report.done(signed.check_subject(question.subject)?);

    report.begin(StepName::Files);
    let files = signed.check_files(folder)?;
    let sign_offs = sign_offs::read(folder, signed.payload)?;
    report.done(match sign_offs.len() {
        0 => files,
        some => format!("{files}; {some} sign-offs, each by the key that it names"),
    });

    report.begin(StepName::Recompute);
    let documents = evidence::read(folder)?;
    let judgement = evidence::recompute(&signed, &documents)?;
    report.judgement = Some(judgement);
    if let Ok((_, plan)) = documents.plan() {
        (report.profile, report.rate_per_ks) = (Some(plan.profile.clone()), plan.rate_per_ks);
    }
    report.done(format!(
        "every number and verdict follows from {} pieces of evidence",
        documents.iter().count()
    ));

    report.begin(StepName::Controls);
    report.done(evidence::check_controls(report.judgement.as_ref())?);

    report.begin(StepName::Registration);
    let log = log::read(folder, &signed)?;
    report.done(log.check_registration(&signed)?);

    report.begin(StepName::Log);
    report.done(log.check(folder, &signed, question)?);
    report.history = log.history();
    report.standing = standing(report, &sign_offs, question);

    report.begin(StepName::Trust);
    let trusted = trust(&signed, question)?;
    report.done(trusted.1);

    report.begin(StepName::Validity);
    withdrawal(&report.history, signed.payload).map_or(Ok(()), Err)?;
    signed.certificate.check_time(question.at).map_err(|reason| (Outcome::Expired, reason))?;
    report.done(format!("valid until {}", signed.certificate.not_after));
    Ok(trusted.0)
}

fn standing(report: &Report, sign_offs: &[SignOff], question: &Question<'_>) -> Option<Standing> {
    Some(Standing::of(&Grounds {
        certificate: report.certificate.as_ref()?,
        payload: report.payload?,
        judgement: report.judgement.as_ref()?,
        profile: report.profile.as_ref()?,
        history: &report.history,
        sign_offs,
        trusted: &question.anchors.trusted,
        at: question.at,
    }))
}

fn trust(signed: &Signed, question: &Question<'_>) -> Result<(Outcome, String), Failure> {
    let key = signed.certificate_key.public_key();
    let believed = |anchors: &TrustFile| {
        anchors.find(TrustPurpose::Certificate, key).is_some_and(|entry| entry.is_valid_at(question.at))
    };
    match signed.certificate.issuance {
        Issuance::Demo if believed(&question.anchors.demo) => {
            Ok((Outcome::ValidDemo, "a demonstration that ran on this machine".into()))
        }
        Issuance::Demo => {
            Err((Outcome::Untrusted, "a demonstration is valid on the machine that made it only".into()))
        }
        Issuance::Issued if believed(&question.anchors.trusted) => {
            Ok((Outcome::Valid, "the issuer's key is trusted here".into()))
        }
        Issuance::Issued => Err((Outcome::Untrusted, format!("its key is {}", key.fingerprint()))),
    }
}
