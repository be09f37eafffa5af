//! A world of its own for each test: a folder, a state folder with a key, and the shipped binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use plimsoll_base::Clock;
use plimsoll_certify::SystemClock;
use plimsoll_proof::Digest;
use serde_json::Value;
use tempfile::TempDir;

/// The shipped binary.
pub(crate) const PLIMSOLL: &str = env!("CARGO_BIN_EXE_plimsoll");

/// Long enough for the keys; not a secret.
const PASSPHRASE: &str = "correct horse battery staple";

pub(crate) struct World {
    folder: TempDir,
}

/// Where tests hand on the day's calibration.
fn shared_calibration() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("calibration.json")
}

/// Whether the calibration that tests hand on holds for this program, boot and day.
fn is_calibrated() -> bool {
    let Ok(kept) = fs::read(shared_calibration()) else { return false };
    let kept: Value = serde_json::from_slice(&kept).unwrap();
    let calibration = &kept["calibration"];
    let boot = fs::read("/proc/sys/kernel/random/boot_id").unwrap();
    let today = SystemClock.now().day();
    calibration["plimsoll_sha256"] == Digest::of(&fs::read(PLIMSOLL).unwrap()).to_string()
        && calibration["boot"] == Digest::of(boot.trim_ascii()).to_string()
        && calibration["at"].as_str().is_some_and(|at| at.starts_with(&today))
}

/// Calibrates the load generator if no test has done so yet. Tests that run side by side would spoil each other's.
fn calibrate() {
    let lock = fs::File::create(shared_calibration().with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if !is_calibrated() {
        let world = World::new();
        world.write("profile.toml", &profile(&[("errors", "errors", "5%")]));
        let ran = world.run(&["certify", "--demo", "--profile", "profile.toml", "--out", "certificate"]);
        assert!(is_calibrated(), "{}\n{}", ran.stdout, ran.stderr);
    }
}

/// By its priority (`.config/nextest.toml`) before all others.
#[test]
fn timing_the_load_generator_is_calibrated_while_nothing_else_runs() {
    calibrate();
    let world = World::with_key();
    let ran = world.certify(&notes_started_by("exec $SERVE"), &profile(&[("errors", "errors", "5%")]));
    assert!(!ran.stderr.contains("calibration 1 of"), "{}", ran.stderr);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
}

/// What a command printed, and its exit code.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {}\n{}", self.stdout, self.stderr))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("passphrase"), PASSPHRASE).unwrap();
        let world = Self { folder };
        world.take_calibration();
        world
    }

    fn take_calibration(&self) {
        if shared_calibration().exists() {
            fs::create_dir_all(self.path("state/plimsoll")).unwrap();
            fs::copy(shared_calibration(), self.path("state/plimsoll/calibration.json")).unwrap();
        }
    }

    /// Hands the calibration on: it holds for a program, a boot and a day, and takes half a minute.
    pub(crate) fn keep_calibration(&self) {
        let mine = self.path("state/plimsoll/calibration.json");
        if mine.exists() {
            let temporary = shared_calibration().with_extension(std::process::id().to_string());
            fs::copy(mine, &temporary).unwrap();
            fs::rename(temporary, shared_calibration()).unwrap();
        }
    }

    /// A world with an issuer of its own.
    pub(crate) fn with_key() -> Self {
        let world = Self::new();
        let ran = world.run(&["keys", "new", "tester", "--passphrase-file", "passphrase"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The binary, in this world.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PLIMSOLL);
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("XDG_STATE_HOME", self.folder.path().join("state")).env("NO_COLOR", "1");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let ran = self.command(arguments).output().unwrap().into();
        self.keep_calibration();
        ran
    }

    /// The command that certifies `subject` against `profile`, both TOML; the certificate goes to `certificate`.
    pub(crate) fn certifying(&self, subject: &str, profile: &str) -> Command {
        calibrate();
        self.take_calibration();
        self.write("subject.toml", subject);
        self.write("profile.toml", profile);
        let mut command = self.command(&["certify", "subject.toml", "--profile", "profile.toml", "--json"]);
        command.args(["--out", "certificate", "--passphrase-file", "passphrase"]);
        command
    }

    /// Certifies `subject` against `profile`.
    pub(crate) fn certify(&self, subject: &str, profile: &str) -> Ran {
        let ran = self.certifying(subject, profile).output().unwrap().into();
        self.keep_calibration();
        ran
    }
}

/// A profile of one trial and one drill with these criteria, each `(id, probe, limit)`.
pub(crate) fn profile(criteria: &[(&str, &str, &str)]) -> String {
    let mut text = String::from(
        "id = \"test\"\nversion = 1\ntitle = \"A test\"\ntrials = 1\ndrills = 1\n\
         trial = \"2s\"\nwarm_up = \"200ms\"\ncontrol = \"1s\"\n",
    );
    for (id, probe, limit) in criteria {
        let quantile = if *probe == "latency" { "quantile = \"p95\"\n" } else { "" };
        let drill = !["latency", "errors", "throughput"].contains(probe);
        let rule = if drill { "rule = \"simple\"\n" } else { "" };
        text.push_str(&format!(
            "[[criterion]]\nid = \"{id}\"\nstatement = \"A statement\"\ndomain = \"test\"\nprobe = \"{probe}\"\n\
             {quantile}{rule}limit = \"{limit}\"\nseverity = \"blocking\"\n",
        ));
    }
    text
}

/// The demo service as a subject, started by `start` (a shell line in which `$SERVE` runs it).
pub(crate) fn notes_started_by(start: &str) -> String {
    let serve = format!("{PLIMSOLL} demo-service --listen 127.0.0.1:{{port}} --data {{dir}}/notes.db");
    let start = start.replace("$SERVE", &serve);
    format!(
        "name = \"notes\"\n[start]\ncommand = [\"sh\", \"-c\", '''{start}''']\n\
         [target]\nurl = \"http://127.0.0.1:{{port}}\"\nhealth = \"/health\"\n\
         [[request]]\npath = \"/notes\"\n\
         [ledger]\nwrite = {{ method = \"PUT\", path = \"/notes/{{key}}\", body = \"{{value}}\" }}\n\
         read = {{ path = \"/notes/{{key}}\" }}\n"
    )
}

/// The verdict of a criterion in the JSON of `certify`.
pub(crate) fn verdict<'a>(result: &'a Value, id: &str) -> &'a str {
    let criteria = result["criteria"].as_array().unwrap();
    criteria.iter().find(|criterion| criterion["id"] == id).unwrap()["verdict"].as_str().unwrap()
}
