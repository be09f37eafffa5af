//! A subject: what is judged, how it is started and reached, what it is asked.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use plimsoll_evidence::{Arrivals, SubjectPart};
use plimsoll_load::Request;
use plimsoll_process::Signal;

use super::dependency::{Dependency, HealthPromise};
use super::description;
use super::inspected::Inspected;
use super::metrics::MetricsPromise;
use super::promise::{ApiUser, LimitPromise, RetryPromise};
use super::tls::TlsSpoken;

/// A subject as its file describes it. Paths are resolved against the file's folder.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    /// The name under which attempts are counted.
    pub name: String,
    /// The version as its owner tells it.
    pub version: Option<String>,
    /// The profile to judge by if none is named elsewhere: the id of a built-in one, or a path as written.
    pub profile: Option<String>,
    /// What the certificate is bound to beside the description.
    pub source: Source,
    /// How it is started; a subject without it is known by URL only.
    pub start: Option<StartCommand>,
    /// Where it is reached.
    pub target: Target,
    /// How much load it gets.
    pub load: LoadSettings,
    /// What it is asked. Never empty.
    pub requests: Vec<Request>,
    /// Writes that can be read back.
    pub ledger: Option<LedgerRequests>,
    /// Where it gives its reference, an OpenAPI 3 document in JSON.
    pub openapi: Option<String>,
    /// What of its files is looked at.
    pub files: Inspected,
    /// Users of its API; none or at least two.
    pub users: Vec<ApiUser>,
    /// How often one may ask.
    pub limit: Option<LimitPromise>,
    /// A write that may be sent again.
    pub retry: Option<RetryPromise>,
    /// Where it speaks TLS.
    pub tls: Option<TlsSpoken>,
    /// How its data are saved and brought back; never without `start` and `ledger`.
    pub backup: Option<BackupCommands>,
    /// What its metrics say.
    pub metrics: Option<MetricsPromise>,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
    /// What its health check promises to tell of that.
    pub health: HealthPromise,
    /// Files into which it logs, beside those that look like logs: `{dir}` stands for its own folder.
    pub logs: Vec<String>,
    /// The folder of the subject's file: paths are described relative to it.
    pub(super) base_dir: PathBuf,
}

/// What the certificate is bound to beside the description, and where its files lie. Each part may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// A folder of a git repository.
    pub git: Option<PathBuf>,
    /// Files to digest.
    pub artifacts: Vec<PathBuf>,
    /// The folder of its files, where that is no git repository or only a part of it.
    pub folder: Option<PathBuf>,
}

/// How a subject is started and stopped. `{port}` and `{dir}` stand for a free port and a fresh folder, `{tls_port}` for another
/// port, at which it speaks TLS.
#[derive(Clone, PartialEq, Eq)]
pub struct StartCommand {
    /// The program and its arguments. Never empty; no shell reads it.
    pub command: Vec<String>,
    /// Where it starts.
    pub working_dir: PathBuf,
    /// Variables for it.
    pub env: BTreeMap<String, String>,
    /// The signal that asks it to end.
    pub stop: Signal,
    /// How long it may take to give its first good reply, in ns.
    pub ready_within_ns: u64,
    /// How long it may take to end, in ns.
    pub stop_within_ns: u64,
}

/// How a subject's data are saved and brought back. `{dir}`, `{backup}` and, while it runs, `{port}` are filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupCommands {
    /// Writes a backup of the subject, which runs meanwhile, to the folder `{backup}`.
    pub save: Vec<String>,
    /// Makes of the backup in `{backup}` the data in the folder `{dir}`, which is empty.
    pub restore: Vec<String>,
    /// How long either may take, in ns.
    pub within_ns: u64,
}

/// Where a subject is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The host as the URL writes it, which is what stands in the `Host` header.
    pub host: String,
    /// The host's address where the URL tells it; none where a name must be looked up.
    pub address: Option<IpAddr>,
    /// The port; none where it is `{port}`, drawn for each trial.
    pub port: Option<u16>,
    /// The path of the health check.
    pub health: String,
    /// Who allowed load on a machine that is not this one.
    pub authorised_by: Option<String>,
    /// The highest rate that was allowed, per 1,000 s.
    pub rate_cap_per_ks: Option<u64>,
}

/// How much load a subject gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadSettings {
    /// Requests per 1,000 s.
    pub rate_per_ks: u64,
    /// How gaps between arrivals are drawn.
    pub arrivals: Arrivals,
    /// Requests without an answer count as infinite after this, in ns.
    pub timeout_ns: u64,
    /// How many connections may be open at once.
    pub connections: usize,
}

/// A write, and the read that must find it. `{key}` and `{value}` stand for what is drawn for each write.
#[derive(Clone, PartialEq, Eq)]
pub struct LedgerRequests {
    /// Acknowledged by a status 2xx.
    pub write: Request,
    /// Found by a status 2xx and the value in the body.
    pub read: Request,
}

impl Subject {
    /// The folder in which its files lie, to which their paths are relative.
    pub(crate) fn files_folder(&self) -> &Path {
        self.source.folder.as_deref().or(self.source.git.as_deref()).unwrap_or(&self.base_dir)
    }

    /// What it has beside what every subject has.
    pub(crate) fn parts(&self) -> Vec<SubjectPart> {
        let has = [
            (SubjectPart::Users, !self.users.is_empty()),
            (SubjectPart::Limit, self.limit.is_some()),
            (SubjectPart::Retry, self.retry.is_some()),
            (SubjectPart::Tls, self.tls.is_some()),
            (SubjectPart::Backup, self.backup.is_some()),
            (SubjectPart::Metrics, self.metrics.is_some()),
            (SubjectPart::Dependency, !self.dependencies.is_empty()),
        ];
        has.into_iter().filter(|(_, has)| *has).map(|(part, _)| part).collect()
    }

    /// A path as the file writes it.
    pub(crate) fn path(&self, text: &str) -> PathBuf {
        located(&self.base_dir, text)
    }

    /// The whole subject as canonical JSON, secrets redacted: what `subject-description` is the digest of.
    pub fn description(&self) -> String {
        description::describe(self)
    }
}

/// A path as a file in this folder writes it; `.` within it says nothing.
pub(super) fn located(base_dir: &Path, text: &str) -> PathBuf {
    base_dir.join(text).components().collect()
}

/// Shows the description: headers and variables may hold secrets.
impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.description())
    }
}
