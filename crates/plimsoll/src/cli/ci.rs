//! What `plimsoll certify --ci` leaves for the systems that run it: annotations, a summary, JUnit; and where things are
//! kept from one run to the next.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use plimsoll_certify::{ExportFormat, Intact, Subject, export};
use plimsoll_evidence::{JudgedCriterion, Profile, Severity, Verdict};

use super::verified::{Compared, Trust};
use crate::failure::Failure;
use crate::print::Printer;

/// A folder that is handed from one run to the next.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Keys, log and calibration. The keys are sealed; the passphrase comes from elsewhere.
    pub(super) fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// Where a certificate of this name goes.
    pub(super) fn certificate(&self, name: &str) -> PathBuf {
        self.folder.join("certificates").join(name)
    }

    /// The certificate that was made last, if it is still there.
    pub(super) fn last(&self, subject: &Subject, profile: &Profile) -> Option<PathBuf> {
        let name = fs::read_to_string(self.pointer(subject, profile)).ok()?;
        let path = self.certificate(name.trim());
        path.is_dir().then_some(path)
    }

    /// Remembers the certificate that was made last.
    pub(super) fn remember(&self, subject: &Subject, profile: &Profile, made: &Path) -> Result<(), Failure> {
        let Some(name) = made.file_name().filter(|name| self.certificate(&name.to_string_lossy()) == made)
        else {
            return Ok(());
        };
        let pointer = self.pointer(subject, profile);
        let text = format!("{}\n", name.to_string_lossy());
        fs::write(&pointer, text).map_err(Failure::io("writing", pointer.display()))
    }

    fn pointer(&self, subject: &Subject, profile: &Profile) -> PathBuf {
        self.folder.join(format!("last-{}-{}", subject.name, profile.id))
    }
}

/// Where CI reads what it shows.
#[derive(Debug, Clone, Default)]
pub(super) struct Reader {
    /// Whether annotations are understood.
    annotates: bool,
    /// A file that Markdown is appended to.
    summary: Option<PathBuf>,
}

impl Reader {
    /// As the environment tells.
    pub(super) fn of_environment() -> Self {
        let is_set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            annotates: is_set("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            summary: is_set("GITHUB_STEP_SUMMARY").map(PathBuf::from),
        }
    }

    /// Hands a certificate on: JUnit beside its folder, annotations, the summary.
    pub(super) fn hand_on(
        &self,
        folder: &Path,
        subject_file: &str,
        state: Option<PathBuf>,
        printer: &Printer,
    ) -> Result<(), Failure> {
        let verified = Trust::of_this_machine(state).verify(folder, Compared::default())?;
        let intact = match verified.intact() {
            Ok(intact) => intact,
            Err(why) => return Err(Failure::new(plimsoll_base::Kind::Bug, format!("not handed on: {why}"))),
        };
        let junit = folder.with_extension("junit.xml");
        fs::write(&junit, export(&intact, ExportFormat::Junit))
            .map_err(Failure::io("writing", junit.display()))?;
        printer.status(&format!("junit        {}", junit.display()));
        if self.annotates {
            printer.data(&annotations(&intact, subject_file))?;
        }
        if let Some(path) = &self.summary {
            let file = OpenOptions::new().create(true).append(true).open(path);
            let text = export(&intact, ExportFormat::Markdown);
            let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
            written.map_err(Failure::io("writing", path.display()))?;
        }
        Ok(())
    }
}

/// A line for each criterion that is neither met nor without meaning for the subject, and for each gap.
fn annotations(intact: &Intact<'_>, subject_file: &str) -> String {
    let is_told =
        |judged: &&JudgedCriterion| !matches!(judged.verdict, Verdict::Pass | Verdict::NotApplicable);
    let judged = intact.judgement.criteria.iter().filter(is_told).map(|judged| {
        let said = format!("{}: {}", judged.verdict.name(), judged.reason);
        annotation(judged.criterion.severity, subject_file, &judged.criterion.id, &said)
    });
    let gaps = intact.profile.gaps.iter().map(|gap| {
        let said = format!("NOT_MEASURED: {}", gap.missing);
        annotation(gap.severity, subject_file, &gap.id, &said)
    });
    judged.chain(gaps).collect()
}

/// One line in GitHub's own form.
fn annotation(severity: Severity, file: &str, title: &str, said: &str) -> String {
    let command = match severity {
        Severity::Blocking => "error",
        Severity::Conditional => "warning",
        Severity::Advisory => "notice",
    };
    format!("::{command} file={},title={}::{}\n", property(file), property(title), data(said))
}

/// A text in which nothing begins another command: also what nobody sees is made visible.
fn data(text: &str) -> String {
    plimsoll_base::inert(&text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")).to_string()
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_annotation_or_begins_another() {
        let line = annotation(Severity::Blocking, "a,b:c.toml", "x", "50 %\n::error::forged\r\u{1b}[2J");
        assert_eq!(line.lines().count(), 1);
        assert!(
            line.starts_with("::error file=a%2Cb%3Ac.toml,title=x::50 %25%0A::error::forged%0D"),
            "{line}"
        );
        assert!(!line.contains('\u{1b}'), "{line}");
        assert!(annotation(Severity::Conditional, "f", "x", "y").starts_with("::warning "));
    }

    #[test]
    fn the_last_certificate_is_remembered_by_subject_and_profile() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let subject = |name: &str| {
            let text = format!(
                "name = \"{name}\"\n[target]\nurl = \"http://127.0.0.1:1\"\n[[request]]\npath = \"/\"\n"
            );
            plimsoll_certify::parse_subject("s", &text, folder.path()).unwrap()
        };
        let (id, text) = plimsoll_certify::builtin_profiles()[0];
        let profile = plimsoll_certify::parse_profile(id, text).unwrap();
        let made = cache.certificate("a-1");
        cache.remember(&subject("a"), &profile, &made).unwrap();
        assert_eq!(cache.last(&subject("a"), &profile), None, "it is not there");
        fs::create_dir_all(&made).unwrap();
        assert_eq!(cache.last(&subject("a"), &profile), Some(made));
        assert_eq!(cache.last(&subject("b"), &profile), None);
        // What was put elsewhere by --out is nobody's to remember.
        cache.remember(&subject("b"), &profile, Path::new("/elsewhere")).unwrap();
        assert_eq!(cache.last(&subject("b"), &profile), None);
    }
}
