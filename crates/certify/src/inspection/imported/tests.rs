//! Results as tools write them, and as nobody should.

use plimsoll_evidence::{Gravity, ImportFormat};

use super::*;

/// What pytest 8 writes with --junitxml for one test of each kind.
const PYTEST: &str = r#"<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="0" failures="1" skipped="1" tests="3" time="0.02" timestamp="2026-11-20T10:00:00.123456+00:00" hostname="h"><testcase classname="test_a" name="test_good" time="0.001" /><testcase classname="test_a" name="test_bad" time="0.001"><failure message="assert 1 == 2">def test_bad():
&gt;       assert 1 == 2</failure></testcase><testcase classname="test_a" name="test_later" time="0.000"><skipped type="pytest.skip" message="later">test_a.py:9: later</skipped></testcase></testsuite></testsuites>"#;

/// What OpenSCAP writes, with the elements that are read.
const OPENSCAP: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_org.x_benchmark_b"><status>accepted</status>
<Rule id="xccdf_org.x_rule_a" severity="high"><title>result</title></Rule>
<TestResult id="xccdf_org.x_testresult" start-time="2026-11-20T09:59:00+00:00" end-time="2026-11-20T11:00:00+01:00" version="1">
<rule-result idref="xccdf_org.x_rule_a" role="full" time="2026-11-20T10:00:00+00:00" severity="high" weight="1.000000"><result>fail</result></rule-result>
<rule-result idref="xccdf_org.x_rule_b" severity="unknown"><result>error</result></rule-result>
<rule-result idref="xccdf_org.x_rule_c" severity="low"><result>pass</result></rule-result>
<rule-result idref="xccdf_org.x_rule_d" severity="low"><result>notselected</result></rule-result>
</TestResult></Benchmark>"#;

const SARIF: &str = r#"{ "version": "2.1.0", "runs": [{
    "tool": { "driver": { "name": "t", "rules": [
        { "id": "a", "properties": { "security-severity": "9.8" } }, { "id": "b", "defaultConfiguration": { "level": "note" } }, { "id": "c" } ] } },
    "invocations": [{ "executionSuccessful": true, "endTimeUtc": "2026-11-20T10:00:00Z" }],
    "versionControlProvenance": [{ "revisionId": "0123456789abcdef0123456789abcdef01234567" }],
    "results": [
        { "ruleId": "a", "message": {}, "locations": [{ "physicalLocation": { "artifactLocation": { "uri": "x.py" }, "region": { "startLine": 3 } } }] },
        { "ruleId": "b", "message": {} }, { "ruleId": "c", "message": {} }, { "ruleId": "c", "level": "error", "message": {} },
        { "ruleId": "c", "kind": "pass", "message": {} },
        { "ruleId": "c", "suppressions": [{ "kind": "inSource" }], "message": {} },
        { "ruleId": "c", "baselineState": "absent", "message": {} } ] }] }"#;

/// The example of Trivy's documentation, shortened.
const TRIVY: &str = r#"{ "SchemaVersion": 2, "CreatedAt": "2026-11-20T10:00:00.123456789+02:00", "ArtifactName": "app:1", "Metadata": {
    "ImageID": "sha256:0123456789abcdef", "RepoDigests": ["app@sha256:fedcba9876543210"] }, "Results": [
    { "Target": "app (debian 12)", "Class": "os-pkgs", "Vulnerabilities": [
        { "VulnerabilityID": "CVE-2026-1", "PkgName": "zlib", "InstalledVersion": "1.2", "Severity": "CRITICAL" },
        { "VulnerabilityID": "CVE-2026-2", "PkgName": "zlib", "InstalledVersion": "1.2", "Severity": "UNKNOWN" } ] },
    { "Target": "Dockerfile", "Misconfigurations": [ { "ID": "DS002", "Severity": "HIGH", "Status": "FAIL" }, { "ID": "DS003", "Severity": "HIGH", "Status": "PASS" } ] },
    { "Target": "clean.lock" } ] }"#;

const INSPEC: &str = r#"{ "platform": {}, "profiles": [{ "name": "p", "controls": [
    { "id": "a", "impact": 0.7, "results": [ { "status": "passed", "code_desc": "x", "start_time": "2026-11-20T10:00:00+00:00" }, { "status": "failed", "code_desc": "File /etc is expected to exist", "start_time": "2026-11-20T10:00:01+00:00" } ] },
    { "id": "b", "impact": 0.0, "results": [ { "status": "skipped", "code_desc": "y" } ] } ] }], "statistics": {}, "version": "5" }"#;

fn findings(parsed: &Parsed) -> Vec<(&str, Gravity)> {
    parsed.findings.iter().map(|finding| (finding.id.as_str(), finding.gravity)).collect()
}

fn read(format: ImportFormat, text: &str) -> Parsed {
    parse(format, text.as_bytes()).unwrap()
}

#[test]
fn test_results_count_what_was_not_skipped() {
    let parsed = read(ImportFormat::Junit, PYTEST);
    assert_eq!((parsed.examined, findings(&parsed)), (2, vec![("test_bad", Gravity::High)]));
    assert_eq!(parsed.measured, "2026-11-20T10:00:00Z".parse().ok());
    let named = PYTEST.replace("<testcase classname=\"test_a\" name=\"test_good\"", "<properties><property name=\"git.commit\" value=\"abc\"/></properties><testcase classname=\"test_a\" name=\"test_good\"");
    assert_eq!(read(ImportFormat::Junit, &named).of.as_deref(), Some("abc"));
}

#[test]
fn rules_of_xccdf_count_that_say_something() {
    let parsed = read(ImportFormat::Xccdf, OPENSCAP);
    let expected = vec![("xccdf_org.x_rule_a", Gravity::High), ("xccdf_org.x_rule_b", Gravity::Medium)];
    assert_eq!((parsed.examined, findings(&parsed)), (3, expected));
    assert_eq!(parsed.measured, "2026-11-20T10:00:00Z".parse().ok());
}

#[test]
fn results_of_sarif_count_that_nobody_has_accepted() {
    let parsed = read(ImportFormat::Sarif, SARIF);
    let expected =
        vec![("a", Gravity::Critical), ("b", Gravity::Note), ("c", Gravity::Medium), ("c", Gravity::High)];
    assert_eq!(findings(&parsed), expected);
    assert_eq!((parsed.findings[0].place.as_str(), parsed.examined), ("x.py:3", 7));
    let failed = SARIF.replace("\"executionSuccessful\": true", "\"executionSuccessful\": false");
    assert!(parse(ImportFormat::Sarif, failed.as_bytes()).unwrap_err().contains("it failed"));
    let bandit = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Bandit"}},"properties":{"metrics":{"_totals":{},"a.py":{}}},"results":[]}]}"#;
    assert_eq!(read(ImportFormat::Sarif, bandit).examined, 1, "the files that it read");
}

#[test]
fn findings_of_trivy_and_inspec_have_their_gravity() {
    let parsed = read(ImportFormat::Trivy, TRIVY);
    let expected =
        vec![("CVE-2026-1", Gravity::Critical), ("CVE-2026-2", Gravity::Medium), ("DS002", Gravity::High)];
    assert_eq!((parsed.examined, findings(&parsed)), (3, expected));
    assert_eq!(parsed.measured, "2026-11-20T08:00:00Z".parse().ok());
    assert_eq!(parsed.of.as_deref(), Some("app@sha256:fedcba9876543210"));
    let parsed = read(ImportFormat::Inspec, INSPEC);
    assert_eq!((parsed.examined, findings(&parsed)), (2, vec![("a", Gravity::High)]));
    assert_eq!(parsed.measured, "2026-11-20T10:00:01Z".parse().ok());
}

/// Nothing of it panics, grows or is taken for a result.
#[test]
fn what_is_no_result_is_refused() {
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><testsuite name=\"&b;\"/>";
    let deep = "<testsuite>".repeat(10_000);
    for (format, text, told) in [
        (ImportFormat::Junit, laughs, "document type"),
        (ImportFormat::Junit, deep.as_str(), "too deep"),
        (ImportFormat::Junit, "", "not XML"),
        (ImportFormat::Junit, "<testsuite>", "not XML"),
        (ImportFormat::Junit, "<testsuite></other>", "not XML"),
        (ImportFormat::Junit, "<report/>", "not JUnit"),
        (ImportFormat::Xccdf, "<Benchmark/>", "no TestResult"),
        (ImportFormat::Xccdf, "<TestResult><rule-result/></TestResult>", "of no rule"),
        (ImportFormat::Sarif, "{}", "not SARIF"),
        (ImportFormat::Sarif, "{\"version\":\"2.1.0\"}", "no runs"),
        (ImportFormat::Sarif, "[", "not JSON"),
        (ImportFormat::Trivy, "{}", "not Trivy"),
        (ImportFormat::Inspec, "{}", "no profiles"),
    ] {
        let error = parse(format, text.as_bytes()).unwrap_err();
        assert!(error.contains(told), "{format:?}: {error}");
    }
    let mojibake = parse(ImportFormat::Junit, &[b'<', 0xff, b'>']).unwrap_err();
    assert!(mojibake.contains("UTF-8"), "{mojibake}");
}

#[test]
fn a_result_speaks_of_the_subject_where_it_names_its_commit_or_digest() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    for (of, expected) in [
        (commit, true),
        ("0123456", true),
        ("0123456789AB", true),
        ("012345", false),
        ("sha256:0123456789abcdef", true),
        ("app@sha256:0123456789", true),
        ("app:1.0", false),
        ("fedcba9876", false),
    ] {
        assert_eq!(is_same(of, commit), expected, "{of}");
    }
}
