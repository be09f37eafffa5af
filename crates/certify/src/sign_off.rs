//! Signing a certificate off: a file more in its folder.

use std::collections::BTreeMap;

use plimsoll_base::Utc;
use plimsoll_evidence::{
    Decision, PAYLOAD_TYPE, Report, SIGN_OFFS, SIGN_OFFS_MAX, SignOffPredicate, sign_off_path,
    sign_off_statement,
};
use plimsoll_keys::ReviewerKey;
use plimsoll_proof::to_canonical;

use crate::amendment::Amendment;
use crate::error::Error;

/// What somebody says of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSignOff {
    /// In which role.
    pub role: String,
    /// Who, by name.
    pub who: String,
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub reason: Option<String>,
    /// When it has to be looked at again.
    pub next_review: Option<Utc>,
}

/// Signs the certificate in a folder off, and gives the path of the new file in it.
pub fn sign_off(key: &ReviewerKey, folder: Amendment, new: &NewSignOff, at: Utc) -> Result<String, Error> {
    let report = folder.verified(at)?;
    check_role(&report, &new.role)?;
    if folder.folder().below(SIGN_OFFS).count() >= SIGN_OFFS_MAX {
        let problem = format!("{SIGN_OFFS_MAX} sign-offs are there, and no folder may have more");
        return Err(Error::Statement { problem, hint: "remove those that no longer count" });
    }
    let payload = report.payload.ok_or_else(|| Error::Bug("a verified folder without a payload".into()))?;
    let said = SignOffPredicate {
        role: new.role.clone(),
        who: new.who.clone(),
        decision: new.decision,
        reason: new.reason.clone(),
        time: at,
        next_review: new.next_review,
        key: key.verifier_key().to_string(),
    };
    if let Some(problem) = said.problem() {
        let hint =
            "a role is named as in the profile; names and reasons are one line of at most 300 characters";
        return Err(Error::Statement { problem: problem.into(), hint });
    }
    let statement =
        to_canonical(&sign_off_statement(payload, said)).map_err(plimsoll_evidence::Error::from)?;
    let envelope = key.sign_off(PAYLOAD_TYPE, &statement);
    let bytes = envelope.to_bytes().map_err(|error| Error::Bug(error.to_string()))?;
    let path = free_path(&folder, &new.role);
    let fresh = folder.with(|_| false, BTreeMap::from([(path.clone(), bytes)]), at)?;
    folder.publish(&fresh)?;
    Ok(path)
}

/// Whoever signs in a role that the profile does not ask for has mistyped it; without a demand any role may be named.
fn check_role(report: &Report, role: &str) -> Result<(), Error> {
    let Some(demand) = report.profile.as_ref().and_then(|profile| profile.sign_off.as_ref()) else {
        return Ok(());
    };
    if demand.roles.iter().any(|known| known.id == role) {
        return Ok(());
    }
    let known: Vec<&str> = demand.roles.iter().map(|known| known.id.as_str()).collect();
    let problem = format!("the profile asks for no role `{role}`, but for {}", known.join(", "));
    Err(Error::Statement { problem, hint: "give one of them with --role" })
}

/// The first place of a role that is free.
fn free_path(folder: &Amendment, role: &str) -> String {
    let taken = folder.folder().below(SIGN_OFFS).count() as u64;
    let mut places = (1..=taken).map(|number| sign_off_path(role, number));
    let free = places.find(|path| folder.folder().get(path).is_none());
    free.unwrap_or_else(|| sign_off_path(role, taken + 1))
}
