//! Which statuses count as a good reply.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::error::{Error, shortened};

/// Three digits can write no more.
const STATUS_MAX: u16 = 999;
const WORDS: usize = STATUS_MAX as usize / 64 + 1;

/// A set of HTTP statuses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StatusSet([u64; WORDS]);

impl StatusSet {
    /// The set of the statuses in `range`.
    pub fn range(range: RangeInclusive<u16>) -> Self {
        let mut set = Self([0; WORDS]);
        range.filter(|status| *status <= STATUS_MAX).for_each(|status| set.insert(status));
        set
    }

    /// Whether `status` is in the set.
    pub fn contains(&self, status: u16) -> bool {
        self.0.get(usize::from(status / 64)).is_some_and(|word| word >> (status % 64) & 1 == 1)
    }

    fn insert(&mut self, status: u16) {
        if let Some(word) = self.0.get_mut(usize::from(status / 64)) {
            *word |= 1 << (status % 64);
        }
    }
}

impl Default for StatusSet {
    /// What browsers and most clients take as success: 200 to 399.
    fn default() -> Self {
        Self::range(200..=399)
    }
}

impl fmt::Debug for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for StatusSet {
    /// The shortest list of ranges, such as `200-299, 404`, that `from_str` reads again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut status = 0;
        while status <= STATUS_MAX {
            let length = (status..=STATUS_MAX).take_while(|status| self.contains(*status)).count() as u16;
            match length {
                0 => {}
                1 => write!(f, "{separator}{status:03}")?,
                _ => write!(f, "{separator}{status:03}-{:03}", status + length - 1)?,
            }
            separator = if length > 0 { ", " } else { separator };
            status += length + 1;
        }
        Ok(())
    }
}

impl FromStr for StatusSet {
    type Err = Error;

    /// Reads `200`, `2xx`, `200-299`, and lists of them with commas.
    fn from_str(text: &str) -> Result<Self, Error> {
        let error = || Error::Statuses(shortened(text));
        let mut set = Self([0; WORDS]);
        for part in text.split(',') {
            part_range(part.trim()).ok_or_else(error)?.for_each(|status| set.insert(status));
        }
        Ok(set)
    }
}

fn part_range(part: &str) -> Option<RangeInclusive<u16>> {
    if let Some(class) = part.strip_suffix("xx") {
        let class = class.parse::<u16>().ok().filter(|class| (1..=9).contains(class))?;
        return Some(class * 100..=class * 100 + 99);
    }
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    let (first, last) = (status(first)?, status(last)?);
    (first <= last).then_some(first..=last)
}

fn status(text: &str) -> Option<u16> {
    let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_classes_ranges_and_single_statuses() {
        let set: StatusSet = "2xx, 301-303,404".parse().unwrap();
        for status in [200, 299, 301, 303, 404] {
            assert!(set.contains(status), "{status}");
        }
        for status in [100, 199, 300, 304, 403, 405, 999, 1000, u16::MAX] {
            assert!(!set.contains(status), "{status}");
        }
        assert_eq!(set.to_string(), "200-299, 301-303, 404");
    }

    #[test]
    fn the_default_is_200_to_399() {
        let set = StatusSet::default();
        assert_eq!(set.to_string(), "200-399");
    }

    #[test]
    fn refuses_everything_else() {
        for text in ["", "2x", "0xx", "20", "2000", "299-200", "200,", "ok", "-", "+20"] {
            assert!(text.parse::<StatusSet>().is_err(), "{text} was accepted");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(statuses in proptest::collection::btree_set(100u16..=999, 1..40)) {
            let mut set = StatusSet([0; WORDS]);
            statuses.iter().for_each(|status| set.insert(*status));
            prop_assert_eq!(set.to_string().parse::<StatusSet>(), Ok(set));
            prop_assert!((0..=u16::MAX).all(|status| set.contains(status) == statuses.contains(&status)));
        }
    }
}
