//! Certificates that a server has issued: their files, their verification, the trials in them.

use std::path::PathBuf;

use plimsoll_base::{Kind, Utc};
use plimsoll_evidence::{
    Anchors, CERTIFICATE_FILE, Document, Documents, FileEntry, Folder, Outcome, Question, Report, verify,
};
use plimsoll_keys::IssuerKeys;
use plimsoll_proof::{Digest, TrustEntry, TrustFile, TrustPurpose};
use serde::Serialize;

use super::certification::Certificate;
use super::names::CertificationId;
use crate::error::Error;
use crate::folder_io::read_folder;
use crate::verification::unreadable;

/// The certificates in a folder, each in a folder that is named by its certification.
#[derive(Debug, Clone)]
pub struct Certificates {
    folder: PathBuf,
    own: TrustFile,
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
    /// The certificates in a folder. What these keys have signed is valid.
    pub fn new(folder: PathBuf, keys: &IssuerKeys) -> Self {
        let key = keys.certificate.verifier_key().clone();
        let own = TrustFile::from(TrustEntry { purpose: TrustPurpose::Certificate, key, not_after: None });
        Self { folder, own }
    }

    /// Where a certificate is, or shall be.
    pub(super) fn path(&self, id: &CertificationId) -> PathBuf {
        self.folder.join(id.as_str())
    }

    /// The files of a certificate with their digests, in the order of their paths.
    pub fn files(&self, id: &CertificationId) -> Result<Vec<FileEntry>, Error> {
        let folder = self.read(id)?;
        let entry = |(path, bytes): (&str, &[u8])| FileEntry {
            path: path.to_owned(),
            size: bytes.len() as u64,
            sha256: Digest::of(bytes),
        };
        Ok(folder.iter().map(entry).collect())
    }

    /// All files of a certificate.
    pub fn folder(&self, id: &CertificationId) -> Result<Folder, Error> {
        self.read(id)
    }

    /// One file of a certificate. The path is looked up among the files that are there, and never opened.
    pub fn file(&self, id: &CertificationId, path: &str) -> Result<Vec<u8>, Error> {
        let absent = || Error::Absent { what: "file", name: path.chars().take(80).collect() };
        self.read(id)?.get(path).map(<[u8]>::to_vec).ok_or_else(absent)
    }

    /// Verifies a certificate as it would be offline, with the server's own key as the only one that is trusted;
    /// `after` is an earlier certificate, whose log this one's must continue.
    pub fn verify(
        &self,
        id: &CertificationId,
        at: Utc,
        after: Option<&CertificationId>,
    ) -> Result<Report, Error> {
        let anchors = Anchors { trusted: self.own.clone(), demo: TrustFile::default() };
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
        let (Outcome::Valid | Outcome::Expired, Some(signed)) = (report.outcome, &report.certificate) else {
            let failed = report.failed().map(|step| step.found.clone());
            return Err(Error::NotVerified(failed.unwrap_or_default()));
        };
        Ok(Some(Certificate {
            status: signed.status,
            not_before_ms: milliseconds(signed.not_before),
            not_after_ms: milliseconds(signed.not_after),
            sha256: Digest::of(&self.file(id, CERTIFICATE_FILE)?),
            stale: None,
        }))
    }

    fn read(&self, id: &CertificationId) -> Result<Folder, Error> {
        let path = self.path(id);
        if !path.is_dir() {
            return Err(Error::Absent { what: "certificate", name: id.to_string() });
        }
        read_folder(&path)
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
    };
    Some(Trial { sort, scene: scene.name(), trial, rate_per_ks, at, evidence: path.to_owned() })
}
