//! What the fuzzer in `fuzz/` may call: parsers of foreign bytes that are nobody else's business.

use crate::http::{Body, Malformed, Method, request_head, response_head};

/// How many bytes belong to the request at the front, when its body comes in pieces; `Ok(None)` if its head does not
/// end, and `Err` if it is malformed.
pub fn request_bytes(bytes: &[u8], piece_bytes: usize) -> Result<Option<usize>, ()> {
    let Some(head) = request_head(bytes).map_err(|_| ())? else { return Ok(None) };
    assert_eq!(request_head(&bytes[..head.length]).ok().flatten(), Some(head), "what follows changes a head");
    message_bytes(bytes, head.length, head.body, piece_bytes)
}

/// The same of the response to a GET.
pub fn response_bytes(bytes: &[u8], piece_bytes: usize) -> Result<Option<usize>, ()> {
    let Some(head) = response_head(bytes, Method::Get).map_err(|_| ())? else { return Ok(None) };
    assert_eq!(
        response_head(&bytes[..head.length], Method::Get).ok().flatten(),
        Some(head),
        "what follows changes a head"
    );
    message_bytes(bytes, head.length, head.body, piece_bytes)
}

fn message_bytes(bytes: &[u8], head: usize, mut body: Body, piece_bytes: usize) -> Result<Option<usize>, ()> {
    let mut taken = head;
    for piece in bytes[head..].chunks(piece_bytes) {
        if body.is_done() {
            break;
        }
        taken += body.take(piece).map_err(|Malformed| ())?;
    }
    Ok(Some(taken))
}
