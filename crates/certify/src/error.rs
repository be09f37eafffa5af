//! What can keep a certification from its end.

use std::net::SocketAddr;
use std::path::PathBuf;

use plimsoll_base::{Kind, NameError, Quantity, Unit, Utc};

use crate::files::FileError;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that a person wrote is wrong.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of ours could not be read or written.
    #[error("{doing} {path}")]
    Io {
        /// What was being done, as `writing`.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The subject does not do what certifying needs.
    #[error("the subject {problem}")]
    Subject {
        /// What it did, as `did not become ready within 10 s`.
        problem: String,
        /// The last that it wrote, redacted.
        output: String,
    },
    /// Something on which the subject depends is not there.
    #[error("the subject depends on `{name}`, {problem}")]
    Dependency {
        /// What it is called in the subject's file.
        name: String,
        /// What became of it, as `which took no connection within 30 s`.
        problem: String,
        /// The last that it wrote, redacted.
        output: String,
    },
    /// The subject is not alone at its address.
    #[error("something else listens at {0}, where the subject shall")]
    AddressTaken(SocketAddr),
    /// What the subject consists of cannot be named.
    #[error("{key}: {path}: {problem}")]
    Source {
        /// Who names it: a key of the subject file, or an option.
        key: &'static str,
        /// The repository or file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// The target is not on this machine and nobody authorised a load on it.
    #[error("the target {0} is not on this machine")]
    NotAuthorised(String),
    /// The planted defect of a criterion could not turn it red.
    #[error("no planted defect could break the limit of `{criterion}` at {}", Quantity { amount: *.rate_per_ks, unit: Unit::PerKs })]
    Unbreakable {
        /// The criterion.
        criterion: String,
        /// The subject's rate in requests per 1,000 s.
        rate_per_ks: u64,
    },
    /// The planted defect of a criterion is never so large.
    #[error("no planted defect could break the limit of `{0}`")]
    OutOfReach(String),
    /// A certificate cannot be measured again with the subject at hand.
    #[error("the certificate cannot be repeated: with the subject file at hand the {0} would be another")]
    NotRepeatable(&'static str),
    /// A planted defect would take memory that others need.
    #[error("the planted defect of a limit of memory takes {}, and this machine has {} to spare", bytes(*.needed_bytes), bytes(*.available_bytes))]
    NoRoom {
        /// What it takes.
        needed_bytes: u64,
        /// What there is.
        available_bytes: u64,
    },
    /// The subject could not be started, signalled or watched.
    #[error("running the subject")]
    Process(#[from] plimsoll_process::Error),
    /// Load could not be run.
    #[error("running load")]
    Load(#[from] plimsoll_load::Error),
    /// The fault proxy could not be run.
    #[error("running the fault proxy")]
    Fault(#[from] plimsoll_fault::Error),
    /// A key could not be used.
    #[error("using the issuer's keys")]
    Keys(#[from] plimsoll_keys::Error),
    /// The evidence does not hold together.
    #[error("judging the evidence")]
    Evidence(#[from] plimsoll_evidence::Error),
    /// A folder is not one that a certificate can have.
    #[error("reading the folder")]
    Folder(#[source] plimsoll_evidence::Error),
    /// The log in the state folder is not what was written.
    #[error("the issuer's log: {0}")]
    Log(String),
    /// The log was written at a time that is still to come.
    #[error("the clock stands at {now}, and the issuer's log was written at {last}")]
    ClockBehind {
        /// What the clock says.
        now: Utc,
        /// The time of the subject's last entry.
        last: Utc,
    },
    /// The certificate that was made does not verify.
    #[error("the certificate is not issued, because it would not verify: {0}")]
    NotVerified(String),
    /// A blocking criterion's probe was not seen red on its planted defect, or not green without it.
    #[error("no certificate: {}", .0.join("; "))]
    NoControl(Vec<String>),
    /// The load generator is not true on this machine.
    #[error("the load generator failed its calibration: {0}")]
    Calibration(String),
    /// Another certification uses the state folder.
    #[error("another certification is using {0}")]
    StateInUse(PathBuf),
    /// The place for the certificate is taken.
    #[error("{0} exists already")]
    OutputExists(PathBuf),
    /// Somebody asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// Random bytes could not be had.
    #[error("the system gave no random bytes: {0}")]
    Random(String),
    /// A text is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A text for the register is too long.
    #[error("the text has {bytes} bytes, at most {max} are taken")]
    TextLong {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        max: usize,
    },
    /// A file calls what it describes by another name.
    #[error("what is written as `{name}` calls itself `{found}`")]
    Misnamed {
        /// The name under which it is written.
        name: String,
        /// The name in the file.
        found: String,
    },
    /// There is no such thing in the register.
    #[error("there is no {what} `{name}`")]
    Absent {
        /// What sort of thing.
        what: &'static str,
        /// What it would be called.
        name: String,
    },
    /// There is a certification of that name.
    #[error("there is a certification `{0}` already")]
    Exists(String),
    /// What ships with Plimsoll cannot be changed.
    #[error("the {what} `{name}` is built in and cannot be changed")]
    BuiltIn {
        /// What sort of thing.
        what: &'static str,
        /// What it is called.
        name: String,
    },
    /// Somebody else has changed it meanwhile.
    #[error("the {what} `{name}` has revision {found}, not {expected}")]
    Changed {
        /// What sort of thing.
        what: &'static str,
        /// What it is called.
        name: String,
        /// The revision that the caller has seen.
        expected: u64,
        /// The revision it has; 0 if there is none.
        found: u64,
    },
    /// A profile is needed.
    #[error("the subject `{subject}` is kept fresh by the profile `{profile}`")]
    InUse {
        /// The profile.
        profile: String,
        /// Who needs it.
        subject: String,
    },
    /// There are as many as there may be.
    #[error("there are {max} {what}s already, and no more are allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// As many certifications wait as may wait.
    #[error("{0} certifications wait for their turn already")]
    QueueFull(usize),
    /// A subject of the register wants what it may not do.
    #[error("a subject of this server may not {what}")]
    NotAllowed {
        /// What it may not do, and where it says so.
        what: &'static str,
        /// The key of the configuration that opens it.
        key: &'static str,
    },
    /// A certificate's folder is being changed by another command.
    #[error("another command is changing {0}, or what lies beside it")]
    FolderInUse(PathBuf),
    /// What was to be said of a certificate, and cannot be.
    #[error("{problem}")]
    Statement {
        /// Why it cannot be said.
        problem: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// A certification would take too long.
    #[error("it would take {}, and everything else would wait for it: at most {} are allowed", quantity(*.expected_ns), quantity(*.max_ns))]
    TooLong {
        /// How long it would take, in ns.
        expected_ns: u64,
        /// How long it may take, in ns.
        max_ns: u64,
    },
    /// A certification is in a state that forbids the act.
    #[error("the certification is {state}, and cannot be {act}")]
    State {
        /// Its state.
        state: &'static str,
        /// What was to be done to it.
        act: &'static str,
    },
    /// The journal could not do what was asked.
    #[error(transparent)]
    Store(#[from] plimsoll_store::Error),
    /// A fault of this program.
    #[error("a fault of this program: {0}")]
    Bug(String),
}

/// A time as people write it.
fn bytes(amount: u64) -> Quantity {
    Quantity { amount, unit: Unit::Bytes }
}

fn quantity(ns: u64) -> Quantity {
    Quantity { amount: ns, unit: Unit::Ns }
}

impl Error {
    /// What sort of trouble it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::File(error) => error.kind(),
            Self::Io { .. }
            | Self::Subject { .. }
            | Self::Dependency { .. }
            | Self::AddressTaken(_)
            | Self::ClockBehind { .. }
            | Self::Random(_)
            | Self::NoRoom { .. }
            | Self::Interrupted => Kind::Unavailable,
            Self::NotAuthorised(_)
            | Self::Source { .. }
            | Self::Unbreakable { .. }
            | Self::OutOfReach(_)
            | Self::NotRepeatable(_)
            | Self::Name(_)
            | Self::TextLong { .. }
            | Self::Misnamed { .. }
            | Self::TooLong { .. } => Kind::Invalid,
            Self::NotAllowed { .. } => Kind::Denied,
            Self::Absent { .. } => Kind::NotFound,
            Self::Exists(_)
            | Self::BuiltIn { .. }
            | Self::Changed { .. }
            | Self::InUse { .. }
            | Self::TooMany { .. }
            | Self::QueueFull(_)
            | Self::Statement { .. }
            | Self::State { .. } => Kind::Conflict,
            Self::Store(error) => error.kind(),
            Self::Process(error) => error.kind(),
            Self::Load(error) => error.kind(),
            Self::Fault(error) => error.kind(),
            Self::Keys(error) => error.kind(),
            Self::Evidence(error) | Self::Folder(error) => error.kind(),
            Self::Log(_) => Kind::Corrupt,
            Self::NotVerified(_) | Self::Bug(_) => Kind::Bug,
            Self::NoControl(_) | Self::Calibration(_) => Kind::Inconclusive,
            Self::StateInUse(_) | Self::FolderInUse(_) => Kind::Busy,
            Self::OutputExists(_) => Kind::Invalid,
        }
    }

    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint().map(str::to_owned),
            Self::AddressTaken(_) => Some(
                "end it, or write `{port}` for the port in the subject file: a free one is found each time"
                    .into(),
            ),
            Self::Source { hint, .. } | Self::Statement { hint, .. } => Some((*hint).to_owned()),
            Self::Unbreakable { .. } => Some(
                "it harms half of the requests: choose a limit that half of them break; for a throughput write a share of the \
                 subject's rate, such as \"99%\"".into(),
            ),
            Self::OutOfReach(_) => Some("choose a smaller limit; that of a leak is 0".into()),
            Self::NoRoom { .. } => {
                Some("end what needs it, choose a smaller limit, or certify on a larger machine".into())
            }
            Self::NotAuthorised(_) => {
                Some("write `authorised_by` and `rate_cap` in [target] of the subject file".into())
            }
            Self::Calibration(_) => Some(
                "something else uses the processor: `plimsoll load calibrate` shows by how much it is off"
                    .into(),
            ),
            Self::ClockBehind { .. } => Some("set the clock right".into()),
            Self::NotVerified(_) => {
                Some("if the clock was set meanwhile, try again; if not, please report it".into())
            }
            Self::FolderInUse(_) => Some("try again when it has ended".into()),
            Self::StateInUse(_) => Some("wait for it to end, or choose another folder with --state".into()),
            Self::OutputExists(_) => Some("choose another folder with --out".into()),
            Self::NotAllowed { key, .. } => {
                Some(format!("whoever runs the server may open it: {key} = true in its configuration"))
            }
            Self::Misnamed { name, .. } => Some(format!("write `{name}` in the file, or write it as what it calls itself")),
            Self::Changed { .. } => Some("read it again, and decide anew".into()),
            Self::InUse { .. } => Some("keep the subject fresh by another profile first".into()),
            Self::QueueFull(_) => Some("wait for one to end, or cancel one".into()),
            Self::Store(error) => error.hint().map(str::to_owned),
            _ => None,
        }
    }

    /// The error with its causes, as one line.
    pub(crate) fn told(&self) -> String {
        let mut told = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            told = format!("{told}: {error}");
            cause = error.source();
        }
        told
    }

    /// An error of the file system.
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}
