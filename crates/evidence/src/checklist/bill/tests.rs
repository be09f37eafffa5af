//! Bills that are good, and what makes each of them bad.

use super::*;

const AT: &str = "2026-11-22T12:00:00Z";

fn component() -> Component {
    Component {
        name: "left".into(),
        version: Some("1.2.3".into()),
        purl: Some("pkg:cargo/left@1.2.3".into()),
        hashes: 1,
        no_hash: None,
        licences: vec!["MIT OR Apache-2.0".into()],
    }
}

fn bill() -> Bill {
    Bill {
        path: "sbom.cdx.json".into(),
        problem: None,
        sha256: Some(Digest::of(b"bill")),
        licences: vec!["MIT".into()],
        artifacts: vec![BilledArtifact {
            name: "server".into(),
            sha256: Digest::of(b"server"),
            billed: vec![Digest::of(b"server").to_string()],
        }],
        components: vec![component()],
        advisories: Some(base()),
    }
}

fn base() -> AdvisoryBase {
    let range = VersionRange {
        kind: "SEMVER".into(),
        events: vec![("introduced".into(), "0".into()), ("fixed".into(), "1.2.3".into())],
    };
    AdvisoryBase {
        max_age_s: 7 * 86_400,
        unreadable: 0,
        ecosystems: vec![AdvisedEcosystem {
            ecosystem: "crates.io".into(),
            advisories: 900,
            newest: "2026-11-20T00:00:00Z".parse().unwrap(),
        }],
        advisories: vec![Advisory {
            id: "RUSTSEC-1".into(),
            package: Package::normal("crates.io", "left"),
            ranges: vec![range],
            listed: 0,
            versions: Vec::new(),
        }],
    }
}

fn problems(change: impl Fn(&mut Bill)) -> Vec<String> {
    let mut bill = bill();
    change(&mut bill);
    cases(&bill, AT.parse().unwrap()).into_iter().filter_map(|case| case.problem).collect()
}

#[test]
fn a_bill_that_says_all_has_nothing_wrong() {
    assert_eq!(problems(|_| ()), [""; 0]);
    assert_eq!(cases(&bill(), AT.parse().unwrap()).len(), 5);
    assert_eq!(problems(|bill| bill.advisories = None), [""; 0]);
    assert_eq!(problems(|bill| bill.artifacts[0].billed.clear()), [""; 0], "told, and not held against it");
}

#[test]
fn each_thing_that_is_missing_or_wrong_fails() {
    type Change = fn(&mut Bill);
    let cases: [(&str, Change); 17] = [
        ("it lists nothing", |bill| bill.components.clear()),
        ("not JSON", |bill| bill.problem = Some("not JSON".into())),
        ("another build", |bill| bill.artifacts[0].billed = vec!["00".into()]),
        ("no version", |bill| bill.components[0].version = None),
        ("no package URL", |bill| bill.components[0].purl = None),
        ("package URL is none", |bill| bill.components[0].purl = Some("left".into())),
        ("names another version", |bill| bill.components[0].purl = Some("pkg:cargo/left@1.2.4".into())),
        ("no digest", |bill| bill.components[0].hashes = 0),
        ("no licence", |bill| bill.components[0].licences.clear()),
        ("GPL-3.0-only is not accepted", |bill| bill.components[0].licences = vec!["GPL-3.0-only".into()]),
        ("neither accepted", |bill| bill.components[0].licences.push("see file".into())),
        ("undecided: no advisory", |bill| bill.components[0].purl = Some("pkg:generic/left@1.2.3".into())),
        ("undecided: no advisory", |bill| bill.components[0].purl = Some("pkg:npm/left@1.2.3".into())),
        ("known vulnerability", |bill| {
            bill.components[0].version = Some("1.2.2".into());
            bill.components[0].purl = Some("pkg:cargo/left@1.2.2".into());
        }),
        ("cannot be decided", |bill| {
            bill.advisories.as_mut().unwrap().advisories[0].ranges[0].events[1].1 = "x".into();
        }),
        ("older than", |bill| {
            bill.advisories.as_mut().unwrap().ecosystems[0].newest = "2026-11-10T00:00:00Z".parse().unwrap();
        }),
        ("3 files could not be read", |bill| bill.advisories.as_mut().unwrap().unreadable = 3),
    ];
    for (expected, change) in cases {
        let found = problems(change);
        let is_told = found.iter().any(|problem| problem.contains(expected));
        assert!(is_told, "{found:?} instead of {expected:?}");
    }
    let none = problems(|bill| bill.advisories.as_mut().unwrap().ecosystems.clear());
    assert!(none.iter().any(|problem| problem == "there are none"), "{none:?}");
    assert_eq!(problems(|bill| bill.components[0].no_hash = Some("built here".into())), [""; 0]);
    let excused = problems(|bill| {
        (bill.components[0].hashes, bill.components[0].no_hash) = (0, Some("built here".into()))
    });
    assert_eq!(excused, [""; 0]);
}
