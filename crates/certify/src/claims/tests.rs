//! Each check with a document that contradicts itself and an honest one; documents whole; and honest tables at random.

mod documents;
mod honest;
mod pairs;
mod plain;
mod quiet;

use super::{Finding, audit};

fn found(text: &str) -> Vec<Finding> {
    audit(text.as_bytes()).unwrap().findings
}

/// Line, kind and reason of each finding, for a failed assertion.
fn told(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        format!("{} {}: {}\n    {}\n", finding.line, finding.kind.name(), finding.claim, finding.reason)
    };
    findings.iter().map(line).collect()
}
