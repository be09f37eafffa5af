//! What a subject's file names and must be there before anything is run: found out at once, and not an hour later.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::files::{DependencyPlace, Subject};

/// Checks the programs, the roots of TLS and the folders of advisories that a subject's file names. What lies in a folder
/// that is only there when the subject runs is not looked for.
pub fn check_named(subject: &Subject) -> Result<(), Error> {
    for (key, command, working_dir) in commands(subject) {
        check_program(key, command, working_dir, subject)?;
    }
    let roots = subject.tls.as_ref().map(|tls| tls.roots.as_str()).filter(|roots| !is_filled(roots));
    if let Some(path) = roots.map(|roots| subject.path(roots)).filter(|path| !path.is_file()) {
        return Err(missing(
            "tls.roots",
            path,
            "there is no such file",
            "name a file of certificates in PEM",
        ));
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
    let Some(program) = command.first().filter(|program| !is_filled(program)) else { return Ok(()) };
    let own_path = subject.start.as_ref().and_then(|start| start.env.get("PATH")).map(Into::into);
    let path = own_path.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let is_there = match program.contains('/') {
        true => working_dir.join(program).is_file(),
        false => std::env::split_paths(&path).any(|folder| folder.join(program).is_file()),
    };
    if is_there {
        return Ok(());
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
        std::fs::write(folder.path().join("tool"), "").unwrap();
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
        ] {
            let told = refused(&bad, folder.path());
            assert!(told.starts_with(key) && told.contains(": there is no such "), "{told}");
        }
    }
}
