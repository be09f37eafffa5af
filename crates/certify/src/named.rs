//! What a subject's file names and must be there before anything is run: found out at once, and not an hour later.

use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::files::{DependencyPlace, Subject};

/// The bits of a file's mode by which owner, group or others execute it.
const ANYBODY_EXECUTES: u32 = 0o111;
/// RFC 7468, section 5.
const PEM_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Checks the programs, the roots of TLS and the folders of advisories that a subject's file names. What lies in a folder
/// that is only there when the subject runs is not looked for.
pub fn check_named(subject: &Subject) -> Result<(), Error> {
    for (key, command, working_dir) in commands(subject) {
        check_program(key, command, working_dir, subject)?;
    }
    let roots = subject.tls.as_ref().map(|tls| tls.roots.as_str()).filter(|roots| !is_filled(roots));
    if let Some(path) = roots.map(|roots| subject.path(roots)) {
        let wrong =
            |problem| missing("tls.roots", path.clone(), problem, "name a file of certificates in PEM");
        let text = std::fs::read(&path).map_err(|_| wrong("there is no such file"))?;
        if !text.windows(PEM_CERTIFICATE.len()).any(|part| part == PEM_CERTIFICATE) {
            return Err(wrong("there is no certificate in it"));
        }
    }
    let advisories = subject.files.bill.as_ref().and_then(|bill| bill.advisories.as_ref());
    let folders = advisories.map(|advisories| advisories.folders.as_slice()).unwrap_or_default();
    match folders.iter().find(|folder| !folder.is_dir()) {
        None => Ok(()),
        Some(folder) => {
            let hint = "name a folder of advisories in OSV's format";
            Err(missing("source.advisories", folder.clone(), "there is no such folder", hint))
        }
    }
}

/// Each command with the key that names it and the folder in which it starts.
fn commands(subject: &Subject) -> Vec<(&'static str, &[String], &Path)> {
    let mut commands = Vec::new();
    if let Some(start) = &subject.start {
        commands.push(("start.command", start.command.as_slice(), start.working_dir.as_path()));
        if let Some(backup) = &subject.backup {
            commands.push(("backup.save", &backup.save, &start.working_dir));
            commands.push(("backup.restore", &backup.restore, &start.working_dir));
        }
    }
    for dependency in &subject.dependencies {
        if let DependencyPlace::Starts { command, working_dir } = &dependency.place {
            commands.push(("dependency.command", command, working_dir));
        }
    }
    commands
}

/// A program is found as the system finds it: by its path, or in the folders of `PATH`.
fn check_program(
    key: &'static str,
    command: &[String],
    working_dir: &Path,
    subject: &Subject,
) -> Result<(), Error> {
    // The empty path is the folder of who asks.
    let folder = working_dir.to_string_lossy();
    if !folder.is_empty() && !is_filled(&folder) && !working_dir.is_dir() {
        let hint = "name a folder that is there; it is relative to the file, and by default that of the file";
        return Err(missing(key, working_dir.to_owned(), "there is no such folder to start it in", hint));
    }
    let Some(program) = command.first().filter(|program| !is_filled(program)) else { return Ok(()) };
    let own_path = subject.start.as_ref().and_then(|start| start.env.get("PATH")).map(Into::into);
    let path = own_path.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let places: Vec<PathBuf> = match program.contains('/') {
        true => vec![working_dir.join(program)],
        false => std::env::split_paths(&path).map(|folder| folder.join(program)).collect(),
    };
    let mut found =
        places.iter().filter_map(|place| place.metadata().ok()).filter(Metadata::is_file).peekable();
    if found.peek().is_some() {
        let is_program = found.any(|file| file.permissions().mode() & ANYBODY_EXECUTES != 0);
        let hint = "chmod +x makes a program of it; a script also begins with #! and what runs it";
        return if is_program {
            Ok(())
        } else {
            Err(missing(key, program.into(), "nobody may execute it", hint))
        };
    }
    let hint = "install it, or name it by its path, which is relative to `working_dir`";
    Err(missing(key, program.into(), "there is no such program", hint))
}

/// Whether a text has something in it that is only known when the subject runs.
fn is_filled(text: &str) -> bool {
    text.contains('{')
}

fn missing(key: &'static str, path: PathBuf, problem: &str, hint: &'static str) -> Error {
    Error::Source { key, path, problem: problem.into(), hint }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::parse_subject;

    const SUBJECT: &str = "name = \"s\"\n[start]\ncommand = [\"sh\", \"{port}\", \"{dir}\"]\n[target]\nurl = \"http://127.0.0.1:{port}\"\n\
                           health = \"/\"\n[[request]]\npath = \"/\"\n[ledger]\n\
                           write = { method = \"PUT\", path = \"/{key}\", body = \"{value}\" }\n\
                           read = { path = \"/{key}\" }\n";

    fn refused(subject: &str, folder: &Path) -> String {
        let subject = parse_subject("s.toml", subject, folder).unwrap();
        check_named(&subject).map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn what_is_not_there_is_told_with_its_key() {
        let folder = tempfile::tempdir().unwrap();
        for (name, mode) in [("tool", 0o755), ("text", 0o644)] {
            std::fs::write(folder.path().join(name), "").unwrap();
            std::fs::set_permissions(folder.path().join(name), std::fs::Permissions::from_mode(mode))
                .unwrap();
        }
        let backup = |save: &str| {
            let commands = "save = [\"SAVE\", \"{backup}\"]\nrestore = [\"sh\", \"{backup}\", \"{dir}\"]\n";
            format!("{SUBJECT}[backup]\n{}", commands.replace("SAVE", save))
        };
        let needs = |program: &str| {
            let subject = SUBJECT.replace("\"{dir}\"", "\"{dependency.d}\"");
            format!("{subject}[[dependency]]\nname = \"d\"\ncommand = [\"{program}\", \"{{port}}\"]\n")
        };
        let tls =
            |roots: &str| format!("{SUBJECT}[tls]\nname = \"s.test\"\nport = 4433\nroots = \"{roots}\"\n");
        let source = format!(
            "{SUBJECT}[source]\nartifacts = [\"tool\"]\nfolder = \".\"\nbill_of_materials = \"b\"\nadvisories = \"osv\"\nlicences = [\"MIT\"]\n"
        );
        let in_gone = SUBJECT.replace("[target]", "working_dir = \"gone\"\n[target]");
        for good in
            [SUBJECT.to_owned(), backup("./tool"), backup("{dir}/tool"), tls("{dir}/roots.pem"), needs("sh")]
        {
            assert_eq!(refused(&good, folder.path()), "", "{good}");
        }
        for (bad, key) in [
            (SUBJECT.replace("\"sh\"", "\"no-such-program\""), "start.command: no-such-program"),
            (backup("./gone"), "backup.save: ./gone"),
            (needs("no-such-store"), "dependency.command: no-such-store"),
            (tls("roots.pem"), "tls.roots: "),
            (source, "source.advisories: "),
            (in_gone, "start.command: "),
        ] {
            let told = refused(&bad, folder.path());
            assert!(told.starts_with(key) && told.contains(": there is no such "), "{told}");
        }
        let told = refused(&backup("./text"), folder.path());
        assert!(told.starts_with("backup.save: ./text: nobody may execute it"), "{told}");
        let told = refused(&tls("text"), folder.path());
        assert!(told.contains("there is no certificate in it"), "{told}");
    }
}
