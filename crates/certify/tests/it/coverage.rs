//! What the founding documents say, row by row, and how the profiles that stand for them answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use plimsoll_certify::{Coverage, With, builtin_profiles, parse_coverage, parse_profile};
use plimsoll_evidence::{Criterion, Gap, Profile, Scene};

/// The built-in profiles that stand for a document, and by what its file's name begins beside this repository.
const DOCUMENTS: [(&str, &str); 4] = [
    ("project-ai", "000_"),
    ("deployment-engine", "001_"),
    ("code-platform", "003_"),
    ("agent-flow", "004_"),
];
/// Whoever sets it has docs/COVERAGE.md written anew.
const WRITE: &str = "PLIMSOLL_WRITE_COVERAGE";

const HEAD: &str = "# Coverage of the founding documents

Four public certifications say what a platform for agents should be shown to be. A built-in profile stands for each of them
and answers every row: by a criterion that is measured, by a requirement that waits for a probe, or by a reason why nobody
should ask for it. A row is *measured* if criteria decide what it says, whatever the verdict on a subject is, and *in part*
if something else that it says waits for a probe. Beside a criterion stand the planted defect on which it was seen red and the
kind of its evidence. Rows are lines of the documents; what they say is told in our words.

This page is made from `profiles/*.toml` by the test `plimsoll-certify::coverage`, which fails when they differ and writes it
anew where `PLIMSOLL_WRITE_COVERAGE` is set.
";

/// What one answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Measured,
    ToBeMeasured,
    Refused,
}

/// How many rows of a document are answered how.
#[derive(Debug, Default)]
struct Counts {
    measured: usize,
    in_part: usize,
    to_be_measured: usize,
    refused: usize,
}

impl Counts {
    fn of(answers: &BTreeMap<u64, Vec<Answered>>) -> Self {
        let mut counts = Self::default();
        for said in answers.values() {
            let has = |sort| said.iter().any(|(found, ..)| *found == sort);
            match (has(Sort::Measured), has(Sort::ToBeMeasured)) {
                (true, false) => counts.measured += 1,
                (true, true) => counts.in_part += 1,
                (false, true) => counts.to_be_measured += 1,
                (false, false) => counts.refused += 1,
            }
        }
        counts
    }
}

/// One answer to a row, in a few words.
type Answered = (Sort, String);

struct Document {
    profile: Profile,
    coverage: Coverage,
}

impl Document {
    fn read(id: &str) -> Self {
        let (_, text) = builtin_profiles().iter().find(|(name, _)| *name == id).unwrap();
        let file = format!("profiles/{id}.toml");
        let coverage = parse_coverage(&file, text).unwrap().expect("it names its document");
        Self { profile: parse_profile(&file, text).unwrap(), coverage }
    }

    /// What answers each row, in the order of the document.
    fn answers(&self) -> BTreeMap<u64, Vec<Answered>> {
        let mut answers: BTreeMap<u64, Vec<Answered>> = BTreeMap::new();
        for answer in &self.coverage.answers {
            let said = self.said(&answer.with);
            for row in answer.rows.iter().cloned().flatten() {
                answers.entry(row).or_default().push(said.clone());
            }
        }
        for said in answers.values_mut() {
            said.sort();
        }
        answers
    }

    fn said(&self, with: &With) -> Answered {
        match with {
            With::Refused { statement, why } => (Sort::Refused, format!("{statement}: {why}")),
            With::Requirement(id) => {
                let found = self.profile.criteria.iter().find(|criterion| criterion.id == *id);
                match found {
                    Some(criterion) => (Sort::Measured, seen_red(criterion)),
                    None => (Sort::ToBeMeasured, format!("`{id}`")),
                }
            }
        }
    }
}

/// A criterion with its control and its evidence.
fn seen_red(criterion: &Criterion) -> String {
    let control = criterion.control.map_or("no control", Scene::name);
    format!("`{}` ({control}, {})", criterion.id, criterion.probe.family().evidence())
}

/// A cell of a table in Markdown.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

/// What is measured and what is missing.
fn requirements(profile: &Profile) -> String {
    let mut table = String::from("| requirement | what it says | asked for |\n|---|---|---|\n");
    for Criterion { id, statement, asked, .. } in &profile.criteria {
        let asked = asked.as_deref().unwrap_or("the same");
        writeln!(table, "| `{id}` | {} | {} |", cell(statement), cell(asked)).unwrap();
    }
    table.push_str("\n| not measured yet | what it says | asked for | missing |\n|---|---|---|---|\n");
    for Gap { id, statement, asked, missing, .. } in &profile.gaps {
        writeln!(table, "| `{id}` | {} | {} | {} |", cell(statement), cell(asked), cell(missing)).unwrap();
    }
    table
}

/// One row's cells: how it is answered, and with what.
fn row(said: &[Answered]) -> String {
    let of = |sort| {
        let words = said.iter().filter(|(found, _)| *found == sort).map(|(_, words)| words.as_str());
        words.collect::<Vec<_>>().join(", ")
    };
    let (measured, missing, refused) = (of(Sort::Measured), of(Sort::ToBeMeasured), of(Sort::Refused));
    match (measured.as_str(), missing.as_str()) {
        ("", "") => format!("refused | {}", cell(&refused)),
        ("", missing) => format!("to be measured | {missing}"),
        (measured, "") => format!("measured | {measured}"),
        (measured, missing) => format!("in part | {measured}; to be measured: {missing}"),
    }
}

fn page(documents: &[Document]) -> String {
    let mut page = String::from(HEAD);
    page.push_str(
        "\n| profile | rows | measured | in part | to be measured | refused |\n|---|---|---|---|---|---|\n",
    );
    for document in documents {
        let answers = document.answers();
        let Counts { measured, in_part, to_be_measured, refused } = Counts::of(&answers);
        let (id, rows) = (&document.profile.id, answers.len());
        writeln!(page, "| `{id}` | {rows} | {measured} | {in_part} | {to_be_measured} | {refused} |")
            .unwrap();
    }
    for document in documents {
        let (id, title) = (&document.profile.id, &document.coverage.document);
        write!(page, "\n## `{id}`: {title}\n\n{}", requirements(&document.profile)).unwrap();
        page.push_str("\n| row | answer | with |\n|---|---|---|\n");
        for (number, said) in document.answers() {
            writeln!(page, "| {number} | {} |", row(&said)).unwrap();
        }
    }
    page
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_page_says_what_the_profiles_say() {
    let documents = DOCUMENTS.map(|(id, _)| Document::read(id));
    let (path, page) = (repository().join("docs/COVERAGE.md"), page(&documents));
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    let differs = found.lines().zip(page.lines()).find(|(found, page)| found != page);
    assert_eq!(differs, None, "set {WRITE} and run this test to write the page anew");
    assert_eq!(found.lines().count(), page.lines().count());
}

/// Whether a line of a document says something: an item of a list, a row of a table, a word with its meaning, or a line
/// of what is set apart as code. The head of a table and its rule say nothing.
fn rows(text: &str) -> BTreeSet<u64> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_rule = |line: &str| line.starts_with("|--") || line.starts_with("| --") || line.starts_with("|:-");
    let mut is_code = false;
    let mut rows = BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        if line.starts_with("```") {
            is_code = !is_code;
            continue;
        }
        let is_head = lines.get(index + 1).is_some_and(|next| is_rule(next));
        let is_table = line.starts_with('|') && !is_rule(line) && !is_head;
        let numbered = line.split_once(". ").is_some_and(|(number, _)| number.parse::<u64>().is_ok());
        let is_item =
            line.starts_with("- ") || numbered || line.starts_with('\u{2705}') || line.starts_with("**");
        let is_garbled_item = line.chars().next().is_some_and(|first| !first.is_ascii());
        let says = line.chars().any(|c| c.is_ascii_alphanumeric());
        if says && (is_table || is_item || is_garbled_item || is_code) {
            rows.insert(index as u64 + 1);
        }
    }
    rows
}

#[test]
fn what_says_something_is_found() {
    let text = "# Title\nprose\n- item\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n1. first\n**Score**: 9\n```\nx: 1\n\n```\n✅ yes\n───\n";
    assert_eq!(rows(text), BTreeSet::from([3, 6, 9, 10, 12, 15]));
}

/// Nothing that the documents say is left without an answer, and no answer is to nothing.
#[test]
fn every_row_of_the_documents_is_answered() {
    let folder = repository().join("../shared/seeds");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("not looked at: there is no ../shared/seeds beside this repository");
        return;
    };
    let files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    for (id, number) in DOCUMENTS {
        let begins = |path: &&PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(number);
        let bytes = std::fs::read(files.iter().find(begins).unwrap()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let wanted = rows(&text);
        assert!(wanted.len() > 100, "{id}: {} rows", wanted.len());
        let answered: BTreeSet<u64> = Document::read(id).answers().into_keys().collect();
        let lines: Vec<&str> = text.lines().collect();
        let show =
            |row: &u64| format!("{row}: {}", lines.get(*row as usize - 1).unwrap_or(&"beyond its end"));
        let open: Vec<String> = wanted.difference(&answered).map(show).collect();
        assert!(open.is_empty(), "{id}: {} rows without an answer:\n{}", open.len(), open.join("\n"));
        let says = |row: &&u64| lines.get(**row as usize - 1).is_some_and(|line| !line.trim().is_empty());
        let idle: Vec<String> = answered.iter().filter(|row| !says(row)).map(show).collect();
        assert!(idle.is_empty(), "{id}: answers to nothing:\n{}", idle.join("\n"));
    }
}
