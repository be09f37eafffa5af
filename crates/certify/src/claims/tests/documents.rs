//! Whole documents: four that do not hold, and ten that do.

use std::fs;
use std::path::{Path, PathBuf};

use super::told;
use crate::claims::{FindingKind, audit};

fn documents(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/claims").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn on_an_honest_document_the_auditor_is_quiet() {
    let paths = documents("honest");
    assert_eq!(paths.len(), 10);
    for path in paths {
        let audit = audit(&fs::read(&path).unwrap()).unwrap();
        assert!(audit.findings.is_empty(), "{}\n{}", path.display(), told(&audit.findings));
    }
}

/// Every finding with its reason, so that a change of words or of judgement is seen.
#[test]
fn what_does_not_hold_is_found_at_its_line() {
    let paths = documents("dishonest");
    assert_eq!(paths.len(), 4);
    for path in paths {
        let audit = audit(&fs::read(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        insta::assert_snapshot!(name, told(&audit.findings));
    }
}

/// Those that the founding documents contain, by line and kind, apart from any wording.
#[test]
fn the_contradictions_of_the_founding_documents_are_found() {
    use FindingKind::{
        Contradiction, Encoding, ImpossibleDate, NoSignature, SampleTooSmall, ScoreWithoutEvidence,
    };
    const ENGINE: [(usize, FindingKind); 9] = [
        (12, SampleTooSmall),
        (18, Contradiction),
        (20, SampleTooSmall),
        (22, Contradiction),
        (34, Contradiction),
        (38, Contradiction),
        (47, Contradiction),
        (49, ImpossibleDate),
        (50, NoSignature),
    ];
    let platform: Vec<(usize, FindingKind)> = [32, 40, 50, 53, 54, 67, 73, 74, 75, 78, 87, 88, 102, 111, 115]
        .map(|line| (line, Contradiction))
        .into_iter()
        .chain([(13, SampleTooSmall), (73, SampleTooSmall), (8, ScoreWithoutEvidence), (122, NoSignature)])
        .collect();
    let tree =
        [(4, ImpossibleDate), (20, NoSignature), (26, ImpossibleDate), (27, ImpossibleDate), (1, Encoding)];
    let agents = [
        (11, Contradiction),
        (18, Contradiction),
        (24, Contradiction),
        (4, ScoreWithoutEvidence),
        (33, ImpossibleDate),
    ];
    for (name, wanted) in
        [("agents", agents.as_slice()), ("engine", &ENGINE), ("platform", &platform), ("tree", &tree)]
    {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/claims/dishonest/{name}.md"));
        let audit = audit(&fs::read(path).unwrap()).unwrap();
        let has = |(line, kind): (usize, FindingKind)| {
            audit.findings.iter().any(|one| (one.line, one.kind) == (line, kind))
        };
        let missing: Vec<_> = wanted.iter().filter(|one| !has(**one)).collect();
        assert!(missing.is_empty(), "{name}: {missing:?} are not among\n{}", told(&audit.findings));
        let wrong = |one: &&crate::claims::Finding| {
            one.kind == Contradiction && !wanted.contains(&(one.line, one.kind))
        };
        let more: Vec<_> = audit.findings.iter().filter(wrong).collect();
        assert!(more.is_empty(), "{name}: {more:?}");
    }
}
