//! A server's folder, a journal in it, and runners over it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_base::Clock;
use plimsoll_certify::SystemClock;
use plimsoll_certify::register::{CertificationId, Name, Options, Register, Rules, Runner, State};
use plimsoll_keys::IssuerKeys;
use plimsoll_store::{Amount, Expect, Journal, Record, SqliteJournal};
use tempfile::TempDir;

/// A subject at which nobody listens.
pub(crate) const DEAF: &str =
    "name = \"deaf\"\n[target]\nurl = \"http://127.0.0.1:9\"\n[[request]]\npath = \"/\"\n";

pub(crate) struct World {
    folder: TempDir,
    keys: Arc<IssuerKeys>,
    journal: Arc<SqliteJournal>,
    runtime: tokio::runtime::Runtime,
}

pub(crate) type TestRunner = Runner<SqliteJournal>;

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = Arc::new(IssuerKeys::generate().unwrap());
        let key = Arc::new(IssuerKeys::generate().unwrap().log);
        let options = plimsoll_store::Options {
            folder: folder.path().join("journal"),
            key,
            clock: Arc::new(SystemClock),
        };
        let journal = Arc::new(SqliteJournal::open(options).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Self { folder, keys, journal, runtime }
    }

    /// The server's keys.
    pub(crate) fn keys(&self) -> &IssuerKeys {
        &self.keys
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn try_open(
        &self,
        rules: Rules,
        demo: Option<&str>,
    ) -> Result<TestRunner, plimsoll_certify::Error> {
        let built_in: Vec<_> = demo.map(|text| ("demo", text)).into_iter().collect();
        let register = Register::new(rules, &built_in)?;
        let options = Options {
            keys: Arc::clone(&self.keys),
            folder: self.folder.path().to_owned(),
            version: String::from("0.0.0"),
            tell: |_, _| Ok(()),
        };
        self.wait(Runner::open(Arc::clone(&self.journal), Arc::new(SystemClock), register, options))
    }

    pub(crate) fn open(&self) -> TestRunner {
        self.try_open(Rules::default(), None).unwrap()
    }

    pub(crate) fn write_subject(&self, runner: &TestRunner, of: &str, text: &str) {
        let acted =
            runner.act(|register, _| register.write_subject(&name(of), text, None, Expect::Any, None));
        self.wait(acted).unwrap();
    }

    pub(crate) fn start(&self, runner: &TestRunner, of: &str, by: &str) -> CertificationId {
        let id = CertificationId::draw(SystemClock.unix_ms()).unwrap();
        self.wait(runner.act(|register, _| register.start(&id, &name(of), &name(by), None))).unwrap();
        id
    }

    /// What the stream of a certification holds.
    pub(crate) fn told(&self, id: &CertificationId) -> Vec<Record> {
        self.wait(self.journal.read(&id.stream().unwrap(), 0, Amount::records(9_999))).unwrap()
    }

    /// Until the certification has told something.
    pub(crate) async fn until_told(&self, id: &CertificationId) {
        let stream = id.stream().unwrap();
        let mut position = self.journal.position();
        while self.journal.read(&stream, 0, Amount::records(1)).await.unwrap().is_empty() {
            position.changed().await.unwrap();
        }
    }

    /// Runs while something else is going on, and then the server is no more.
    pub(crate) fn run_during<T>(&self, runner: &TestRunner, goes_on: impl Future<Output = T>) -> T {
        self.wait(async {
            tokio::select! {
                () = runner.run(std::future::pending()) => panic!("it ended by itself"),
                done = goes_on => done,
            }
        })
    }

    /// Runs until a certification is in a state.
    pub(crate) fn run_until(
        &self,
        runner: &TestRunner,
        id: &CertificationId,
        wanted: impl Fn(&State) -> bool,
    ) -> State {
        self.run_during(runner, until(runner, id, wanted))
    }

    /// Runs until the certification is at work, and then the server is no more.
    pub(crate) fn die_at_work(&self, runner: TestRunner, id: &CertificationId) {
        self.run_during(&runner, self.until_told(id));
        assert_eq!(state(&runner, id), State::Running);
    }

    /// Takes over the day's calibration of this program from another test's world, if there is one: it takes half a
    /// minute.
    pub(crate) fn take_calibration(&self) {
        if shared_calibration().exists() {
            std::fs::create_dir_all(self.path("certify")).unwrap();
            std::fs::copy(shared_calibration(), self.path("certify/calibration.json")).unwrap();
        }
    }

    /// Hands it on.
    pub(crate) fn keep_calibration(&self) {
        std::fs::copy(self.path("certify/calibration.json"), shared_calibration()).unwrap();
    }
}

fn shared_calibration() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("register-calibration.json")
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn state(runner: &TestRunner, id: &CertificationId) -> State {
    runner.read(|register| register.certification(id).unwrap().state.clone())
}

/// Until a certification is in a state.
pub(crate) async fn until(
    runner: &TestRunner,
    id: &CertificationId,
    wanted: impl Fn(&State) -> bool,
) -> State {
    loop {
        let state = state(runner, id);
        if wanted(&state) {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
