//! HTML, and XML, in which a value cannot become markup: names of elements and attributes are literals, all else is escaped,
//! and an element closes itself.

use std::fmt::Display;

use plimsoll_base::is_unseen;

/// Elements that have no content and no end tag.
const VOID: [&str; 2] = ["meta", "br"];

/// A finished piece of the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Html(String);

impl Html {
    /// Our own text, taken as it is: a style sheet, the document type.
    pub(crate) fn literal(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn push(&mut self, more: impl Into<Self>) {
        self.0.push_str(&more.into().0);
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl From<&str> for Html {
    fn from(text: &str) -> Self {
        Self(escaped(text))
    }
}

impl From<String> for Html {
    fn from(text: String) -> Self {
        Self(escaped(&text))
    }
}

impl From<Element> for Html {
    fn from(element: Element) -> Self {
        let Element { name, attributes, inner } = element;
        if VOID.contains(&name) {
            return Self(format!("<{name}{attributes}>"));
        }
        Self(format!("<{name}{attributes}>{}</{name}>", inner.0))
    }
}

impl<T: Into<Html>> FromIterator<T> for Html {
    fn from_iter<I: IntoIterator<Item = T>>(pieces: I) -> Self {
        let mut all = Self::default();
        pieces.into_iter().for_each(|piece| all.push(piece));
        all
    }
}

/// An element in the making.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    name: &'static str,
    attributes: String,
    inner: Html,
}

/// An empty element.
pub(crate) fn el(name: &'static str) -> Element {
    Element { name, attributes: String::new(), inner: Html::default() }
}

impl Element {
    pub(crate) fn attr(mut self, name: &'static str, value: impl Display) -> Self {
        self.attributes.push_str(&format!(" {name}=\"{}\"", escaped(&value.to_string())));
        self
    }

    pub(crate) fn class(self, name: &'static str) -> Self {
        self.attr("class", name)
    }

    /// Adds text or an element at the end.
    pub(crate) fn with(mut self, content: impl Into<Html>) -> Self {
        self.inner.push(content);
        self
    }

    pub(crate) fn with_each<T: Into<Html>>(self, pieces: impl IntoIterator<Item = T>) -> Self {
        self.with(pieces.into_iter().collect::<Html>())
    }
}

/// Nothing but the page's own style is let in, whatever a value in it might try.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// A whole page that loads nothing and runs no script.
pub(crate) fn page(title: &str, style: &'static str, body: Element) -> String {
    let meta =
        |name: &'static str, content: &'static str| el("meta").attr("name", name).attr("content", content);
    let head = el("head")
        .with(el("meta").attr("charset", "utf-8"))
        .with(
            el("meta").attr("http-equiv", "Content-Security-Policy").attr("content", CONTENT_SECURITY_POLICY),
        )
        .with(meta("viewport", "width=device-width, initial-scale=1"))
        .with(meta("color-scheme", "light dark"))
        .with(meta("referrer", "no-referrer"))
        .with(el("title").with(title))
        .with(el("style").with(Html::literal(style)));
    let mut html = Html::literal("<!doctype html>\n");
    html.push(el("html").attr("lang", "en").with(head).with(body));
    html.into_string()
}

/// An XML document. What XML 1.0 cannot hold is written out, as all that is not seen.
pub(crate) fn xml(root: Element) -> String {
    let mut xml = Html::literal("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.push(root);
    xml.push(Html::literal("\n"));
    xml.into_string()
}

/// Text as it stands in content and in quoted attributes. What would steer the reader's eye unseen (control
/// characters, marks of direction, characters without width) is written out as `\u{202e}`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ if is_unseen(character) => escaped.extend(character.escape_unicode()),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(content: impl Into<Html>) -> String {
        content.into().into_string()
    }

    #[test]
    fn an_element_closes_itself_and_escapes_what_it_holds() {
        let element =
            el("p").class("note").attr("title", "a \"b\" 'c'").with("1 < 2 & 3").with(el("b").with("x"));
        assert_eq!(
            shown(element),
            r#"<p class="note" title="a &quot;b&quot; &#39;c&#39;">1 &lt; 2 &amp; 3<b>x</b></p>"#
        );
        assert_eq!(shown(el("meta").attr("charset", "utf-8")), r#"<meta charset="utf-8">"#);
    }

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        assert_eq!(shown("a\u{202e}b\u{200b}c\u{7}d\ne"), r"a\u{202e}b\u{200b}c\u{7}d\u{a}e");
        assert_eq!(shown("\u{fffe}\u{ffff}"), r"\u{fffe}\u{ffff}", "no XML holds these");
        assert_eq!(shown("Grüße, 世界 ✓"), "Grüße, 世界 ✓", "what can be seen stays");
    }

    proptest! {
        #[test]
        fn no_text_can_leave_its_place(text in any::<String>()) {
            let out = shown(text.as_str());
            let unsafe_here = ['<', '>', '"', '\'', '\n', '\0', '\u{202e}'];
            prop_assert!(!out.contains(unsafe_here));
        }
    }
}
