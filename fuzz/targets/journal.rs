//! What a journal keeps: whatever stands in the files, reading it ends in records or in an error that says what is damaged.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| plimsoll_store::fuzzing::read(bytes));
