//! What the subject's description says, key by key.

use std::collections::BTreeMap;

use plimsoll_evidence::{Family, Probe};
use serde_json::Value;

use super::certified::Certified;
use super::{Row, Stale, Trigger, all_stale, some_of, stale_where};

/// Keys that say who asked and where things lie, and not what is started, reached or asked. What lies in another place
/// is compared by its digest.
const IDLE_KEYS: [&str; 5] =
    ["version", "profile", "source", "target.authorised_by", "target.rate_cap_per_ks"];

/// Two descriptions, both canonical and with secrets masked.
pub(super) fn row(certified: &Certified<'_>, present: &Value) -> Row {
    if !certified.description.is_object() {
        let why = "what ships as the subject's description is none";
        return Row::missing(Trigger::Description, why, all_stale(certified, why));
    }
    let (before, now) = (leaves(&certified.description), leaves(present));
    let keys = before.keys().chain(now.keys().filter(|key| !before.contains_key(*key)));
    let changed: Vec<String> = keys.filter(|key| before.get(*key) != now.get(*key)).cloned().collect();
    if changed.is_empty() {
        let compared = format!("{} keys; a secret that has changed does not show", now.len());
        return Row::unchanged(Trigger::Description, compared);
    }
    let mut stale: BTreeMap<String, Stale> = BTreeMap::new();
    for key in &changed {
        for one in stale_by(certified, key) {
            stale.entry(one.criterion.clone()).or_insert(one);
        }
    }
    let order = certified.plan.profile.criteria.iter();
    let stale = order.filter_map(|criterion| stale.remove(&criterion.id)).collect();
    Row::changed(Trigger::Description, format!("changed keys: {}", some_of(&changed)), stale)
}

/// What a changed key makes stale: everything, unless it is known what reads it.
fn stale_by(certified: &Certified<'_>, key: &str) -> Vec<Stale> {
    let is_below =
        |of: &str| key == of || key.strip_prefix(of).is_some_and(|rest| rest.starts_with(['.', '[']));
    let why = format!("{key} has changed");
    if IDLE_KEYS.iter().any(|idle| is_below(idle)) {
        Vec::new()
    } else if is_below("ledger") {
        // Where there is a ledger the checklists send their bodies to it, and crashes its writes.
        stale_where(certified, &why, |criterion| {
            matches!(criterion.probe.family(), Family::Crash | Family::Check | Family::Restore)
        })
    } else if is_below("api") {
        // Who asks and what there is to ask.
        stale_where(certified, &why, |criterion| {
            matches!(
                criterion.probe,
                Probe::Authentication | Probe::Contract | Probe::Authorisation | Probe::Injection
            )
        })
    } else if is_below("tls") {
        stale_where(certified, &why, |criterion| criterion.probe == Probe::Tls)
    } else if is_below("backup") {
        stale_where(certified, &why, |criterion| criterion.probe.family() == Family::Restore)
    } else if is_below("health") {
        stale_where(certified, &why, |criterion| criterion.probe == Probe::HealthTruth)
    } else if is_below("logs") {
        stale_where(certified, &why, |criterion| criterion.probe == Probe::LogHygiene)
    } else if is_below("metrics") {
        stale_where(certified, &why, |criterion| criterion.probe == Probe::MetricsTruth)
    } else {
        all_stale(certified, &why)
    }
}

/// Every value by its path, as `requests[0].path`.
fn leaves(value: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    collect(value, String::new(), &mut found);
    found
}

fn collect(value: &Value, path: String, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(value, below, found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                collect(value, format!("{path}[{index}]"), found);
            }
        }
        // What is absent and what is null say the same.
        Value::Null => {}
        value => {
            found.insert(path, value.clone());
        }
    }
}
