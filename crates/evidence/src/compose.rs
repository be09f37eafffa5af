//! From a judgement to the signed statements. The issuer signs what this returns; a verifier compares it, byte
//! for byte, with what was signed.

use std::collections::BTreeMap;

use plimsoll_base::Utc;
use plimsoll_proof::Digest;

use crate::criterion::Severity;
use crate::documents::Documents;
use crate::error::Error;
use crate::gap::Gap;
use crate::judgement::{JudgedCriterion, Judgement};
use crate::repeat::reproduction;
use crate::statement::{
    Assurance, CERTIFICATE_TYPE, CertificatePredicate, CriterionSummary, DomainScore, FileEntry, Issuance,
    Issuer, MEASUREMENT_TYPE, MeasurementPredicate, Statement,
};
use crate::verdict::Verdict;

/// What a certificate says that does not follow from its evidence.
#[derive(Debug, Clone)]
pub struct Signing {
    /// When it is signed.
    pub at: Utc,
    /// Who signs.
    pub issuer: Issuer,
    /// Who may rely on it.
    pub issuance: Issuance,
    /// Every file of the folder but the certificate, its proof of logging and the log.
    pub files: Vec<FileEntry>,
}

/// The statement of one criterion, and the path at which it lies.
pub type MeasurementStatement = (String, Statement<MeasurementPredicate>);

/// The statements of all criteria, in the profile's order.
pub fn measurement_statements(
    documents: &Documents,
    judgement: &Judgement,
) -> Result<Vec<MeasurementStatement>, Error> {
    let (plan_digest, plan) = documents.plan()?;
    let statement = |judged: &JudgedCriterion| {
        let predicate = MeasurementPredicate {
            plan: plan_digest,
            criterion: judged.criterion.clone(),
            measurement: judged.measurement.clone(),
            verdict: judged.verdict,
            reason: judged.reason.clone(),
            control: judged.control.clone(),
        };
        (
            statement_path(&judged.criterion.id),
            Statement::new(&plan.subject.resources, MEASUREMENT_TYPE, predicate),
        )
    };
    Ok(judgement.criteria.iter().map(statement).collect())
}

/// The certificate itself.
pub fn certificate_statement(
    documents: &Documents,
    judgement: &Judgement,
    signing: &Signing,
) -> Result<Statement<CertificatePredicate>, Error> {
    let (plan, planned) = documents.plan()?;
    let (environment, _) = documents.environment()?;
    let (calibration, _) = documents.calibration()?;
    let predicate = CertificatePredicate {
        status: judgement.status,
        level: planned.profile.id.clone(),
        issuance: signing.issuance,
        assurance: Assurance::SelfAttested,
        subject: planned.subject.clone(),
        not_before: signing.at,
        not_after: not_after(judgement, signing.at),
        measured_from: judgement.measured_from,
        measured_until: judgement.measured_until,
        issuer: signing.issuer.clone(),
        plan,
        environment,
        calibration,
        earlier_attempts: planned.earlier_attempts,
        criteria: judgement.criteria.iter().map(|judged| summary(judged, signing.at)).collect(),
        gaps: planned.profile.gaps.iter().map(|gap| gap.id.clone()).collect(),
        domains: domains(judgement, &planned.profile.gaps),
        reproduction: reproduction(planned, judgement),
        load_line: judgement.load_line.clone(),
        conditions: judgement.conditions.clone(),
        exclusions: judgement.exclusions.clone(),
        not_proven: not_proven(signing.issuance),
        files: signing.files.clone(),
    };
    Ok(Statement::new(&planned.subject.resources, CERTIFICATE_TYPE, predicate))
}

/// Where the signed statement of a criterion lies.
pub fn statement_path(criterion_id: &str) -> String {
    format!("statements/{criterion_id}.dsse.json")
}

/// Where evidence with this digest lies.
pub fn evidence_path(digest: Digest, extension: &str) -> String {
    format!("evidence/{digest}.{extension}")
}

fn summary(judged: &JudgedCriterion, at: Utc) -> CriterionSummary {
    CriterionSummary {
        id: judged.criterion.id.clone(),
        verdict: judged.verdict,
        state: judged.state(),
        fresh_until: at.plus_seconds(seconds(judged.criterion.ttl_s)),
        statement: statement_path(&judged.criterion.id),
    }
}

fn not_after(judgement: &Judgement, at: Utc) -> Utc {
    let blocking = judgement.criteria.iter().filter(|judged| judged.criterion.severity == Severity::Blocking);
    let shortest = blocking.map(|judged| judged.criterion.ttl_s).min().unwrap_or(0);
    at.plus_seconds(seconds(shortest))
}

fn seconds(ttl_s: u64) -> i64 {
    i64::try_from(ttl_s).unwrap_or(i64::MAX)
}

fn domains(judgement: &Judgement, gaps: &[Gap]) -> Vec<DomainScore> {
    let mut by_domain: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for judged in judgement.criteria.iter().filter(|judged| judged.verdict != Verdict::NotApplicable) {
        let (passed, of) = by_domain.entry(&judged.criterion.domain).or_default();
        *passed += u64::from(judged.verdict == Verdict::Pass);
        *of += 1;
    }
    for gap in gaps {
        by_domain.entry(&gap.domain).or_default().1 += 1;
    }
    by_domain
        .into_iter()
        .map(|(domain, (passed, of))| DomainScore { domain: domain.into(), passed, of })
        .collect()
}

/// What is said on the first screen of every certificate.
fn not_proven(issuance: Issuance) -> Vec<String> {
    let mut sentences = vec![
        "The same party measured and signed: no independent party has seen the subject run.".to_owned(),
        "Times and the number of attempts are as the issuer tells them: no witness has cosigned the log."
            .to_owned(),
        "It holds for this subject, this load and this machine; nothing is extrapolated.".to_owned(),
    ];
    if issuance == Issuance::Demo {
        sentences.insert(
            0,
            "This is a demonstration, signed with a throw-away key: it certifies nothing to anyone else."
                .to_owned(),
        );
    }
    sentences
}
