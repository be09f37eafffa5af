//! Days as people write them.

/// A day as it is printed. It may not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day {
    /// None where only day and month are said.
    pub(crate) year: Option<u32>,
    pub(crate) month: u32,
    pub(crate) day: u32,
}

/// A day with the text that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) day: Day,
    /// Where it begins and ends, in bytes.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Hours, minutes and seconds after it.
    pub(crate) clock: Option<(u32, u32, u32)>,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Day {
    pub(crate) fn exists(self) -> bool {
        // Without a year the 29th of February may exist.
        (1..=12).contains(&self.month)
            && self.day >= 1
            && self.day <= days_in(self.year.unwrap_or(2000), self.month)
    }

    /// The last day of its month.
    pub(crate) fn last(self) -> u32 {
        days_in(self.year.unwrap_or(2000), self.month)
    }

    /// Index of the day of the week, Monday first. None without a year or where there is no such day.
    fn weekday(self) -> Option<usize> {
        let year = self.year.filter(|_| self.exists())?;
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days since 1970-01-01, a Thursday.
        let (y, m) = if self.month <= 2 {
            (i64::from(year) - 1, self.month + 9)
        } else {
            (i64::from(year), self.month - 3)
        };
        let day_of_year = (153 * i64::from(m) + 2) / 5 + i64::from(self.day) - 1;
        let era = y.div_euclid(400);
        let year_of_era = y.rem_euclid(400);
        let days =
            era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
        usize::try_from((days + 3).rem_euclid(7)).ok()
    }

    /// Month and day, for people.
    pub(crate) fn month_name(self) -> &'static str {
        let index = usize::try_from(self.month).unwrap_or(0).wrapping_sub(1);
        MONTHS.get(index).copied().unwrap_or("")
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A word or a number of a line.
#[derive(Debug, Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    start: usize,
}

impl Piece<'_> {
    fn end(self) -> usize {
        self.start + self.text.len()
    }

    fn number(self, digits: std::ops::RangeInclusive<usize>) -> Option<u32> {
        digits.contains(&self.text.len()).then(|| self.text.parse().ok()).flatten()
    }

    fn month(self) -> Option<u32> {
        let text = self.text;
        let is_short = |name: &str| {
            (3..=4).contains(&text.len())
                && name.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text))
        };
        let is_it = |name: &&str| name.eq_ignore_ascii_case(text) || is_short(name);
        let index = MONTHS.iter().position(is_it)?;
        u32::try_from(index + 1).ok()
    }

    /// `31`, `31st`.
    fn day(self) -> Option<u32> {
        let digits = self.text.trim_end_matches(|one: char| one.is_ascii_alphabetic());
        let is_ordinal = matches!(&self.text[digits.len()..], "" | "st" | "nd" | "rd" | "th");
        (is_ordinal && (1..=2).contains(&digits.len())).then(|| digits.parse().ok()).flatten()
    }

    fn year(self) -> Option<u32> {
        self.number(4..=4).filter(|year| (1900..2200).contains(year))
    }
}

/// Whether a word is the name of a month.
pub(crate) fn is_month(word: &str) -> bool {
    Piece { text: word, start: 0 }.month().is_some()
}

/// The days of a line in any usual spelling.
pub(crate) fn days(line: &str) -> Vec<Found> {
    let pieces = pieces(line);
    let mut found = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        let three = (pieces.get(at), pieces.get(at + 1), pieces.get(at + 2));
        let day = match three {
            (Some(one), Some(two), Some(three)) => {
                numeric(line, *one, *two, *three).or_else(|| named(line, *one, *two, Some(*three)))
            }
            (Some(one), Some(two), None) => named(line, *one, *two, None),
            _ => None,
        };
        match day {
            Some((day, used)) => {
                let (start, end) = (pieces[at].start, pieces[at + used - 1].end());
                found.push(Found { day, start, end, clock: clock(&line[end..]) });
                at += used;
            }
            None => at += 1,
        }
    }
    found
}

fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut start = None;
    for (at, one) in line.char_indices().chain([(line.len(), ' ')]) {
        let is_part = one.is_alphanumeric();
        // `2026-02-12T20` is a day and a clock.
        let is_clock = one == 'T' && line[..at].ends_with(|one: char| one.is_ascii_digit());
        match start {
            Some(from) if !is_part || is_clock => {
                pieces.push(Piece { text: &line[from..at], start: from });
                start = is_clock.then_some(at);
            }
            None if is_part => start = Some(at),
            _ => {}
        }
    }
    pieces
}

/// `2026-02-12`, `2026/02/12`, `12.02.2026`, `2/12/2026`. `2026.02.12` may be a version.
fn numeric(line: &str, one: Piece<'_>, two: Piece<'_>, three: Piece<'_>) -> Option<(Day, usize)> {
    let mark = &line[one.end()..two.start];
    let is_alone = {
        let before = line[..one.start].chars().next_back();
        let after = line[three.end()..].chars();
        let mut after = after.take(2);
        // A longer chain of numbers is a version or a name, not a day.
        let goes_on = |mark: Option<char>, next: Option<char>| {
            mark.is_some_and(|mark| "-./_".contains(mark)) && next.is_some_and(char::is_alphanumeric)
        };
        !before.is_some_and(|one| "-./_:".contains(one)) && !goes_on(after.next(), after.next())
    };
    if mark != &line[two.end()..three.start] || !is_alone {
        return None;
    }
    let day = |year, month, day| (Day { year: Some(year), month, day }, 3);
    match mark {
        "-" | "/" if one.year().is_some() => Some(day(one.year()?, two.number(2..=2)?, three.number(2..=2)?)),
        "." => Some(day(three.year()?, two.number(1..=2)?, one.number(1..=2)?))
            .filter(|(day, _)| day.month <= 12),
        "/" | "-" => {
            let (first, second, year) = (one.number(1..=2)?, two.number(1..=2)?, three.year()?);
            let readings = [day(year, first, second), day(year, second, first)];
            let existing = readings.iter().find(|(day, _)| day.exists());
            let possible = readings.iter().find(|(day, _)| day.month <= 12);
            Some(*existing.or(possible).unwrap_or(&readings[0]))
        }
        _ => None,
    }
}

/// `June 6, 2025`, `6 June 2025`, `November 31`.
fn named(line: &str, one: Piece<'_>, two: Piece<'_>, three: Option<Piece<'_>>) -> Option<(Day, usize)> {
    let gap = |from: Piece<'_>, to: Piece<'_>| {
        let gap = &line[from.end()..to.start];
        gap.trim_matches([',', '.', ' ', '-']).is_empty() && gap.len() <= 3
    };
    let (month, day) = match (one.month(), one.day()) {
        (Some(month), _) => (month, two.day()?),
        // `2.0, January` has no day, and in `36 Jul 15` it is the other number.
        (None, Some(day)) if is_first(line, one, two, three) => (two.month()?, day),
        _ => return None,
    };
    // "May 31" may be a sentence's end, and "may" is a verb: only as a name.
    let name = if one.month().is_some() { one } else { two };
    if !gap(one, two) || !name.text.starts_with(char::is_uppercase) {
        return None;
    }
    let year = three.filter(|three| gap(two, *three)).and_then(Piece::year);
    Some((Day { year, month, day }, if year.is_some() { 3 } else { 2 }))
}

/// Whether the number before a month may be its day.
fn is_first(line: &str, day: Piece<'_>, month: Piece<'_>, third: Option<Piece<'_>>) -> bool {
    let is_alone = !line[..day.start].ends_with(['.', ':', '-', '/', ',']);
    let is_near = line[day.end()..month.start].trim_matches(['.', ' ']).is_empty();
    let is_other =
        third.is_some_and(|third| third.day().is_some() && line[month.end()..third.start].trim().is_empty());
    is_alone && is_near && !is_other
}

/// `T20:00:00`, ` 20:00`.
fn clock(after: &str) -> Option<(u32, u32, u32)> {
    let after = after.strip_prefix(['T', ' '])?;
    let mut parts = after.split(|one: char| !(one.is_ascii_digit() || one == ':')).next()?.split(':');
    let mut part = || parts.next().filter(|text| text.len() == 2).and_then(|text| text.parse().ok());
    let (hours, minutes) = (part()?, part()?);
    Some((hours, minutes, part().unwrap_or(0)))
}

/// The weekday that is named beside a day and is not its own: both, by name.
pub(crate) fn wrong_weekday(line: &str, found: &Found) -> Option<(&'static str, &'static str)> {
    let right = *WEEKDAYS.get(found.day.weekday()?)?;
    let before = line[..found.start].trim_end_matches([',', ' ', '.', '(']);
    let after = line[found.end..].trim_start_matches([',', ' ', '(']);
    let last = before.rsplit(|one: char| !one.is_alphabetic()).next().unwrap_or("");
    let next = after.split(|one: char| !one.is_alphabetic()).next().unwrap_or("");
    let gap = (found.start - before.len(), line.len() - found.end - after.len());
    let said = [(last, gap.0), (next, gap.1)]
        .into_iter()
        .filter(|(_, gap)| (1..=3).contains(gap))
        .find_map(|(word, _)| weekday(word))?;
    (said != right).then_some((said, right))
}

fn weekday(word: &str) -> Option<&'static str> {
    let is_named = word.starts_with(char::is_uppercase);
    WEEKDAYS.into_iter().find(|name| {
        is_named && (name.eq_ignore_ascii_case(word) || word.len() == 3 && name.starts_with(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(line: &str) -> Vec<(Option<u32>, u32, u32)> {
        days(line).into_iter().map(|found| (found.day.year, found.day.month, found.day.day)).collect()
    }

    #[test]
    fn days_are_read_in_every_usual_spelling() {
        for line in [
            "until November 31, 2025",
            "until Nov. 31 2025",
            "31 November 2025",
            "31st November, 2025",
            "2025-11-31",
            "2025/11/31",
            "31.11.2025",
            "11/31/2025",
            "31/11/2025",
            "2025-11-31T20:00:00Z",
            "(2025-11-31)",
        ] {
            assert_eq!(day(line), [(Some(2025), 11, 31)], "{line}");
        }
        assert_eq!(day("November 31"), [(None, 11, 31)]);
        assert_eq!(day("root 36 Jul 15 20:26"), [(None, 7, 15)]);
        assert_eq!(day("June 6, 2025 - June 6, 2026"), [(Some(2025), 6, 6), (Some(2026), 6, 6)]);
    }

    #[test]
    fn what_is_no_day_is_none() {
        for line in [
            "it may 31 times",
            "1.45.2024.1",
            "10.0.0.1",
            "v2025-99-99-rc1",
            "run-2025-13-45",
            "550e8400-e29b-41d4",
            "March on 31",
            "24.0.7",
            "1/2",
            "report 1759172987668",
            "12-34-5678-9",
            "Marching 31",
            "Version 2.0, January 2004",
        ] {
            assert_eq!(day(line), [], "{line}");
        }
    }

    #[test]
    fn leap_years_and_weekdays_are_known() {
        let first = |line: &str| days(line).remove(0);
        assert!(first("2024-02-29").day.exists() && !first("2025-02-29").day.exists());
        assert!(!first("1900-02-29").day.exists() && first("February 29").day.exists());
        for (line, wrong) in [
            ("Friday, June 27, 2025", None),
            ("Monday, June 27, 2025", Some(("Monday", "Friday"))),
            ("2026-11-22 (Sun)", None),
            ("2026-11-22 (Tue)", Some(("Tuesday", "Sunday"))),
            ("we met on Monday; 2026-11-22 is far", None),
            ("Sun rises 2026-11-23", None),
        ] {
            assert_eq!(wrong_weekday(line, &first(line)), wrong, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics(line in "\\PC{0,40}|[0-9T:/. -]{0,30}|(May|June|31|Mon|2025|,| |é){0,9}") {
            for found in days(&line) {
                wrong_weekday(&line, &found);
                found.day.month_name();
            }
        }
    }
}
