//! What the profile requires and nothing measures.

use plimsoll_evidence::Gap;

use super::{Section, paragraph};
use crate::html::{Html, el};
use crate::report::page::Page;
use crate::report::table::{Column, cards};
use crate::report::words::verdict_mark;

pub(super) fn section(page: &Page<'_>) -> Option<Section> {
    let gaps = &page.plan.profile.gaps;
    if gaps.is_empty() {
        return None;
    }
    let columns = ["Requirement", "Verdict", "Asked for", "What is missing"].map(Column::text);
    let mut content = Html::default();
    content.push(paragraph(
        "The profile asks for these too. No probe exists for them, so that nothing is known of them: what is measured \
         does not speak for them.",
    ));
    content.push(cards("Requirements without a probe", &columns, gaps.iter().map(row)));
    Some(Section { id: "gaps", title: "Not measured", content })
}

fn row(gap: &Gap) -> Vec<Html> {
    let minor = |words: &str| el("span").class("minor").with(words);
    let name = [Html::from(el("code").with(gap.id.as_str())), minor(&gap.statement).into()];
    let decided = [Html::from(verdict_mark(Gap::VERDICT)), minor(gap.severity.name()).into()];
    vec![
        name.into_iter().collect(),
        decided.into_iter().collect(),
        gap.asked.as_str().into(),
        gap.missing.as_str().into(),
    ]
}
