//! Scores: each has to follow from a count that is printed.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::claims::document::{Document, Place, Statement, Table};
use crate::claims::facts::claims;
use crate::claims::fraction::fractions;
use crate::claims::interval::Interval;
use crate::claims::quantity::{Quantity, Unit, number};
use crate::claims::token::{Token, first_quantity, tokens};
use crate::claims::words::{is_denial, is_wish, mentions, verdict};
use crate::claims::{Case, Finding, FindingKind};

/// A number out of ten or a hundred, or in per cent, that is called a score.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Score {
    pub(super) section: usize,
    pub(super) line: usize,
    /// List or table of which it is one.
    group: (bool, usize),
    /// What it is the score of, in lower case.
    pub(super) label: String,
    pub(super) quantity: Quantity,
    /// Out of how many.
    pub(super) whole: f64,
}

const SCORE: [&str; 5] = ["score", "scores", "rating", "readiness", "ready"];
/// Words of a share that is a score under another name.
const SHARE: [&str; 6] = ["compliance", "resilience", "integrity", "score", "readiness", "ready"];

/// The scores of a document.
pub(super) fn scores(case: &Case) -> Vec<Score> {
    let mut scores = Vec::new();
    for statement in claims_and_headings(case) {
        let title = &case.document.sections[statement.section].lower;
        let label = if statement.key.is_empty() { &statement.lower } else { &statement.key };
        let is_score =
            mentions(&statement.lower, &SCORE) || mentions(title, &SCORE) || mentions(label, &["average"]);
        if let Some((quantity, whole)) = score(&statement.value, is_score, mentions(&statement.lower, &SHARE))
        {
            let (section, line, group) = (statement.section, statement.line, (true, statement.block));
            scores.push(Score { section, line, group, label: label.clone(), quantity, whole });
        }
    }
    for (index, table) in
        case.document.tables.iter().enumerate().filter(|(_, one)| !case.document.is_plan(one.section))
    {
        for row in &table.rows {
            for (head, cell) in table.head.iter().zip(&row.cells) {
                let label = row.cells.first().map_or(String::new(), |cell| cell.to_lowercase());
                let is_share = (mentions(&label, &["score"])
                    || mentions(head, &["completion", "score", "readiness"]))
                    && !is_wish(head);
                let Some((quantity, whole)) = score(cell, mentions(head, &SCORE), is_share) else { continue };
                let group = (false, index);
                scores.push(Score { section: table.section, line: row.line, group, label, quantity, whole });
            }
        }
    }
    scores
}

fn claims_and_headings(case: &Case) -> impl Iterator<Item = &Statement> {
    let headings = case.document.statements.iter().filter(|one| one.place == Place::Heading);
    let said = claims(&case.document).filter(|one| !is_denial(&one.lower) && !is_wish(&one.key));
    said.chain(headings)
}

/// `9.2/10`, `95/100`, `99.7 %`.
fn score(value: &str, is_score: bool, is_share: bool) -> Option<(Quantity, f64)> {
    let tokens = tokens(value);
    let fractions = fractions(&tokens);
    let of_ten = fractions
        .iter()
        .find(|one| matches!(one.whole.value as u64, 10 | 100) && one.whole.value.fract() == 0.0);
    if let Some(fraction) = of_ten {
        let is_decimal = fraction.part.value.fract() != 0.0;
        return (is_score || is_decimal).then_some((fraction.part, fraction.whole.value));
    }
    let percent = tokens.iter().find_map(|token| token.quantity().filter(|one| one.unit == Unit::Percent))?;
    (is_share && fractions.is_empty()).then_some((percent, 100.0))
}

/// Before the lines in which the same score stands again.
const AGAIN: &str = "; again in line ";

pub(super) fn scores_follow_from_counts(case: &Case) -> Vec<Finding> {
    let (counts, sums) = counts(case);
    let boxes = Boxes::of(&case.document);
    let near: Vec<String> = counts
        .values()
        .flatten()
        .filter(|(_, whole)| *whole > 1)
        .take(2)
        .map(|(part, whole)| format!("{part}/{whole} = {} %", number(*part as f64 / *whole as f64 * 100.0)))
        .collect();
    let mut groups: BTreeMap<(bool, usize), Vec<Score>> = BTreeMap::new();
    for score in scores(case) {
        groups.entry(score.group).or_default().push(score);
    }
    let mut groups: Vec<Vec<Score>> = groups.into_values().collect();
    groups.sort_by_key(|scores| scores.first().map(|score| score.line));
    let mut findings: Vec<Finding> = Vec::new();
    // The same score again is no second finding.
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for scores in groups {
        // An average follows from what it is of, and that has a finding of its own.
        let is_sum = |score: &Score| mentions(&score.label, &["average", "mean"]);
        let is_given = |score: &Score| {
            let by = |counts: &Counts| boxes.sections(score).any(|one| follows(score, counts.get(&one)));
            boxes.give(score) || by(&counts) || by(&sums)
        };
        let is_open = |score: &&Score| !is_sum(score) && !is_given(score);
        let open: Vec<&Score> = scores.iter().filter(is_open).collect();
        let Some(first) = open.first() else { continue };
        let printed: Vec<String> = open.iter().map(|score| printed(score)).collect();
        match seen.get(&printed.join(", ")).and_then(|index| findings.get_mut(*index)) {
            Some(before) if before.reason.contains(AGAIN) => {
                before.reason.push_str(&format!(", {}", first.line))
            }
            Some(before) => before.reason.push_str(&format!("{AGAIN}{}", first.line)),
            None => {
                seen.insert(printed.join(", "), findings.len());
                let reason = told(first, &printed, &near) + &boxes.told(first);
                findings.push(case.finding(first.line, FindingKind::ScoreWithoutEvidence, reason));
            }
        }
    }
    findings
}

/// How many items of each section, and of those in it, are ticked.
struct Boxes {
    counts: Vec<(u64, u64)>,
    /// Sections by their titles without number.
    titles: BTreeMap<String, usize>,
}

impl Boxes {
    fn of(document: &Document) -> Self {
        let mut boxes = vec![(0, 0); document.sections.len()];
        for statement in document.statements.iter().filter(|one| one.place == Place::Item) {
            let marks = statement
                .value
                .contains(['✓', '✅', '✔', '⚠', '❌'])
                .then(|| verdict(&statement.value) == Some(true));
            let Some(is_done) = statement.tick.or(marks) else { continue };
            let mut section = Some(statement.section);
            while let Some(index) = section {
                boxes[index].0 += u64::from(is_done);
                boxes[index].1 += 1;
                section = document.sections[index].parent;
            }
        }
        let name = |title: &str| title.trim_start_matches(|one: char| !one.is_alphabetic()).to_owned();
        let sections = document.sections.iter().enumerate().filter(|(_, section)| section.level > 1);
        let titles = sections.map(|(index, section)| (name(&section.lower), index)).collect();
        Self { counts: boxes, titles }
    }

    /// The section of whose items this may be the score: its own, or the one that it names.
    fn section(&self, score: &Score) -> usize {
        let label = score.label.as_str();
        let next = self.titles.range::<str, _>((Bound::Included(label), Bound::Unbounded)).next();
        next.filter(|(title, _)| label.len() > 3 && title.starts_with(label))
            .map_or(score.section, |(_, index)| *index)
    }

    /// The sections whose counts may give it: its own, and those titled as it is called or as a part of its name.
    fn sections(&self, score: &Score) -> impl Iterator<Item = usize> {
        let starts = score.label.match_indices(' ').map(|(at, _)| at + 1);
        let named =
            std::iter::once(0).chain(starts).filter_map(|at| self.titles.get(&score.label[at..]).copied());
        std::iter::once(score.section).chain(named)
    }

    fn count(&self, score: &Score) -> Option<(u64, u64)> {
        let (done, all) = self.counts[self.section(score)];
        (all > 1).then_some((done, all))
    }

    fn give(&self, score: &Score) -> bool {
        let share = |(done, all): (u64, u64)| Interval::exactly(done as f64 / all as f64 * score.whole);
        self.count(score).is_some_and(|count| score.quantity.allowed().meets(share(count)))
    }

    fn told(&self, score: &Score) -> String {
        self.count(score).map_or_else(String::new, |(done, all)| {
            format!("; {done} of {all} items are ticked: {} %", number(done as f64 / all as f64 * 100.0))
        })
    }
}

/// Parts with their wholes, by section.
type Counts = BTreeMap<usize, Vec<(u64, u64)>>;

/// The counts that are printed, and what is made of them: all together, and sums.
fn counts(case: &Case) -> (Counts, Counts) {
    let (mut counts, mut sums) = (Counts::new(), Counts::new());
    let mut add = |section: usize, text: &str| {
        let tokens = tokens(text);
        for fraction in fractions(&tokens) {
            if let (Some(part), Some(whole)) = (fraction.part.count(), fraction.whole.count())
                && (!matches!(whole, 10 | 100) || mentions(&text.to_lowercase(), &["of"]))
            {
                counts.entry(section).or_default().push((part, whole));
            }
        }
        sums.entry(section).or_default().extend(sum(&tokens));
    };
    for statement in &case.document.statements {
        add(statement.section, &statement.value);
    }
    for table in &case.document.tables {
        table.rows.iter().flat_map(|row| &row.cells).for_each(|cell| add(table.section, cell));
    }
    for table in &case.document.tables {
        sums.entry(table.section).or_default().extend(column_sums(table));
    }
    for (section, counts) in &counts {
        let parts = total(counts.iter().map(|(part, _)| *part));
        sums.entry(*section).or_default().push((parts, total(counts.iter().map(|(_, whole)| *whole))));
    }
    (counts, sums)
}

/// A sum that stays at the largest number: nobody's score is that.
fn total(parts: impl Iterator<Item = u64>) -> u64 {
    parts.fold(0, u64::saturating_add)
}

/// `18 + 17 + 19 + 15 + 18 of 20`: the sum, of as many twenties; of a hundred where it is not said of what.
fn sum(tokens: &[Token<'_>]) -> Option<(u64, u64)> {
    let plus = tokens.iter().position(|one| one.is_mark('+'))?;
    let mut at = plus.checked_sub(1)?;
    let count = |index: usize| tokens.get(index).and_then(|one| one.quantity()?.count());
    let mut parts = vec![count(at)?];
    while tokens.get(at + 1).is_some_and(|one| one.is_mark('+')) {
        at += 2;
        parts.push(count(at)?);
    }
    let is_of = tokens.get(at + 1).is_some_and(|one| matches!(one.text, "of" | "/"));
    let whole = count(at + 2).filter(|whole| is_of && *whole > 0);
    let whole = whole.map_or(100, |whole| whole.saturating_mul(parts.len() as u64));
    Some((total(parts.into_iter()), whole))
}

/// What each column of counts makes, of as many as its head says that each is of, or of a hundred.
fn column_sums(table: &Table) -> Vec<(u64, u64)> {
    let column = |(index, head): (usize, &String)| {
        let cells = table.rows.iter().map(|row| first_quantity(row.cells.get(index)?)?.0.count());
        let parts: Vec<u64> = cells.collect::<Option<_>>()?;
        let of = first_quantity(head).and_then(|(one, _)| one.count()).filter(|of| *of > 0);
        let whole = of.map_or(100, |of| of.saturating_mul(parts.len() as u64));
        (parts.len() > 1).then(|| (total(parts.into_iter()), whole))
    };
    table.head.iter().enumerate().skip(1).filter_map(column).collect()
}

fn follows(score: &Score, counts: Option<&Vec<(u64, u64)>>) -> bool {
    let share = score.quantity.allowed();
    counts.is_some_and(|counts| {
        counts
            .iter()
            .any(|(part, whole)| share.meets(Interval::exactly(*part as f64 / *whole as f64 * score.whole)))
    })
}

fn printed(score: &Score) -> String {
    match score.quantity.unit {
        Unit::Percent => format!("{} %", number(score.quantity.value)),
        _ => format!("{}/{}", number(score.quantity.value), number(score.whole)),
    }
}

fn told(first: &Score, printed: &[String], near: &[String]) -> String {
    let named = printed.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    let besides = match first.quantity.unit {
        Unit::Percent if !near.is_empty() => format!(" (counts of this document: {})", near.join(", ")),
        _ => String::new(),
    };
    match printed.len() {
        1 => format!("no count in this section gives {named}{besides}"),
        count @ 2..=3 => format!("no counts in this section give these {count} scores: {named}{besides}"),
        count => format!("no counts in this section give these {count} scores: {named}, …{besides}"),
    }
}
