//! The criteria by which it was judged, beside those by which it would be judged now.

use plimsoll_evidence::{Criterion, Profile};

use super::certified::Certified;
use super::{Row, Stale, Trigger, all_stale, some_of};
use crate::planning::at_rate;

/// The profile of the certificate beside the one that bears its name now.
pub(super) fn row(certified: &Certified<'_>, present: &Result<Profile, String>) -> Row {
    let before = &certified.plan.profile;
    let now = match present {
        Ok(now) => at_rate(now, certified.plan.rate_per_ks),
        // The certificate carries the profile by which it was judged: what it says stays said.
        Err(why) => return Row::not_known(Trigger::Profile, why.clone()),
    };
    if *before == now {
        return Row::unchanged(Trigger::Profile, format!("{} {}", now.id, now.version));
    }
    let name = format!("{} {} then, {} {} now", before.id, before.version, now.id, now.version);
    let bare = |profile: &Profile| Profile {
        version: 0,
        title: String::new(),
        criteria: Vec::new(),
        gaps: Vec::new(),
        ..profile.clone()
    };
    if bare(before) != bare(&now) {
        let why = "how long or how often is measured has changed";
        return Row::changed(Trigger::Profile, format!("{name}: {why}"), all_stale(certified, why));
    }
    let mut stale = differing(&before.criteria, &now.criteria);
    let added = now.criteria.iter().filter(|one| before.criteria.iter().all(|other| other.id != one.id));
    stale.extend(added.map(|one| Stale { criterion: one.id.clone(), why: "it is asked for now".into() }));
    let ids: Vec<String> = stale.iter().map(|one| one.criterion.clone()).collect();
    let told = if ids.is_empty() { "no criterion has changed".into() } else { some_of(&ids) };
    Row::changed(Trigger::Profile, format!("{name}: {told}"), stale)
}

/// Criteria that say something else now, or nothing.
fn differing(before: &[Criterion], now: &[Criterion]) -> Vec<Stale> {
    let why = |criterion: &Criterion| match now.iter().find(|other| other.id == criterion.id) {
        Some(same) if same == criterion => None,
        Some(other) if other.limit_text() != criterion.limit_text() => {
            Some(format!("limit {} then, {} now", criterion.limit_text(), other.limit_text()))
        }
        Some(_) => Some("it is asked for in another way now".to_owned()),
        None => Some("it is no longer asked for".to_owned()),
    };
    let stale = |criterion: &Criterion| Some(Stale { criterion: criterion.id.clone(), why: why(criterion)? });
    before.iter().filter_map(stale).collect()
}
