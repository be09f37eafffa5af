//! Lists, page by page.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::Problem;

/// Most things of one page.
const LIMIT_MAX: usize = 500;
/// How many unless more or fewer are asked for.
const LIMIT: usize = 50;
/// What a cursor of this form begins with, so that another form can follow.
const FORM: &str = "a";

/// Which page.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Page {
    /// The `next` of the page before; the first page without it.
    pub(crate) after: Option<String>,
    /// How many at most.
    #[schemars(range(min = 1, max = 500))]
    pub(crate) limit: Option<usize>,
}

/// One page of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Listing<T> {
    /// What is on it.
    pub(crate) items: Vec<T>,
    /// Where the next page begins; none after the last.
    pub(crate) next: Option<String>,
}

impl Page {
    /// How many things to give.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(LIMIT) {
            limit @ 1..=LIMIT_MAX => Ok(limit),
            _ => Err(Problem::new(StatusCode::BAD_REQUEST, format!("`limit` is between 1 and {LIMIT_MAX}"))),
        }
    }

    /// The name of the last thing of the page before.
    pub(crate) fn after(&self) -> Result<Option<String>, Problem> {
        let Some(cursor) = &self.after else { return Ok(None) };
        let name = cursor.strip_prefix(FORM).and_then(|text| BASE64URL.decode(text).ok());
        let name = name.and_then(|bytes| String::from_utf8(bytes).ok());
        let wrong = || {
            Problem::new(StatusCode::BAD_REQUEST, "`after` is no place in this list")
                .hint("send the `next` of the page before as it was given")
        };
        name.map(Some).ok_or_else(wrong)
    }

    /// The page of things that come one after the other by name. One more than asked for tells that there is another.
    pub(crate) fn of<T>(
        &self,
        after: impl FnOnce(Option<&str>, usize) -> Vec<T>,
        name: impl Fn(&T) -> String,
    ) -> Result<Listing<T>, Problem> {
        let (limit, last) = (self.limit()?, self.after()?);
        Ok(cut(after(last.as_deref(), limit + 1), limit, name))
    }
}

/// A page of at most `limit` of the things that were found.
pub(crate) fn cut<T>(mut items: Vec<T>, limit: usize, name: impl Fn(&T) -> String) -> Listing<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| format!("{FORM}{}", BASE64URL.encode(name(last))));
    Listing { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_follow_each_other_hold_everything_once() {
        let all: Vec<String> = (0..101).map(|number| format!("n{number:03}")).collect();
        let (mut found, mut page) = (Vec::new(), Page { limit: Some(20), ..Page::default() });
        loop {
            let after = |last: Option<&str>, max: usize| {
                let rest = all.iter().filter(|name| last.is_none_or(|last| name.as_str() > last));
                rest.take(max).cloned().collect::<Vec<_>>()
            };
            let listing = page.of(after, String::clone).unwrap();
            assert!(listing.items.len() <= 20);
            found.extend(listing.items);
            let Some(next) = listing.next else { break };
            page.after = Some(next);
        }
        assert_eq!(found, all);
    }

    #[test]
    fn a_cursor_that_was_not_given_out_is_refused() {
        for after in ["", "x", "a*", "b", "a_w", "\u{2028}"] {
            let page = Page { after: Some(after.into()), limit: None };
            assert_eq!(page.after().map_err(|problem| problem.status.as_u16()), Err(400), "{after:?}");
        }
        for limit in [0, 501, usize::MAX] {
            assert!(Page { after: None, limit: Some(limit) }.limit().is_err());
        }
    }
}
