//! One certification from end to end: register, measure, judge, sign, log, write.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use plimsoll_base::Utc;
use plimsoll_evidence::{
    Anchors, CERTIFICATE_FILE, CertificatePredicate, Document, Documents, EntryType, FileEntry, Folder,
    Issuance, Issuer, Judgement, Outcome, PAYLOAD_TYPE, Plan, Question, REPORT_FILE, Signing, Statement,
    certificate_statement, evidence_path, judge, measurement_statements, verify, without_control,
};
use plimsoll_keys::IssuerKeys;
use plimsoll_proof::{Digest, TrustEntry, TrustFile, TrustPurpose, to_canonical};
use serde::Serialize;

use crate::calibration::calibration;
use crate::conductor::{Conductor, Event, Watch, check_room};
use crate::environment::read_environment;
use crate::error::Error;
use crate::files::Subject;
use crate::folder_io::Partial;
use crate::identity::identify;
use crate::issuer_log::{Chain, IssuerLog};
use crate::named::check_named;
use crate::order::Order;
use crate::planning::make_plan;
use crate::report::{ReportInput, render_report};
use crate::running::authorised_address;
use crate::stop::Stop;

/// A certificate that was issued.
#[derive(Debug)]
pub struct Issued {
    /// Where it lies.
    pub folder: PathBuf,
    /// What it says.
    pub certificate: CertificatePredicate,
    /// The criteria with their measurements.
    pub judgement: Judgement,
}

/// Certifies a subject.
pub fn certify(order: &Order<'_>, watch: &mut Watch<'_>) -> Result<Issued, Error> {
    // Before anything is measured: afterwards is too late to learn that there is no place for a certificate.
    let partial = Partial::beside(order.out)?;
    let mut documents = prepare(order, watch)?;
    let chain = Chain { subject: &order.subject.name, profile: &order.profile.id };
    let mut log = open_log(order)?;
    log.check_clock(chain, order.clock.now())?;
    let plan = plan(order, log.attempts(chain)?)?;
    let (plan_digest, _) = documents.insert(Document::Plan(plan.clone()))?;
    log.append(chain, EntryType::Registered, plan_digest, order.clock.now())?;
    let issued = measure(order, &plan, &mut documents, watch)
        .and_then(|measured| issue(order, &documents, measured, partial, &mut log, chain));
    if issued.is_err() {
        // Whatever else goes wrong now, what went wrong first is what is told.
        let _ = log.append(chain, EntryType::NoResult, plan_digest, order.clock.now());
    }
    issued
}

/// Runs the controls alone and says what each probe saw. Issues nothing and registers nothing.
pub fn sabotage(order: &Order<'_>, watch: &mut Watch<'_>) -> Result<Judgement, Error> {
    let mut documents = prepare(order, watch)?;
    let plan = plan(order, 0)?;
    documents.insert(Document::Plan(plan.clone()))?;
    Conductor::new(order, &plan, watch, &mut documents).controls()?;
    Ok(judge(&documents)?)
}

/// What must hold before anything is started: the target may be loaded, the generator is true.
fn prepare(order: &Order<'_>, watch: &mut Watch<'_>) -> Result<Documents, Error> {
    let address = check_target(order.subject)?;
    check_named(order.subject)?;
    check_room(order.profile)?;
    let environment = read_environment(order.version, plimsoll_load::is_this_machine(&address))?;
    watch(&Event::Calibrating);
    let kept = order.state.calibration();
    let calibration = calibration(&kept, &environment, order.clock, Stop(order.stop), watch)?;
    let mut documents = Documents::default();
    documents.insert(Document::Environment(environment))?;
    documents.insert(Document::Calibration(calibration))?;
    Ok(documents)
}

/// A load on somebody else's machine needs somebody's word.
pub fn check_target(subject: &Subject) -> Result<SocketAddr, Error> {
    authorised_address(&subject.target, subject.target.port.unwrap_or(0))
}

/// The plan of an order, with fresh seeds, or with those of the certificate that it repeats.
pub fn plan(order: &Order<'_>, earlier_attempts: u64) -> Result<Plan, Error> {
    if let Some(repetition) = order.repetition {
        return repetition.again(order.subject, identify(order.subject)?, earlier_attempts);
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Error::Random(error.to_string()))?;
    make_plan(order.subject, identify(order.subject)?, order.profile, seed, earlier_attempts)
}

fn open_log<'a>(order: &Order<'a>) -> Result<IssuerLog<'a>, Error> {
    match order.issuance {
        Issuance::Demo => Ok(IssuerLog::in_memory(&order.keys.log)),
        Issuance::Issued => {
            let folder = order.state.log(order.keys.log.verifier_key().name());
            IssuerLog::open(&order.keys.log, folder)
        }
    }
}

/// What the subject wrote, by trial, and the judgement.
type Measured = (BTreeMap<String, String>, Judgement);

fn measure(
    order: &Order<'_>,
    plan: &Plan,
    documents: &mut Documents,
    watch: &mut Watch<'_>,
) -> Result<Measured, Error> {
    let mut conductor = Conductor::new(order, plan, watch, documents);
    conductor.run()?;
    let outputs = std::mem::take(&mut conductor.outputs);
    let judgement = judge(documents)?;
    match without_control(&judgement) {
        missing if missing.is_empty() => Ok((outputs, judgement)),
        missing => Err(Error::NoControl(missing)),
    }
}

/// Signs, verifies, writes, logs and publishes, in this order: the log shall not hold the result of a certificate that
/// could not be written, nor anybody see one that it does not hold.
fn issue(
    order: &Order<'_>,
    documents: &Documents,
    (outputs, judgement): Measured,
    partial: Partial,
    log: &mut IssuerLog<'_>,
    chain: Chain<'_>,
) -> Result<Issued, Error> {
    let at = order.clock.now();
    let mut files = evidence_files(order, documents, outputs)?;
    for (path, statement) in measurement_statements(documents, &judgement)? {
        files.insert(path, sign(order, &statement)?.0);
    }
    files.insert(REPORT_FILE.into(), report(order, documents, &judgement, at).into_bytes());
    let signing = Signing { at, issuer: issuer(order.keys), issuance: order.issuance, files: list(&files) };
    let certificate = certificate_statement(documents, &judgement, &signing)?;
    let (envelope, payload) = sign(order, &certificate)?;
    files.insert(CERTIFICATE_FILE.into(), envelope);
    // An entry's bytes and the signature over them follow from what goes in: the log will be as the rehearsal is.
    let mut rehearsal = log.rehearsal();
    let result = rehearsal.append(chain, EntryType::Result, payload, at)?;
    files.extend(rehearsal.ship(chain, result)?);
    let folder = Folder::new(files)?;
    check_valid(order.keys, &folder, at)?;
    partial.write(&folder)?;
    log.append(chain, EntryType::Result, payload, at)?;
    partial.publish()?;
    Ok(Issued { folder: order.out.to_owned(), certificate: certificate.predicate, judgement })
}

/// What is issued is valid to everybody who believes the issuer, or it is not issued.
fn check_valid(keys: &IssuerKeys, folder: &Folder, at: Utc) -> Result<(), Error> {
    let key = keys.certificate.verifier_key().clone();
    let own = TrustFile::from(TrustEntry { purpose: TrustPurpose::Certificate, key, not_after: None });
    let anchors = Anchors { trusted: own.clone(), demo: own };
    let report = verify(folder, &Question { at, anchors: &anchors, subject: None, after: None });
    if matches!(report.outcome, Outcome::Valid | Outcome::ValidDemo) {
        return Ok(());
    }
    let failed = report.steps.iter().find(|step| !step.passed);
    let reason = failed.map(|step| format!("{} (step {})", step.found, step.step.name()));
    Err(Error::NotVerified(reason.unwrap_or_default()))
}

fn report(order: &Order<'_>, documents: &Documents, judgement: &Judgement, at: Utc) -> String {
    render_report(&ReportInput {
        documents,
        judgement,
        issuance: order.issuance,
        issuer_fingerprint: &order.keys.certificate.public_key().fingerprint(),
        at,
    })
}

/// Evidence by path: documents, the subject's description, what it wrote.
fn evidence_files(
    order: &Order<'_>,
    documents: &Documents,
    outputs: BTreeMap<String, String>,
) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let mut files = BTreeMap::new();
    for (digest, document) in documents.iter() {
        files.insert(
            evidence_path(digest, "json"),
            to_canonical(document).map_err(plimsoll_evidence::Error::from)?,
        );
    }
    let texts = outputs.into_iter().map(|(trial, output)| format!("{trial}\n\n{output}"));
    for text in std::iter::once(order.subject.description()).chain(texts) {
        files.insert(evidence_path(Digest::of(text.as_bytes()), "txt"), text.into_bytes());
    }
    Ok(files)
}

fn list(files: &BTreeMap<String, Vec<u8>>) -> Vec<FileEntry> {
    let entry = |(path, bytes): (&String, &Vec<u8>)| FileEntry {
        path: path.clone(),
        size: bytes.len() as u64,
        sha256: Digest::of(bytes),
    };
    files.iter().map(entry).collect()
}

fn issuer(keys: &IssuerKeys) -> Issuer {
    Issuer {
        certificate_key: keys.certificate.verifier_key().to_string(),
        log_key: keys.log.verifier_key().to_string(),
    }
}

/// The envelope's bytes, and the digest of its payload.
fn sign<P: Serialize>(order: &Order<'_>, statement: &Statement<P>) -> Result<(Vec<u8>, Digest), Error> {
    let payload = to_canonical(statement).map_err(plimsoll_evidence::Error::from)?;
    let envelope = order.keys.certificate.sign_envelope(PAYLOAD_TYPE, &payload);
    let bytes = envelope.to_bytes().map_err(|error| Error::Log(error.to_string()))?;
    Ok((bytes, Digest::of(&payload)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_verify_is_not_issued() {
        let keys = IssuerKeys::generate().unwrap();
        let found = check_valid(&keys, &Folder::default(), Utc::from_unix_seconds(0));
        let Err(Error::NotVerified(reason)) = found else { panic!("{found:?}") };
        assert!(reason.ends_with("(step bytes)"), "{reason}");
    }
}
