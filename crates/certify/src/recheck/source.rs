//! What the subject consists of: files within a criterion's scope, artefacts, and how much has changed in all.

use globset::Glob;
use plimsoll_evidence::Criterion;

use super::certified::Certified;
use super::present::Present;
use super::repository::Churn;
use super::{Row, Stale, Trigger, all_stale, counted, some_of};

/// Beyond this share of lines nobody can say what is left of what was measured. One line may matter, so that the
/// scopes come first; this is the backstop.
const CHURN_PERCENT_MAX: u64 = 25;

/// Files that changed between the certified commit and the working tree, held against the scope of each criterion.
pub(super) fn scope(certified: &Certified<'_>, present: &Present) -> Row {
    let Some(commit) = certified.commit() else {
        let why = "the certificate names no commit";
        return match certified.artifacts().is_empty() {
            true => {
                let stale = all_stale(certified, "nothing tells whether the program is still the same");
                Row::missing(Trigger::Scope, format!("{why}, and no artefact"), stale)
            }
            false => Row::not_known(Trigger::Scope, format!("{why}: its artefacts speak for it")),
        };
    };
    let changed = match &present.repository {
        Ok(repository) => &repository.changed,
        Err(why) => {
            let stale = all_stale(certified, "nothing tells which files have changed");
            return Row::missing(Trigger::Scope, why.clone(), stale);
        }
    };
    let since = format!("since commit {}", commit.get(..12).unwrap_or(commit));
    if changed.is_empty() {
        return Row::unchanged(Trigger::Scope, format!("no file has changed {since}"));
    }
    let stale = certified.plan.profile.criteria.iter().filter_map(|criterion| touched(criterion, changed));
    let compared = format!("{} changed {since}: {}", counted(changed.len(), "file"), some_of(changed));
    Row::changed(Trigger::Scope, compared, stale.collect())
}

/// The first changed file in a criterion's scope. A glob that cannot be read matches everything: a certificate of a
/// stranger may say what it will.
fn touched(criterion: &Criterion, changed: &[String]) -> Option<Stale> {
    let is_in_scope = |path: &String| {
        criterion
            .scope
            .iter()
            .any(|glob| Glob::new(glob).map_or(true, |glob| glob.compile_matcher().is_match(path)))
    };
    let path = changed.iter().find(|path| is_in_scope(path))?;
    Some(Stale { criterion: criterion.id.clone(), why: format!("{path} is in its scope") })
}

/// Files that the certificate names by their digest.
pub(super) fn artifacts(certified: &Certified<'_>, present: &Present) -> Row {
    let before = certified.artifacts();
    if before.is_empty() {
        return Row::not_known(Trigger::Artifacts, "the certificate names no artefact");
    }
    let now = match &present.artifacts {
        Ok(now) => now,
        Err(why) => {
            let stale = all_stale(certified, "nothing tells whether the artefacts are still the same");
            return Row::missing(Trigger::Artifacts, why.clone(), stale);
        }
    };
    let mut other: Vec<String> =
        before.iter().filter(|one| !now.contains(one)).map(|(name, _)| name.clone()).collect();
    other.extend(now.iter().filter(|one| !before.contains(one)).map(|(name, _)| name.clone()));
    other.dedup();
    if other.is_empty() && before.len() == now.len() {
        return Row::unchanged(Trigger::Artifacts, counted(before.len(), "digest"));
    }
    let compared = format!("changed, or no longer the same files: {}", some_of(&other));
    Row::changed(Trigger::Artifacts, compared, all_stale(certified, "an artefact has changed"))
}

/// How much of the source has changed in all.
pub(super) fn churn(certified: &Certified<'_>, present: &Present) -> Row {
    let churn = match &present.repository {
        _ if certified.commit().is_none() => {
            return Row::not_known(Trigger::Churn, "the certificate names no commit");
        }
        Ok(repository) => &repository.churn,
        Err(why) => {
            let stale = all_stale(certified, "nothing tells how much has changed");
            return Row::missing(Trigger::Churn, why.clone(), stale);
        }
    };
    let Churn { added, deleted, lines_before, lines_now } = *churn;
    let (moved, of) = (added.saturating_add(deleted), lines_before.saturating_add(lines_now));
    let compared = format!(
        "{added} lines added and {deleted} deleted of {lines_before} then and {lines_now} now: {} % of both, vendored and \
         generated files left out",
        u128::from(moved) * 100 / u128::from(of.max(1)),
    );
    if u128::from(moved) * 100 > u128::from(of) * u128::from(CHURN_PERCENT_MAX) {
        let why = format!("more than {CHURN_PERCENT_MAX} % of the source has changed");
        return Row::changed(Trigger::Churn, compared, all_stale(certified, &why));
    }
    Row::unchanged(Trigger::Churn, compared)
}
