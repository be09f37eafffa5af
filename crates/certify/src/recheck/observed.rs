//! The envelope: what is carried in production, as somebody tells it, beside what was certified.

use std::str::FromStr;

use plimsoll_base::{Quantity, Unit};
use plimsoll_evidence::{Criterion, Family};
use serde_json::Value;

use super::certified::Certified;
use super::{Row, Trigger, stale_where};

/// What production carries. What is not told is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observed {
    /// Requests per 1,000 s.
    pub rate_per_ks: Option<u64>,
    /// The p99 of the size of a request's body.
    pub payload_bytes: Option<u64>,
}

/// Reads `rate=250/s,payload=2KiB`; either may be left out.
impl FromStr for Observed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut observed = Self::default();
        for part in text.split(',') {
            let Some((key, value)) = part.split_once('=') else {
                return Err(format!("`{part}` is not of the form rate=250/s or payload=2KiB"));
            };
            let (place, unit) = match key.trim() {
                "rate" => (&mut observed.rate_per_ks, Unit::PerKs),
                "payload" => (&mut observed.payload_bytes, Unit::Bytes),
                other => return Err(format!("`{other}` is neither rate nor payload")),
            };
            let quantity: Quantity = value.trim().parse().map_err(|error| format!("{key}: {error}"))?;
            if quantity.unit != unit {
                return Err(format!("{key}: `{value}` is not in {}", unit.name()));
            }
            if place.replace(quantity.amount).is_some() {
                return Err(format!("{key} stands twice"));
            }
        }
        Ok(observed)
    }
}

/// Rate and size beside those under which it was measured.
pub(super) fn row(certified: &Certified<'_>, observed: Option<&Observed>) -> Row {
    let Some(observed) = observed else {
        return Row::not_known(Trigger::Envelope, "nobody told what production carries");
    };
    let (mut compared, mut exceeded) = (Vec::new(), Vec::new());
    if let Some(rate_per_ks) = observed.rate_per_ks {
        let certified_per_ks = certified_rate(certified);
        let shown = |amount| Quantity { amount, unit: Unit::PerKs };
        let told = format!("{} observed, {} certified", shown(rate_per_ks), shown(certified_per_ks));
        if rate_per_ks > certified_per_ks {
            exceeded.push(told.clone());
        }
        compared.push(told);
    }
    if let Some(payload_bytes) = observed.payload_bytes {
        let Some(certified_bytes) = largest_body(&certified.description) else {
            let why = "how large the certified requests were is not known: parts of them are masked";
            return Row::missing(Trigger::Envelope, why, stale_where(certified, why, is_under_load));
        };
        let shown = |amount| Quantity { amount, unit: Unit::Bytes };
        let told =
            format!("bodies of {} observed, {} certified", shown(payload_bytes), shown(certified_bytes));
        if payload_bytes > certified_bytes {
            exceeded.push(told.clone());
        }
        compared.push(told);
    }
    if exceeded.is_empty() {
        return Row::unchanged(Trigger::Envelope, compared.join("; "));
    }
    let stale = stale_where(certified, &exceeded.join("; "), is_under_load);
    Row::changed(Trigger::Envelope, compared.join("; "), stale)
}

fn is_under_load(criterion: &Criterion) -> bool {
    !matches!(criterion.probe.family(), Family::Check | Family::Start)
}

/// The subject's rate, or the load line where it lies higher.
fn certified_rate(certified: &Certified<'_>) -> u64 {
    let line = certified.certificate.load_line.as_ref().map_or(0, |line| line.rate_per_ks);
    line.max(certified.plan.rate_per_ks)
}

/// The size of the largest body that was sent, unless a secret was masked in one.
fn largest_body(description: &Value) -> Option<u64> {
    let requests = description.get("requests")?.as_array()?;
    let bodies =
        requests.iter().map(|request| request.get("body").and_then(Value::as_str).unwrap_or_default());
    let sizes = bodies.map(|body| if body.contains("[redacted]") { None } else { Some(body.len() as u64) });
    sizes.collect::<Option<Vec<u64>>>()?.into_iter().max()
}
