//! Placeholders, and certifications that nobody signed.

use std::collections::BTreeMap;

use crate::claims::document::{Place, Statement};
use crate::claims::words::mentions;
use crate::claims::{Case, Finding, FindingKind};

const SIGNED: [&str; 6] = ["signature", "signatures", "signed by", "signed", "sign-off", "digital signature"];

/// Whether a value only says where a value should stand.
fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    let within = |open: char, close: char| value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    // `[1]` is a note, `[a](b)` a link, `<https://…>` an address, `<Buffer 01>` and `{string}` what a program prints.
    let in_brackets = within('[', ']').is_some_and(|inner| {
        inner.contains(char::is_alphabetic) && !inner.contains(['[', ']', '/']) && !inner.starts_with('^')
    });
    let is_name = |one: char| one.is_alphabetic() || matches!(one, ' ' | ',' | '-' | '_');
    let in_angles = within('<', '>').is_some_and(|inner| !inner.is_empty() && inner.chars().all(is_name));
    let is_blank = value.len() >= 4 && value.chars().all(|one| matches!(one, '_' | '.' | ' '));
    let word = value.trim_end_matches('.').to_ascii_lowercase();
    let is_word = ["tbd", "tbc", "todo", "fixme", "to be determined"].contains(&word.as_str());
    in_brackets || in_angles || is_blank || is_word
}

/// `Signed by ________`, whatever comes behind it.
fn is_unsigned(statement: &Statement) -> bool {
    let is_line = |word: &str| word.len() >= 4 && word.chars().all(|one| one == '_');
    mentions(&statement.lower, &SIGNED)
        && statement.lower.split(|one: char| one != '_' && !one.is_alphanumeric()).any(is_line)
}

pub(super) fn placeholders(case: &Case) -> Vec<Finding> {
    let mut lists: BTreeMap<usize, Vec<&Statement>> = BTreeMap::new();
    let in_text = |one: &&Statement| !matches!(one.place, Place::Heading | Place::Command);
    for statement in case.document.statements.iter().filter(in_text) {
        if is_unsigned(statement) || !statement.key.is_empty() && is_placeholder(&statement.value) {
            lists.entry(statement.block).or_default().push(statement);
        }
    }
    let finding = |list: Vec<&Statement>| {
        let (first, last) = (list.first()?, list.last()?);
        let is_signature = list.iter().any(|one| mentions(&one.key, &SIGNED) || is_unsigned(one));
        let what = if is_signature {
            "what stands for a name is no signature: nothing here can be checked with a key".to_owned()
        } else if list.len() == 1 {
            "a placeholder stands where a name or a value should".to_owned()
        } else {
            format!("{} placeholders in lines {} to {}: nobody is named", list.len(), first.line, last.line)
        };
        Some(case.finding(first.line, FindingKind::NoSignature, what))
    };
    let mut findings: Vec<Finding> = lists.into_values().filter_map(finding).collect();
    for table in &case.document.tables {
        let is_open = |row: &&crate::claims::document::Row| row.cells.iter().any(|cell| is_placeholder(cell));
        let open: Vec<usize> = table.rows.iter().filter(is_open).map(|row| row.line).collect();
        if let Some(first) = open.first() {
            let reason = format!("placeholders in {} rows of this table", open.len());
            findings.push(case.finding(*first, FindingKind::NoSignature, reason));
        }
    }
    findings
}

/// What calls itself a certification is signed by somebody.
pub(super) fn somebody_signed(case: &Case) -> Vec<Finding> {
    let document = &case.document;
    let is_titled = |text: &str| mentions(text, &["certification", "certificate", "certified"]);
    let is_certification =
        document.sections.iter().take(3).any(|section| section.level <= 2 && is_titled(&section.lower));
    let signatures = document.statements.iter().filter(|one| mentions(&one.key, &SIGNED));
    let is_signed = document.lines.iter().any(|line| is_armour(line)) || signatures.count() > 0;
    let by = [
        "certified by",
        "certification authority",
        "certifying agent",
        "approved by",
        "validated by",
        "issuer",
    ];
    let names = document.statements.iter().rev().filter(|one| mentions(&one.key, &by));
    let Some(last) =
        names.into_iter().find(|one| !one.value.is_empty()).filter(|_| is_certification && !is_signed)
    else {
        return Vec::new();
    };
    let reason = "who certifies is named and has not signed: anybody could have written this line";
    vec![case.finding(last.line, FindingKind::NoSignature, reason)]
}

/// Lines that carry a signature which a program can check.
fn is_armour(line: &str) -> bool {
    [
        "BEGIN PGP SIGNATURE",
        "BEGIN SSH SIGNATURE",
        "untrusted comment: signature",
        "\"signatures\"",
        "Signed-off-by:",
    ]
    .iter()
    .any(|mark| line.contains(mark))
}
