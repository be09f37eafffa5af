//! Other time zones and languages: a subject that is started elsewhere in the world does what it did, finds what it kept, and
//! says what time it is as HTTP says it (RFC 9110, 5.6.7 and 6.6.1).

use plimsoll_base::Utc;
use serde::{Deserialize, Serialize};

use super::CheckedCase;

/// A reply says its time in whole seconds, and a clock is read a little before it is sent.
const DATE_OFF_S_MAX: u64 = 2;
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
    /// When that reply came.
    pub at: Utc,
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
    (is_whole && has_asked).then(|| seen.iter().map(checked).collect())
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
    match seconds_of(date) {
        None => Some("its time is not written as HTTP writes it".into()),
        Some(said) if said.abs_diff(one.at.unix_seconds()) > DATE_OFF_S_MAX => {
            Some(format!("its time is {} s off", said.abs_diff(one.at.unix_seconds())))
        }
        Some(_) => None,
    }
}

/// Seconds since 1970 of an IMF-fixdate such as `Sun, 06 Nov 1994 08:49:37 GMT`; the older forms are none that one may send.
fn seconds_of(date: &str) -> Option<i64> {
    let (_, rest) = date.split_once(", ")?;
    let [day, month, year, time, "GMT"] = rest.split(' ').collect::<Vec<_>>()[..] else { return None };
    let month = 1 + MONTHS.iter().position(|known| *known == month)?;
    let whole = format!("{year}-{month:02}-{day}T{time}Z");
    Some(whole.parse::<Utc>().ok()?.unix_seconds())
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
        assert_eq!(said(|one| (one.date, one.found) = (None, None)), None, "no clock and no ledger");
        assert_eq!(said(|one| one.good = 2).unwrap(), "a request that is good elsewhere is not good here");
        let lost = "a write that was acknowledged elsewhere is not found here";
        assert_eq!(said(|one| one.found = Some(false)).unwrap(), lost);
        assert_eq!(date("Sat, 21 Nov 2026 23:00:00 GMT").unwrap(), "its time is 10799 s off");
        assert_eq!(date("Sat, 21 Nov 2026 20:00:03 GMT"), None);
        for written in [
            "Sat, 21 Nov 2026 23:00:00 +03",
            "Cmt, 21 Kas 2026 20:00:00 GMT",
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
        assert_eq!([cases(&few), cases(&turned), cases(&silent)], [None, None, None]);
    }
}
