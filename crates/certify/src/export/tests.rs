//! Every verdict in every format: what is a pass, and that nothing else is.

use plimsoll_base::Utc;
use plimsoll_evidence::{
    Issuance, Issuer, Outcome, Report, Severity, Signing, State, Verdict, certificate_statement,
};
use plimsoll_proof::Digest;
use serde_json::Value;

use super::{ExportFormat, export};
use crate::intact::Intact;
use crate::report::fixture::{Story, signed_at};

const VERDICTS: [Verdict; 9] = [
    Verdict::Pass,
    Verdict::ConditionalPass,
    Verdict::ConditionalFail,
    Verdict::Fail,
    Verdict::Inconclusive,
    Verdict::NotMeasured,
    Verdict::NotApplicable,
    Verdict::Error,
    Verdict::Waived,
];

/// What a verification would find of a story.
fn report(story: &Story) -> Report {
    let (documents, judgement) = story.judged();
    let issuer = Issuer { certificate_key: "certificate".into(), log_key: "log".into() };
    let signing = Signing { at: signed_at(), issuer, issuance: Issuance::Issued, files: Vec::new() };
    Report {
        outcome: Outcome::Valid,
        certificate: Some(certificate_statement(&documents, &judgement, &signing).unwrap().predicate),
        profile: Some(documents.plan().unwrap().1.profile.clone()),
        judgement: Some(judgement),
        payload: Some(Digest::of(b"certificate")),
        fingerprint: Some("5781 a7ce".into()),
        ..Report::default()
    }
}

/// The same with another verdict on its first criterion.
fn with_verdict(mut report: Report, verdict: Verdict, severity: Severity) -> Report {
    let judged = &mut report.judgement.as_mut().unwrap().criteria[0];
    (judged.verdict, judged.criterion.severity) = (verdict, severity);
    let summary = &mut report.certificate.as_mut().unwrap().criteria[0];
    (summary.verdict, summary.state) = (verdict, verdict.state(State::Proven));
    report
}

/// The same with a first criterion whose time is over.
fn with_stale(mut report: Report) -> Report {
    report.certificate.as_mut().unwrap().criteria[0].fresh_until = signed_at();
    report
}

fn exported(report: &Report, format: ExportFormat) -> String {
    export(&Intact::of(report, signed_at()).unwrap(), format)
}

fn json(report: &Report, format: ExportFormat) -> Value {
    serde_json::from_str(&exported(report, format)).unwrap()
}

/// How the first criterion stands in a format, as its readers see it.
fn first(report: &Report, format: ExportFormat) -> String {
    stands(report, format, "latency-p99", 0)
}

/// How a requirement stands that has this name and this place among all.
fn stands(report: &Report, format: ExportFormat, id: &str, place: usize) -> String {
    match format {
        ExportFormat::Junit => junit_mark(&exported(report, format), id),
        ExportFormat::Markdown => {
            let page = exported(report, format);
            let row = page.lines().find(|line| line.starts_with(&format!("| `{id}` |"))).unwrap();
            row.split(" | ").nth(1).unwrap().split(' ').next().unwrap().to_owned()
        }
        ExportFormat::Sarif => {
            let result = &json(report, format)["runs"][0]["results"][place];
            assert_eq!(result["ruleId"], id);
            format!("{} {}", result["kind"].as_str().unwrap(), result["level"].as_str().unwrap())
        }
        ExportFormat::Hdf => {
            let requirement = &json(report, format)["baselines"][0]["requirements"][place];
            assert_eq!(requirement["effectiveStatus"], requirement["results"][0]["status"]);
            requirement["effectiveStatus"].as_str().unwrap().to_owned()
        }
        ExportFormat::Oscal => {
            let status = &json(report, format)["assessment-results"]["results"][0]["findings"][place]["target"]
                ["status"];
            format!("{} {}", status["state"].as_str().unwrap(), status["reason"].as_str().unwrap())
        }
    }
}

/// The element within a test case that says how it ended; a case that passed has only what it printed.
fn junit_mark(xml: &str, name: &str) -> String {
    let case =
        xml.split("<testcase ").skip(1).find(|case| case.contains(&format!("name=\"{name}\""))).unwrap();
    let inner = case.split_once('\n').unwrap().1.trim_start_matches('<');
    inner.split([' ', '>']).next().unwrap().to_owned()
}

/// What a pass looks like in a format.
fn pass(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Junit => "system-out",
        ExportFormat::Sarif => "pass none",
        ExportFormat::Markdown => "✓",
        ExportFormat::Hdf => "passed",
        ExportFormat::Oscal => "satisfied pass",
    }
}

/// That something is written, or that others have measured it, is no pass in any format, and leaves CI as it was.
#[test]
fn a_pass_that_proves_nothing_is_no_pass_and_no_failure() {
    for state in [State::Configured, State::Declared] {
        let mut report = report(&Story::certified());
        report.certificate.as_mut().unwrap().criteria[0].state = state;
        for format in ExportFormat::ALL {
            let expected = match format {
                ExportFormat::Junit => "skipped",
                ExportFormat::Sarif => "informational none",
                ExportFormat::Markdown => "~",
                ExportFormat::Hdf => "notReviewed",
                ExportFormat::Oscal => "not-satisfied other",
            };
            assert_eq!(first(&report, format), expected, "{format:?} {state:?}");
        }
        assert!(exported(&report, ExportFormat::Junit).contains("not proven"), "{state:?}");
    }
}

#[test]
fn a_pass_whose_time_is_not_over_is_one_and_nothing_else_is() {
    let good = report(&Story::certified());
    for format in ExportFormat::ALL {
        for verdict in VERDICTS {
            for severity in Severity::ALL {
                let fresh = with_verdict(good.clone(), verdict, severity);
                let is_pass = first(&fresh, format) == pass(format);
                assert_eq!(is_pass, verdict == Verdict::Pass, "{verdict:?} in {format:?}");
                let stale = with_stale(fresh);
                assert_ne!(first(&stale, format), pass(format), "stale {verdict:?} in {format:?}");
            }
        }
    }
}

/// What nothing measures is told in every format, and leaves CI as little green as what was measured without a result.
#[test]
fn a_gap_is_open_in_every_format_and_says_what_is_missing() {
    for severity in Severity::ALL {
        let mut story = Story::by_url();
        story.gaps[0].severity = severity;
        let report = report(&story);
        let place = report.judgement.as_ref().unwrap().criteria.len();
        for format in ExportFormat::ALL {
            let unmeasured = with_verdict(report.clone(), Verdict::NotMeasured, severity);
            let stands = stands(&report, format, "penetration", place);
            assert_eq!(stands, first(&unmeasured, format), "{} in {format:?}", severity.name());
            assert!(
                exported(&report, format).contains("injection probes with a canary server"),
                "{format:?}"
            );
        }
    }
}

/// A skipped test leaves CI green: nothing on which the status hangs may be one, unless it does not apply.
#[test]
fn ci_is_not_green_for_what_is_not_decided() {
    let good = report(&Story::certified());
    let mark = |verdict, severity| first(&with_verdict(good.clone(), verdict, severity), ExportFormat::Junit);
    for severity in Severity::ALL {
        for verdict in [Verdict::Fail, Verdict::ConditionalFail] {
            assert_eq!(mark(verdict, severity), "failure", "{verdict:?}");
        }
        assert_eq!(mark(Verdict::Error, severity), "error");
        assert_eq!(mark(Verdict::NotApplicable, severity), "skipped");
        let open = if severity == Severity::Advisory { "skipped" } else { "error" };
        for verdict in
            [Verdict::NotMeasured, Verdict::Inconclusive, Verdict::ConditionalPass, Verdict::Waived]
        {
            assert_eq!(mark(verdict, severity), open, "{verdict:?} {severity:?}");
        }
    }
}

#[test]
fn sarif_gives_a_level_to_what_is_broken_only() {
    let good = report(&Story::certified());
    let shown =
        |verdict, severity| first(&with_verdict(good.clone(), verdict, severity), ExportFormat::Sarif);
    let levels = Severity::ALL.map(|severity| shown(Verdict::Fail, severity));
    assert_eq!(levels, ["fail error", "fail warning", "fail note"]);
    assert_eq!(shown(Verdict::NotApplicable, Severity::Blocking), "notApplicable none");
    for verdict in [Verdict::Inconclusive, Verdict::NotMeasured, Verdict::Error, Verdict::Waived] {
        assert_eq!(shown(verdict, Severity::Blocking), "open none", "{verdict:?}");
    }
}

#[test]
fn a_stranger_is_named_in_every_format_and_does_not_leave_ci_green() {
    let mut report = report(&Story::certified());
    assert_eq!(junit_mark(&exported(&report, ExportFormat::Junit), "verification"), "system-out");
    report.outcome = Outcome::Untrusted;
    assert_eq!(junit_mark(&exported(&report, ExportFormat::Junit), "verification"), "error");
    for format in ExportFormat::ALL {
        assert!(exported(&report, format).contains("issuer not known to you"), "{format:?}");
    }
}

/// Who reads an export sees a profile's name and not its limits: here both differ from those that are built in.
#[test]
fn a_borrowed_name_is_told_in_every_format() {
    let mut report = report(&Story::certified());
    for format in ExportFormat::ALL {
        assert!(exported(&report, format).contains("not the profile that this program has"), "{format:?}");
    }
    report.profile.as_mut().unwrap().id = "mine".into();
    for format in ExportFormat::ALL {
        assert!(!exported(&report, format).contains("not the profile"), "{format:?}");
    }
}

#[test]
fn every_story_is_told_alike_twice_and_claims_no_compliance() {
    let stories =
        [Story::certified(), Story::preliminary(), Story::denied(), Story::pending(), Story::by_url()];
    for story in stories {
        let (one, two) = (report(&story), report(&story));
        for format in ExportFormat::ALL {
            let text = exported(&one, format);
            assert_eq!(text, exported(&two, format));
            for word in ["compliant", "complies", "conformant", "accredited"] {
                assert!(!text.to_lowercase().contains(word), "{word} in {format:?}");
            }
            for criterion in &one.certificate.as_ref().unwrap().criteria {
                assert!(text.contains(&criterion.id), "{} is missing in {format:?}", criterion.id);
            }
        }
    }
}

#[test]
fn what_is_not_intact_or_not_in_its_time_is_no_certificate() {
    let good = report(&Story::certified());
    let not_after = good.certificate.as_ref().unwrap().not_after;
    let refused = |report: &Report, at: Utc| Intact::of(report, at).unwrap_err();
    for outcome in [Outcome::Invalid, Outcome::Incomplete, Outcome::Newer, Outcome::Revoked, Outcome::Expired]
    {
        let report = Report { outcome, ..good.clone() };
        assert_eq!(refused(&report, signed_at()), outcome.name());
    }
    let stranger = Report { outcome: Outcome::Untrusted, ..good };
    assert!(Intact::of(&stranger, signed_at()).is_ok());
    assert!(refused(&stranger, not_after).starts_with("expired at "));
    assert!(refused(&stranger, signed_at().plus_seconds(-1)).starts_with("not valid before "));
}

#[test]
fn no_name_leaves_its_place() {
    let version = "1\u{1b}[2J\n]]>--><b a='\"'>&amp;`|` \u{202e}\u{fffe}\u{0}\u{85}{0}[a](http://b)@all";
    let statement = format!("a {version}");
    let story = Story { version: version.into(), statement, ..Story::certified() };
    let report = report(&story);
    for format in ExportFormat::ALL {
        let text = exported(&report, format);
        let is_active = |one: char| one.is_control() && one != '\n' || "\u{202e}\u{fffe}".contains(one);
        assert!(!text.contains(is_active), "{format:?}: {text}");
    }
    let xml = exported(&report, ExportFormat::Junit);
    assert!(!xml.contains("<b") && !xml.contains("]]>") && !xml.contains("-->"), "{xml}");
    let sarif = json(&report, ExportFormat::Sarif);
    assert_eq!(
        sarif["runs"][0]["properties"]["subject"],
        format!("notes {version}"),
        "JSON keeps every character"
    );
}

/// How the manual writes what a format's reader sees.
fn as_printed(format: ExportFormat, seen: &str) -> String {
    let seen = if seen == pass(ExportFormat::Junit) { "passed" } else { seen };
    match format {
        ExportFormat::Sarif => seen.trim_end_matches(" none").replace(' ', ", "),
        ExportFormat::Oscal => seen.replace(' ', ", "),
        _ => seen.to_owned(),
    }
}

#[test]
fn the_manual_says_how_each_verdict_stands() {
    let manual = include_str!("../../../../docs/EXPORTS.md");
    let good = report(&Story::certified());
    let row = |name: &str, report: &Report| {
        let cells = ExportFormat::ALL.map(|format| as_printed(format, &first(report, format)));
        format!("| {name} | {} |", cells.join(" | "))
    };
    let verdicts =
        VERDICTS.map(|verdict| row(verdict.name(), &with_verdict(good.clone(), verdict, Severity::Blocking)));
    for row in verdicts.into_iter().chain([row("PASS, stale", &with_stale(good.clone()))]) {
        assert!(manual.contains(&format!("\n{row}\n")), "{row}");
    }
}

/// The fields that MITRE's schema of results, version 3.4, has in the places that are written; every object there is closed.
/// No reader of it can be installed from a registry, so this is held here.
#[test]
fn hdf_has_the_fields_of_its_schema() {
    let document = json(&report(&Story::denied()), ExportFormat::Hdf);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&document), "baselines components extensions generator id timestamp");
    assert_eq!(keys(&document["generator"]), "name version");
    let component = &document["components"][0];
    assert_eq!(
        (keys(component).as_str(), &component["type"]),
        ("externalIds name type version", &"application".into())
    );
    assert!(component["externalIds"].as_object().unwrap().values().all(Value::is_string));
    let baseline = &document["baselines"][0];
    assert_eq!(keys(baseline), "name requirements statusMessage summary title version");
    let requirements = baseline["requirements"].as_array().unwrap();
    assert_eq!(requirements.len(), 8);
    for requirement in requirements {
        assert_eq!(keys(requirement), "descriptions effectiveStatus id impact results severity tags title");
        assert!((0.0..=1.0).contains(&requirement["impact"].as_f64().unwrap()));
        assert!(["high", "medium", "low"].contains(&requirement["severity"].as_str().unwrap()));
        assert_eq!(requirement["descriptions"][0]["label"], "default");
        let result = &requirement["results"][0];
        assert_eq!(keys(result), "codeDesc message startTime status");
    }
    let statuses: std::collections::BTreeSet<&str> =
        requirements.iter().map(|one| one["effectiveStatus"].as_str().unwrap()).collect();
    assert!(statuses.contains("failed") && statuses.contains("passed"), "{statuses:?}");
}

#[test]
fn oscal_keeps_the_verdict_beside_not_satisfied() {
    let report = with_verdict(report(&Story::certified()), Verdict::Inconclusive, Severity::Blocking);
    let document = json(&report, ExportFormat::Oscal);
    let finding = &document["assessment-results"]["results"][0]["findings"][0];
    assert_eq!(finding["props"][0]["value"], "INCONCLUSIVE");
    assert!(
        finding["target"]["status"]["remarks"].as_str().unwrap().starts_with("INCONCLUSIVE: "),
        "{finding}"
    );
}
