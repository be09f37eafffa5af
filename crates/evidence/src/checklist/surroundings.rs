//! Other time zones and languages: a subject that is started elsewhere in the world does what it did, finds what it kept, and
//! says what time it is as HTTP says it (RFC 9110, 5.6.7 and 6.6.1).

use plimsoll_base::Utc;
use serde::{Deserialize, Serialize};

use super::CheckedCase;

/// A reply says its time in whole seconds, and a clock is read a little before it is sent.
const DATE_OFF_S_MAX: i64 = 2;
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const DAY_S: i64 = 86_400;
/// 1970 began on a Thursday.
const FIRST_DAY: i64 = 4;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Where a subject is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Surrounding {
    /// Fourteen hours before Greenwich, where the day begins first.
    Kiritimati,
    /// Three and a half hours behind it.
    Newfoundland,
    /// Where a small i has a dot when it is large.
    Turkey,
    /// Where a comma stands before the tenths.
    Germany,
    /// Where nobody has said which language is spoken: texts are bytes.
    Nowhere,
}

/// What was seen there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surrounded {
    /// Where.
    pub surrounding: Surrounding,
    /// Whether the language is there on the machine; where it is not, programs speak none.
    pub spoken: bool,
    /// How many of its requests got a good reply.
    pub good: u64,
    /// How many it was asked.
    pub asked: u64,
    /// What the first reply said of the time; absent if nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub date: Option<String>,
    /// When it was asked for.
    pub at: Utc,
    /// When it had come.
    pub until: Utc,
    /// Whether a write that was acknowledged elsewhere could be read; absent without a ledger.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub found: Option<bool>,
}

impl Surrounding {
    /// All of them, in the order in which the subject moves.
    pub const ALL: [Self; 5] =
        [Self::Kiritimati, Self::Newfoundland, Self::Turkey, Self::Germany, Self::Nowhere];

    /// The variables that make it.
    pub fn variables(self) -> [(&'static str, &'static str); 3] {
        let [zone, language] = match self {
            Self::Kiritimati => ["Pacific/Kiritimati", "C.UTF-8"],
            Self::Newfoundland => ["America/St_Johns", "C.UTF-8"],
            Self::Turkey => ["Europe/Istanbul", "tr_TR.UTF-8"],
            Self::Germany => ["Europe/Berlin", "de_DE.UTF-8"],
            Self::Nowhere => ["UTC", "C"],
        };
        [("TZ", zone), ("LC_ALL", language), ("LANG", language)]
    }
}

/// Each of them; `None` if one was left out.
pub(super) fn cases(seen: &[Surrounded]) -> Option<Vec<CheckedCase>> {
    let is_whole = seen.iter().map(|one| one.surrounding).eq(Surrounding::ALL);
    let has_asked = seen.iter().all(|one| one.asked > 0 && one.good <= one.asked);
    // What is asked in one place is asked in all.
    let is_alike = seen
        .windows(2)
        .all(|two| two[0].asked == two[1].asked && two[0].found.is_some() == two[1].found.is_some());
    (is_whole && has_asked && is_alike).then(|| seen.iter().map(checked).collect())
}

fn checked(one: &Surrounded) -> CheckedCase {
    let [(_, zone), (_, language), _] = one.surrounding.variables();
    let date = one.date.as_deref().unwrap_or("no time");
    CheckedCase {
        case: format!("TZ {zone}, LC_ALL {language}"),
        seen: format!(
            "{} of {} good, {date}{}",
            one.good,
            one.asked,
            if one.spoken { "" } else { ", the language is not installed here" }
        ),
        problem: problem(one),
    }
}

fn problem(one: &Surrounded) -> Option<String> {
    if one.good < one.asked {
        return Some("a request that is good elsewhere is not good here".into());
    }
    if one.found == Some(false) {
        return Some("a write that was acknowledged elsewhere is not found here".into());
    }
    // Who has no clock says nothing of the time.
    let date = one.date.as_deref()?;
    let Some(said) = seconds_of(date) else {
        return Some("its time is not written as HTTP writes it".into());
    };
    let off_s = (one.at.unix_seconds() - said).max(said - one.until.unix_seconds());
    (off_s > DATE_OFF_S_MAX).then(|| format!("its time is {off_s} s off"))
}

/// Seconds since 1970 of an IMF-fixdate such as `Sun, 06 Nov 1994 08:49:37 GMT`; the older forms are none that one may send.
fn seconds_of(date: &str) -> Option<i64> {
    let (weekday, rest) = date.split_once(", ")?;
    let [day, month, year, time, "GMT"] = rest.split(' ').collect::<Vec<_>>()[..] else { return None };
    let month = 1 + MONTHS.iter().position(|known| *known == month)?;
    let whole = format!("{year}-{month:02}-{day}T{time}Z");
    let seconds = whole.parse::<Utc>().ok()?.unix_seconds();
    let day_number = (seconds.div_euclid(DAY_S) + FIRST_DAY).rem_euclid(7);
    let is_day = usize::try_from(day_number).is_ok_and(|at| DAYS.get(at) == Some(&weekday));
    is_day.then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-11-21T20:00:01Z";

    fn good() -> Vec<Surrounded> {
        let one = |surrounding| Surrounded {
            surrounding,
            spoken: true,
            good: 3,
            asked: 3,
            date: Some("Sat, 21 Nov 2026 20:00:00 GMT".into()),
            at: AT.parse().unwrap(),
            until: AT.parse().unwrap(),
            found: Some(true),
        };
        Surrounding::ALL.map(one).to_vec()
    }

    fn said(change: impl FnOnce(&mut Surrounded)) -> Option<String> {
        let mut seen = good();
        change(&mut seen[2]);
        let mut cases = cases(&seen).unwrap();
        let changed = cases.remove(2);
        assert!(cases.iter().all(|case| case.problem.is_none()), "{cases:?}");
        changed.problem
    }

    #[test]
    fn what_differs_elsewhere_is_wrong() {
        let date = |text: &str| {
            let text = text.to_owned();
            said(|one| one.date = Some(text))
        };
        assert_eq!(said(|_| ()), None);
        assert_eq!(said(|one| one.date = None), None, "no clock");
        let slow = said(|one| one.at = "2026-11-21T19:59:00Z".parse().unwrap());
        assert_eq!(slow, None, "a reply that took a minute");
        assert_eq!(said(|one| one.good = 2).unwrap(), "a request that is good elsewhere is not good here");
        let lost = "a write that was acknowledged elsewhere is not found here";
        assert_eq!(said(|one| one.found = Some(false)).unwrap(), lost);
        assert_eq!(date("Sat, 21 Nov 2026 23:00:00 GMT").unwrap(), "its time is 10799 s off");
        assert_eq!(date("Sat, 21 Nov 2026 20:00:03 GMT"), None);
        for written in [
            "Sat, 21 Nov 2026 23:00:00 +03",
            "Cmt, 21 Kas 2026 20:00:00 GMT",
            "Sa, 21 Nov 2026 20:00:00 GMT",
            "Fri, 21 Nov 2026 20:00:00 GMT",
            "Saturday, 21-Nov-26 20:00:00 GMT",
            "Sat Nov 21 20:00:00 2026",
            "",
        ] {
            assert_eq!(date(written).unwrap(), "its time is not written as HTTP writes it", "{written}");
        }
    }

    #[test]
    fn a_place_that_was_left_out_shows_nothing() {
        let mut few = good();
        few.pop();
        let mut turned = good();
        turned.swap(0, 1);
        let mut silent = good();
        silent[0].asked = 0;
        let mut fewer = good();
        (fewer[3].good, fewer[3].asked) = (1, 1);
        let mut unread = good();
        unread[4].found = None;
        for seen in [few, turned, silent, fewer, unread] {
            assert_eq!(cases(&seen), None);
        }
    }
}
