//! Every check, applied to the repository. What is checked is what git tracks or would track.

#![cfg(test)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// Every text file of the repository by its path.
struct Repository(BTreeMap<String, String>);

impl Repository {
    fn read() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
        // Whoever owns the checkout, reading the names of its files is safe.
        let list = ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let output = Command::new("git").args(list).current_dir(&root).output().expect("git is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let paths = String::from_utf8(output.stdout).unwrap();
        // A file that is not UTF-8 is not text; one that is gone is a deletion that is not committed yet.
        let texts = paths
            .split_terminator('\0')
            .filter_map(|path| Some((path.to_owned(), std::fs::read_to_string(root.join(path)).ok()?)));
        let files = texts.collect::<BTreeMap<_, _>>();
        assert!(files.contains_key("Cargo.toml"), "these are not the files of the repository: {root:?}");
        Self(files)
    }

    fn text(&self, path: &str) -> &str {
        self.0.get(path).unwrap_or_else(|| panic!("{path} is missing"))
    }

    fn find(&self, wanted: impl Fn(&str) -> bool, check: impl Fn(&str, &str) -> Vec<String>) -> Vec<String> {
        let files = self.0.iter().filter(|(path, _)| wanted(path)).collect::<Vec<_>>();
        assert!(!files.is_empty(), "the check was applied to no file");
        files.into_iter().flat_map(|(path, text)| check(path, text)).collect()
    }

    /// The folder of each package of the workspace.
    fn folders(&self) -> BTreeMap<String, &str> {
        let manifests = self.0.iter().filter(|(path, _)| is_manifest(path));
        let named = manifests.filter_map(|(path, text)| {
            let name = text.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))?;
            Some((name.to_owned(), path.strip_suffix("Cargo.toml")?))
        });
        named.collect()
    }
}

/// A manifest of a crate of the workspace. `bench/` and `fuzz/` are workspaces of their own: nothing of them is linked
/// into what is shipped.
fn is_manifest(path: &str) -> bool {
    path.ends_with("/Cargo.toml") && !path.starts_with("bench/") && !path.starts_with("fuzz/")
}

fn is_source(path: &str) -> bool {
    path.ends_with(".rs") && !path.starts_with("bench/")
}

/// Lock files are written by cargo and npm and name where every package comes from.
fn is_written_by_us(path: &str) -> bool {
    !path.ends_with("Cargo.lock") && !path.ends_with("package-lock.json")
}

#[track_caller]
fn assert_nothing_found(findings: &[String]) {
    assert!(findings.is_empty(), "{} found:\n{}", findings.len(), findings.join("\n"));
}

fn show(figure: &str) {
    eprintln!("{figure}");
}

#[test]
fn manifests_keep_to_the_tables() {
    assert_nothing_found(&Repository::read().find(is_manifest, xtask::check_manifest));
}

#[test]
fn dependencies_come_from_the_registry_at_one_version() {
    let repository = Repository::read();
    let text = |path| repository.text(path);
    let (packages, mut findings) = xtask::check_lock("Cargo.lock", text("Cargo.lock"));
    show(&format!("{packages} packages are locked"));
    findings.extend(xtask::check_workspace("Cargo.toml", text("Cargo.toml")));
    findings.extend(xtask::check_toolchain("rust-toolchain.toml", text("rust-toolchain.toml")));
    assert_nothing_found(&findings);
}

#[test]
fn pure_crates_have_no_effects() {
    assert_nothing_found(&Repository::read().find(is_source, xtask::check_pure));
}

#[test]
fn no_file_holds_words_that_mean_nothing_to_a_stranger() {
    assert_nothing_found(&Repository::read().find(is_written_by_us, xtask::check_private_words));
}

#[test]
fn no_work_is_put_off() {
    assert_nothing_found(&Repository::read().find(is_written_by_us, xtask::check_unfinished));
}

#[test]
fn files_and_functions_are_short() {
    let repository = Repository::read();
    assert_nothing_found(&repository.find(is_source, xtask::check_file_length));
    let sizes = repository.0.iter().filter(|(path, _)| is_source(path));
    let sizes = sizes.map(|(path, text)| xtask::measure(path, text)).collect::<Vec<_>>();
    let files = sizes.iter().map(|size| size.source_lines).filter(|lines| *lines > 0).collect::<Vec<_>>();
    let functions = sizes.iter().flat_map(|size| size.function_lines.iter().copied()).collect::<Vec<_>>();
    let source = files.iter().sum::<usize>();
    let tests = sizes.iter().map(|size| size.test_lines).sum::<usize>();
    show(&format!(
        "{source} lines of source, {tests} of tests, {} functions in {} files",
        functions.len(),
        files.len()
    ));
    assert!(functions.len() > 40, "the functions of the workspace were not found");
    assert!(
        xtask::nine_tenths_are_at_most(40, &functions),
        "more than a tenth of the functions has over 40 lines"
    );
    assert!(xtask::nine_tenths_are_at_most(350, &files), "more than a tenth of the files has over 350 lines");
}

#[test]
fn what_tests_need_of_the_kernel_is_listed() {
    let repository = Repository::read();
    let needs = repository.text("scripts/kernel-needs");
    assert_nothing_found(&repository.find(is_source, |path, text| xtask::check_needs(path, text, needs)));
}

#[test]
fn every_promise_names_what_holds_it() {
    let repository = Repository::read();
    let folders = repository.folders();
    let test_exists = |package: &str, name: &str| {
        let declaration = format!("fn {name}(");
        let files = folders
            .get(package)
            .map(|folder| repository.0.iter().filter(move |(path, _)| path.starts_with(*folder)));
        files.into_iter().flatten().any(|(_, text)| text.contains(&declaration))
    };
    let bench_exists =
        |name: &str| repository.0.keys().any(|path| path.starts_with(&format!("bench/{name}")));
    let page = "docs/SPECIFICATION.md";
    assert_nothing_found(&xtask::check_specification(page, repository.text(page), test_exists, bench_exists));
}

#[test]
fn the_pages_that_a_stranger_looks_for_are_there() {
    let repository = Repository::read();
    for page in ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(repository.text(page).len() > 200, "{page} says nothing");
    }
}
