//! An issuer that lies: takes a certificate apart, lets anything in it be changed, and signs it again, with every
//! digest, list and log entry made to fit.

use std::collections::BTreeMap;

use plimsoll_evidence::{
    CERTIFICATE_FILE, CHECKPOINT_FILE, Document, Documents, EntryType, Issuance, Issuer, LogEntry,
    PAYLOAD_TYPE, Signing, TLOG_PROOF_FILE, certificate_statement, evidence_path, judge,
    measurement_statements,
};
use plimsoll_keys::IssuerKeys;
use plimsoll_proof::{
    Checkpoint, Digest, Envelope, LogProof, TreeHead, from_canonical, inclusion_proof, leaf_hash,
    to_canonical, write_tiles,
};
use serde_json::{Value, json};

use crate::golden::Files;

/// A certificate in parts.
#[derive(Clone)]
pub(crate) struct Parts {
    /// The certificate's statement.
    pub(crate) certificate: Value,
    /// The criteria's statements by path.
    pub(crate) statements: BTreeMap<String, Value>,
    /// Evidence and the report by path.
    pub(crate) others: Files,
    /// The issuer's log, entry by entry. The last one that is a result speaks of this certificate.
    pub(crate) log: Vec<LogEntry>,
    /// What is done to the list of files before it is signed.
    pub(crate) relist: fn(&mut Vec<Value>),
    /// Whether entries are numbered and chained again when the parts are put together.
    pub(crate) chains: bool,
}

/// What an envelope says.
pub(crate) fn payload(files: &Files, path: &str) -> Value {
    serde_json::from_slice(&Envelope::from_bytes(&files[path]).unwrap().payload).unwrap()
}

/// Canonical JSON as it stands in the folder.
pub(crate) fn canonical(value: &Value) -> Vec<u8> {
    to_canonical(value).unwrap()
}

impl Parts {
    pub(crate) fn of(files: &Files) -> Self {
        let below = |prefix: &'static str| files.iter().filter(move |(path, _)| path.starts_with(prefix));
        let mut entries: Vec<(u64, LogEntry)> = below("log/entries/")
            .map(|(path, bytes)| {
                let index =
                    path.trim_start_matches("log/entries/").trim_end_matches(".json").parse().unwrap();
                (index, from_canonical(bytes).unwrap())
            })
            .collect();
        entries.sort_by_key(|(index, _)| *index);
        Self {
            certificate: payload(files, CERTIFICATE_FILE),
            statements: below("statements/").map(|(path, _)| (path.clone(), payload(files, path))).collect(),
            others: below("evidence/")
                .chain(below("report.html"))
                .map(|(p, b)| (p.clone(), b.clone()))
                .collect(),
            log: entries.into_iter().map(|(_, entry)| entry).collect(),
            relist: |_| {},
            chains: true,
        }
    }

    /// The evidence.
    pub(crate) fn documents(&self) -> Vec<Document> {
        let json = self.others.iter().filter(|(path, _)| path.ends_with(".json"));
        json.map(|(_, bytes)| from_canonical(bytes).unwrap()).collect()
    }

    /// Puts `new` in the place of a piece of evidence and lets everything that named the old one name it.
    pub(crate) fn replace_evidence(&mut self, old: &Digest, new: Vec<u8>) {
        let (old, digest) = (old.to_string(), Digest::of(&new).to_string());
        self.others.remove(&format!("evidence/{old}.json")).unwrap();
        self.others.insert(format!("evidence/{digest}.json"), new);
        let renamed =
            |value: &Value| serde_json::from_str(&value.to_string().replace(&old, &digest)).unwrap();
        self.certificate = renamed(&self.certificate);
        self.statements.values_mut().for_each(|statement| *statement = renamed(statement));
        for entry in self.log.iter_mut().filter(|entry| entry.statement.to_string() == old) {
            entry.statement = digest.parse().unwrap();
        }
    }

    /// Judges other evidence from scratch, as an honest issuer would, and states what came of it.
    pub(crate) fn rejudge(&mut self, documents: Vec<Document>, issuance: Issuance) -> Result<(), String> {
        let mut all = Documents::default();
        self.others.retain(|path, _| !path.ends_with(".json"));
        for document in documents {
            let (digest, bytes) = all.insert(document).map_err(|error| error.to_string())?;
            self.others.insert(evidence_path(digest, "json"), bytes);
        }
        let judgement = judge(&all).map_err(|error| error.to_string())?;
        let plan = all.plan().unwrap().0;
        let old: Digest = self.certificate["predicate"]["plan"].as_str().unwrap().parse().unwrap();
        self.log.iter_mut().filter(|entry| entry.statement == old).for_each(|entry| entry.statement = plan);
        let said = &self.certificate["predicate"];
        let issuer: Issuer = serde_json::from_value(said["issuer"].clone()).unwrap();
        let at = serde_json::from_value(said["not_before"].clone()).unwrap();
        let signing = Signing { at, issuer, issuance, files: Vec::new() };
        let statements = measurement_statements(&all, &judgement).map_err(|error| error.to_string())?;
        self.statements =
            statements.into_iter().map(|(path, said)| (path, serde_json::to_value(said).unwrap())).collect();
        let certificate =
            certificate_statement(&all, &judgement, &signing).map_err(|error| error.to_string())?;
        self.certificate = serde_json::to_value(certificate).unwrap();
        Ok(())
    }

    /// Signs and lists everything, and logs it.
    pub(crate) fn sign(&self, keys: &IssuerKeys) -> Files {
        let statements = self.statements.iter().map(|(path, said)| (path.clone(), canonical(said)));
        let mut certificate = self.certificate.clone();
        self.sign_bytes(keys, statements.collect(), move |files| {
            certificate["predicate"]["files"] = listed(files);
            (self.relist)(certificate["predicate"]["files"].as_array_mut().unwrap());
            canonical(&certificate)
        })
    }

    /// Signs bytes that need not be canonical; `certificate` is given the files that it has to list.
    pub(crate) fn sign_bytes(
        &self,
        keys: &IssuerKeys,
        statements: Files,
        certificate: impl FnOnce(&Files) -> Vec<u8>,
    ) -> Files {
        let mut files = self.others.clone();
        for (path, payload) in statements {
            files.insert(path, envelope(keys, &payload));
        }
        let payload = certificate(&files);
        files.insert(CERTIFICATE_FILE.into(), envelope(keys, &payload));
        files.extend(self.log_files(keys, Digest::of(&payload)));
        files
    }

    fn log_files(&self, keys: &IssuerKeys, payload: Digest) -> Files {
        let mut log = self.log.clone();
        let result = log.iter().rposition(|entry| entry.entry_type == EntryType::Result);
        if let Some(result) = result {
            log[result].statement = payload;
        }
        // What was said later speaks of this certificate too.
        log.iter_mut().filter(|e| e.entry_type.is_later()).for_each(|e| e.statement = payload);
        let mut before = None;
        let mut bytes: Vec<Vec<u8>> = Vec::new();
        for (seq, entry) in (0..).zip(&mut log) {
            if self.chains {
                (entry.seq, entry.previous) = (seq, before);
            }
            bytes.push(to_canonical(entry).unwrap());
            before = bytes.last().map(|bytes| Digest::of(bytes));
        }
        ship(keys, &bytes, result.unwrap_or(0))
    }
}

/// The files of a log with these entries, all of them of this subject, and the proof for one of them.
pub(crate) fn ship(keys: &IssuerKeys, entries: &[Vec<u8>], index: usize) -> Files {
    let leaves: Vec<Digest> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let origin = keys.log.verifier_key().name().to_owned();
    let checkpoint = keys.log.sign_checkpoint(&Checkpoint { origin, tree: TreeHead::of(&leaves) }).unwrap();
    let mut files: Files = write_tiles(&leaves).map(|(path, bytes)| (format!("log/{path}"), bytes)).collect();
    for (number, entry) in entries.iter().enumerate() {
        files.insert(format!("log/entries/{number}.json"), entry.clone());
    }
    let hashes = inclusion_proof(&leaves, index as u64).unwrap();
    let proof = LogProof { index: index as u64, hashes, checkpoint: checkpoint.clone() };
    files.insert(TLOG_PROOF_FILE.into(), proof.to_string().into_bytes());
    files.insert(CHECKPOINT_FILE.into(), checkpoint.to_string().into_bytes());
    files
}

fn envelope(keys: &IssuerKeys, payload: &[u8]) -> Vec<u8> {
    keys.certificate.sign_envelope(PAYLOAD_TYPE, payload).to_bytes().unwrap()
}

pub(crate) fn listed(files: &Files) -> Value {
    let entry = |(path, bytes): (&String, &Vec<u8>)| json!({"path": path, "size": bytes.len(), "sha256": Digest::of(bytes).to_string()});
    files.iter().map(entry).collect()
}
