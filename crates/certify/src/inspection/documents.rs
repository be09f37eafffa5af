//! The documents that the subject says it has.

use std::path::Path;

use plimsoll_evidence::{Flaw, FlawKind, Written};

use super::links::{Target, target};
use super::markdown::{self, Block, Markdown};
use super::place::read_text;
use super::{Looked, short, yaml};

/// More flaws than this nobody reads one by one.
const FLAWS_MAX: usize = 1_000;

/// Looks at each document.
pub(super) fn documents(looked: &Looked) -> Vec<Written> {
    looked.files.documents.iter().map(|path| document(&looked.root, path)).collect()
}

fn document(root: &Path, path: &str) -> Written {
    let mut written = Written {
        path: path.to_owned(),
        problem: None,
        words: 0,
        links: 0,
        outside: 0,
        blocks: 0,
        placeholders: 0,
        flaws: Vec::new(),
    };
    let text = match read_text(root, path) {
        Ok(text) => text,
        Err(problem) => {
            written.problem = Some(problem);
            return written;
        }
    };
    if !path.to_lowercase().ends_with(".md") {
        // A licence, a text: there is nothing in it that leads anywhere.
        written.words = text.split_whitespace().count() as u64;
        return written;
    }
    let document = markdown::read(&text);
    (written.words, written.placeholders) = (document.words, document.placeholders);
    follow(root, path, &document, &mut written);
    for block in &document.blocks {
        if let Some(is_readable) = is_readable(block) {
            written.blocks += 1;
            if !is_readable {
                flaw(&mut written, block.line, FlawKind::Unreadable, &block.language);
            }
        }
    }
    written.flaws.sort_by_key(|flaw| flaw.line);
    written
}

fn flaw(written: &mut Written, line: u64, kind: FlawKind, what: &str) {
    if written.flaws.len() < FLAWS_MAX {
        written.flaws.push(Flaw { line, kind, what: short(what) });
    }
}

fn follow(root: &Path, path: &str, document: &Markdown, written: &mut Written) {
    let folder = path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or_default();
    for link in &document.links {
        // A heading of the document itself.
        if let Some(anchor) = link.target.strip_prefix('#') {
            written.links += 1;
            if !anchor.is_empty() && !document.has_anchor(&anchor.to_lowercase()) {
                flaw(written, link.line, FlawKind::NoHeading, &link.target);
            }
            continue;
        }
        match target(root, folder, &link.target) {
            Target::Elsewhere => written.outside += 1,
            Target::Missing => {
                written.links += 1;
                flaw(written, link.line, FlawKind::NoFile, &link.target);
            }
            Target::Outside => {
                written.links += 1;
                flaw(written, link.line, FlawKind::Outside, &link.target);
            }
            Target::Within { path, anchor } => {
                written.links += 1;
                let is_there = anchor.is_none_or(|anchor| has_anchor(root, &path, &anchor));
                if !is_there {
                    flaw(written, link.line, FlawKind::NoHeading, &link.target);
                }
            }
        }
    }
}

/// Whether a document has a heading. What is no Markdown has lines, and no headings.
fn has_anchor(root: &Path, path: &str, anchor: &str) -> bool {
    if !path.to_lowercase().ends_with(".md") {
        return anchor.starts_with('l')
            && anchor.chars().skip(1).all(|c| c.is_ascii_digit() || c == '-' || c == 'l');
    }
    read_text(root, path).is_ok_and(|text| markdown::read(&text).has_anchor(anchor))
}

/// Whether a block is what it says it is; `None` for a language that is not read.
fn is_readable(block: &Block) -> Option<bool> {
    match block.language.as_str() {
        "json" => Some(serde_json::from_str::<serde::de::IgnoredAny>(&block.code).is_ok()),
        "toml" => Some(block.code.parse::<toml::Table>().is_ok()),
        "yaml" | "yml" => Some(yaml::documents(&block.code).is_ok()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_there_leads_where_it_says_and_shows_what_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
        std::fs::create_dir(folder.path().join("docs")).unwrap();
        write(
            "docs/good.md",
            "# One\n\n[up](../README.md#two) [self](#one) [line](../LICENSE#L3) [out](https://example.org)\n\n```toml\na = 1\n```\n",
        );
        write(
            "README.md",
            "# Two\n\n[a](docs/none.md)\n[b](docs/good.md#none)\n[c](#three)\n[d](../secret)\n\n```json\n{a}\n```\n\n```yaml\na: [\n```\n",
        );
        write("LICENSE", "all rights\n");
        write("empty.md", "\n");
        let good = document(folder.path(), "docs/good.md");
        assert_eq!((good.flaws.as_slice(), good.links, good.outside, good.blocks), (&[][..], 3, 1, 1));
        let bad = document(folder.path(), "README.md");
        let kinds: Vec<(u64, FlawKind)> = bad.flaws.iter().map(|flaw| (flaw.line, flaw.kind)).collect();
        let expected = [
            (3, FlawKind::NoFile),
            (4, FlawKind::NoHeading),
            (5, FlawKind::NoHeading),
            (6, FlawKind::Outside),
            (8, FlawKind::Unreadable),
            (12, FlawKind::Unreadable),
        ];
        assert_eq!(kinds, expected);
        assert_eq!(document(folder.path(), "LICENSE").words, 2);
        assert_eq!(document(folder.path(), "empty.md").words, 0);
        assert!(document(folder.path(), "none.md").problem.is_some());
    }
}
