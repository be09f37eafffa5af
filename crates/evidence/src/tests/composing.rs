//! What is signed: statements and the certificate, from a judgement.

use super::fixture::{Story, documents};
use super::profile::gap;
use crate::{
    CertificatePredicate, Issuance, Issuer, Severity, Signing, Verdict, certificate_statement, judge,
    measurement_statements,
};
use plimsoll_base::Utc;

const DAY_S: u64 = 86_400;

fn certificate(story: &Story, issuance: Issuance) -> CertificatePredicate {
    let documents = documents(story.documents());
    let judgement = judge(&documents).unwrap();
    let issuer = Issuer { certificate_key: "certificate".into(), log_key: "log".into() };
    let signing = Signing { at: Utc::from_unix_seconds(1_795_300_000), issuer, issuance, files: Vec::new() };
    certificate_statement(&documents, &judgement, &signing).unwrap().predicate
}

#[test]
fn the_shortest_time_to_live_of_a_blocking_criterion_ends_the_certificate() {
    let mut story = Story::default();
    story.profile.criteria[2].ttl_s = 7 * DAY_S;
    (story.profile.criteria[4].ttl_s, story.profile.criteria[4].severity) = (DAY_S, Severity::Advisory);
    let certificate = certificate(&story, Issuance::Issued);
    let days = |at: Utc| (at.unix_seconds() - certificate.not_before.unix_seconds()) / 86_400;
    assert_eq!(days(certificate.not_after), 7);
    let fresh: Vec<i64> = certificate.criteria.iter().map(|summary| days(summary.fresh_until)).collect();
    assert_eq!(
        fresh,
        [
            30, 30, 7, 30, 1, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
            30, 30, 30, 30, 30, 30, 30, 30, 30, 30
        ],
        "each criterion has its own"
    );
}

#[test]
fn a_time_to_live_beyond_all_time_ends_with_the_calendar() {
    let mut story = Story::default();
    story.profile.criteria.iter_mut().for_each(|criterion| criterion.ttl_s = 1 << 53);
    assert_eq!(certificate(&story, Issuance::Issued).not_after.to_string(), "9999-12-31T23:59:59Z");
}

#[test]
fn chapters_count_what_passed_of_what_applies() {
    let story = Story { has_ledger: false, lost_stops: vec![1], ..Story::default() };
    let certificate = certificate(&story, Issuance::Issued);
    let scores: Vec<_> =
        certificate.domains.iter().map(|score| (score.domain.as_str(), score.passed, score.of)).collect();
    assert_eq!(scores, [("performance", 19, 19), ("recovery", 14, 15)], "writes do not apply, a stop failed");
}

#[test]
fn what_nothing_measures_is_named_and_counted_in_its_chapter() {
    assert_eq!(certificate(&Story::default(), Issuance::Issued).gaps, Vec::<String>::new());
    let mut story = Story::default();
    story.profile.gaps = vec![gap("attacks", Severity::Blocking), gap("uptime", Severity::Advisory)];
    let certificate = certificate(&story, Issuance::Issued);
    assert_eq!(certificate.gaps, ["attacks", "uptime"]);
    let score = certificate.domains.iter().find(|score| score.domain == "security").unwrap();
    assert_eq!((score.passed, score.of), (0, 2));
}

#[test]
fn a_demonstration_says_so_first() {
    let of = |issuance| certificate(&Story::default(), issuance).not_proven;
    let (demo, issued) = (of(Issuance::Demo), of(Issuance::Issued));
    assert!(demo[0].contains("demonstration"), "{}", demo[0]);
    assert_eq!(demo[1..], issued);
    assert!(issued[0].contains("The same party measured and signed"));
}

#[test]
fn every_criterion_has_its_statement_in_the_profiles_order() {
    let documents = documents(Story::default().documents());
    let judgement = judge(&documents).unwrap();
    let statements = measurement_statements(&documents, &judgement).unwrap();
    let (plan, _) = documents.plan().unwrap();
    assert_eq!(statements.len(), judgement.criteria.len());
    for ((path, statement), judged) in statements.iter().zip(&judgement.criteria) {
        assert_eq!(*path, format!("statements/{}.dsse.json", judged.criterion.id));
        assert_eq!((statement.predicate.plan, statement.predicate.verdict), (plan, Verdict::Pass));
        // Whoever follows the evidence of a number finds the document.
        let evidence = &statement.predicate.measurement.evidence;
        assert!(!evidence.is_empty());
        assert!(evidence.iter().all(|digest| documents.iter().any(|(known, _)| known == *digest)));
    }
}

#[test]
fn judging_twice_signs_the_same_bytes() {
    let bytes = || plimsoll_proof::to_canonical(&certificate(&Story::default(), Issuance::Issued)).unwrap();
    assert_eq!(bytes(), bytes());
    let mut list = Story::default().documents();
    list.reverse();
    let (reversed, straight) = (documents(list), documents(Story::default().documents()));
    assert_eq!(judge(&reversed).unwrap(), judge(&straight).unwrap(), "the order of reading does not matter");
}
