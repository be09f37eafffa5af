//! Certificates that a server has issued: their files, their verification, the trials in them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_base::{Kind, Utc};
use plimsoll_evidence::{
    Anchors, CERTIFICATE_FILE, CertificatePredicate, Document, Documents, FileEntry, Folder, Issuance,
    Outcome, Question, Report, Statement, verify,
};
use plimsoll_keys::{IssuerKeys, Keyring};
use plimsoll_proof::{Digest, Envelope, TrustEntry, TrustFile, TrustPurpose, from_canonical};
use serde::Serialize;

use super::certification::Certificate;
use super::names::CertificationId;
use crate::error::Error;
use crate::folder_io::{SeenFile, list_folder, read_folder};
use crate::state::keys_folder;
use crate::verification::unreadable;

/// The certificates in a server's data, each in a folder that is named by its certification.
#[derive(Debug, Clone)]
pub struct Certificates {
    folder: PathBuf,
    own: TrustFile,
    /// Where the keys of demonstrations are pinned.
    keys: PathBuf,
}

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The subject's name.
    pub subject: String,
    /// The profile's id.
    pub profile: String,
    /// Who may rely on it.
    pub issuance: Issuance,
    /// Its status, its times and its digest.
    pub certificate: Certificate,
}

/// One trial, drill, control or sham of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// `load`, `start`, `stop` or `crash`.
    pub sort: &'static str,
    /// Under what conditions: `measured`, or a planted defect or its sham.
    pub scene: &'static str,
    /// Counts from 1 within its sort, scene and rate.
    pub trial: u64,
    /// The rate of the load that was sent, in requests per 1,000 s.
    pub rate_per_ks: Option<u64>,
    /// When it began.
    pub at: Utc,
    /// The file that holds what was observed.
    pub evidence: String,
}

impl Certificates {
    /// The certificates in a server's data. What these keys have signed is valid; a demonstration is if it was made here.
    pub fn new(data: &Path, keys: &IssuerKeys) -> Self {
        let key = keys.certificate.verifier_key().clone();
        let own = TrustFile::from(TrustEntry { purpose: TrustPurpose::Certificate, key, not_after: None });
        Self { folder: data.join("certificates"), own, keys: keys_folder(data) }
    }

    /// The folder that holds them.
    pub(super) fn root(&self) -> &Path {
        &self.folder
    }

    /// Keys for one demonstration, which are thrown away after it. They are believed here before they sign anything: a
    /// certificate that was published just before the server died is found to be valid.
    pub(super) fn demo_keys(&self) -> Result<IssuerKeys, Error> {
        let keys = IssuerKeys::generate()?;
        Keyring::open(&self.keys)?.trust_demo(&keys)?;
        Ok(keys)
    }

    /// Where a certificate is, or shall be.
    pub(super) fn path(&self, id: &CertificationId) -> PathBuf {
        self.folder.join(id.as_str())
    }

    /// The certificates that are there, the newest first: those before `before` that are wanted, at most `max`. However
    /// many there are, no more names than that are in memory.
    pub fn newest(
        &self,
        before: Option<&CertificationId>,
        max: usize,
        is_wanted: impl Fn(&CertificationId) -> bool,
    ) -> Result<Vec<CertificationId>, Error> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(&self.folder).map_err(Error::io("reading", &self.folder))? {
            let name = entry.map_err(Error::io("reading", &self.folder))?.file_name();
            // What is being made, and what is none of ours.
            let Some(id) = name.to_str().and_then(|name| CertificationId::new(name).ok()) else { continue };
            if before.is_none_or(|before| id < *before) && is_wanted(&id) {
                found.insert(id);
            }
            if found.len() > max {
                found.pop_first();
            }
        }
        Ok(found.into_iter().rev().collect())
    }

    /// What a certificate says. Whether that is true, [`verify`](Self::verify) tells.
    pub fn said(&self, id: &CertificationId) -> Result<Said, Error> {
        let bytes = self.file(id, CERTIFICATE_FILE)?;
        let malformed = |why: String| {
            Error::Folder(plimsoll_evidence::Error::Evidence(format!("{CERTIFICATE_FILE}: {why}")))
        };
        let envelope = Envelope::from_bytes(&bytes).map_err(|error| malformed(error.to_string()))?;
        let signed: Statement<CertificatePredicate> =
            from_canonical(&envelope.payload).map_err(|error| malformed(error.to_string()))?;
        let certificate = certificate(&signed.predicate, Digest::of(&bytes));
        let CertificatePredicate { subject, level, issuance, .. } = signed.predicate;
        Ok(Said { subject: subject.name, profile: level, issuance, certificate })
    }

    /// The files of a certificate, to be read one after the other.
    pub fn list(&self, id: &CertificationId) -> Result<Vec<SeenFile>, Error> {
        list_folder(&self.there(id)?)
    }

    /// The files of a certificate with their digests, in the order of their paths.
    pub fn files(&self, id: &CertificationId) -> Result<Vec<FileEntry>, Error> {
        let entry = |file: SeenFile| {
            let bytes = file.read()?;
            Ok(FileEntry { path: file.path().to_owned(), size: file.bytes(), sha256: Digest::of(&bytes) })
        };
        self.list(id)?.into_iter().map(entry).collect()
    }

    /// One file of a certificate. The path is looked up among the files that are there, and never opened.
    pub fn file(&self, id: &CertificationId, path: &str) -> Result<Vec<u8>, Error> {
        let absent = || Error::Absent { what: "file", name: path.chars().take(80).collect() };
        self.list(id)?.iter().find(|file| file.path() == path).ok_or_else(absent)?.read()
    }

    /// Verifies a certificate as it would be offline, with the server's own key as the only one that is trusted, and
    /// those of its demonstrations for these; `after` is an earlier certificate, whose log this one's must continue.
    pub fn verify(
        &self,
        id: &CertificationId,
        at: Utc,
        after: Option<&CertificationId>,
    ) -> Result<Report, Error> {
        let demo = Keyring::open(&self.keys)?.pins()?.demos;
        let anchors = Anchors { trusted: self.own.clone(), demo };
        let read = self.read(id).and_then(|folder| Ok((folder, after.map(|id| self.read(id)).transpose()?)));
        match read {
            Ok((folder, after)) => {
                let question = Question { at, anchors: &anchors, subject: None, after: after.as_ref() };
                Ok(verify(&folder, &question))
            }
            Err(error) if error.kind() == Kind::Corrupt => Ok(unreadable(error.told())),
            Err(error) => Err(error),
        }
    }

    /// What was tried, in the order in which it began.
    pub fn trials(&self, id: &CertificationId) -> Result<Vec<Trial>, Error> {
        let folder = self.read(id)?;
        let mut documents = Documents::default();
        let mut trials = Vec::new();
        for (path, bytes) in folder.below("evidence/").filter(|(path, _)| path.ends_with(".json")) {
            documents.read(bytes)?;
            trials.push((path, Digest::of(bytes)));
        }
        let path_of = |digest| trials.iter().find(|(_, known)| *known == digest).map(|(path, _)| *path);
        let mut found: Vec<Trial> = documents
            .iter()
            .filter_map(|(digest, document)| trial(document, path_of(digest).unwrap_or_default()))
            .collect();
        found.sort_by(|one, other| (one.at, one.sort, one.trial).cmp(&(other.at, other.sort, other.trial)));
        Ok(found)
    }

    /// The certificate of a certification, if one was issued, by these keys.
    pub(super) fn issued(&self, id: &CertificationId, at: Utc) -> Result<Option<Certificate>, Error> {
        if !self.path(id).is_dir() {
            return Ok(None);
        }
        let report = self.verify(id, at, None)?;
        let (Outcome::Valid | Outcome::ValidDemo | Outcome::Expired, Some(signed)) =
            (report.outcome, &report.certificate)
        else {
            let failed = report.failed().map(|step| step.found.clone());
            return Err(Error::NotVerified(failed.unwrap_or_default()));
        };
        Ok(Some(certificate(signed, Digest::of(&self.file(id, CERTIFICATE_FILE)?))))
    }

    fn read(&self, id: &CertificationId) -> Result<Folder, Error> {
        read_folder(&self.there(id)?)
    }

    /// Where a certificate is, if there is one.
    fn there(&self, id: &CertificationId) -> Result<PathBuf, Error> {
        let absent = || Error::Absent { what: "certificate", name: id.to_string() };
        Some(self.path(id)).filter(|path| path.is_dir()).ok_or_else(absent)
    }
}

fn certificate(signed: &CertificatePredicate, sha256: Digest) -> Certificate {
    Certificate {
        status: signed.status,
        not_before_ms: milliseconds(signed.not_before),
        not_after_ms: milliseconds(signed.not_after),
        sha256,
        stale: None,
    }
}

fn milliseconds(time: Utc) -> u64 {
    u64::try_from(time.unix_seconds()).unwrap_or(0).saturating_mul(1_000)
}

fn trial(document: &Document, path: &str) -> Option<Trial> {
    let (sort, scene, trial, rate_per_ks, at) = match document {
        Document::Plan(_) | Document::Environment(_) | Document::Calibration(_) => return None,
        Document::LoadRun(run) => ("load", run.scene, run.trial, Some(run.schedule.rate_per_ks), run.at),
        Document::StartRun(run) => ("start", run.scene, run.trial, None, run.at),
        Document::StopDrill(drill) => ("stop", drill.scene, drill.trial, None, drill.at),
        Document::CrashDrill(drill) => ("crash", drill.scene, drill.trial, None, drill.at),
        Document::RestoreDrill(drill) => ("restore", drill.scene, drill.trial, None, drill.at),
        Document::SoakRun(run) => ("soak", run.scene, run.trial, Some(run.schedule.rate_per_ks), run.at),
        Document::FaultDrill(drill) => {
            let run = &drill.load;
            ("fault", run.scene, run.trial, Some(run.schedule.rate_per_ks), run.at)
        }
        Document::CheckRun(run) => (run.checklist.probe().name(), run.scene, run.trial, None, run.at),
    };
    Some(Trial { sort, scene: scene.name(), trial, rate_per_ks, at, evidence: path.to_owned() })
}
