//! What of a document in Markdown is looked at: headings, links, blocks of code, steps, words.

use std::collections::BTreeMap;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// Words that stand for what is still to be written.
const PLACEHOLDERS: [&str; 5] =
    [concat!("TO", "DO"), "TBD", concat!("FIX", "ME"), concat!("XX", "X"), "lorem ipsum"];

/// A document as it was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Markdown {
    pub(super) words: u64,
    pub(super) placeholders: u64,
    pub(super) headings: Vec<Heading>,
    pub(super) links: Vec<Link>,
    pub(super) blocks: Vec<Block>,
    /// Where the items of numbered lists begin, and blocks of code.
    steps: Vec<usize>,
    /// Anchors that stand in HTML.
    anchors: Vec<String>,
}

/// A heading.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heading {
    /// How links name it.
    pub(super) anchor: String,
    level: HeadingLevel,
    at: usize,
}

/// A link.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// The line, from 1.
    pub(super) line: u64,
    pub(super) target: String,
}

/// A block of code that names its language.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The line, from 1.
    pub(super) line: u64,
    pub(super) language: String,
    pub(super) code: String,
}

impl Markdown {
    /// Whether a link may name this anchor.
    pub(super) fn has_anchor(&self, anchor: &str) -> bool {
        self.headings.iter().any(|heading| heading.anchor == anchor)
            || self.anchors.iter().any(|known| known == anchor)
    }

    /// How many steps stand under a heading up to the next one of its level, or in the whole; `None` if there is no such
    /// heading.
    pub(super) fn steps_under(&self, anchor: Option<&str>) -> Option<u64> {
        let Some(anchor) = anchor else { return Some(self.steps.len() as u64) };
        let index = self.headings.iter().position(|heading| heading.anchor == anchor)?;
        let (heading, behind) = self.headings.get(index..)?.split_first()?;
        let end = behind.iter().find(|next| next.level <= heading.level).map_or(usize::MAX, |next| next.at);
        let is_under = |at: &&usize| (heading.at..end).contains(*at);
        Some(self.steps.iter().filter(is_under).count() as u64)
    }
}

/// Reads a document. There is no text that is not Markdown.
pub(super) fn read(text: &str) -> Markdown {
    let mut reading = Reading {
        text,
        found: Markdown::default(),
        heading: None,
        block: None,
        lists: Vec::new(),
        taken: BTreeMap::new(),
    };
    for (event, place) in
        Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES).into_offset_iter()
    {
        reading.take(event, &place);
    }
    reading.found
}

struct Reading<'a> {
    text: &'a str,
    found: Markdown,
    /// The heading that is open: its level, its place, its words.
    heading: Option<(HeadingLevel, usize, String)>,
    block: Option<Block>,
    /// Whether each list that is open is a numbered one.
    lists: Vec<bool>,
    /// How often an anchor was given.
    taken: BTreeMap<String, u64>,
}

impl Reading<'_> {
    fn take(&mut self, event: Event<'_>, place: &Range<usize>) {
        match event {
            Event::Start(tag) => self.start(&tag, place),
            Event::End(TagEnd::Heading(_)) => self.end_heading(),
            Event::End(TagEnd::CodeBlock) => {
                self.found.blocks.extend(self.block.take().filter(|block| !block.language.is_empty()))
            }
            Event::End(TagEnd::List(_)) => drop(self.lists.pop()),
            Event::Text(text) | Event::Code(text) => self.words(&text),
            Event::Html(html) | Event::InlineHtml(html) => self.found.anchors.extend(anchors(&html)),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>, place: &Range<usize>) {
        match tag {
            Tag::Heading { level, .. } => self.heading = Some((*level, place.start, String::new())),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                let link = Link { line: self.line(place.start), target: dest_url.to_string() };
                self.found.links.push(link);
            }
            Tag::CodeBlock(kind) => {
                let language = match kind {
                    CodeBlockKind::Fenced(info) => {
                        info.split([' ', ',', '{']).next().unwrap_or_default().to_lowercase()
                    }
                    CodeBlockKind::Indented => String::new(),
                };
                self.found.steps.push(place.start);
                self.block = Some(Block { line: self.line(place.start), language, code: String::new() });
            }
            Tag::List(first) => self.lists.push(first.is_some()),
            Tag::Item if self.lists.last() == Some(&true) => self.found.steps.push(place.start),
            _ => {}
        }
    }

    fn words(&mut self, text: &str) {
        if let Some((_, _, words)) = &mut self.heading {
            words.push_str(text);
        }
        match &mut self.block {
            Some(block) => block.code.push_str(text),
            None => {
                let count = |word: &&str| text.matches(*word).count() as u64;
                self.found.placeholders += PLACEHOLDERS.iter().map(count).sum::<u64>();
            }
        }
        self.found.words += text.split_whitespace().count() as u64;
    }

    /// As GitHub makes anchors: small letters, dashes for spaces, and a number for the second of one name.
    fn end_heading(&mut self) {
        let Some((level, at, words)) = self.heading.take() else { return };
        let kept = |c: char| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        };
        let base: String = words.trim().to_lowercase().chars().filter_map(kept).collect();
        let times = self.taken.entry(base.clone()).or_insert(0);
        let anchor = if *times == 0 { base } else { format!("{base}-{times}") };
        *times += 1;
        self.found.headings.push(Heading { anchor, level, at });
    }

    fn line(&self, at: usize) -> u64 {
        self.text.get(..at).unwrap_or_default().matches('\n').count() as u64 + 1
    }
}

/// The values of `id` and `name` in a piece of HTML.
fn anchors(html: &str) -> Vec<String> {
    let value = |rest: &str| {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        rest.get(1..)?.split(quote).next().map(str::to_owned)
    };
    let after = |key: &str| html.split(key).skip(1).filter_map(value).collect::<Vec<_>>();
    [after(" id="), after(" name=")].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Down, again!\n\nTBD: [see](other.md#a) and ![x](x.png)\n\n## What to do\n\n1. look\n2. act\n\n\
        ```json\n{}\n```\n\n## Why\n\n- no step\n\n## Why\n\n<a id=\"here\"></a> lorem ipsum\n";

    #[test]
    fn headings_links_and_steps_are_found_in_their_places() {
        let found = read(TEXT);
        let anchors: Vec<&str> = found.headings.iter().map(|heading| heading.anchor.as_str()).collect();
        assert_eq!(anchors, ["down-again", "what-to-do", "why", "why-1"]);
        let links: Vec<(u64, &str)> =
            found.links.iter().map(|link| (link.line, link.target.as_str())).collect();
        assert_eq!(links, [(3, "other.md#a"), (3, "x.png")]);
        assert_eq!(found.blocks, [Block { line: 10, language: "json".into(), code: "{}\n".into() }]);
        assert_eq!(found.placeholders, 2);
        assert!(found.has_anchor("here") && found.has_anchor("why-1") && !found.has_anchor("nowhere"));
        for (anchor, steps) in [
            (None, Some(3)),
            (Some("what-to-do"), Some(3)),
            (Some("down-again"), Some(3)),
            (Some("why"), Some(0)),
            (Some("none"), None),
        ] {
            assert_eq!(found.steps_under(anchor), steps, "{anchor:?}");
        }
        assert_eq!(read("").words, 0);
    }
}
