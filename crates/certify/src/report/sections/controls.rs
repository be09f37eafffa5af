//! Planted defects: what each probe said of one, and of the same path without it.

use plimsoll_evidence::{ControlResult, JudgedCriterion};

use super::{Section, paragraph};
use crate::html::{Html, el};
use crate::report::page::Page;
use crate::report::table::{Column, cards};
use crate::report::words::{NOTHING, Weight, amount, count, mark, scene_meaning, verdict_mark};

pub(super) fn section(page: &Page<'_>) -> Option<Section> {
    let tried: Vec<(&JudgedCriterion, &ControlResult)> =
        page.criteria().iter().filter_map(|judged| Some((judged, judged.control.as_ref()?))).collect();
    if tried.is_empty() {
        return None;
    }
    let words = "A check counts only if it has been seen to fail. In the same certification each probe met a planted \
                 defect, on which it must turn red, and a sham: the same path without the defect, on which it must stay \
                 green. They ran in an order drawn from the plan's seed.";
    let columns = [
        Column::text("Criterion"),
        Column::text("Planted defect"),
        Column::number("Requests harmed"),
        Column::text("On the defect"),
        Column::text("On the sham"),
        Column::text("Seen red"),
    ];
    let mut content = Html::default();
    content.push(paragraph(words));
    content.push(cards("Controls", &columns, tried.into_iter().map(row)));
    Some(Section { id: "controls", title: "Controls", content })
}

fn row((judged, control): (&JudgedCriterion, &ControlResult)) -> Vec<Html> {
    let unit = judged.criterion.unit;
    let said = |verdict, value| {
        let value = el("span").class("minor").with(amount(value, unit));
        [verdict_mark(verdict), value].into_iter().collect::<Html>()
    };
    let name = el("code").with(control.scene.name());
    let meaning = el("span").class("minor").with(scene_meaning(control.scene));
    let harmed = control.proxy.map_or_else(
        || NOTHING.to_owned(),
        |proxy| format!("{} of {}", count(proxy.harmed), count(proxy.requests)),
    );
    let seen = if control.seen_red { mark(Weight::Good, "yes") } else { mark(Weight::Bad, "no") };
    vec![
        el("code").with(judged.criterion.id.as_str()).into(),
        [name, meaning].into_iter().collect(),
        harmed.into(),
        said(control.on_defect, control.defect_value),
        said(control.on_sham, control.sham_value),
        seen.into(),
    ]
}
