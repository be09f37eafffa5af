//! What begins with a digit: numbers with their units, ranges, and what only looks like a number.

use super::quantity::{Bound, Event, Quantity, Unit, event, rate, seconds};
use super::token::TokenKind;

/// What begins with a digit, and how many bytes it has.
pub(super) fn numeric(text: &str) -> (TokenKind, usize) {
    let (length, digits) = digits(text);
    let rest = &text[length..];
    // `0,8` is a fraction, and `6.000` a fraction or six thousand, by who writes: neither says what number it is.
    let has_decimal_comma = rest.strip_prefix(',').is_some_and(starts_with_digit);
    if has_decimal_comma || may_be_thousands(text) {
        let end =
            text.find(|one: char| !(one.is_ascii_digit() || matches!(one, '.' | ','))).unwrap_or(text.len());
        return (TokenKind::Word, text[..end].trim_end_matches(['.', ',']).len());
    }
    let next_two = |mark: char| {
        let mut characters = rest.chars();
        characters.next() == Some(mark) && characters.next().is_some_and(|next| next.is_ascii_alphanumeric())
    };
    let is_date = next_two('-') && length == 4 && iso_date(text);
    let is_slash_date = rest.starts_with('/') && slash_date(text);
    if next_two('.') || next_two(':') || is_date || is_slash_date {
        let marks: &[char] = if is_slash_date { &['/'] } else { &['.', ':', '-', '+'] };
        let end = |character: char| !(character.is_ascii_alphanumeric() || marks.contains(&character));
        let whole = text.find(end).unwrap_or(text.len());
        return (TokenKind::Word, text[..whole].trim_end_matches(['.', ':', '-']).len().max(length));
    }
    if let Some(second) = rest.strip_prefix(['-', '–', '−']).filter(|rest| starts_with_digit(rest)) {
        let (_, after) = numeric(second);
        return (TokenKind::Range, text.len() - second.len() + after);
    }
    let (kind, suffix) = with_unit(digits, rest);
    (kind, length + suffix)
}

/// Whether the only point of a number stands before three digits, and does so as it may before hundreds: not behind a nought, nor
/// in a share of a hundred.
fn may_be_thousands(text: &str) -> bool {
    let plain = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = plain(text);
    let Some(after) = text[whole..].strip_prefix('.') else { return false };
    let is_share = after.get(3..).is_some_and(|rest| rest.trim_start().starts_with('%'));
    (1..=3).contains(&whole) && !text.starts_with('0') && plain(after) == 3 && !is_share
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

fn iso_date(text: &str) -> bool {
    let shape: Vec<u8> = text.bytes().take(8).collect();
    shape.len() == 8 && shape[7] == b'-' && shape[5..7].iter().all(u8::is_ascii_digit)
}

fn slash_date(text: &str) -> bool {
    let mut parts = text.splitn(4, |one: char| !one.is_ascii_digit());
    let mut part = || parts.next().is_some_and(|part| (1..=4).contains(&part.len()));
    let marks = text.chars().take(12).filter(|one| !one.is_ascii_digit()).take(2);
    part() && part() && part() && marks.filter(|one| *one == '/').count() == 2
}

/// The digits of a number as they are printed.
#[derive(Debug, Clone, Copy)]
struct Digits {
    value: f64,
    step: f64,
    is_whole: bool,
}

/// What stands between thousands.
const THOUSANDS_MARKS: [char; 7] = [',', '\'', '’', '_', '\u{a0}', '\u{202f}', '\u{2009}'];

/// The digits at the beginning, with thousands apart by comma, apostrophe, low line or hard space, and a fraction.
fn digits(text: &str) -> (usize, Digits) {
    let plain = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = plain(text);
    let mut printed = text[..length].to_owned();
    let are_grouped = length <= 3;
    while let Some(after) = text[length..].strip_prefix(THOUSANDS_MARKS).filter(|_| are_grouped) {
        if plain(after) != 3 {
            break;
        }
        printed.push_str(&after[..3]);
        length = text.len() - after.len() + 3;
    }
    let mut step = whole_step(&printed);
    let mut is_whole = true;
    if let Some(after) = text[length..].strip_prefix('.').filter(|rest| starts_with_digit(rest)) {
        let fraction = plain(after);
        printed = format!("{printed}.{}", &after[..fraction]);
        length += 1 + fraction;
        step = 10f64.powi(-i32::try_from(fraction).unwrap_or(i32::MAX));
        is_whole = false;
    }
    (length, Digits { value: printed.parse().unwrap_or(f64::INFINITY), step, is_whole })
}

/// The last digit that is known to count: zeros at the end of a large number may come from rounding it.
fn whole_step(printed: &str) -> f64 {
    let zeros = printed.len() - printed.trim_end_matches('0').len();
    let is_round = printed.len() >= 3 && zeros < printed.len();
    if is_round { 10f64.powi(i32::try_from(zeros).unwrap_or(0)) } else { 1.0 }
}

/// The number with what follows it: a multiplier, a unit, a plus. Gives also how many bytes that takes.
fn with_unit(digits: Digits, rest: &str) -> (TokenKind, usize) {
    let mut at = 0;
    let mut bound = plus(rest, &mut at);
    let attached = letters(&rest[at..]);
    let multiplier = match attached {
        "k" | "K" => 1e3,
        "M" => 1e6,
        "G" | "B" => 1e9,
        _ => 1.0,
    };
    if multiplier > 1.0 {
        at += attached.len();
        bound = bound.or(plus(rest, &mut at));
    }
    let (unit, scale, length) = match unit(&rest[at..], multiplier > 1.0) {
        Some(found) => found,
        // `2.x`, `3rd`, `10px`: no number that we know.
        None if multiplier == 1.0 && !attached.is_empty() => {
            return (TokenKind::Word, at + alphanumeric(&rest[at..]).len());
        }
        None => (Unit::Plain, 1.0, 0),
    };
    at += length;
    bound = bound.or(plus(rest, &mut at));
    // Per cent and small units are printed to the last digit.
    let step = if unit == Unit::Percent && digits.is_whole { 1.0 } else { digits.step };
    let quantity = Quantity {
        value: digits.value * multiplier * scale,
        step: step * multiplier * scale,
        unit,
        bound: bound.unwrap_or(Bound::Exact),
        scale,
    };
    (TokenKind::Number(quantity), at)
}

/// Takes a plus that says "or more".
fn plus(rest: &str, at: &mut usize) -> Option<Bound> {
    let after = rest[*at..].strip_prefix('+')?;
    if after.starts_with(|next: char| next.is_ascii_digit()) {
        return None;
    }
    *at += 1;
    Some(Bound::AtLeast)
}

fn alphanumeric(text: &str) -> &str {
    let end = text.find(|one: char| !one.is_alphanumeric()).unwrap_or(text.len());
    &text[..end]
}

/// Whether a time ends here, or goes on as `1m30s` does and `5d7a` does not.
fn is_time_or_over(after: &str) -> bool {
    let mut rest = alphanumeric(after);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let word = letters(&rest[digits..]);
        if digits == 0 || seconds(word).is_none() {
            return false;
        }
        rest = &rest[digits + word.len()..];
    }
    true
}

fn letters(text: &str) -> &str {
    let end = text.find(|one: char| !(one.is_alphabetic() || one == 'µ')).unwrap_or(text.len());
    &text[..end]
}

/// The unit that follows a number, its worth, and how many bytes it takes with the space before it.
fn unit(rest: &str, is_multiplied: bool) -> Option<(Unit, f64, usize)> {
    let trimmed = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}', '\u{2009}']);
    let space = rest.len() - trimmed.len();
    let is_near = space <= 3;
    if !is_near {
        return None;
    }
    if trimmed.starts_with('%') {
        return Some((Unit::Percent, 1.0, space + 1));
    }
    if trimmed.starts_with('×') && space == 0 {
        return Some((Unit::Times, 1.0, '×'.len_utf8()));
    }
    let (word, length) = (letters(trimmed), space + letters(trimmed).len());
    let after = &rest[length..];
    if word.is_empty() {
        return per(after).map(|(scale, more)| (Unit::PerSecond(Event::Other), scale, length + more));
    }
    if let Some(event) = rate(word) {
        return Some((Unit::PerSecond(event), 1.0, length));
    }
    let is_word_over = !after.starts_with(|next: char| next.is_alphanumeric());
    if let Some((scale, more)) = per(after) {
        // Bytes, files and pages per second are no rate of requests.
        let unit = event(word).map_or(Unit::Other, Unit::PerSecond);
        return Some((unit, if unit == Unit::Other { 1.0 } else { scale }, length + more));
    }
    if matches!(word, "per" | "percent") {
        return match word {
            "percent" => Some((Unit::Percent, 1.0, length)),
            _ if after.trim_start().starts_with("cent") => {
                Some((Unit::Percent, 1.0, length + after.len() - after.trim_start().len() + 4))
            }
            _ => {
                per(&rest[space..]).map(|(scale, more)| (Unit::PerSecond(Event::Other), scale, space + more))
            }
        };
    }
    if space == 0 && matches!(word, "x" | "X") && is_word_over {
        return Some((Unit::Times, 1.0, length));
    }
    let is_letter = word.len() == 1 && word.starts_with(char::is_uppercase);
    if let Some(scale) = seconds(word).filter(|_| !is_multiplied && !is_letter && is_time_or_over(after)) {
        return Some((Unit::Seconds, scale, length));
    }
    let is_other = ["KB", "MB", "GB", "TB", "kB", "KiB", "MiB", "GiB", "TiB", "Mbps", "Gbps", "IOPS", "°C"];
    is_other.contains(&word).then_some((Unit::Other, 1.0, length))
}

/// `/s`, `/sec`, `per second`, `/min`: how many of these are in a second, and how many bytes it takes.
fn per(text: &str) -> Option<(f64, usize)> {
    let trimmed = text.trim_start_matches([' ', '\u{a0}']);
    let after = match trimmed.strip_prefix('/') {
        Some(after) => after.trim_start_matches(' '),
        None => trimmed.strip_prefix("per ")?.trim_start_matches(' '),
    };
    let word = letters(after);
    let scale = 1.0 / seconds(word).filter(|seconds| *seconds >= 1.0)?;
    Some((scale, text.len() - after.len() + word.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::token::{first_quantity, quantities};

    fn read(line: &str) -> Vec<(f64, Unit, Bound)> {
        quantities(line).into_iter().map(|(one, _)| (one.value, one.unit, one.bound)).collect()
    }

    #[test]
    fn numbers_are_read_as_people_print_them() {
        use Bound::{About, AtLeast, AtMost, Exact};
        let request = Unit::PerSecond(Event::Request);
        for (line, wanted) in [
            ("112ms", (0.112, Unit::Seconds, Exact)),
            ("1,456ms", (1.456, Unit::Seconds, Exact)),
            ("2 h 10 min", (7800.0, Unit::Seconds, Exact)),
            ("1m30s", (90.0, Unit::Seconds, Exact)),
            ("15 minutes", (900.0, Unit::Seconds, Exact)),
            ("< 5 s", (5.0, Unit::Seconds, AtMost)),
            ("≤10 s", (10.0, Unit::Seconds, AtMost)),
            ("at least 3 days", (259_200.0, Unit::Seconds, AtLeast)),
            ("~ 99.9 %", (99.9, Unit::Percent, About)),
            ("85%+", (85.0, Unit::Percent, AtLeast)),
            ("99.9 percent", (99.9, Unit::Percent, Exact)),
            ("150.7 RPS", (150.7, request, Exact)),
            ("50,000+ RPS", (50_000.0, request, AtLeast)),
            ("600 requests per minute", (10.0, request, Exact)),
            ("1.59M msg/sec", (1.59e6, Unit::PerSecond(Event::Message), Exact)),
            ("3,196 ops/s", (3196.0, Unit::PerSecond(Event::Operation), Exact)),
            ("10,000/sec", (10_000.0, Unit::PerSecond(Event::Other), Exact)),
            ("98 MB/s", (98.0, Unit::Other, Exact)),
            ("16GB", (16.0, Unit::Other, Exact)),
            ("5,811x", (5811.0, Unit::Times, Exact)),
            ("41 million", (41.0, Unit::Plain, Exact)),
            ("100k", (100_000.0, Unit::Plain, Exact)),
            ("-5 %", (-5.0, Unit::Percent, Exact)),
        ] {
            let read = read(line);
            let [(value, unit, bound)] = read.as_slice() else { panic!("{line}: {read:?}") };
            assert!(
                (value - wanted.0).abs() < 1e-9 && (*unit, *bound) == (wanted.1, wanted.2),
                "{line}: {read:?}"
            );
        }
    }

    #[test]
    fn what_has_digits_and_is_no_number_is_left_alone() {
        for line in [
            "P95",
            "SHA-256",
            "AES-256-CBC",
            "24.0.7+",
            "2.x",
            "16:30",
            "2026-02-12T20:00:00Z",
            "1-10",
            "2-20x",
            "30–120 s",
            "12/31/2025",
            "3rd",
            "S3",
            "p99.9",
            "10.0.0.1:80",
            "v1.2.3",
            "utf8",
            "7c25dce7ba",
            "5d7a",
            "see https://a.example/5%20ms/3s",
        ] {
            assert_eq!(read(line), [], "{line}");
        }
    }

    #[test]
    fn the_last_printed_digit_has_a_worth() {
        for (line, step) in [
            ("99.98 %", 0.01),
            ("0.29s", 0.01),
            ("15 min", 60.0),
            ("500 RPS", 100.0),
            ("4,521", 1.0),
            ("1.59M", 10_000.0),
            ("90%", 1.0),
        ] {
            let (quantity, _) = first_quantity(line).unwrap();
            assert!((quantity.step - step).abs() < step * 1e-9, "{line}: {quantity:?}");
        }
    }
}
