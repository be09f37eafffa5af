//! Figures in running text, each with the words that belong to it.

use super::quantity::Quantity;
use super::token::{TokenKind, tokens};

/// Words between figures that belong to neither.
const BETWEEN: [&str; 9] = ["and", "with", "against", "while", "but", "versus", "vs", "which", "leaving"];
/// Words with which what belongs to the next figure begins.
const LEADING: [&str; 8] = ["over", "in", "during", "within", "at", "for", "from", "across"];

/// A figure in running text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) quantity: Quantity,
    /// In lower case, one space apart.
    pub(crate) words: String,
}

/// The figures of a line in lower case. Words before a figure are its own; those behind the last of a clause too.
pub(crate) fn said(lower: &str) -> Vec<Said> {
    let mut said: Vec<Said> = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    // Whether the last figure stands in this clause.
    let mut has_figure = false;
    let close = |said: &mut Vec<Said>, words: &mut Vec<&str>, has_figure: bool| {
        if let Some(last) = said.last_mut().filter(|_| has_figure) {
            for word in words.iter() {
                last.words.push_str(if last.words.is_empty() { "" } else { " " });
                last.words.push_str(word);
            }
        }
        words.clear();
    };
    for token in tokens(lower) {
        match token.kind {
            TokenKind::Number(quantity) => {
                said.push(Said { quantity, words: std::mem::take(&mut words).join(" ") });
                has_figure = true;
            }
            TokenKind::Word if BETWEEN.contains(&token.text) => {
                close(&mut said, &mut words, has_figure);
                has_figure = false;
            }
            TokenKind::Word => {
                if LEADING.contains(&token.text) && has_figure {
                    close(&mut said, &mut words, true);
                }
                words.push(token.text);
            }
            TokenKind::Mark(',' | ';' | '.' | '(' | ')' | '–' | '—' | '|') => {
                close(&mut said, &mut words, has_figure);
                has_figure = false;
            }
            TokenKind::Range | TokenKind::Mark(_) => {}
        }
    }
    close(&mut said, &mut words, has_figure);
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_belong_to_their_figure() {
        let read = |line: &str| -> Vec<(f64, String)> {
            said(line).into_iter().map(|one| (one.quantity.value, one.words)).collect()
        };
        let wanted = |all: &[(f64, &str)]| -> Vec<(f64, String)> {
            all.iter().map(|(value, words)| (*value, (*words).to_owned())).collect()
        };
        assert_eq!(
            read("slo 99.9 %, actual 99.95 %, error budget used 8 %."),
            wanted(&[(99.9, "slo"), (99.95, "actual"), (8.0, "error budget used")])
        );
        assert_eq!(
            read("uptime was 99.9 % with 4 h of downtime over 30 days"),
            wanted(&[(99.9, "uptime was"), (14_400.0, "of downtime"), (2_592_000.0, "over")])
        );
        assert_eq!(
            read("tests: 120 total, 100 passed (2 late)"),
            wanted(&[(120.0, "tests total"), (100.0, "passed"), (2.0, "late")])
        );
    }
}
