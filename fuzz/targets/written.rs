//! What people write: subjects, profiles, thresholds. A mistake is an error with a place and never the end.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use plimsoll_certify::{parse_profile, parse_subject};
use plimsoll_load::Threshold;

fuzz_target!(|text: &str| {
    let errors = [parse_subject("file", text, Path::new("/")).err(), parse_profile("file", text).err()];
    for error in errors.into_iter().flatten() {
        assert!(error.line <= text.lines().count() + 1, "{error}");
    }
    let _ = Threshold::parse("http_req_duration", text);
});
