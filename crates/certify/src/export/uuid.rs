//! UUIDs that follow from digests (RFC 9562, version 5), so that an export is the same whenever it is made.

use plimsoll_proof::Digest;
use sha1::{Digest as _, Sha1};

/// The name space of URLs and URNs, of RFC 9562.
const NAMESPACE_URL: [u8; 16] =
    [0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];

/// The UUID of a part of a certificate's export: of the URN `urn:plimsoll:export:DIGEST:PART`. SHA-1 makes a name of it
/// and guards nothing.
pub(super) fn of(certificate: Digest, part: &str) -> String {
    version_5(&format!("urn:plimsoll:export:{certificate}:{part}"))
}

fn version_5(name: &str) -> String {
    let hash = Sha1::new().chain_update(NAMESPACE_URL).chain_update(name).finalize();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash).for_each(|(byte, hashed)| *byte = hashed);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Python: `uuid.uuid5(uuid.NAMESPACE_URL, "urn:plimsoll:certificate:v1")`.
    #[test]
    fn it_is_that_of_pythons_library() {
        assert_eq!(version_5("urn:plimsoll:certificate:v1"), "332cb84d-b777-57aa-a595-7b000effb18a");
        assert_ne!(of(Digest::of(b"a"), "x"), of(Digest::of(b"b"), "x"));
    }
}
