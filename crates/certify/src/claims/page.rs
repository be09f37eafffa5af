//! The page: each document with its line numbers, and what was found in its margin. It loads nothing and runs no script.

use std::collections::BTreeMap;

use crate::html::{Element, Html, el, page};

use super::{Audit, Finding, FindingKind};

/// The page as HTML: documents by the names that they shall have there.
pub fn render_claims(documents: &[(String, Audit)]) -> String {
    let body = el("body")
        .with(summary(documents))
        .with(el("main").with_each(documents.iter().enumerate().map(|(index, (name, audit))| {
            document(index + 1, name, audit)
        })))
        .with(el("footer").with(
            "Audited by plimsoll claims. A contradiction is reported only where no values behind the printed digits \
             make both statements true; the other kinds say what the document does not show, not that it is false.",
        ));
    let names: Vec<&str> = documents.iter().map(|(name, _)| name.as_str()).collect();
    page(&format!("{} · Plimsoll claims", names.join(", ")), include_str!("page.css"), body)
}

/// What there is, before all documents.
fn summary(documents: &[(String, Audit)]) -> Element {
    let kinds = || {
        FindingKind::ALL.into_iter().filter(|kind| documents.iter().any(|(_, audit)| audit.count(*kind) > 0))
    };
    let top = el("header").with(el("p").class("brand").with("Plimsoll claims"));
    if kinds().next().is_none() {
        return top.with(el("h1").with("Nothing found"));
    }
    let names = kinds().map(|kind| el("th").attr("scope", "col").class("number").with(kind.name()));
    let row = |(index, (name, audit)): (usize, &(String, Audit))| {
        let link = el("a").attr("href", format!("#d{}", index + 1)).with(name.as_str());
        let counts = kinds().map(|kind| match audit.count(kind) {
            0 => el("td").class("number minor").with("-"),
            count => el("td").class("number").with(count.to_string()),
        });
        el("tr").with(el("th").attr("scope", "row").with(link)).with_each(counts)
    };
    let total: usize = documents.iter().map(|(_, audit)| audit.findings.len()).sum();
    let title = format!(
        "{total} findings in {} {}",
        documents.len(),
        if documents.len() == 1 { "document" } else { "documents" }
    );
    let head = el("tr").with(el("th").attr("scope", "col").with("document")).with_each(names);
    let table = el("table")
        .with(el("thead").with(head))
        .with(el("tbody").with_each(documents.iter().enumerate().map(row)));
    top.with(el("h1").with(title)).with(el("div").class("scroll").attr("tabindex", 0).with(table))
}

fn document(index: usize, name: &str, audit: &Audit) -> Element {
    let mut notes: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
    for finding in &audit.findings {
        notes.entry(finding.line).or_default().push(finding);
    }
    let contradictions = audit.findings.iter().filter(|finding| finding.kind == FindingKind::Contradiction);
    let listed = contradictions.map(|finding| {
        let link = el("a")
            .attr("href", format!("#d{index}-{}", finding.line))
            .with(format!("line {}", finding.line));
        el("li")
            .with(link)
            .with(" ")
            .with(el("q").with(unmarked(&finding.claim)))
            .with(format!(": {}", finding.reason))
    });
    let mut section = el("section")
        .attr("id", format!("d{index}"))
        .with(el("h2").with(name))
        .with(el("p").with(audit.looked.to_string()));
    if audit.count(FindingKind::Contradiction) > 0 {
        section =
            section.with(el("h3").with("Contradictions")).with(el("ul").class("first").with_each(listed));
    }
    let mut in_fence = false;
    let lines = audit.lines.iter().enumerate().map(|(at, text)| {
        let style = style(text, &mut in_fence);
        line(index, at + 1, text, style, notes.get(&(at + 1)).map_or(&[], Vec::as_slice))
    });
    section.with(el("div").class("document").with_each(lines))
}

/// How a line is shown.
fn style(text: &str, in_fence: &mut bool) -> &'static str {
    let trimmed = text.trim_start();
    if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
        *in_fence = !*in_fence;
        return "line code";
    }
    match () {
        () if *in_fence || trimmed.starts_with('|') => "line code",
        () if trimmed.starts_with('#') => "line title",
        () if trimmed.is_empty() => "line empty",
        () => "line",
    }
}

fn line(document: usize, number: usize, text: &str, style: &'static str, notes: &[&Finding]) -> Element {
    let id = format!("d{document}-{number}");
    let link = el("a").class("no").attr("href", format!("#{id}")).with(number.to_string());
    let mut line = el("div").class(style).attr("id", id).with(link).with(el("p").with(inline(text)));
    for finding in notes {
        let kind = el("b").with(finding.kind.name());
        line = line
            .with(el("div").class(weight(finding.kind)).with(kind).with(" ").with(finding.reason.as_str()));
    }
    line
}

fn weight(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Contradiction | FindingKind::ImpossibleDate | FindingKind::NoSignature => "note bad",
        FindingKind::SampleTooSmall | FindingKind::ScopeBeyondEvidence => "note doubtful",
        _ => "note",
    }
}

/// A line in which bold is bold.
fn inline(text: &str) -> Html {
    let text = shown(text);
    let pieces: Vec<&str> = text.split("**").collect();
    if pieces.len().is_multiple_of(2) {
        return text.into();
    }
    let piece = |(index, piece): (usize, &&str)| {
        if index % 2 == 1 { el("b").with(*piece).into() } else { Html::from(*piece) }
    };
    pieces.iter().enumerate().map(piece).collect()
}

/// A claim without the marks around it.
fn unmarked(claim: &str) -> String {
    let claim = shown(claim).replace("**", "");
    claim
        .trim_matches(|one: char| {
            one == '#' || one == '-' || one == ' ' || ('\u{2500}'..='\u{257f}').contains(&one)
        })
        .to_owned()
}

/// A line without what only chooses between two pictures of the same sign.
fn shown(text: &str) -> String {
    text.replace('\u{fe0f}', "").replace('\t', "    ")
}
