//! What the proxy does to traffic.

use crate::Error;

/// All requests, in parts per billion.
const WHOLE_PPB: u32 = 1_000_000_000;

/// More open connections than a service has room for by far, and fewer than this process may have.
pub const CONNECTIONS_HOARDED_MAX: u32 = 10_000;

/// A defect to plant. Which requests a ratio hits follows from its seed and from their number since the defect was
/// planted, so that a repetition hits the same ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// The sham: the same path, no defect.
    None,
    /// Every request waits before it is forwarded.
    Delay {
        /// How long.
        delay_ns: u64,
    },
    /// Some requests are answered 503 and not forwarded.
    Errors {
        /// How many of them.
        ratio_ppb: u32,
        /// Which ones.
        seed: u64,
    },
    /// Some requests get a connection reset in place of a reply, and are not forwarded.
    Reset {
        /// How many of them.
        ratio_ppb: u32,
        /// Which ones.
        seed: u64,
    },
    /// Some writes (POST, PUT, PATCH, DELETE) are acknowledged as the service acknowledges them, and not forwarded.
    DropWrites {
        /// How many of them.
        ratio_ppb: u32,
        /// Which ones.
        seed: u64,
    },
    /// Every connection is reset until a time after the defect was planted, as if nothing listened yet.
    SlowStart {
        /// How long.
        delay_ns: u64,
    },
    /// Every reply that says the client is at fault (4xx) says that the server is (500).
    BlameServer,
    /// Every reply loses all fields of its head but those that frame it.
    BareReplies,
    /// Every refusal of somebody who is not known, or may not (401, 403), says success (200).
    OpenDoors,
    /// Texts and names in replies of JSON get other letters.
    BentReplies,
    /// Every request shows the credential of the request before it, where that had another one.
    SwappedCredentials,
    /// Every refusal of one who asks too often (429, 503) says success (200).
    Unlimited,
    /// Every idempotency key becomes another one.
    FreshKeys,
    /// Each address of HTTP that stands in a request is called.
    Obedient,
    /// Whoever speaks TLS is answered in place of the service, with TLS 1.0 or less.
    OldTls,
    /// Every reply tells its time as of another time zone.
    LocalTimes,
    /// Every digit of a number that plain text tells, as metrics are, is 0.
    StuckMetrics,
    /// Every GET is answered with success (200) and not forwarded.
    PaintedHealth,
    /// Requests bring connections to the service that nobody uses and that stay open, as many as are due by then.
    HoardConnections {
        /// How many in the end, up to [`CONNECTIONS_HOARDED_MAX`].
        total: u32,
        /// After how long.
        over_ns: u64,
    },
}

impl Defect {
    /// Refuses what could not do what it says.
    pub(crate) fn check(self) -> Result<Self, Error> {
        match self {
            Self::Errors { ratio_ppb, .. }
            | Self::Reset { ratio_ppb, .. }
            | Self::DropWrites { ratio_ppb, .. }
                if ratio_ppb > WHOLE_PPB =>
            {
                Err(Error::Ratio(ratio_ppb))
            }
            Self::HoardConnections { total, .. } if total > CONNECTIONS_HOARDED_MAX => {
                Err(Error::Hoard(total))
            }
            defect => Ok(defect),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_makes_no_sense() {
        assert!(Defect::Errors { ratio_ppb: WHOLE_PPB, seed: 0 }.check().is_ok());
        assert!(Defect::Reset { ratio_ppb: WHOLE_PPB + 1, seed: 0 }.check().is_err());
        let hoard = |total| Defect::HoardConnections { total, over_ns: 1 }.check();
        assert!(hoard(CONNECTIONS_HOARDED_MAX).is_ok() && hoard(CONNECTIONS_HOARDED_MAX + 1).is_err());
    }
}
