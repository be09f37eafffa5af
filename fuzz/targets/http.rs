//! HTTP of strangers: the generator reads the same however the bytes are cut, and the proxy forwards no byte twice.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for to_head_request in [false, true] {
        let whole = plimsoll_load::fuzzing::reply(data, to_head_request, usize::MAX);
        for piece_bytes in [1, 7] {
            assert_eq!(plimsoll_load::fuzzing::reply(data, to_head_request, piece_bytes), whole);
        }
    }
    let whole = plimsoll_fault::fuzzing::request_bytes(data, usize::MAX);
    assert_eq!(plimsoll_fault::fuzzing::request_bytes(data, 1), whole);
    let whole = plimsoll_fault::fuzzing::response_bytes(data, usize::MAX);
    assert_eq!(plimsoll_fault::fuzzing::response_bytes(data, 1), whole);
});
