//! What is to be done next: a pure function of the register and the time.

use super::certification::{Certificate, Certification, Stale, State};
use super::names::{CertificationId, Name};
use super::state::{QUEUED_MAX, Register};

/// A subject that could not be certified is tried again after so long, in milliseconds, and after twice as long each
/// time that it fails again.
const RETRY_MS_MIN: u64 = 600_000;
/// It is tried once a day at least: what was broken may have been mended without a word to us.
const RETRY_MS_MAX: u64 = 86_400_000;
/// A subject is certified again when this part of its certificate's life is left.
const RENEWED_IN_LAST: u64 = 10;

/// One thing to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// A certification whose server has ended is looked after.
    Recover(CertificationId),
    /// A certificate has gone stale.
    MarkStale(CertificationId, Stale),
    /// A subject is kept fresh by a profile, and needs a certification.
    Refresh(Name, Name),
    /// The certification's turn has come.
    Begin(CertificationId),
}

/// What is to be done now. `own` is the certification that is really being made.
pub fn plan(register: &Register, now_ms: u64, own: Option<&CertificationId>) -> Vec<Task> {
    let abandoned = register.certifications().filter(|(id, one)| one.state.is_at_work() && own != Some(id));
    let mut tasks: Vec<Task> = abandoned.map(|(id, _)| Task::Recover(id.clone())).collect();
    let stale = register
        .certifications()
        .filter_map(|(id, one)| Some(Task::MarkStale(id.clone(), gone_stale(register, one, now_ms)?)));
    tasks.extend(stale);
    let room = QUEUED_MAX.saturating_sub(register.queued());
    tasks.extend(to_refresh(register, now_ms).into_iter().take(room));
    if own.is_none() {
        tasks.extend(next(register).map(|id| Task::Begin(id.clone())));
    }
    tasks
}

/// Who was asked for goes before who is kept fresh; else the first comes first.
fn next(register: &Register) -> Option<&CertificationId> {
    let queued = register.certifications().filter(|(_, one)| matches!(one.state, State::Queued));
    queued.min_by_key(|(_, one)| (one.reason, one.place)).map(|(id, _)| id)
}

/// Why a certificate that is not marked as stale has gone stale, if it has.
fn gone_stale(register: &Register, one: &Certification, now_ms: u64) -> Option<Stale> {
    let certificate = one.certificate().filter(|certificate| certificate.stale.is_none())?;
    if now_ms >= certificate.not_after_ms {
        return Some(Stale::Expired);
    }
    let subject = register.subjects.get(&one.subject.name).map(|subject| &subject.written.text);
    if subject != Some(&one.subject.text) {
        return Some(Stale::SubjectChanged);
    }
    let profile = register.profiles.get(&one.profile.name).map(|profile| &profile.written.text);
    (profile != Some(&one.profile.text)).then_some(Stale::ProfileChanged)
}

/// Subjects that are kept fresh and are not, each with its profile.
fn to_refresh(register: &Register, now_ms: u64) -> Vec<Task> {
    let kept =
        register.subjects.iter().filter_map(|(name, subject)| Some((name, subject.keep_fresh.as_ref()?)));
    let due = kept.filter(|(subject, profile)| is_due(register, subject, profile, now_ms));
    due.map(|(subject, profile)| Task::Refresh(subject.clone(), profile.clone())).collect()
}

fn is_due(register: &Register, subject: &Name, profile: &Name, now_ms: u64) -> bool {
    let all = register.certifications().map(|(_, one)| one);
    // What was made of other texts says nothing of these.
    let mut same = all
        .filter(|one| one.subject.name == *subject && one.profile.name == *profile)
        .filter(|one| is_of_today(register, one));
    if same.clone().any(|one| !one.state.is_over()) {
        return false;
    }
    let newest = same.clone().rev().find_map(Certification::certificate);
    if newest.is_some_and(|certificate| !ends_soon(certificate, now_ms)) {
        return false;
    }
    let failures = same.clone().rev().take_while(|one| one.certificate().is_none()).count();
    let ended_ms = same.next_back().and_then(|last| last.ended_ms).unwrap_or(0);
    failures == 0 || now_ms >= ended_ms.saturating_add(retry_ms(failures))
}

fn ends_soon(certificate: &Certificate, now_ms: u64) -> bool {
    let life_ms = certificate.not_after_ms.saturating_sub(certificate.not_before_ms);
    certificate.stale.is_some()
        || now_ms >= certificate.not_after_ms.saturating_sub(life_ms / RENEWED_IN_LAST)
}

fn is_of_today(register: &Register, one: &Certification) -> bool {
    let subject = register.subjects.get(&one.subject.name);
    let profile = register.profiles.get(&one.profile.name);
    subject.is_some_and(|subject| subject.written.text == one.subject.text)
        && profile.is_some_and(|profile| profile.written.text == one.profile.text)
}

fn retry_ms(failures: usize) -> u64 {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    RETRY_MS_MIN.saturating_mul(2u64.saturating_pow(doublings)).min(RETRY_MS_MAX)
}
