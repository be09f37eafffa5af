//! `plimsoll certify` with a certificate at hand: measured again, or not at all where nothing has changed.

use std::path::{Path, PathBuf};

use plimsoll_base::{Clock, Kind, inert};
use plimsoll_certify::recheck::{Asked, Certified, Finding, Present, recheck};
use plimsoll_certify::{Issued, Repetition, Subject, SystemClock, conclusion};
use plimsoll_evidence::{Amount, EffectiveStatus, Outcome, Profile, Repetition as Came, Status, Verdict};

use super::table::table;
use super::verified::{Compared, Trust, Verified};
use crate::exit::Answer;
use crate::failure::Failure;

/// The certificate in a folder, to be measured again. Anybody's will do: that is what repeating is for.
pub(super) fn repetition(
    folder: &Path,
    subject: &Subject,
    state: Option<PathBuf>,
) -> Result<Repetition, Failure> {
    let verified = Trust::of_this_machine(state).verify(folder, Compared::default())?;
    let not_repeated = |why: String| {
        let problem = format!("{} is not repeated: {}", folder.display(), inert(&why));
        Failure::new(Kind::Invalid, problem).hint("plimsoll verify says what it found, step by step")
    };
    let intact = verified.at_any_time().map_err(not_repeated)?;
    let certified = Certified::of(&intact, &verified.folder)?;
    let name = &certified.certificate.subject.name;
    if *name != subject.name {
        return Err(not_repeated(format!("it is of `{name}`, and not of `{}`", subject.name)));
    }
    Ok(Repetition::of(&certified))
}

/// What repeating answers: whether the same came of it.
pub(super) fn answer(issued: &Issued, repetition: &Repetition) -> Answer {
    let results = results(issued);
    let is_idle = |(id, result): &(&str, Came)| {
        let before = repetition.repeats.criteria.iter().find(|before| before.id == *id);
        *result == Came::NotComparable && before.is_some_and(|one| one.verdict == Verdict::NotApplicable)
    };
    let mut told = results.iter().filter(|one| !is_idle(one)).map(|(_, result)| *result).peekable();
    if results.iter().any(|(_, result)| *result == Came::NotReproduced) {
        Answer::No
    } else if told.peek().is_some() && told.all(|result| result == Came::Reproduced) {
        Answer::Yes
    } else {
        Answer::Inconclusive
    }
}

fn results(issued: &Issued) -> Vec<(&str, Came)> {
    let criteria = issued.certificate.reproduction.iter().flat_map(|reproduction| &reproduction.criteria);
    criteria.map(|one| (one.id.as_str(), one.result)).collect()
}

/// Both values, criterion by criterion.
pub(super) fn compared(issued: &Issued, repetition: &Repetition) -> String {
    let rows = results(issued).into_iter().filter_map(|(id, result)| {
        let before = repetition.repeats.criteria.iter().find(|before| before.id == id)?;
        let judged = issued.judgement.criteria.iter().find(|judged| judged.criterion.id == id)?;
        let shown = |verdict: Verdict, value: Option<Amount>| {
            let value = value.map_or_else(|| "-".into(), |value| value.display(judged.measurement.unit));
            format!("{} {value}", verdict.name())
        };
        let (then, now) =
            (shown(before.verdict, before.value), shown(judged.verdict, judged.measurement.value));
        Some([id.to_owned(), then, now, result.name().to_owned()])
    });
    let rows: Vec<[String; 4]> = rows.collect();
    let table = table(["criterion", "then", "now", "result"], &rows, |line, _| line.to_owned());
    format!("\nrepeats      {}\n{table}", repetition.repeats.certificate)
}

/// A certificate that stands: nothing in it is stale, and it is of this subject and profile.
pub(super) struct Unchanged {
    pub(super) verified: Verified,
    pub(super) status: Status,
}

/// The certificate in a folder if it stands, or why it has to be made anew.
pub(super) fn standing(
    folder: &Path,
    subject: &Subject,
    profile: &Profile,
    state: Option<PathBuf>,
) -> Result<Result<Unchanged, String>, Failure> {
    let verified = Trust::of_this_machine(state).verify(folder, Compared::default())?;
    if !matches!(verified.report.outcome, Outcome::Valid | Outcome::ValidDemo) {
        return Ok(Err(conclusion(&verified.report)));
    }
    let intact = match verified.intact() {
        Ok(intact) => intact,
        Err(why) => return Ok(Err(why)),
    };
    let certificate = intact.certificate;
    // With waivers and sign-offs, if there are any.
    let status = match verified.report.standing.as_ref().map(|standing| standing.status) {
        Some(EffectiveStatus::Judged(status)) => status,
        _ => certificate.status,
    };
    if (&certificate.subject.name, &certificate.level) != (&subject.name, &profile.id) {
        return Ok(Err("it is of another subject or by another profile".into()));
    }
    // What has no decision stays without one until it is measured again.
    if status == Status::Pending {
        return Ok(Err("it is pending".into()));
    }
    let asked = Asked {
        subject,
        profile: Some(profile.clone()),
        at: SystemClock.now(),
        version: env!("CARGO_PKG_VERSION"),
        observed: None,
        burn: None,
    };
    let certified = Certified::of(&intact, &verified.folder)?;
    let found = recheck(&certified, &Present::look(&certified, asked)?);
    if found.answer() != Finding::Unchanged {
        let rows = found.rows.iter().filter(|row| !row.stale.is_empty());
        let why: Vec<String> = rows
            .map(|row| format!("{} {}: {}", row.trigger.name(), row.finding.name(), row.compared))
            .collect();
        return Ok(Err(why.join("; ")));
    }
    Ok(Ok(Unchanged { verified, status }))
}
