//! What the fuzzer in `fuzz/` may call: parsers of foreign bytes that are nobody else's business.

use crate::reply::{Fed, ReplyParser};

/// What is read of a reply that comes in pieces: status, whether the connection may be used again, and how many bytes
/// belong to it; `Ok(None)` if there is no end, and `Err` if it is malformed.
pub fn reply(
    bytes: &[u8],
    to_head_request: bool,
    piece_bytes: usize,
) -> Result<Option<(u16, bool, usize)>, ()> {
    let mut parser = ReplyParser::new();
    parser.reset(to_head_request);
    let mut taken = 0;
    for piece in bytes.chunks(piece_bytes) {
        if let Fed::Done { consumed } = parser.feed(piece).map_err(|_| ())? {
            let reply = parser.reply();
            return Ok(Some((reply.status, reply.keep_alive, taken + consumed)));
        }
        taken += piece.len();
    }
    Ok(None)
}
