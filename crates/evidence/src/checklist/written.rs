//! Documents: whether they are there, lead where they say, and show what can be read.

use serde::{Deserialize, Serialize};

use super::CheckedCase;

/// One document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Its path.
    pub path: String,
    /// Why it could not be read, if that is so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub problem: Option<String>,
    /// How many words it has.
    pub words: u64,
    /// Links to places within the subject's files.
    pub links: u64,
    /// Links to elsewhere, which were not followed.
    pub outside: u64,
    /// Blocks that say that they are JSON, TOML or YAML.
    pub blocks: u64,
    /// Words that stand for what is still to be written.
    pub placeholders: u64,
    /// What is wrong, in the order of the lines.
    pub flaws: Vec<Flaw>,
}

/// Something wrong in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flaw {
    /// The line, from 1.
    pub line: u64,
    /// What.
    pub kind: FlawKind,
    /// The link as it is written, or the language of the block.
    pub what: String,
}

/// What may be wrong in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlawKind {
    /// A link to a file that is not there.
    NoFile,
    /// A link to a heading that is not there.
    NoHeading,
    /// A link that leads out of the subject's files.
    Outside,
    /// A block that is not what it says it is.
    Unreadable,
}

/// Each document, and each flaw; `None` if there is no document at all.
pub(super) fn cases(documents: &[Written]) -> Option<Vec<CheckedCase>> {
    let cases = documents.iter().flat_map(|document| {
        std::iter::once(whole(document)).chain(document.flaws.iter().map(|flaw| flawed(document, flaw)))
    });
    (!documents.is_empty()).then(|| cases.collect())
}

fn whole(document: &Written) -> CheckedCase {
    let Written { words, links, outside, blocks, placeholders, .. } = document;
    let problem = match &document.problem {
        None if *words == 0 => Some("it is empty".to_owned()),
        problem => problem.clone(),
    };
    let open = if *placeholders == 0 {
        String::new()
    } else {
        format!("; {placeholders} places still to be written")
    };
    CheckedCase {
        case: document.path.clone(),
        seen: format!(
            "{words} words, {links} links within and {outside} to elsewhere, {blocks} blocks{open}"
        ),
        problem,
    }
}

fn flawed(document: &Written, flaw: &Flaw) -> CheckedCase {
    let problem = match flaw.kind {
        FlawKind::NoFile => "it leads to no file",
        FlawKind::NoHeading => "it leads to no heading",
        FlawKind::Outside => "it leads out of the subject's files",
        FlawKind::Unreadable => "it is not what it says it is",
    };
    CheckedCase {
        case: format!("{}:{}", document.path, flaw.line),
        seen: flaw.what.clone(),
        problem: Some(problem.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Written {
        Written {
            path: "README.md".into(),
            problem: None,
            words: 200,
            links: 3,
            outside: 1,
            blocks: 1,
            placeholders: 2,
            flaws: Vec::new(),
        }
    }

    fn failed(document: Written) -> usize {
        cases(&[document]).unwrap().iter().filter(|case| case.problem.is_some()).count()
    }

    #[test]
    fn what_is_missing_empty_or_flawed_fails() {
        assert_eq!(failed(written()), 0, "places still to be written are told");
        assert_eq!(failed(Written { words: 0, ..written() }), 1);
        assert_eq!(failed(Written { problem: Some("there is no such file".into()), ..written() }), 1);
        let kinds = [FlawKind::NoFile, FlawKind::NoHeading, FlawKind::Outside, FlawKind::Unreadable];
        let flaws = kinds.map(|kind| Flaw { line: 7, kind, what: "x.md".into() }).to_vec();
        assert_eq!(failed(Written { flaws, ..written() }), 4);
        assert_eq!(cases(&[]), None);
    }
}
