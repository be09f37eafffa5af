//! Why nothing is decided, in words for people: what it means and what to do. Numbers stand in the reason.

use crate::measurement::{Estimator, Measurement};

/// What each gate says when it fails, and what helps.
pub(crate) const GATES: [(&str, &str, &str); 24] = [
    ("rate", "the load generator did not send all requests on time", QUIETER),
    ("send-lag", "the load generator sent requests too late to judge by this limit", QUIETER),
    ("cpu", "the load generator had no processor time to spare", QUIETER),
    ("run-queue", "the load generator had to wait for a processor", QUIETER),
    ("littles-law", "latencies and the number of requests in flight contradict each other", QUIETER),
    (
        "answered",
        "the subject answered too few requests to be under load",
        "lower the rate, or mend what it refuses",
    ),
    (
        "whole-before",
        "requests failed before the fault began",
        "mend what fails by itself, or lower the rate",
    ),
    (
        "took-effect",
        "the fault did not take effect",
        "let the load ask for what needs the thing that it is done to, or run it again on a quiet machine",
    ),
    (
        "reached",
        "the subject refused good requests, so that nothing was tried there",
        "let the first user of the reference do everything, and give examples in it of what is there",
    ),
    (
        "not-moved",
        "the subject sends whoever asks to the same under another address, where nothing was tried",
        "write the address that answers into the reference, with or without the last slash",
    ),
    (
        "let-in",
        "what one who may asks for is refused for another reason, so that no refusal of others shows anything",
        "give examples in the reference of what its users may ask for",
    ),
    (
        "logged",
        "the subject wrote to no log while the texts were sent, or more than was searched",
        "let it log what it is asked, to standard output, standard error, a file *.log, or what [logs] names",
    ),
    (
        "reference-served",
        "the subject serves no reference where its description says",
        "serve the OpenAPI document there, or name another path in [api]",
    ),
    (
        "reference-read",
        "what the subject serves as its reference is no OpenAPI document in JSON",
        "serve an OpenAPI 3 document in JSON",
    ),
    (
        "reference-size",
        "the reference is larger than what is read, 16 MiB or 2,000 operations",
        "name a reference of a part of the subject in [api]",
    ),
    (
        "something-to-try",
        "the reference has nothing that this could be tried on",
        "let the reference tell of every operation, what goes into it, and who may do it",
    ),
    (
        "users-named",
        "the reference keeps something for users of whom the description names none",
        "name one in [[api.user]] who may do it",
    ),
    (
        "let-ask",
        "the subject told whoever asked again and again that he asked too often",
        "allow its first user more, or name the rate that it allows as rate_cap in [target]",
    ),
    (
        "asked-in-time",
        "the subject answers more slowly than the limit that it promises allows to ask",
        "promise fewer requests in a longer time in [limit], or mend what is slow",
    ),
    (
        "write-taken",
        "the subject did not take the write that it should find again elsewhere",
        "mend what it refuses, or the write of [ledger]",
    ),
    ("looks", "the subject was not looked at in time", QUIETER),
    ("trend", "what the subject takes rises and falls too slowly for this soak", "let the soak last longer"),
    ("measured", "no request was completed", "look at what the subject wrote"),
    (
        "steady-state",
        "latency drifts during the trials",
        "let the subject warm up longer, or run it again on a quiet machine",
    ),
];

const QUIETER: &str = "run it again on a quiet machine, or with a lower rate";

/// What stands in the way of a decision. Of several gates the first speaks.
pub(crate) fn doubt(measurement: &Measurement) -> String {
    let failed = measurement.gates.iter().find(|gate| !gate.passed);
    let told = failed.and_then(|failed| GATES.iter().find(|(gate, ..)| *gate == failed.gate));
    match (failed, told) {
        (_, Some((_, meaning, advice))) => format!("{meaning}: {advice}"),
        (Some(gate), None) => format!("the instrument doubts itself (gate {})", gate.gate),
        (None, _) => match measurement.estimator {
            Estimator::HighestStep => "the step that would decide was not measurable".into(),
            Estimator::WorstDrill => "so few drills give no bound: use a profile with five or more".into(),
            _ => "too few independent samples for a bound: use longer trials".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_measure::Gate;

    use super::*;

    #[test]
    fn every_gate_has_words() {
        for gate in Gate::ALL {
            assert!(GATES.iter().any(|(name, ..)| *name == gate.name()), "{}", gate.name());
        }
    }
}
