//! Tables with a caption, heads for columns and rows, and numbers that stand under each other.

use crate::html::{Element, Html, el};

/// A column's head and how its cells are set.
#[derive(Debug, Clone)]
pub(crate) enum Column {
    /// Words, flush left.
    Text(String),
    /// Figures, flush right.
    Number(String),
}

impl Column {
    pub(crate) fn text(title: impl Into<String>) -> Self {
        Self::Text(title.into())
    }

    pub(crate) fn number(title: impl Into<String>) -> Self {
        Self::Number(title.into())
    }

    fn title(&self) -> &str {
        match self {
            Self::Text(title) | Self::Number(title) => title,
        }
    }

    /// Sets an element as this column's cells are set.
    fn align(&self, cell: Element) -> Element {
        match self {
            Self::Text(_) => cell,
            Self::Number(_) => cell.class("number"),
        }
    }
}

/// A table that scrolls sideways where it does not fit. The first cell of a row is its head.
pub(crate) fn table(caption: &str, columns: &[Column], rows: impl IntoIterator<Item = Vec<Html>>) -> Element {
    let heads = columns.iter().map(|column| column.align(el("th").attr("scope", "col")).with(column.title()));
    let table = el("table")
        .with(el("caption").with(caption))
        .with(el("thead").with(el("tr").with_each(heads)))
        .with(el("tbody").with_each(rows.into_iter().map(|cells| row(columns, cells))));
    scrolling(caption, table)
}

/// The same for a few rows of many words: on a phone each row is a card, and each head stands before its cell. Roles are
/// written out: a table that is laid out as cards would lose them.
pub(crate) fn cards(caption: &str, columns: &[Column], rows: impl IntoIterator<Item = Vec<Html>>) -> Element {
    let heads = columns.iter().map(|column| {
        let head = el("th").attr("role", "columnheader").attr("scope", "col");
        column.align(head).with(column.title())
    });
    let card = |cells: Vec<Html>| {
        let cell = |(index, (column, content)): (usize, (&Column, Html))| match index {
            0 => el("th").attr("role", "rowheader").attr("scope", "row").with(content),
            _ => column
                .align(el("td").attr("role", "cell").attr("data-label", column.title()))
                .with(el("div").with(content)),
        };
        el("tr").attr("role", "row").with_each(columns.iter().zip(cells).enumerate().map(cell))
    };
    let table = el("table")
        .class("cards")
        .attr("role", "table")
        .with(el("caption").with(caption))
        .with(el("thead").attr("role", "rowgroup").with(el("tr").attr("role", "row").with_each(heads)))
        .with(el("tbody").attr("role", "rowgroup").with_each(rows.into_iter().map(card)));
    scrolling(caption, table)
}

/// A region that scrolls sideways, by keyboard too.
pub(crate) fn scrolling(label: &str, content: impl Into<Html>) -> Element {
    el("div")
        .class("scroll")
        .attr("role", "region")
        .attr("tabindex", 0)
        .attr("aria-label", label)
        .with(content)
}

fn row(columns: &[Column], cells: Vec<Html>) -> Element {
    let cell = |(index, (column, content)): (usize, (&Column, Html))| {
        let cell = if index == 0 { el("th").attr("scope", "row") } else { el("td") };
        column.align(cell).with(content)
    };
    el("tr").with_each(columns.iter().zip(cells).enumerate().map(cell))
}

/// Pairs of a term and what is said of it.
pub(crate) fn facts(pairs: impl IntoIterator<Item = (&'static str, Html)>) -> Element {
    let pair =
        |(term, said): (&'static str, Html)| el("div").with(el("dt").with(term)).with(el("dd").with(said));
    el("dl").class("facts").with_each(pairs.into_iter().map(pair))
}

/// Something that is folded away until the reader asks for it.
pub(crate) fn folded(summary: impl Into<Html>, content: impl Into<Html>) -> Element {
    el("details").with(el("summary").with(summary)).with(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_names_each_cell_where_heads_are_out_of_sight() {
        let columns = [Column::text("Criterion"), Column::number("Harmed")];
        let html =
            Html::from(cards("Controls", &columns, [vec!["errors".into(), "12".into()]])).into_string();
        assert!(html.contains(r#"<table class="cards" role="table">"#), "{html}");
        assert!(html.contains(r#"data-label="Harmed" class="number"><div>12</div></td>"#), "{html}");
    }

    #[test]
    fn a_table_names_its_columns_and_rows() {
        let columns = [Column::text("Oracle"), Column::number("n")];
        let table = table("Oracles", &columns, [vec!["silent".into(), "12".into()]]);
        insta::assert_snapshot!(Html::from(table).into_string(), @r#"<div class="scroll" role="region" tabindex="0" aria-label="Oracles"><table><caption>Oracles</caption><thead><tr><th scope="col">Oracle</th><th scope="col" class="number">n</th></tr></thead><tbody><tr><th scope="row">silent</th><td class="number">12</td></tr></tbody></table></div>"#);
    }
}
