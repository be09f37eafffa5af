//! Steps 6 and 7: everything is computed again from the evidence, controls included.

use plimsoll_base::Kind;

use super::signed::{Signed, invalid};
use super::{Failure, Outcome, difference, plan};
use crate::compose::{Signing, certificate_statement, evidence_path, measurement_statements};
use crate::control::without_control;
use crate::document::Plan;
use crate::documents::Documents;
use crate::error::Error;
use crate::folder::Folder;
use crate::judge::judge;
use crate::judgement::Judgement;

fn failure(error: &Error) -> Failure {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        reason = format!("{reason}: {inner}");
        source = inner.source();
    }
    match error.kind() {
        Kind::Inconclusive => (Outcome::Incomplete, reason),
        _ => invalid(reason),
    }
}

/// Reads every document among the evidence.
pub(super) fn read(folder: &Folder) -> Result<Documents, Failure> {
    let mut documents = Documents::default();
    for (path, bytes) in folder.below("evidence/").filter(|(path, _)| path.ends_with(".json")) {
        documents.read(bytes).map_err(|error| {
            let (outcome, reason) = failure(&error);
            (outcome, format!("{path}: {reason}"))
        })?;
    }
    Ok(documents)
}

/// Step 6: judges again, writes every statement again, and compares.
pub(super) fn recompute(signed: &Signed, documents: &Documents) -> Result<Judgement, Failure> {
    let (_, planned) = documents.plan().map_err(|error| failure(&error))?;
    plan::check(planned, documents)?;
    let judgement = judge(documents).map_err(|error| failure(&error))?;
    let statements = measurement_statements(documents, &judgement).map_err(|error| failure(&error))?;
    for (path, computed) in &statements {
        let Some(stated) = signed.statements.get(path) else {
            return Err((Outcome::Incomplete, format!("{path} is missing")));
        };
        if let Some(place) = difference::first(&stated.predicate, &computed.predicate) {
            return Err(invalid(format!("{path}: {place}")));
        }
    }
    if statements.len() != signed.statements.len() {
        return Err(invalid("there is a statement that belongs to no criterion"));
    }
    let certificate = &signed.certificate;
    let signing = Signing {
        at: certificate.not_before,
        issuer: certificate.issuer.clone(),
        issuance: certificate.issuance,
        files: certificate.files.clone(),
    };
    let computed = certificate_statement(documents, &judgement, &signing).map_err(|error| failure(&error))?;
    if let Some(place) = difference::first(certificate, &computed.predicate) {
        return Err(invalid(format!("certificate: {place}")));
    }
    check_description(signed, planned)?;
    Ok(judgement)
}

/// The description of the subject ships with the certificate.
fn check_description(signed: &Signed, plan: &Plan) -> Result<(), Failure> {
    let path = evidence_path(plan.description, "txt");
    if signed.certificate.files.iter().any(|file| file.path == path) {
        Ok(())
    } else {
        Err((Outcome::Incomplete, "the description of the subject is not among the files".into()))
    }
}

/// Step 7: every blocking criterion that was decided has a control that supports it.
pub(super) fn check_controls(judgement: Option<&Judgement>) -> Result<String, Failure> {
    let Some(judgement) = judgement else { return Err(invalid("nothing was judged")) };
    if let [first, ..] = without_control(judgement).as_slice() {
        return Err(invalid(first.clone()));
    }
    let seen = judgement.criteria.iter().filter_map(|judged| judged.control.as_ref());
    Ok(format!(
        "{} criteria were seen red on a planted defect",
        seen.filter(|control| control.seen_red).count()
    ))
}
