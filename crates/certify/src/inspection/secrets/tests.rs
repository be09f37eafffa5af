//! Real repositories and folders, with what must be found in them and what must not.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::files::Inspected;
use crate::inspection::secrets::words::crc32_base62;

/// A token as nobody was given it.
fn token(number: u32) -> String {
    let random = format!("NobodyWasEverGivenThis{number:08}");
    format!("ghp_{random}{}", crc32_base62(random.as_bytes()))
}

fn git(folder: &Path, words: &[&str]) {
    let identity =
        ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"];
    let mut spec = plimsoll_process::Spec::new("git", [&identity, words].concat());
    spec.working_dir = Some(folder.to_owned());
    let ran = plimsoll_process::run(&spec, 30_000_000_000).unwrap();
    assert!(ran.exit.is_success(), "{words:?}: {}", ran.stderr);
}

fn commit(folder: &Path, path: &str, content: &[u8]) {
    fs::write(folder.join(path), content).unwrap();
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "a change"]);
}

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q"]);
    commit(folder.path(), "main.c", b"int main;\n");
    folder
}

fn looked(git: Option<&Path>, folder: Option<&Path>, allowed: Vec<Allowed>) -> Looked {
    let files = Inspected { allowed, ..Inspected::default() };
    let root = git.or(folder).unwrap_or(Path::new("/")).to_owned();
    Looked { root, git: git.map(Into::into), folder: folder.map(Into::into), artifacts: Vec::new(), files }
}

fn searched(looked: &Looked) -> SecretSearch {
    search(looked, Stop(&AtomicBool::new(false))).unwrap()
}

/// It came with the second commit, was edited with the third, and went with the fourth; a branch that nobody merged has
/// another, and a message a third.
#[test]
fn what_was_committed_and_deleted_again_is_found_with_the_commit_that_brought_it() {
    let folder = repository();
    let path = folder.path();
    commit(path, "deploy.env", format!("A=1\n\nTOKEN {}\n", token(1)).as_bytes());
    let repository = Repository(path);
    let brought = repository.objects().unwrap()[0].id.clone();
    commit(path, "deploy.env", format!("A=2\nTOKEN {}\n", token(1)).as_bytes());
    fs::remove_file(path.join("deploy.env")).unwrap();
    git(path, &["commit", "-q", "-a", "-m", &format!("removed {}", token(3))]);
    git(path, &["checkout", "-q", "-b", "aside"]);
    commit(path, "aside.txt", token(2).as_bytes());
    git(path, &["checkout", "-q", "-"]);
    let search = searched(&looked(Some(path), None, Vec::new()));
    let found: Vec<(&str, u64)> =
        search.findings.iter().map(|finding| (finding.path.as_str(), finding.line)).collect();
    assert_eq!(found, [("aside.txt", 1), ("commit message", 6), ("deploy.env", 3)], "{search:#?}");
    let commit = search.findings[2].commit.as_deref().unwrap();
    assert!(brought.starts_with(commit) && commit.len() == 12, "{commit} of {brought}");
    assert!(search.findings.iter().all(|finding| finding.commit.is_some()));
    assert_eq!((search.place, search.commits, search.is_whole), (SearchedPlace::History, 5, true));
    let told = format!("{search:?}");
    assert!((1..4).all(|number| !told.contains(&token(number))), "a secret is told: {told}");
}

#[test]
fn an_exception_names_a_secret_or_a_path_and_nothing_else_passes() {
    let folder = repository();
    commit(folder.path(), "a.txt", token(1).as_bytes());
    commit(folder.path(), "b.txt", token(2).as_bytes());
    let without = searched(&looked(Some(folder.path()), None, Vec::new()));
    assert!(without.findings.iter().all(|finding| finding.allowed.is_none()) && without.findings.len() == 2);
    let secret = without.findings[0].secret.clone();
    let reason = "it was never given to anybody".to_owned();
    for (secret, path) in [(Some(secret), None), (None, Some("a.*".to_owned()))] {
        let allowed = vec![Allowed { secret, path, reason: reason.clone() }];
        let search = searched(&looked(Some(folder.path()), None, allowed));
        let found: Vec<Option<&str>> =
            search.findings.iter().map(|finding| finding.allowed.as_deref()).collect();
        assert_eq!(found, [Some(reason.as_str()), None]);
    }
}

#[test]
fn a_history_that_is_cut_off_says_so_and_submodules_are_counted() {
    let folder = repository();
    commit(folder.path(), "second.c", b"int second;\n");
    let clone = tempfile::tempdir().unwrap();
    let from = format!("file://{}", folder.path().display());
    git(clone.path(), &["clone", "-q", "--depth", "1", &from, "shallow"]);
    let shallow = clone.path().join("shallow");
    assert!(searched(&looked(Some(&shallow), None, Vec::new())).is_shallow);
    git(folder.path(), &["submodule", "add", "-q", &from, "inner"]);
    git(folder.path(), &["commit", "-q", "-m", "a submodule"]);
    let search = searched(&looked(Some(folder.path()), None, Vec::new()));
    assert_eq!((search.is_shallow, search.not_followed), (false, 1));
}

#[test]
fn what_is_large_or_binary_is_told() {
    let folder = repository();
    commit(folder.path(), "film.raw", &vec![b'a'; 17 << 20]);
    commit(folder.path(), "icon.bin", &[b"\0\0\0 ", token(1).as_bytes()].concat());
    let search = searched(&looked(Some(folder.path()), None, Vec::new()));
    assert_eq!((search.binaries, search.texts), (1, 1));
    assert_eq!(search.findings.len(), 1, "a token is a token in a binary file too");
    let large = Unsearched { path: "film.raw".into(), bytes: 17 << 20, allowed: None };
    assert_eq!((search.too_large.as_slice(), search.is_whole), ([large].as_slice(), true));
}

#[test]
fn without_a_repository_the_folder_is_searched_and_links_lead_nowhere() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(elsewhere.path().join("key"), token(9)).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("key"), folder.path().join("key")).unwrap();
    fs::create_dir(folder.path().join("conf")).unwrap();
    fs::write(folder.path().join("conf/app.env"), format!("\n{}", token(1))).unwrap();
    let search = searched(&looked(None, Some(folder.path()), Vec::new()));
    assert_eq!((search.place, search.not_followed, search.texts), (SearchedPlace::Folder, 1, 1));
    assert_eq!((search.findings[0].path.as_str(), search.findings[0].line), ("conf/app.env", 2));
    assert_eq!(search.findings[0].commit, None);
}

/// The copy has one file more, or one that is gone again; the original is as it was.
#[test]
fn a_planted_secret_is_found_in_the_copy_and_nowhere_else() {
    let folder = repository();
    let subject = |source: &str| {
        let text = format!(
            "name = \"x\"\n[source]\n{source} = \"{}\"\n[target]\nurl = \"http://127.0.0.1:80\"\n[[request]]\npath = \"/\"\n",
            folder.path().display()
        );
        crate::files::parse_subject("s.toml", &text, Path::new("/")).unwrap()
    };
    for source in ["git", "folder"] {
        for (defects, expected) in [(0, 0), (1, 1), (3, 3)] {
            let scratch = tempfile::tempdir().unwrap();
            let copy = super::super::copied(
                &subject(source),
                plimsoll_evidence::Probe::Secrets,
                scratch.path(),
                defects,
                plimsoll_base::Utc::from_unix_seconds(0),
            );
            let search = searched(&copy.unwrap());
            assert_eq!(search.findings.len(), expected, "{source}: {search:#?}");
            assert_eq!(search.commits, if source == "git" { 3 } else { 0 });
        }
        assert_eq!(searched(&Looked::own(&subject(source))).findings, []);
    }
    assert_eq!(Repository(folder.path()).objects().unwrap().len(), 3, "one commit, one tree, one file");
}
