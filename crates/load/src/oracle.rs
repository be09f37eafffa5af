//! Oracle servers: services whose every delay is known beforehand, with a log of when each reply was written.
//!
//! What a load generator says about them can be checked, ours and anybody else's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use rand_core::Rng;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::error::Error;
use crate::oracle_server::serve;
use crate::schedule::stream;

/// The stream of the seed that decides about delays and errors. Word `n` belongs to the request with number `n`.
const BEHAVIOUR_STREAM: u64 = 16;
const CONSTANT_DELAY_NS: u64 = 5_000_000;
const FAST_DELAY_NS: u64 = 2_000_000;
const SLOW_DELAY_NS: u64 = 40_000_000;
/// Far from every quantile that is compared, so that no single request decides on which side one falls.
const SLOW_PER_MILLE: u64 = 70;
const ERROR_PER_MILLE: u64 = 10;
/// Counted from the first request.
const STALL_START_NS: u64 = 500_000_000;
/// 4 % of the default calibration: p99 falls into the stall and p95 does not.
const STALL_NS: u64 = 500_000_000;
/// Connections that may wait to be accepted: as many as any generator opens at once.
const BACKLOG: i32 = 4_096;

/// How an oracle behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OracleKind {
    /// Every reply after 5 ms.
    Constant,
    /// Every reply after 2 ms, but 7 % after 40 ms.
    Bimodal,
    /// At once, but everything that comes from 0.5 s to 1.0 s after the first request is answered at 1.0 s.
    GlobalStall,
    /// At once, and 1 % with status 500.
    OnePercentErrors,
    /// Refuses every connection.
    RefuseAll,
    /// Accepts every connection and never answers.
    Silent,
}

impl OracleKind {
    /// Every kind, in the order of a calibration.
    pub const ALL: [Self; 6] = [
        Self::Constant,
        Self::Bimodal,
        Self::GlobalStall,
        Self::OnePercentErrors,
        Self::RefuseAll,
        Self::Silent,
    ];

    /// The kind's name in statements and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Bimodal => "bimodal",
            Self::GlobalStall => "global-stall",
            Self::OnePercentErrors => "one-percent-errors",
            Self::RefuseAll => "refuse-all",
            Self::Silent => "silent",
        }
    }

    /// What happens to request `number`, received `since_first_ns` after the first.
    pub(crate) fn behaviour(self, seed: [u8; 32], number: u64, since_first_ns: u64) -> Behaviour {
        let per_mille = || {
            let mut words = stream(seed, BEHAVIOUR_STREAM);
            words.set_word_pos(u128::from(number) * 2);
            ((u128::from(words.next_u64()) * 1_000) >> 64) as u64
        };
        let after = |delay_ns| Behaviour::Reply { delay_ns, good: true };
        match self {
            Self::Constant => after(CONSTANT_DELAY_NS),
            Self::Bimodal if per_mille() < SLOW_PER_MILLE => after(SLOW_DELAY_NS),
            Self::Bimodal => after(FAST_DELAY_NS),
            Self::GlobalStall if since_first_ns < STALL_START_NS => after(0),
            Self::GlobalStall => after((STALL_START_NS + STALL_NS).saturating_sub(since_first_ns)),
            Self::OnePercentErrors => Behaviour::Reply { delay_ns: 0, good: per_mille() >= ERROR_PER_MILLE },
            Self::RefuseAll | Self::Silent => Behaviour::Silence,
        }
    }
}

/// What an oracle does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Reply { delay_ns: u64, good: bool },
    Silence,
}

/// A reply in an oracle's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The request's number: the last digits of its path, or where it has none its rank among the requests.
    pub number: u64,
    /// When the reply was handed to the kernel, on `CLOCK_MONOTONIC`.
    pub monotonic_ns: u64,
    /// Whether its status was 200; 500 otherwise.
    pub good: bool,
}

/// An oracle at work on a thread of its own. It ends when it is dropped.
#[derive(Debug)]
pub struct Oracle {
    kind: OracleKind,
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<Written>>>,
    /// A port that is bound and not listened on: the kernel refuses, and gives it to nobody else.
    _bound: Option<OwnedFd>,
}

impl Oracle {
    /// Starts an oracle on a free port of 127.0.0.1.
    pub fn start(kind: OracleKind, seed: [u8; 32]) -> Result<Self, Error> {
        let doing = "starting an oracle server";
        let (socket, address) = bound_socket().map_err(Error::system(doing))?;
        let stop = Arc::new(AtomicBool::new(false));
        if kind == OracleKind::RefuseAll {
            return Ok(Self { kind, address, stop, thread: None, _bound: Some(socket) });
        }
        rustix::net::listen(&socket, BACKLOG).map_err(Error::system(doing))?;
        let told = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name(format!("oracle {}", kind.name()))
            .spawn(move || serve(kind, seed, &socket, &told))
            .map_err(|_| Error::System { doing, errno: Errno::AGAIN })?;
        Ok(Self { kind, address, stop, thread: Some(thread), _bound: None })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the oracle and hands over its log, in the order of writing.
    pub fn finish(mut self) -> Result<Vec<Written>, Error> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.take() {
            Some(thread) => thread.join().map_err(|_| Error::Oracle(self.kind.name())),
            None => Ok(Vec::new()),
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by `finish`, or nobody waits for the log.
            let _ = thread.join();
        }
    }
}

fn bound_socket() -> Result<(OwnedFd, SocketAddr), Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    rustix::net::bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let address = SocketAddr::try_from(rustix::net::getsockname(&socket)?)?;
    Ok((socket, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delay_ns(kind: OracleKind, number: u64, since_first_ns: u64) -> u64 {
        match kind.behaviour([3; 32], number, since_first_ns) {
            Behaviour::Reply { delay_ns, .. } => delay_ns,
            Behaviour::Silence => u64::MAX,
        }
    }

    #[test]
    fn delays_depend_on_the_number_and_the_seed_alone() {
        let slow = |seed| -> Vec<u64> {
            let is_slow = |number: &u64| {
                OracleKind::Bimodal.behaviour([seed; 32], *number, 0)
                    == Behaviour::Reply { delay_ns: SLOW_DELAY_NS, good: true }
            };
            (0..10_000).filter(is_slow).collect()
        };
        assert_eq!(slow(1), slow(1));
        assert_ne!(slow(1), slow(2));
        // 7 % of 10,000, within four standard deviations.
        assert!((598..=802).contains(&slow(1).len()), "{}", slow(1).len());
    }

    #[test]
    fn the_stall_holds_everything_until_its_end() {
        let kind = OracleKind::GlobalStall;
        assert_eq!(delay_ns(kind, 0, STALL_START_NS - 1), 0);
        assert_eq!(delay_ns(kind, 0, STALL_START_NS), STALL_NS);
        assert_eq!(delay_ns(kind, 0, STALL_START_NS + STALL_NS - 1), 1);
        assert_eq!(delay_ns(kind, 0, STALL_START_NS + STALL_NS), 0);
    }

    #[test]
    fn one_percent_are_errors() {
        let good = |number| {
            OracleKind::OnePercentErrors.behaviour([3; 32], number, 0)
                == Behaviour::Reply { delay_ns: 0, good: true }
        };
        let errors = (0..20_000).filter(|number| !good(*number)).count();
        assert!((144..=256).contains(&errors), "{errors}");
    }

    #[test]
    fn refuse_all_refuses() {
        let oracle = Oracle::start(OracleKind::RefuseAll, [0; 32]).unwrap();
        let refused = std::net::TcpStream::connect(oracle.address()).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        assert_eq!(oracle.finish().unwrap(), Vec::new());
    }
}
