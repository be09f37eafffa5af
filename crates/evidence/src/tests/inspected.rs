//! What is seen of files that are good, and of files in which one thing is wrong.

use plimsoll_base::Utc;

use crate::{
    Alert, AlertBook, AlertFile, Bill, Checklist, Component, Flaw, FlawKind, Gravity, ImportFormat,
    ImportedFinding, ImportedResult, Probe, RunbookFound, SearchedPlace, SecretFinding, SecretRule,
    SecretSearch, ToldBy, Written,
};

/// What a probe sees at a time.
pub(crate) fn looked_at(probe: Probe, is_bad: bool, at: Utc) -> Checklist {
    match probe {
        Probe::Secrets => Checklist::Secrets(secrets(is_bad)),
        Probe::BillOfMaterials => Checklist::BillOfMaterials(bill(is_bad)),
        Probe::ImportedResults => Checklist::ImportedResults(vec![imported(is_bad, at)]),
        Probe::Runbooks => Checklist::Runbooks(alerts(is_bad)),
        Probe::Documentation => Checklist::Documentation(vec![written(is_bad)]),
        other => panic!("{} looks at no files", other.name()),
    }
}

fn secrets(is_bad: bool) -> SecretSearch {
    let finding = SecretFinding {
        path: "deploy.env".into(),
        line: 2,
        rule: SecretRule::GithubToken,
        commit: Some("0123456789ab".into()),
        secret: "89abcdef".into(),
        allowed: None,
    };
    SecretSearch {
        place: SearchedPlace::History,
        commits: 12,
        texts: 90,
        binaries: 1,
        bytes: 80_000,
        not_followed: 0,
        is_shallow: false,
        is_whole: true,
        too_large: Vec::new(),
        findings: if is_bad { vec![finding] } else { Vec::new() },
        more: 0,
    }
}

fn bill(is_bad: bool) -> Bill {
    let component = Component {
        name: "left".into(),
        version: Some("1.2.3".into()),
        purl: Some("pkg:cargo/left@1.2.3".into()),
        hashes: 1,
        no_hash: None,
        licences: vec![if is_bad { "SSPL-1.0" } else { "MIT" }.into()],
    };
    Bill {
        path: "sbom.cdx.json".into(),
        problem: None,
        sha256: None,
        licences: vec!["MIT".into()],
        artifacts: Vec::new(),
        components: vec![component],
        advisories: None,
    }
}

fn imported(is_bad: bool, at: Utc) -> ImportedResult {
    let finding = ImportedFinding { id: "test_it".into(), place: "tests".into(), gravity: Gravity::High };
    ImportedResult {
        path: "junit.xml".into(),
        format: ImportFormat::Junit,
        tool: "pytest".into(),
        sha256: None,
        problem: None,
        measured: Some(at),
        told_by: ToldBy::Result,
        max_age_s: 86_400,
        gravity_from: Gravity::Medium,
        examined: 30,
        of: None,
        is_of_subject: None,
        findings: if is_bad { vec![finding] } else { Vec::new() },
        more: 0,
        below: 0,
    }
}

fn alerts(is_bad: bool) -> AlertBook {
    let found = if is_bad { RunbookFound::NotNamed } else { RunbookFound::Steps(3) };
    let alert = Alert { path: "alerts.yml".into(), name: "Down".into(), runbook: None, found };
    let file = AlertFile { path: "alerts.yml".into(), alerts: 1, problem: None };
    AlertBook { files: vec![file], alerts: vec![alert] }
}

fn written(is_bad: bool) -> Written {
    let flaw = Flaw { line: 3, kind: FlawKind::NoFile, what: "nowhere.md".into() };
    Written {
        path: "README.md".into(),
        problem: None,
        words: 90,
        links: 2,
        outside: 0,
        blocks: 1,
        placeholders: 0,
        flaws: if is_bad { vec![flaw] } else { Vec::new() },
    }
}
