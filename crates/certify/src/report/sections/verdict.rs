//! The first screen: what is certified, how far it goes, until when, by whom.

use plimsoll_base::Unit;
use plimsoll_evidence::{Issuance, Judgement, Status, without_control};

use super::Section;
use crate::html::{Element, Html, el};
use crate::report::page::Page;
use crate::report::table::facts;
use crate::report::words::{Weight, count, instant, mark, quantity, status_meaning, status_weight};

/// The head of the page, with the way to its parts.
pub(crate) fn verdict(page: &Page<'_>, parts: &[Section]) -> Element {
    let certificate = &page.certificate;
    let status = el("p")
        .class("status")
        .with(mark(status_weight(certificate.status), certificate.status.name()))
        .with(el("span").class("level").with(format!(
            " {} level {}",
            preposition(certificate.status),
            certificate.level
        )));
    el("header")
        .with_each(demo_banner(certificate.issuance))
        .with(el("p").class("brand").with(emblem()).with("Plimsoll certificate"))
        .with(el("h1").with(page.subject_title()))
        .with(status)
        .with(el("p").class("meaning").with(format!(
            "{} {}",
            status_meaning(certificate.status),
            controls(page.input.judgement)
        )))
        .with(facts(first_facts(page)))
        .with(
            el("nav")
                .attr("aria-label", "Parts of this page")
                .with(el("ul").with_each(parts.iter().map(Section::link))),
        )
}

/// A level that is not reached is only what was asked for.
fn preposition(status: Status) -> &'static str {
    match status {
        Status::Certified | Status::Preliminary | Status::Conditional => "at",
        Status::Denied | Status::Pending => "for",
    }
}

/// Whether every decision rests on a probe that was seen red. Without that nothing is issued, so the page must not
/// take it for granted.
fn controls(judgement: &Judgement) -> String {
    match without_control(judgement).as_slice() {
        [] => "Each blocking probe that decided was seen red on a planted defect.".to_owned(),
        missing => format!("Not to be issued: {}.", missing.join("; ")),
    }
}

fn demo_banner(issuance: Issuance) -> Option<Element> {
    let words = "Demonstration. Signed with a throw-away key, to show what a certificate is: it certifies nothing \
                 to anyone else.";
    (issuance == Issuance::Demo)
        .then(|| el("p").class("banner").attr("role", "note").with(mark(Weight::Doubtful, words)))
}

fn first_facts(page: &Page<'_>) -> Vec<(&'static str, Html)> {
    let certificate = &page.certificate;
    let (from, until) = match certificate.status {
        Status::Denied | Status::Pending => ("Signed", "Speaks until"),
        _ => ("Valid from", "Valid until"),
    };
    let line = certificate.load_line.as_ref();
    let carried = line.map(|line| match line.rate_per_ks {
        0 => ("Load line", Html::from("none")),
        rate => ("Load line", Html::from(quantity(rate, Unit::PerKs))),
    });
    let mut pairs: Vec<(&'static str, Html)> = vec![
        (from, instant(certificate.not_before).into()),
        (until, instant(certificate.not_after).into()),
        ("Attempts before this one", count(certificate.earlier_attempts).into()),
        ("First trial", instant(certificate.measured_from).into()),
        ("Last trial", instant(certificate.measured_until).into()),
    ];
    pairs.extend(carried);
    let fingerprint = el("code").with(page.input.issuer_fingerprint);
    pairs.push(("Issuer's key", fingerprint.into()));
    pairs
}

/// The mark on a hull: a ring and the line through it.
fn emblem() -> Element {
    let ring = el("circle").attr("cx", 16).attr("cy", 12).attr("r", 8);
    let line = el("path").attr("d", "M2 12H30");
    el("svg").class("emblem").attr("viewBox", "0 0 32 24").attr("aria-hidden", "true").with(ring).with(line)
}
