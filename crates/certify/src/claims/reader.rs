//! Reads a document line by line.

use super::document::{Document, Place, Row, Section, Statement, Table, short};
use super::words::mentions;

/// Columns that an item may be moved in before it is code and no item.
const INDENT_COLUMNS_MAX: usize = 16;

/// Titles of what is to come.
const PLANS: [&str; 19] = [
    "next steps",
    "roadmap",
    "plan",
    "plans",
    "planned",
    "future",
    "long-term",
    "medium-term",
    "short-term",
    "recommendations",
    "projection",
    "projections",
    "forecast",
    "proposal",
    "milestones",
    "timeline",
    "outlook",
    "action items",
    "actions",
];

/// Words that the key of `key: value` may have.
const KEY_WORDS_MAX: usize = 8;

/// Reads a document from its lines.
pub(crate) fn read(lines: Vec<String>) -> Document {
    let mut reader = Reader::new();
    for index in 0..lines.len() {
        reader.line(&lines, index);
    }
    let Reader { sections, statements, tables, .. } = reader;
    Document { lines, sections, statements, tables }
}

struct Reader {
    sections: Vec<Section>,
    statements: Vec<Statement>,
    tables: Vec<Table>,
    section: usize,
    block: usize,
    /// The mark that ends the fence, and whether it holds commands.
    fence: Option<(&'static str, bool)>,
    /// Whether the last line was one of the last table.
    in_table: bool,
}

impl Reader {
    fn new() -> Self {
        let preamble = Section {
            line: 0,
            level: 0,
            title: String::new(),
            lower: String::new(),
            parent: None,
            chapter: 0,
            is_plan: false,
        };
        Self {
            sections: vec![preamble],
            statements: Vec::new(),
            tables: Vec::new(),
            section: 0,
            block: 0,
            fence: None,
            in_table: false,
        }
    }

    fn line(&mut self, lines: &[String], index: usize) {
        let raw = lines[index].as_str();
        let trimmed = raw.trim();
        let number = index + 1;
        if let Some((mark, is_command)) = self.fence {
            if trimmed.starts_with(mark) {
                self.fence = None;
                self.block += 1;
            } else {
                self.fenced(number, trimmed, is_command);
            }
            return;
        }
        let was_in_table = std::mem::take(&mut self.in_table);
        if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark)) {
            self.fence = Some((mark, is_shell(trimmed.trim_start_matches(['`', '~']))));
            self.block += 1;
        } else if trimmed.is_empty() || is_rule(trimmed) {
            self.block += 1;
        } else if let Some((level, title)) = heading(trimmed) {
            self.open(number, level, title);
        } else if let Some(level) = lines.get(index + 1).and_then(|next| underline(next, trimmed)) {
            self.open(number, level, trimmed);
        } else if was_in_table && trimmed.contains('|') {
            self.row(number, trimmed);
        } else if trimmed.contains('|') && lines.get(index + 1).is_some_and(|next| is_delimiter(next)) {
            let head = cells(trimmed).into_iter().map(|cell| short(&cell).to_lowercase()).collect();
            self.tables.push(Table { section: self.section, line: number, head, rows: Vec::new() });
            self.in_table = true;
            self.block += 1;
        } else {
            self.plain_line(number, raw, trimmed);
        }
    }

    fn open(&mut self, line: usize, level: usize, title: &str) {
        let title = short(&plain(title));
        if !title.chars().any(char::is_alphanumeric) {
            return;
        }
        let mut parent = Some(self.section);
        while let Some(above) = parent.filter(|above| self.sections[*above].level >= level) {
            parent = self.sections[above].parent;
        }
        let lower = title.to_lowercase();
        self.section = self.sections.len();
        let above = parent.map(|above| &self.sections[above]);
        let is_plan = level > 1 && mentions(&lower, &PLANS) || above.is_some_and(|above| above.is_plan);
        let chapter = above.filter(|above| above.level > 1).map_or(self.section, |above| above.chapter);
        self.sections.push(Section { line, level, title: title.clone(), lower, parent, chapter, is_plan });
        self.block += 1;
        self.state(line, Place::Heading, None, &title);
        self.block += 1;
    }

    fn row(&mut self, line: usize, text: &str) {
        self.in_table = true;
        if let Some(table) = self.tables.last_mut().filter(|_| !is_delimiter(text)) {
            table.rows.push(Row { line, cells: cells(text) });
        }
    }

    fn plain_line(&mut self, line: usize, raw: &str, trimmed: &str) {
        let indent = raw.len() - raw.trim_start().len();
        match item(trimmed).filter(|_| indent <= INDENT_COLUMNS_MAX) {
            Some(text) => {
                let (tick, text) = ticked(text);
                self.state(line, Place::Item, tick, text);
            }
            // `✅ key: value` is an item that has its own mark.
            None if is_marked(trimmed) => self.state(line, Place::Item, None, trimmed),
            None => self.state(line, Place::Prose, None, trimmed.trim_start_matches(['>', ' '])),
        }
    }

    fn fenced(&mut self, line: usize, trimmed: &str, is_command: bool) {
        let inner =
            trimmed.trim_matches(|one: char| ('\u{2500}'..='\u{257f}').contains(&one) || one.is_whitespace());
        if inner.is_empty() {
            self.block += 1;
            return;
        }
        let place = if is_command { Place::Command } else { Place::Fence };
        self.state(line, place, None, item(inner).unwrap_or(inner));
    }

    fn state(&mut self, line: usize, place: Place, tick: Option<bool>, text: &str) {
        let text = plain(text);
        let (key, value) = if place == Place::Command { ("", text.as_str()) } else { split_key(&text) };
        self.statements.push(Statement {
            line,
            section: self.section,
            block: self.block,
            place,
            tick,
            key: short(bare(key)).to_lowercase(),
            value: value.to_owned(),
            lower: text.to_lowercase(),
        });
    }
}

/// Text without the marks of Markdown and of HTML.
fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let text = text.replace("<=", "≤").replace(">=", "≥").replace("<br>", " ");
    text.replace(['*', '`'], "").trim().to_owned()
}

/// A key without what is only there to be seen: `✅ Uptime`.
fn bare(key: &str) -> &str {
    key.trim()
        .trim_start_matches(|one: char| {
            !(one.is_alphanumeric() || matches!(one, '(' | '[' | '_' | '<' | '>'))
        })
        .trim_end()
}

fn heading(trimmed: &str) -> Option<(usize, &str)> {
    let title = trimmed.trim_start_matches('#');
    let level = trimmed.len() - title.len();
    let is_heading = (1..=6).contains(&level) && title.starts_with([' ', '\t']);
    is_heading.then_some((level, title.trim().trim_end_matches('#').trim_end()))
}

/// The level of a heading that is underlined.
fn underline(next: &str, title: &str) -> Option<usize> {
    let next = next.trim_end();
    let is_title = item(title).is_none() && !title.contains(['|', ':']) && !title.starts_with('>');
    if next.len() < 3 || !is_title {
        return None;
    }
    match () {
        () if next.bytes().all(|byte| byte == b'=') => Some(1),
        () if next.bytes().all(|byte| byte == b'-') => Some(2),
        () => None,
    }
}

fn is_rule(trimmed: &str) -> bool {
    let marks = ['-', '=', '*', '_'];
    trimmed.len() >= 3 && marks.iter().any(|mark| trimmed.chars().all(|one| one == *mark || one == ' '))
}

/// The line between the head of a table and its rows.
fn is_delimiter(line: &str) -> bool {
    let line = line.trim();
    line.contains('-') && line.contains('|') && line.chars().all(|one| matches!(one, '|' | '-' | ':' | ' '))
}

fn cells(row: &str) -> Vec<String> {
    let row = row.strip_prefix('|').unwrap_or(row);
    let row = row.strip_suffix('|').unwrap_or(row);
    row.split('|').map(plain).collect()
}

/// The text of a list's item.
fn item(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix(['-', '*', '+', '•']) {
        return rest.starts_with([' ', '\t']).then(|| rest.trim_start());
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.get(digits..).filter(|_| (1..=3).contains(&digits))?;
    rest.strip_prefix([')', '.']).filter(|rest| rest.starts_with(' ')).map(str::trim_start)
}

fn ticked(item: &str) -> (Option<bool>, &str) {
    for (mark, tick) in [("[ ]", false), ("[x]", true), ("[X]", true)] {
        if let Some(rest) = item.strip_prefix(mark) {
            return (Some(tick), rest.trim_start());
        }
    }
    (None, item)
}

fn is_marked(trimmed: &str) -> bool {
    trimmed.starts_with(['✅', '✓', '✔', '☑', '❌', '⚠'])
}

fn is_shell(language: &str) -> bool {
    matches!(language.trim(), "bash" | "sh" | "shell" | "console" | "zsh")
}

/// A line as key and value, at the first colon that is followed by a space.
fn split_key(text: &str) -> (&str, &str) {
    let colon = text.match_indices(':').map(|(at, _)| at).find(|at| {
        let after = &text[at + 1..];
        after.is_empty() || after.starts_with(char::is_whitespace)
    });
    let Some((key, value)) = colon.map(|at| (&text[..at], text[at + 1..].trim())) else { return ("", text) };
    let words = key.split_whitespace().count();
    if (1..=KEY_WORDS_MAX).contains(&words) { (key, value) } else { ("", text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Document {
        super::read(text.lines().map(str::to_owned).collect())
    }

    #[test]
    fn every_piece_keeps_its_line() {
        let document = read(
            "# Title\n\n## 1. Load ✓\n- **P95 Latency**: 112ms\n- [x] done\n✅ **Scan**: none  \n\n\
             | A | B |\n|---|:-:|\n| 1 | `2` |\n\n```\nPeak:   5 RPS\n```\n```bash\nk6 run x: y\n```\nSetext\n---\ntail",
        );
        let seen: Vec<(usize, Place, &str, &str)> = document
            .statements
            .iter()
            .map(|one| (one.line, one.place, one.key.as_str(), one.value.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                (1, Place::Heading, "", "Title"),
                (3, Place::Heading, "", "1. Load ✓"),
                (4, Place::Item, "p95 latency", "112ms"),
                (5, Place::Item, "", "done"),
                (6, Place::Item, "scan", "none"),
                (13, Place::Fence, "peak", "5 RPS"),
                (16, Place::Command, "", "k6 run x: y"),
                (18, Place::Heading, "", "Setext"),
                (20, Place::Prose, "", "tail"),
            ]
        );
        assert_eq!(document.statements[3].tick, Some(true));
        let table = &document.tables[0];
        assert_eq!((table.line, table.head.as_slice()), (8, ["a".to_owned(), "b".to_owned()].as_slice()));
        assert_eq!(table.rows, [Row { line: 10, cells: vec!["1".to_owned(), "2".to_owned()] }]);
    }

    #[test]
    fn sections_stand_in_chapters() {
        let document = read("# T\n## A\n### A1\n#### A1a\nx\n## Next steps\n### B1\ny\n");
        let [.., x, y] =
            [4, 7].map(|line| document.statements.iter().find(|one| one.line == line + 1).unwrap());
        assert_eq!(document.sections[document.sections[x.section].chapter].title, "A");
        assert!(!document.is_plan(x.section) && document.is_plan(y.section));
    }

    #[test]
    fn a_clock_and_an_address_are_no_keys() {
        assert_eq!(split_key("12:30 deployed"), ("", "12:30 deployed"));
        assert_eq!(split_key("see http://a.example/b"), ("", "see http://a.example/b"));
        assert_eq!(split_key("Certification Date: June 6, 2025"), ("Certification Date", "June 6, 2025"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_written_panics(text in "[-#|`\\[\\]x:✅ a0-9.\\n%*<>=]{0,200}") {
            let document = read(&text);
            for statement in &document.statements {
                assert!(statement.section < document.sections.len() && !document.is_plan(0));
                super::super::token::tokens(&statement.value);
            }
        }
    }
}
