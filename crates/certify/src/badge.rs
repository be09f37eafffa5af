//! A certificate as a picture of two words. Pure.
//!
//! Green is what is certified, valid and in its time, and nothing else. Whatever is over, withdrawn, made for a
//! demonstration or not known is grey: a picture that cannot be had must not look like a good one.

use plimsoll_base::{Utc, is_unseen};
use plimsoll_evidence::{EffectiveStatus, Outcome, Report, Status};

use crate::intact::Intact;

/// What a badge says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// What it is about: the profile.
    pub label: String,
    /// The word.
    pub word: &'static str,
    /// Until when it may say so; a picture that is kept longer lies.
    pub until: Option<Utc>,
    tone: Tone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Good,
    Preliminary,
    Doubtful,
    Bad,
    Grey,
}

impl Tone {
    /// Dark enough for white letters: a contrast of 4.5 and more.
    fn colour(self) -> &'static str {
        match self {
            Self::Good => "#1f6b3b",
            Self::Preliminary => "#0b5570",
            Self::Doubtful => "#805300",
            Self::Bad => "#a32a20",
            Self::Grey => "#5f666b",
        }
    }
}

/// A label is a name; no profile has a longer one.
const LABEL_CHARS_MAX: usize = 40;

impl Badge {
    /// What is known of nothing.
    pub fn unknown(label: &str) -> Self {
        Self::grey(label, "unknown")
    }

    /// One that has gone stale, or is over.
    pub fn grey(label: &str, word: &'static str) -> Self {
        Self { label: label.to_owned(), word, until: None, tone: Tone::Grey }
    }

    /// What a verification says at a time.
    pub fn of(report: &Report, at: Utc) -> Self {
        let label = report.certificate.as_ref().map_or("plimsoll", |certificate| &certificate.level);
        match report.outcome {
            Outcome::Valid => match Intact::of(report, at) {
                Ok(intact) => {
                    let status = report.standing.as_ref().map(|standing| standing.status);
                    let signed = EffectiveStatus::Judged(intact.certificate.status);
                    match status.unwrap_or(signed) {
                        EffectiveStatus::Judged(status) => {
                            Self::of_status(label, status, intact.certificate.not_after)
                        }
                        over => Self::grey(label, over.name()),
                    }
                }
                Err(_) => Self::unknown(label),
            },
            Outcome::ValidDemo => Self::grey(label, "demo"),
            Outcome::Expired => Self::grey(label, "expired"),
            Outcome::Revoked => Self::grey(label, "revoked"),
            Outcome::Suspended => Self::grey(label, "suspended"),
            Outcome::Superseded => Self::grey(label, "superseded"),
            // Nobody vouches for what it calls itself.
            _ => Self::unknown("plimsoll"),
        }
    }

    /// A certificate that holds until a time.
    pub fn of_status(label: &str, status: Status, until: Utc) -> Self {
        let tone = match status {
            Status::Certified => Tone::Good,
            Status::Preliminary => Tone::Preliminary,
            Status::Conditional => Tone::Doubtful,
            Status::Denied => Tone::Bad,
            Status::Pending => Tone::Grey,
        };
        Self { label: label.to_owned(), word: status.name(), until: Some(until), tone }
    }

    /// The picture.
    pub fn svg(&self) -> String {
        let is_plain = |c: &char| !is_unseen(*c) && !c.is_control();
        let label: String = self.label.chars().filter(is_plain).take(LABEL_CHARS_MAX).collect();
        let until = self.until.map(|until| until.to_string().chars().take(10).collect::<String>());
        let word = until.map_or_else(|| self.word.to_owned(), |day| format!("{} until {day}", self.word));
        // Six units on each side; the text is told to fit, whatever letters there are.
        let width = |text: &str| 12 + text.chars().map(letter_width).sum::<usize>();
        let (left, right) = (width(&label), width(&word));
        let (whole, colour) = (left + right, self.tone.colour());
        let text = |x: usize, of: usize, text: &str| {
            let length = of - 12;
            format!("<text x=\"{x}\" y=\"14\" textLength=\"{length}\">{}</text>", escaped(text))
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" aria-label=\"{title}\">\
             <title>{title}</title><rect width=\"{whole}\" height=\"20\" rx=\"3\" fill=\"#2b3237\"/>\
             <path d=\"M{left} 0h{square}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{square}z\" fill=\"{colour}\"/>\
             <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">{}{}</g></svg>\n",
            text(6, left, &label),
            text(left + 6, right, &word),
            square = right - 3,
            title = escaped(&format!("{label}: {word}")),
        )
    }
}

/// About as wide as a letter is in Verdana at 11 units.
fn letter_width(letter: char) -> usize {
    match letter {
        'i' | 'j' | 'l' => 3,
        'f' | 'r' | 't' | ' ' | '-' | ':' | '.' => 4,
        'm' | 'w' => 10,
        _ => 7,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREEN: &str = "#1f6b3b";

    fn at() -> Utc {
        Utc::from_unix_seconds(1_795_291_200)
    }

    #[test]
    fn nothing_is_green_but_what_is_certified() {
        for status in [Status::Denied, Status::Pending, Status::Conditional, Status::Preliminary] {
            let svg = Badge::of_status("quick", status, at()).svg();
            assert!(!svg.contains(GREEN) && svg.contains(status.name()), "{svg}");
        }
        assert!(Badge::of_status("quick", Status::Certified, at()).svg().contains(GREEN));
        let outcomes = [
            Outcome::ValidDemo,
            Outcome::Untrusted,
            Outcome::Incomplete,
            Outcome::Newer,
            Outcome::Invalid,
            Outcome::Revoked,
            Outcome::Expired,
            Outcome::Unreadable,
            Outcome::Valid,
        ];
        // Without a certificate even an outcome that says valid is none.
        for outcome in outcomes {
            let badge = Badge::of(&Report { outcome, ..Report::default() }, at());
            assert_eq!(badge.tone, Tone::Grey, "{outcome:?}");
        }
    }

    #[test]
    fn no_name_leaves_its_place() {
        let svg = Badge::unknown("<script>\"&\u{202e}\u{7}").svg();
        assert!(
            svg.contains("&lt;script&gt;&quot;&amp;")
                && !svg.contains("<script")
                && !svg.contains('\u{202e}'),
            "{svg}"
        );
        assert!(Badge::unknown(&"long".repeat(99)).svg().len() < 1_500);
    }
}
