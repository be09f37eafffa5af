//! What statuses, verdicts and scenes are called for people, and numbers as they read them.

use plimsoll_base::{Quantity, Unit, Utc};
use plimsoll_evidence::{
    Amount, Criterion, Measurement, Op, ProcessIdentity, Scene, Status, Verdict, at_least,
};
use plimsoll_measure::Value;

use crate::html::{Element, el};

/// What stands where nothing was measured.
pub(crate) const NOTHING: &str = "–";

/// The process before a loss and the one after it, if one ever got ready.
pub(crate) fn before_and_after(before: ProcessIdentity, after: Option<ProcessIdentity>) -> String {
    let after = after.map_or_else(|| NOTHING.to_owned(), |process| process.pid.to_string());
    format!("{} → {after}", before.pid)
}

/// How a verdict or status weighs, which decides its colour; its word and its sign say the same without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Good,
    Doubtful,
    Bad,
    Neutral,
}

impl Weight {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "mark good",
            Self::Doubtful => "mark doubtful",
            Self::Bad => "mark bad",
            Self::Neutral => "mark neutral",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Doubtful => "△",
            Self::Bad => "✕",
            Self::Neutral => "○",
        }
    }
}

/// A word with its sign and colour. The sign is hidden from readers of the word.
pub(crate) fn mark(weight: Weight, word: &str) -> Element {
    el("span")
        .class(weight.class())
        .with(el("span").class("sign").attr("aria-hidden", "true").with(weight.sign()))
        .with(" ")
        .with(word)
}

/// A verdict with its sign, in words that may break.
pub(crate) fn verdict_mark(verdict: Verdict) -> Element {
    mark(verdict_weight(verdict), &verdict.name().replace('_', " "))
}

pub(crate) fn verdict_weight(verdict: Verdict) -> Weight {
    match verdict {
        Verdict::Pass => Weight::Good,
        Verdict::Fail | Verdict::ConditionalFail => Weight::Bad,
        Verdict::ConditionalPass | Verdict::Waived | Verdict::Inconclusive | Verdict::Error => {
            Weight::Doubtful
        }
        Verdict::NotMeasured | Verdict::NotApplicable => Weight::Neutral,
    }
}

pub(crate) fn status_weight(status: Status) -> Weight {
    match status {
        Status::Certified => Weight::Good,
        Status::Preliminary | Status::Conditional => Weight::Doubtful,
        Status::Denied => Weight::Bad,
        Status::Pending => Weight::Neutral,
    }
}

/// What a status means, in one sentence.
pub(crate) fn status_meaning(status: Status) -> &'static str {
    match status {
        Status::Certified => {
            "Every blocking and conditional criterion that applies was met, on at least five trials."
        }
        Status::Preliminary => {
            "Every blocking and conditional criterion that applies was met, but on fewer than five trials: nothing bounds what differs from trial to trial."
        }
        Status::Conditional => {
            "No blocking criterion is broken, but at least one criterion is met only under the conditions listed below."
        }
        Status::Denied => "At least one blocking criterion is broken: the subject does not reach this level.",
        Status::Pending => "At least one blocking criterion is without a decision: nothing is certified.",
    }
}

/// What was planted in a scene.
pub(crate) fn scene_meaning(scene: Scene) -> &'static str {
    match scene {
        Scene::Measured => "the subject as it is",
        Scene::AddedDelay => "a proxy holds every reply back",
        Scene::InjectedErrors => "a proxy answers a share of requests with 503",
        Scene::ResetConnections => "a proxy resets a share of connections",
        Scene::SlowStart => "a proxy lets no connection through for a while after the start",
        Scene::KillInstead => "SIGKILL in place of the stop signal",
        Scene::SlowRestart => "a proxy lets no connection through for a while after the restart",
        Scene::DroppedWrites => "a proxy answers a share of writes with success and drops them",
        Scene::BlamedServer => "a proxy makes 500 of every status 4xx",
        Scene::BareReplies => "a proxy takes out of replies all fields that do not frame them",
        Scene::LeakyLog => "what is planted is written to the subject's standard error as it came",
        Scene::OpenDoors => "a proxy makes 200 of every status 401 and 403",
        Scene::BentContract => "a proxy writes other letters into the texts and names of replies in JSON",
        Scene::SwappedCredentials => "a proxy shows the credential of whoever asked before",
        Scene::Unlimited => "a proxy makes 200 of every status 429 and 503",
        Scene::FreshKeys => "a proxy puts a key of its own in the place of each idempotency key",
        Scene::ObedientServer => "a proxy calls each address that stands in a request",
        Scene::OldTls => "a proxy answers with TLS 1.0 in place of the subject",
        Scene::LocalTimes => "a proxy writes the time of another time zone into replies",
        Scene::StuckMetrics => "a proxy makes 0 of every digit of the numbers in plain text",
        Scene::HoardedConnections => "a proxy opens more and more connections, and keeps all of them open",
        Scene::Stowaway => {
            "a process beside the subject's own takes memory, files, threads and processor time"
        }
        Scene::PlantedSecret => "a secret is committed to a copy of the files, and deleted again",
        Scene::PlantedComponent => {
            "a copy of the bill lists more, of which an advisory warns or which nobody may use"
        }
        Scene::PlantedFinding => "beside a copy of the results stands one with open findings",
        Scene::OrphanedAlert => "beside a copy of the alerts stand some that name no runbook",
        Scene::BrokenLink => "a link in a copy of the documents leads nowhere",
        Scene::KeptFault => "a proxy resets half of the requests from the middle of the load to its end",
        Scene::SlowRestore => {
            "a proxy lets no connection through for a while after the start on restored data"
        }
        Scene::StaleBackup => "a backup is restored that was saved before anything was written",
        Scene::PaintedHealth => "a proxy answers in the place of the health check that all is well",
        Scene::ShamFiles
        | Scene::ShamFault
        | Scene::ShamSoak
        | Scene::ShamChecks
        | Scene::ShamLoad
        | Scene::ShamStart
        | Scene::ShamStop
        | Scene::ShamCrash
        | Scene::ShamRestore => "the same path without the defect",
    }
}

/// An amount that may be absent.
pub(crate) fn amount(amount: Option<Amount>, unit: Unit) -> String {
    amount.map_or_else(|| NOTHING.to_owned(), |amount| unbroken(&amount.display(unit)))
}

/// A time of day as people read it; its machine form stands beside it.
pub(crate) fn instant(at: Utc) -> Element {
    let words = at.to_string().replace('T', " ").replace('Z', " UTC");
    el("time").attr("datetime", at).with(words)
}

/// A number of nanoseconds or infinity.
pub(crate) fn latency(value: Option<Value>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), |value| unbroken(&value.to_string()))
}

/// The limit with its sign.
pub(crate) fn limit(criterion: &Criterion) -> String {
    let sign = match criterion.op {
        Op::AtMost => "≤",
        Op::AtLeast => "≥",
    };
    format!("{sign} {}", quantity(criterion.limit, criterion.unit))
}

pub(crate) fn quantity(amount: u64, unit: Unit) -> String {
    unbroken(&Quantity { amount, unit }.to_string())
}

/// A confidence as sentences have it, never rounded up.
pub(crate) fn confidence(ppb: u64) -> String {
    unbroken(&at_least(ppb))
}

/// A number that stays on one line with its unit.
fn unbroken(words: &str) -> String {
    words.replace(' ', "\u{a0}")
}

/// The bounds of a measurement, where it has any.
pub(crate) fn bounds(measurement: &Measurement) -> Option<String> {
    let (lower, upper) = (measurement.lower?, measurement.upper?);
    Some(format!("{} to {}", amount(Some(lower), measurement.unit), amount(Some(upper), measurement.unit)))
}

/// A count with its thousands set apart.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 trial`, `5 trials`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let shown = [0, 999, 1_000, 12_345, 1_234_567].map(count);
        assert_eq!(shown, ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!([counted(1, "trial"), counted(5, "trial")], ["1 trial", "5 trials"]);
    }

    #[test]
    fn a_confidence_is_never_rounded_up() {
        let shown = [1_000_000_000, 999_999_500, 968_750_000, 950_000_000, 549_300_000].map(confidence);
        assert_eq!(shown, ["100\u{a0}%", "99.99\u{a0}%", "96.87\u{a0}%", "95\u{a0}%", "54.93\u{a0}%"]);
    }

    #[test]
    fn a_time_is_read_by_people_and_machines() {
        let html = crate::html::Html::from(instant(Utc::from_unix_seconds(1_795_294_753)));
        assert_eq!(
            html.into_string(),
            r#"<time datetime="2026-11-21T20:59:13Z">2026-11-21 20:59:13 UTC</time>"#
        );
    }

    #[test]
    fn a_sign_is_never_shared_by_good_and_bad() {
        let all = [Weight::Good, Weight::Doubtful, Weight::Bad, Weight::Neutral];
        let signs: std::collections::BTreeSet<_> = all.iter().map(|weight| weight.sign()).collect();
        assert_eq!(signs.len(), all.len());
    }

    #[test]
    fn what_is_absent_is_a_dash_and_what_never_ended_is_inf() {
        assert_eq!(amount(None, Unit::Ns), NOTHING);
        assert_eq!(amount(Some(Amount::Infinite), Unit::Ns), "inf");
    }

    #[test]
    fn only_a_pass_looks_like_one() {
        let others = [
            Verdict::ConditionalPass,
            Verdict::ConditionalFail,
            Verdict::Fail,
            Verdict::Inconclusive,
            Verdict::NotMeasured,
            Verdict::NotApplicable,
            Verdict::Error,
            Verdict::Waived,
        ];
        assert_eq!(verdict_weight(Verdict::Pass), Weight::Good);
        assert!(others.iter().all(|verdict| verdict_weight(*verdict) != Weight::Good));
        let statuses = [Status::Denied, Status::Pending, Status::Conditional, Status::Preliminary];
        assert!(statuses.iter().all(|status| status_weight(*status) != Weight::Good));
    }
}
