//! What narrows a figure: where, when, how or of what it holds. Figures that are narrowed differently do not contradict each
//! other, and a word that we do not know may narrow: so only figures beside which every word is known are compared.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::quantity::Unit;
use super::token::{Token, TokenKind, tokens};
use super::words::{is_wish, mentions};

/// Words that name a figure or judge it, and leave it what it is.
static PLAIN: LazyLock<BTreeSet<&str>> = LazyLock::new(|| PLAIN_WORDS.split(' ').collect());
const PLAIN_WORDS: &str = "\
    a an and the of in at was were is are has had with for to by we it which our this that so thus therefore \
    hence from over under below above about approximately around roughly up least most more less than all total \
    overall number count per requests request req reqs rps tps qps throughput rate average avg mean achieved \
    measured actual observed seen result results duration length elapsed time run runtime test tests sent error \
    errors failed failures failure ratio percent percentage share messages message msg ops operations samples \
    sample size iterations n s sec second seconds ms us µs min minute minutes h hours days pass passed passes ok \
    met compliant good healthy excellent yes better status latency reached budget used consumed spent remaining \
    left availability uptime downtime target objective slo sla goal limit current";

/// Words of what was left out of a count, or is told of a part of it.
pub(crate) const ASIDE: [&str; 20] = [
    "skip*",
    "exclud*",
    "excl",
    "quarantin*",
    "flak*",
    "retr*",
    "ignor*",
    "n/a",
    "of those",
    "weighted",
    "not counted",
    "pending",
    "waived",
    "apart",
    "except",
    "remaining",
    "rest",
    "not run",
    "without",
    "deselected",
];

/// Words of what was so at another time.
pub(crate) const PAST: [&str; 16] = [
    "before",
    "previous*",
    "prior",
    "old",
    "older",
    "former*",
    "earlier",
    "legacy",
    "until",
    "last year",
    "last quarter",
    "last month",
    "then",
    "no longer",
    "used to",
    "at that time",
];

/// Words of a test whose rate is not the same throughout, or of whose time not all was counted.
pub(crate) const UNEVEN: [&str; 16] = [
    "ramp*",
    "warm-up*",
    "warmup*",
    "warm up",
    "warmed up",
    "cool-down",
    "cooldown",
    "exclud*",
    "discard*",
    "pause*",
    "per node",
    "per worker",
    "per client",
    "step load",
    "stages",
    "spike*",
];

/// Whether a word leaves a figure what it is. `p95` is the name of one.
fn is_plain_word(word: &str) -> bool {
    let is_quantile =
        word.strip_prefix('p').is_some_and(|rest| rest.starts_with(|one: char| one.is_ascii_digit()));
    PLAIN.contains(word) || is_quantile
}

/// Whether all of these words leave a figure what it is.
pub(crate) fn are_plain<'a>(words: impl IntoIterator<Item = &'a str>) -> bool {
    words.into_iter().all(is_plain_word)
}

/// The words by a figure that may narrow it, in the order of the alphabet. None: it holds of all that it names.
pub(crate) fn qualifier(key: &str, value: &str) -> String {
    let (key, value) = (key.to_lowercase(), value.to_lowercase());
    let mut words: Vec<String> = Vec::new();
    words.extend(tokens(&key).into_iter().filter_map(narrows).map(str::to_owned));
    let value = without_wishes(&value);
    let mut is_first = true;
    for token in tokens(&value) {
        if token.quantity().is_some() && std::mem::take(&mut is_first) {
            continue;
        }
        words.extend(narrows(token).map(str::to_owned));
    }
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

/// A piece that may narrow: a word that is not known, a span of time, a range.
fn narrows<'a>(token: Token<'a>) -> Option<&'a str> {
    let is_narrow = match token.kind {
        TokenKind::Word => !is_plain_word(token.text),
        TokenKind::Number(quantity) => quantity.unit == Unit::Seconds,
        TokenKind::Range => true,
        TokenKind::Mark(_) => false,
    };
    is_narrow.then_some(token.text)
}

/// A value without what in brackets is wanted: `45 ms (target 100 ms)`.
fn without_wishes(value: &str) -> String {
    match value.split_once('(').and_then(|(before, rest)| Some((before, rest.split_once(')')?))) {
        Some((before, (inner, after))) if is_wish(inner) => format!("{before}{after}"),
        _ => value.to_owned(),
    }
}

/// Whether a text speaks of another time than now.
pub(crate) fn is_past(lower: &str) -> bool {
    mentions(lower, &PAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_narrows() {
        for (key, value, wanted) in [
            ("p99 latency", "40 ms", ""),
            ("p99 (server)", "40 ms", "server"),
            ("p99", "40 ms (client, WAN)", "client wan"),
            ("RPS", "400 (peak)", "peak"),
            ("Requests per node", "400", "node"),
            ("p95", "40 ms (target < 100 ms)", ""),
            ("Error budget used", "8 % ✓ PASS", ""),
            ("Budget used (7 d)", "8 %", "7 d"),
            ("Availability", "99.85 % (99.95 % excluding maintenance)", "excluding maintenance"),
        ] {
            assert_eq!(qualifier(key, value), wanted, "{key}: {value}");
        }
    }
}
