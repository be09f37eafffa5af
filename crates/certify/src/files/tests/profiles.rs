use std::collections::BTreeSet;

use insta::assert_snapshot;
use plimsoll_base::Kind;
use plimsoll_evidence::{Family, Fault, LineSearch, Op, Probe, Profile, Rule, Scene, Severity};
use plimsoll_proof::{from_canonical, to_canonical};
use proptest::prelude::*;

use super::super::{Answer, With, builtin_profiles, parse_coverage, parse_profile};
use super::{answers, edited};

const GOOD: &str = r#"id = "mine"
version = 3
title = "What we promise"
trials = 5
drills = 5
trial = "60s"
warm_up = "1s"
control = "10s"

[line]
steps = ["150%", "200%"]
step = "5s"
trial = "10s"

[[criterion]]
id = "slowest"
statement = "Fast"
domain = "performance"
probe = "latency"
quantile = "p99.9"
op = "at-most"
limit = "1.5s"
rule = "simple"
severity = "advisory"
ttl = "7d"
scope = ["src/**", "*.toml"]
mappings = ["ISO 25010 time behaviour"]

[[criterion]]
id = "errors"
statement = "Reliable"
domain = "reliability"
probe = "errors"
limit = "0.1%"
severity = "blocking"
control = "reset-connections"

[[criterion]]
id = "line"
statement = "Carries"
domain = "capacity"
probe = "load-line"
limit = "200/s"
severity = "blocking"

[[criterion]]
id = "stop"
statement = "Ends well"
domain = "operability"
probe = "graceful-stop"
limit = 0
severity = "blocking"
may_not_apply = true
"#;

fn said(edits: &[(&str, &str)]) -> String {
    answers(GOOD, edits, |text| parse_profile("p.toml", text))
}

#[test]
fn every_field_arrives_in_canonical_units() {
    let profile = parse_profile("p.toml", GOOD).unwrap();
    assert_eq!((profile.id.as_str(), profile.version, profile.trials, profile.drills), ("mine", 3, 5, 5));
    assert_eq!(
        (profile.trial_ns, profile.warm_up_ns, profile.control_ns),
        (60_000_000_000, 1_000_000_000, 10_000_000_000)
    );
    let line = LineSearch { steps_percent: vec![150, 200], step_ns: 5_000_000_000, trial_ns: 10_000_000_000 };
    assert_eq!(profile.line, line);
    let [slowest, errors, line, stop] = profile.criteria.as_slice() else { panic!("four criteria") };
    assert_eq!(
        (slowest.quantile_ppb, slowest.limit, slowest.op),
        (Some(999_000_000), 1_500_000_000, Op::AtMost)
    );
    assert_eq!(
        (slowest.rule, slowest.severity, slowest.ttl_s),
        (Rule::Simple, Severity::Advisory, 7 * 86_400)
    );
    assert_eq!((slowest.scope.join(" "), slowest.mappings.len()), ("src/** *.toml".into(), 1));
    assert_eq!(slowest.control, None, "an advisory criterion needs no control");
    assert_eq!((errors.limit, errors.control), (1_000_000, Some(Scene::ResetConnections)));
    assert_eq!((line.limit, line.op, line.control), (200_000, Op::AtLeast, Some(Scene::AddedDelay)));
    assert_eq!((stop.limit, stop.probe, stop.may_not_apply), (0, Probe::GracefulStop, true));
}

#[test]
fn what_is_left_out_has_its_default() {
    let errors = &parse_profile("p.toml", GOOD).unwrap().criteria[1];
    assert_eq!((errors.rule, errors.op, errors.ttl_s), (Rule::Guard95, Op::AtMost, 30 * 86_400));
    assert_eq!((errors.scope.as_slice(), errors.mappings.len()), (["**".to_owned()].as_slice(), 0));
    assert!(!errors.may_not_apply);
    let bare = edited(GOOD, "control = \"reset-connections\"\n", "");
    let errors = &parse_profile("p.toml", &bare).unwrap().criteria[1];
    assert_eq!(errors.control, Some(Scene::InjectedErrors));
}

#[test]
fn what_is_no_profile_at_all() {
    assert_snapshot!(said(&[
        ("version = 3", "version = "),
        ("version = 3", "version = 3\nversion = 3"),
        ("title = \"What we promise\"", "title = \"What we promise"),
        ("title = \"What we promise\"", "title = \"Ünï\" x"),
        ("[line]", "[line"),
        ("version = 3", "version = 3\ncolour = \"red\""),
        ("drills = 5", "drils = 5"),
        ("step = \"5s\"", "setp = \"5s\""),
        ("probe = \"errors\"", "Probe = \"errors\""),
        ("[[criterion]]\nid = \"slowest\"", "[[criteria]]\nid = \"slowest\""),
    ]), @r#"
    p.toml:2:11: this is not TOML: string values must be quoted, expected literal string
    p.toml:3:1: this is not TOML: duplicate key
    p.toml:3:25: this is not TOML: invalid basic string, expected `"`
    p.toml:3:15: this is not TOML: unexpected key or value, expected newline, `#`
    p.toml:10:6: this is not TOML: unclosed table, expected `]`
    p.toml:3:1: unknown key `colour` in the file
        hint: known here: id, version, title, document, trials, drills, trial, warm_up, control, soak, fault, line, criterion, gap, refused, sign_off
    p.toml:5:1: unknown key `drils` in the file
        hint: did you mean `drills`?
    p.toml:12:1: unknown key `setp` in [line]
        hint: did you mean `step`?
    p.toml:33:1: unknown key `Probe` in [[criterion]]
        hint: did you mean `probe`?
    p.toml:15:3: unknown key `criteria` in the file
        hint: did you mean `criterion`?
    "#);
}

#[test]
fn fields_that_are_missing_or_of_the_wrong_kind() {
    assert_snapshot!(said(&[
        ("id = \"mine\"\n", ""),
        ("id = \"mine\"", "id = \"Mine Own\""),
        ("title = \"What we promise\"", "title = \" \""),
        ("title = \"What we promise\"", "title = \"two\\nlines\""),
        ("version = 3", "version = \"3\""),
        ("version = 3", "version = 0"),
        ("version = 3", "version = -3"),
        ("trials = 5", "trials = 0"),
        ("trials = 5", "trials = 5.5"),
        ("trial = \"60s\"", "trial = 60"),
        ("trial = \"60s\"", "trial = \"60\""),
        ("trial = \"60s\"", "trial = \"1 minute\""),
        ("trial = \"60s\"", "trial = \"500ms\""),
        ("steps = [\"150%\", \"200%\"]", "steps = \"150%\""),
        ("may_not_apply = true", "may_not_apply = \"true\""),
        ("statement = \"Reliable\"\n", ""),
        ("severity = \"advisory\"\n", ""),
        ("[line]\nsteps", "line = 3\n[lines]\nsteps"),
    ]), @r#"
    p.toml:1:1: `id` is missing from the file
    p.toml:1:6: `id` is not a name: "Mine Own"
        hint: one to 40 of a-z, 0-9 and -
    p.toml:3:9: `title` is empty
    p.toml:3:9: `title` has a line break or another control character
    p.toml:2:11: `version` must be a whole number without quotes, not text
    p.toml:2:11: `version` is 0: it must lie between 1 and 4294967295
    p.toml:2:11: `version` is -3: it must lie between 1 and 4294967295
    p.toml:4:10: `trials` is 0: it must lie between 1 and 100
    p.toml:4:10: `trials` must be a whole number without quotes, not a decimal number
    p.toml:6:9: `trial` must be text in quotes, not a whole number
        hint: write it like trial = "250ms"
    p.toml:6:9: `trial` must be a duration, not a count
        hint: write it like trial = "250ms"
    p.toml:6:9: `trial`: `minute` is not a unit: use ns, us, ms, s, min, h, d, %, /s, B, KiB, MiB, GiB, or nothing for a count
        hint: write it like trial = "250ms"
    p.toml:6:9: `trial` is 500 ms: it must lie between 1 s and 24 h
    p.toml:11:9: `steps` must be a list in square brackets, not text
    p.toml:53:17: `may_not_apply` must be true or false, not text
    p.toml:29:1: `statement` is missing from [[criterion]]
    p.toml:15:1: `severity` is missing from [[criterion]]
    p.toml:11:2: unknown key `lines` in the file
        hint: did you mean `line`?
    "#);
}

#[test]
fn criteria_that_nobody_could_judge() {
    assert_snapshot!(said(&[
        ("id = \"errors\"", "id = \"line\""),
        ("id = \"errors\"", "id = \"errors!\""),
        ("probe = \"errors\"", "probe = \"error\""),
        ("probe = \"errors\"", "probe = \"beauty\""),
        ("rule = \"simple\"", "rule = \"guard95\""),
        ("severity = \"advisory\"", "severity = \"warning\""),
        ("quantile = \"p99.9\"\n", ""),
        ("quantile = \"p99.9\"", "quantile = \"p999\""),
        ("quantile = \"p99.9\"", "quantile = \"median\""),
        ("limit = \"0.1%\"", "limit = \"0.1%\"\nquantile = \"p99\""),
        ("op = \"at-most\"", "op = \"at-least\""),
        ("op = \"at-most\"", "op = \"<=\""),
        ("limit = \"1.5s\"", "limit = \"200/s\""),
        ("limit = \"1.5s\"", "limit = \"1.5 parsec\""),
        ("limit = \"1.5s\"", "limit = 1500"),
        ("limit = \"1.5s\"", "limit = \"0s\""),
        ("limit = \"0.1%\"", "limit = \"0%\""),
        ("limit = \"0.1%\"", "limit = \"101%\""),
        ("limit = \"200/s\"", "limit = \"0/s\""),
        ("limit = 0", "limit = -1"),
        ("ttl = \"7d\"", "ttl = \"1.5ms\""),
        ("ttl = \"7d\"", "ttl = \"1.0000001s\""),
        ("\"src/**\"", "\"src/[\""),
        ("\"src/**\"", "\"/etc/**\""),
        ("\"src/**\"", "7"),
        ("control = \"reset-connections\"", "control = \"reset-connection\""),
        ("control = \"reset-connections\"", "control = \"slow-start\""),
    ]), @r#"
    p.toml:38:1: a second criterion with the id `line`
        hint: ids name criteria in the certificate: each must be unique
    p.toml:30:6: `id` is not a name: "errors!"
        hint: one to 40 of a-z, 0-9 and -
    p.toml:33:9: unknown probe `error`
        hint: did you mean `errors`?
    p.toml:33:9: unknown probe `beauty`
        hint: known here: latency, errors, throughput, load-line, start-up, graceful-stop, crash-recovery, acknowledged-writes, error-hygiene, response-headers, log-hygiene, authentication, contract, authorisation, rate-limit, retried-writes, injection, tls, surroundings, metrics-truth, memory, open-files, threads, cpu, leak, secrets, bill-of-materials, imported-results, runbooks, documentation, fault-recovery, fault-errors, restore-time, restored-writes, health-truth
    p.toml:23:8: unknown rule `guard95`
        hint: did you mean `guard-95`?
    p.toml:24:12: unknown severity `warning`
        hint: known here: blocking, conditional, advisory
    p.toml:15:1: a latency criterion needs a `quantile`
        hint: write it like quantile = "p99" or "p99.9"
    p.toml:20:12: `p999` is not a quantile
        hint: write it like quantile = "p99" or "p99.9"
    p.toml:20:12: `median` is not a quantile
        hint: write it like quantile = "p99" or "p99.9"
    p.toml:35:12: `quantile` belongs to the probe latency, not to errors
        hint: remove it
    p.toml:21:6: a limit of latency lies on the other side
        hint: write op = "at-most", or leave it out
    p.toml:21:6: unknown op `<=`
        hint: known here: at-most, at-least
    p.toml:22:9: `limit` must be a duration, not a rate
        hint: write it like limit = "250ms"
    p.toml:22:9: `limit`: `parsec` is not a unit: use ns, us, ms, s, min, h, d, %, /s, B, KiB, MiB, GiB, or nothing for a count
        hint: write it like limit = "250ms"
    p.toml:22:9: `limit` must be text in quotes, not a whole number
        hint: write it like limit = "250ms"
    p.toml:22:9: `limit` is 0: it could not be kept
    p.toml:34:9: no number of requests shows at 95 % that the share of errors is 0
        hint: write a limit like "0.1%", or rule = "simple"
    p.toml:34:9: `limit` is a share above 100 %: it could not be broken
    p.toml:43:9: `limit` is 0: it could not be broken
    p.toml:51:9: `limit` is -1: it must lie between 0 and 9007199254740992
    p.toml:25:7: `ttl` is 1.5 ms: it must lie between 1 s and 366 d
    p.toml:25:7: `ttl` must be a whole number of seconds
        hint: write it like ttl = "30d"
    p.toml:26:10: `src/[` is not a glob: unclosed character class; missing ']'
    p.toml:26:10: `/etc/**` starts at the root of the machine
        hint: globs are relative to the subject's source folder, like src/**
    p.toml:26:10: `scope` must be text in quotes, not a whole number
    p.toml:36:11: unknown control `reset-connection`
        hint: did you mean `reset-connections`?
    p.toml:36:11: the control slow-start cannot turn errors red
        hint: it can be turned red by: injected-errors, reset-connections
    "#);
}

#[test]
fn profiles_whose_parts_do_not_fit() {
    assert_snapshot!(said(&[
        ("steps = [\"150%\", \"200%\"]", "steps = []"),
        ("steps = [\"150%\", \"200%\"]", "steps = [\"100%\"]"),
        ("steps = [\"150%\", \"200%\"]", "steps = [\"200%\", \"150%\"]"),
        ("steps = [\"150%\", \"200%\"]", "steps = [\"150.5%\"]"),
        ("steps = [\"150%\", \"200%\"]", "steps = [\"300/s\"]"),
        ("[line]\nsteps = [\"150%\", \"200%\"]\nstep = \"5s\"\ntrial = \"10s\"\n", ""),
        ("probe = \"load-line\"", "probe = \"throughput\""),
        ("drills = 5", "drills = 0"),
        ("drills = 5", "drills = 4"),
    ]), @r#"
    p.toml:11:9: `steps` is empty
    p.toml:11:10: `steps` is 100 %: it must lie between 101 % and 10000 %
        hint: write it like steps = ["200%", "400%"]
    p.toml:11:18: the step 150 % does not lie above the one before it
    p.toml:11:10: a step must be a whole number of percent
    p.toml:11:10: `steps` must be a share, not a rate
        hint: write it like steps = ["200%", "400%"]
    p.toml:1:1: a criterion asks for the load line, but [line] is missing
        hint: add [line] with steps, step and trial
    p.toml:10:1: [line] is given, but no criterion asks for the load line
        hint: add a criterion with probe = "load-line", or remove [line]
    p.toml:5:10: `drills` is 0: it must lie between 1 and 100
    p.toml:46:1: criterion `stop` could never pass: 4 drills give no bound at 95 %
        hint: write rule = "simple", or at least 5 drills
    "#);
    let only_line = format!(
        "{}{}",
        &GOOD[..GOOD.find("[[criterion]]").unwrap()],
        &GOOD[GOOD.find("[[criterion]]\nid = \"line\"").unwrap()..]
    );
    let error = parse_profile("p.toml", &only_line).unwrap_err();
    assert_snapshot!(error, @"p.toml:10:1: no planted defect could end the load line: the profile does not limit latency");
    let advisory = GOOD.replace("severity = \"blocking\"", "severity = \"advisory\"");
    let advisory = parse_profile("p.toml", &advisory).unwrap_err();
    assert_snapshot!(advisory, @"p.toml:1:1: no criterion is blocking: everything would pass");
    let without = parse_profile("p.toml", &GOOD[..GOOD.find("[line]").unwrap()]).unwrap_err();
    assert_snapshot!(without, @"p.toml:1:1: the profile has no criterion: nothing would be judged");
    assert_eq!(without.kind(), Kind::Invalid);
    let large = parse_profile("p.toml", &"#\n".repeat(200_000)).unwrap_err();
    assert_snapshot!(large, @"p.toml:1:1: 400000 bytes are more than the 262144 that are read");
}

const GAP: &str = "\n[[gap]]\nid = \"attacks\"\nstatement = \"None succeeds\"\ndomain = \"security\"\nasked = \"all\"\n\
                   missing = \"a probe\"\nseverity = \"conditional\"\n";

#[test]
fn what_nothing_measures_is_read_beside_what_something_does() {
    let asked = GOOD.replacen("limit = \"0.1%\"", "limit = \"0.1%\"\nasked = \"99.9 % of messages\"", 1);
    let profile = parse_profile("p.toml", &format!("{asked}{GAP}")).unwrap();
    assert_eq!(profile.criteria[1].asked.as_deref(), Some("99.9 % of messages"));
    let [gap] = profile.gaps.as_slice() else { panic!("one gap") };
    let words = [gap.id.as_str(), &gap.statement, &gap.domain, &gap.asked, &gap.missing];
    assert_eq!(words, ["attacks", "None succeeds", "security", "all", "a probe"]);
    assert_eq!((gap.severity, gap.mappings.len()), (Severity::Conditional, 0));
}

#[test]
fn rows_are_read_and_answer_a_document() {
    let text = GOOD.replacen("version = 3", "version = 3\ndocument = \"D\"", 1);
    let text = text.replacen("probe = \"errors\"", "probe = \"errors\"\nrows = \"7 9-11\"", 1);
    let text = format!(
        "{text}{GAP}rows = \"12\"\n[[refused]]\nrows = \"1-2\"\nstatement = \"A score\"\nwhy = \"W\"\n"
    );
    let coverage = parse_coverage("p.toml", &text).unwrap().unwrap();
    let refused = With::Refused { statement: "A score".into(), why: "W".into() };
    let wanted = [
        Answer { rows: vec![7..=7, 9..=11], with: With::Requirement("errors".into()) },
        Answer { rows: vec![12..=12], with: With::Requirement("attacks".into()) },
        Answer { rows: vec![1..=2], with: refused },
    ];
    assert_eq!((coverage.document.as_str(), coverage.answers.as_slice()), ("D", wanted.as_slice()));
    assert_eq!(parse_coverage("p.toml", GOOD).unwrap(), None);
}

#[test]
fn what_is_wrong_with_gaps_and_rows() {
    let text = format!("{GOOD}{GAP}").replacen("version = 3", "version = 3\ndocument = \"D\"", 1);
    let said = answers(
        &text,
        &[
            ("id = \"attacks\"", "id = \"errors\""),
            ("asked = \"all\"\n", ""),
            ("missing = \"a probe\"", "missing = \" \""),
            ("missing = \"a probe\"", "missing = \"a probe\"\nlimit = 3"),
            ("asked = \"all\"", "asked = \"all\"\nrows = \"0\""),
            ("asked = \"all\"", "asked = \"all\"\nrows = \"9-3\""),
            ("asked = \"all\"", "asked = \"all\"\nrows = \"3, 4\""),
            ("document = \"D\"\n", "document = \"\"\n"),
            ("probe = \"errors\"", "probe = \"errors\"\nasked = 3"),
        ],
        |text| parse_profile("p.toml", text),
    );
    assert_snapshot!(said, @r#"
    p.toml:56:1: a second criterion with the id `errors`
        hint: ids name criteria in the certificate: each must be unique
    p.toml:56:1: `asked` is missing from [[gap]]
    p.toml:61:11: `missing` is empty
    p.toml:62:1: unknown key `limit` in [[gap]]
        hint: known here: id, statement, domain, asked, missing, severity, mappings, rows
    p.toml:61:8: `0` is no line and no range of lines
        hint: write them like rows = "12 20-25"
    p.toml:61:8: `9-3` is no line and no range of lines
        hint: write them like rows = "12 20-25"
    p.toml:61:8: `3,` is no line and no range of lines
        hint: write them like rows = "12 20-25"
    p.toml:3:12: `document` is empty
    p.toml:35:9: `asked` must be text in quotes, not a whole number
    "#);
    let lonely = GOOD.replacen("probe = \"errors\"", "probe = \"errors\"\nrows = \"7\"", 1);
    assert_snapshot!(parse_profile("p.toml", &lonely).unwrap_err(), @"p.toml:34:8: `rows` speaks of a document, but the file names none");
    let refused = format!("{GOOD}\n[[refused]]\nrows = \"7\"\nstatement = \"S\"\nwhy = \"W\"\n");
    assert_snapshot!(parse_profile("p.toml", &refused).unwrap_err(), @"p.toml:55:1: `refused` speaks of a document, but the file names none");
}

#[test]
fn a_profile_without_a_load_line_needs_no_search() {
    let text = edited(GOOD, "probe = \"load-line\"", "probe = \"throughput\"");
    let text = edited(&text, "[line]\nsteps = [\"150%\", \"200%\"]\nstep = \"5s\"\ntrial = \"10s\"\n", "");
    assert_eq!(parse_profile("p.toml", &text).unwrap().line.steps_percent, Vec::<u64>::new());
}

fn built_in(wanted: &str) -> Profile {
    let (id, text) = builtin_profiles().iter().find(|(id, _)| *id == wanted).unwrap();
    parse_profile(&format!("profiles/{id}.toml"), text).unwrap()
}

#[test]
fn the_name_of_a_built_in_profile_cannot_be_borrowed() {
    let (id, text) = builtin_profiles()[1];
    parse_profile("copy.toml", text).unwrap();
    let borrowed = text.replacen("limit = \"99%\"", "limit = \"10%\"", 1);
    let error = parse_profile("mine.toml", &borrowed).unwrap_err();
    let line = text.lines().position(|line| line.starts_with("id = ")).unwrap() + 1;
    assert_eq!((error.line, error.column), (line, 6), "{error}");
    assert!(error.to_string().contains("built-in profile"), "{error}");
    let renamed = borrowed.replacen(&format!("id = \"{id}\""), "id = \"mine\"", 1);
    assert_eq!(parse_profile("mine.toml", &renamed).unwrap().id, "mine");
}

#[test]
fn built_in_profiles_read_under_their_names_and_keep_their_canonical_form() {
    assert_eq!(builtin_profiles().len(), 13);
    for (id, _) in builtin_profiles() {
        let profile = built_in(id);
        assert_eq!(profile.id, *id);
        let json = to_canonical(&profile).unwrap();
        assert_eq!(from_canonical::<Profile>(&json).unwrap(), profile);
        let probes: Vec<Probe> = profile.criteria.iter().map(|criterion| criterion.probe).collect();
        let is_apart = |probe: &Probe| !probe.gives_bounds() || probe.family() == Family::Restore;
        let others: Vec<Probe> = Probe::ALL.into_iter().filter(|probe| !is_apart(probe)).collect();
        let first = |count: usize| probes.iter().copied().take(count);
        match *id {
            "web-hardening" => {
                let more = [Probe::Tls, Probe::Surroundings];
                let own = Probe::of(Family::Check).take(4).chain(more);
                assert!(first(6).eq(own), "{id} has those that need no reference")
            }
            "api-hardening" => {
                let others = Probe::of(Family::Check).skip(4).take(5);
                assert!(first(probes.len() - 1).eq(others), "{id} has the other checklists")
            }
            "observability" => {
                assert!(
                    first(2).eq([Probe::MetricsTruth, Probe::Runbooks]),
                    "{id} has what operators look at"
                )
            }
            "soak" => assert!(first(5).eq(Probe::of(Family::Soak)), "{id} has all that a soak shows"),
            "supply-chain" => assert!(first(9).eq(Probe::of(Family::Inspection)), "{id} looks at all files"),
            "faults" => {
                let faults: BTreeSet<_> = profile.criteria.iter().filter_map(|it| it.fault).collect();
                assert!(faults.into_iter().eq(Fault::ALL), "{id} has every fault");
            }
            "recovery" => assert!(first(2).eq(Probe::of(Family::Restore)), "{id} has what a restore shows"),
            "quick" | "web-service" => {
                assert_eq!(probes, others, "{id} judges everything else that can be measured")
            }
            _ => assert!(!profile.gaps.is_empty(), "{id} stands for a document"),
        }
        for criterion in &profile.criteria {
            let may_lack = criterion.probe.needs_process()
                || criterion.probe.family() == Family::Inspection
                || Probe::of(Family::Check).skip(3).any(|probe| probe == criterion.probe);
            assert_eq!(criterion.may_not_apply, may_lack, "{id}: {}", criterion.id);
            assert!(criterion.control.is_some(), "{id}: {} has no control", criterion.id);
        }
    }
}

/// The least number of requests without an error of which the Clopper-Pearson bound keeps `limit_ppb`.
fn requests_needed(limit_ppb: u64) -> u64 {
    let upper = |n| plimsoll_measure::clopper_pearson_upper(0, n, plimsoll_measure::Probability::P95);
    (1..100_000).find(|n| upper(*n) <= limit_ppb).unwrap()
}

/// At the default rate, `sigmas` standard deviations of a Poisson number below its mean.
fn fewest_arrivals(rate_per_ks: u64, duration_ns: u64, sigmas: f64) -> f64 {
    let mean = rate_per_ks as f64 / 1e3 * duration_ns as f64 / 1e9;
    mean - sigmas * mean.sqrt()
}

#[test]
fn a_built_in_profile_measures_enough_for_a_flawless_subject_to_pass() {
    const RATE_PER_KS: u64 = 200_000;
    for id in ["quick", "web-service"] {
        let profile = built_in(id);
        let limit = |probe| profile.criteria.iter().find(|criterion| criterion.probe == probe).unwrap().limit;
        let needed = requests_needed(limit(Probe::Errors)) as f64;
        let steady = fewest_arrivals(RATE_PER_KS, profile.trials * profile.trial_ns, 4.0);
        assert!(steady >= needed, "{id}: errors need {needed} requests, steady trials may hold {steady}");
        let step_rate = RATE_PER_KS * profile.line.steps_percent[0] / 100;
        let step = fewest_arrivals(step_rate, profile.trials * profile.line.trial_ns, 4.0);
        assert!(step >= needed, "{id}: errors need {needed} requests, a step's trials may hold {step}");
        // Throughput is the schedule's rate times the share of good replies, of which a trial has a lower bound.
        let trial = fewest_arrivals(RATE_PER_KS, profile.trial_ns, 4.0) as u64;
        let share_ppb =
            plimsoll_measure::clopper_pearson_lower(trial, trial, plimsoll_measure::Probability::P95);
        assert!(share_ppb >= limit(Probe::Throughput), "{id}: {share_ppb} ppb of the rate at best");
    }
}

proptest! {
    #[test]
    fn never_panics_on_any_text(text in "\\PC{0,200}") {
        prop_assert!(parse_profile("p.toml", &text).is_err());
    }

    /// Whole lines of a good file lost, doubled, cut or in another order.
    #[test]
    fn never_panics_on_mangled_lines(picks in prop::collection::vec((0usize..60, 0usize..80), 0..60)) {
        let lines: Vec<&str> = GOOD.lines().collect();
        let cut = |(line, at): &(usize, usize)| {
            lines[line % lines.len()].chars().take(*at).collect::<String>()
        };
        let text: Vec<String> = picks.iter().map(cut).collect();
        if let Err(error) = parse_profile("p.toml", &text.join("\n")) {
            prop_assert!(error.line >= 1 && error.line <= text.len() + 1, "{error}");
        }
    }
}
