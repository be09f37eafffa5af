//! What happens to one request: a pure function of the defect, the request's number and the time.

use crate::Defect;
use crate::http::Method;

/// What is done with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Forward,
    /// Wait, then forward.
    Hold {
        delay_ns: u64,
    },
    /// Answer 503 without forwarding.
    Fail,
    /// Reset the connection without forwarding.
    Reset,
    /// Answer 200 without forwarding.
    Praise,
    /// Acknowledge without forwarding.
    Swallow,
    /// Open so many connections that nobody uses, less those that are open, then forward.
    Hoard {
        connections: u32,
    },
}

/// What is done with request number `index` since the defect was planted, `elapsed_ns` after that.
pub(crate) fn on_request(defect: Defect, method: Method, index: u64, elapsed_ns: u64) -> Decision {
    let hit =
        |ratio_ppb, seed, decision| if is_hit(ratio_ppb, seed, index) { decision } else { Decision::Forward };
    match defect {
        // What is altered are replies.
        Defect::None
        | Defect::BlameServer
        | Defect::BareReplies
        | Defect::OpenDoors
        | Defect::BentReplies
        | Defect::SwappedCredentials
        | Defect::Unlimited
        | Defect::FreshKeys
        | Defect::Obedient
        | Defect::OldTls
        | Defect::LocalTimes
        | Defect::StuckMetrics => Decision::Forward,
        Defect::PaintedHealth if method == Method::Get => Decision::Praise,
        Defect::PaintedHealth => Decision::Forward,
        Defect::Delay { delay_ns } => Decision::Hold { delay_ns },
        Defect::Errors { ratio_ppb, seed } => hit(ratio_ppb, seed, Decision::Fail),
        Defect::Reset { ratio_ppb, seed } => hit(ratio_ppb, seed, Decision::Reset),
        Defect::DropWrites { ratio_ppb, seed } if method.is_write() => {
            hit(ratio_ppb, seed, Decision::Swallow)
        }
        Defect::DropWrites { .. } => Decision::Forward,
        Defect::SlowStart { delay_ns } if elapsed_ns < delay_ns => Decision::Reset,
        Defect::SlowStart { .. } => Decision::Forward,
        Defect::HoardConnections { total, over_ns } => {
            Decision::Hoard { connections: due(total, elapsed_ns, over_ns) }
        }
    }
}

/// Whether a new connection is refused.
pub(crate) fn is_refused(defect: Defect, elapsed_ns: u64) -> bool {
    matches!(defect, Defect::SlowStart { delay_ns } if elapsed_ns < delay_ns)
}

/// How many of `total` are due after this time.
fn due(total: u32, elapsed_ns: u64, over_ns: u64) -> u32 {
    let part = u128::from(total) * u128::from(elapsed_ns.min(over_ns)) / u128::from(over_ns.max(1));
    u32::try_from(part).unwrap_or(total)
}

fn is_hit(ratio_ppb: u32, seed: u64, index: u64) -> bool {
    // Scales 64 random bits to 0..10^9 without a division's bias.
    let scaled = (u128::from(mixed(seed, index)) * 1_000_000_000) >> 64;
    scaled < u128::from(ratio_ppb)
}

/// Number `index` of the SplitMix64 sequence that `seed` begins.
fn mixed(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(defect: Defect, method: Method) -> usize {
        (0..100_000).filter(|&index| on_request(defect, method, index, 0) != Decision::Forward).count()
    }

    #[test]
    fn the_random_sequence_is_the_published_one() {
        // The first values of SplitMix64 from seed 1234567, as its authors' program prints them.
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([0, 1, 2].map(|index| mixed(1_234_567, index)), expected);
    }

    #[test]
    fn a_ratio_hits_that_part_and_the_same_part_again() {
        let errors = |ratio_ppb, seed| Defect::Errors { ratio_ppb, seed };
        assert_eq!(hits(errors(0, 1), Method::Get), 0);
        assert_eq!(hits(errors(1_000_000_000, 1), Method::Get), 100_000);
        let tenth = hits(errors(100_000_000, 1), Method::Get);
        assert!((9_700..10_300).contains(&tenth), "{tenth}");
        assert_eq!(tenth, hits(errors(100_000_000, 1), Method::Get));
        let at = |seed| (0..1_000).filter(|&index| is_hit(100_000_000, seed, index)).collect::<Vec<_>>();
        assert_ne!(at(1), at(2));
    }

    #[test]
    fn only_writes_are_dropped() {
        let drop = Defect::DropWrites { ratio_ppb: 1_000_000_000, seed: 1 };
        assert_eq!(hits(drop, Method::Get) + hits(drop, Method::Head), 0);
        assert_eq!(hits(drop, Method::Put), 100_000);
    }

    #[test]
    fn whoever_asks_is_told_that_all_is_well_and_writes_go_on() {
        assert_eq!(on_request(Defect::PaintedHealth, Method::Get, 0, 0), Decision::Praise);
        assert_eq!(hits(Defect::PaintedHealth, Method::Put), 0);
    }

    #[test]
    fn connections_come_due_with_time() {
        let hoard = Defect::HoardConnections { total: 40, over_ns: 1_000 };
        let due =
            [0, 24, 25, 999, 1_000, u64::MAX].map(|elapsed_ns| on_request(hoard, Method::Get, 0, elapsed_ns));
        assert_eq!(due, [0, 0, 1, 39, 40, 40].map(|connections| Decision::Hoard { connections }));
    }

    #[test]
    fn time_decides_slow_starts() {
        let slow = Defect::SlowStart { delay_ns: 100 };
        assert_eq!(on_request(slow, Method::Get, 0, 99), Decision::Reset);
        assert_eq!(on_request(slow, Method::Get, 0, 100), Decision::Forward);
        assert!(is_refused(slow, 99) && !is_refused(slow, 100) && !is_refused(Defect::None, 0));
        assert_eq!(on_request(Defect::None, Method::Put, 0, 0), Decision::Forward);
    }
}
