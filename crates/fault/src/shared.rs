//! What the handle and the connections of one proxy have in common.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::Defect;
use crate::alteration::{altered, credential, with_credential, with_fresh_key};
use crate::bend::{Bend, is_json, is_plain};
use crate::decision::{Decision, is_refused, on_request};
use crate::http::{Body, Method};

/// What went through a proxy: the proof that a defect took effect, or that a sham did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Connections that were accepted.
    pub connections: u64,
    /// Requests whose heads were read, and refused connections: whoever opens one has a request to make.
    pub requests: u64,
    /// Those of the requests to which the defect was done.
    pub affected: u64,
    /// Bytes that reached the service.
    pub bytes_to_service: u64,
    /// Bytes that the service sent and that reached clients.
    pub bytes_to_client: u64,
}

impl Counters {
    /// What was counted after `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            connections: self.connections.saturating_sub(earlier.connections),
            requests: self.requests.saturating_sub(earlier.requests),
            affected: self.affected.saturating_sub(earlier.affected),
            bytes_to_service: self.bytes_to_service.saturating_sub(earlier.bytes_to_service),
            bytes_to_client: self.bytes_to_client.saturating_sub(earlier.bytes_to_client),
        }
    }
}

/// A defect and when it was planted.
#[derive(Debug, Clone)]
pub(crate) struct Planted {
    pub(crate) defect: Defect,
    since: Instant,
    /// How many requests came since.
    requests: Arc<AtomicU64>,
}

impl Planted {
    fn new(defect: Defect) -> Self {
        Self { defect, since: Instant::now(), requests: Arc::default() }
    }

    fn elapsed_ns(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Requests and those that were harmed, under one lock: at no time are more harmed than came.
#[derive(Debug, Clone, Copy, Default)]
struct Attempts {
    requests: u64,
    affected: u64,
}

#[derive(Debug)]
pub(crate) struct Shared {
    planted: watch::Sender<Planted>,
    upstream: Mutex<SocketAddr>,
    connections: AtomicU64,
    attempts: Mutex<Attempts>,
    bytes_to_service: AtomicU64,
    bytes_to_client: AtomicU64,
    /// Connections to the service that nobody uses, for as long as the defect is planted.
    hoard: Mutex<Vec<TcpStream>>,
    /// The 2xx status that the service last gave to POST, PUT, PATCH and DELETE; 0 if none.
    write_statuses: [AtomicU16; 4],
    /// The credential that was shown last, while they are swapped.
    credential: Mutex<Option<Vec<u8>>>,
}

impl Shared {
    pub(crate) fn new(upstream: SocketAddr) -> Self {
        Self {
            planted: watch::Sender::new(Planted::new(Defect::None)),
            upstream: Mutex::new(upstream),
            connections: AtomicU64::new(0),
            attempts: Mutex::default(),
            bytes_to_service: AtomicU64::new(0),
            bytes_to_client: AtomicU64::new(0),
            hoard: Mutex::default(),
            write_statuses: Default::default(),
            credential: Mutex::default(),
        }
    }

    /// Plants a defect and returns what names this planting.
    pub(crate) fn plant(&self, defect: Defect) -> Arc<AtomicU64> {
        let planted = Planted::new(defect);
        let name = Arc::clone(&planted.requests);
        self.planted.send_replace(planted);
        self.hoard().clear();
        name
    }

    /// Takes back the defect that was planted under this name, unless another one has taken its place.
    pub(crate) fn revert(&self, name: &Arc<AtomicU64>) {
        let reverted = self.planted.send_if_modified(|planted| {
            let is_current = Arc::ptr_eq(&planted.requests, name);
            if is_current {
                *planted = Planted::new(Defect::None);
            }
            is_current
        });
        if reverted {
            self.hoard().clear();
        }
    }

    fn hoard(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.hoard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether fewer connections than this are open that nobody uses.
    pub(crate) fn is_hoard_below(&self, connections: u32) -> bool {
        self.hoard().len() < connections as usize
    }

    /// Keeps a connection open while the defect is planted that asks for it.
    pub(crate) fn keep(&self, connection: TcpStream) {
        let planted = self.planted.borrow();
        if matches!(planted.defect, Defect::HoardConnections { .. }) {
            self.hoard().push(connection);
        }
    }

    /// Tells when another defect is planted.
    pub(crate) fn watch(&self) -> watch::Receiver<Planted> {
        self.planted.subscribe()
    }

    pub(crate) fn upstream(&self) -> SocketAddr {
        *self.upstream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_upstream(&self, address: SocketAddr) {
        *self.upstream.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }

    /// Counts a connection and tells whether it is to be refused.
    pub(crate) fn on_connection(&self) -> bool {
        self.connections.fetch_add(1, Ordering::Relaxed);
        let planted = self.planted.borrow();
        let refused = is_refused(planted.defect, planted.elapsed_ns());
        drop(planted);
        if refused {
            self.count_attempt(true);
        }
        refused
    }

    /// Counts a request and tells what is to be done with it.
    pub(crate) fn on_request(&self, method: Method) -> Decision {
        let planted = self.planted.borrow();
        let index = planted.requests.fetch_add(1, Ordering::Relaxed);
        let decision = on_request(planted.defect, method, index, planted.elapsed_ns());
        drop(planted);
        let decision = match decision {
            Decision::Hoard { connections } if !self.is_hoard_below(connections) => Decision::Forward,
            decision => decision,
        };
        self.count_attempt(decision != Decision::Forward);
        decision
    }

    /// Counts what the proxy does not read as a request, and passes on as it came.
    pub(crate) fn on_other_bytes(&self) {
        self.count_attempt(false);
    }

    /// The head that goes to the client in place of the service's, if the defect alters it. The request was counted when
    /// it came, and is harmed by it.
    pub(crate) fn altered(&self, status: u16, head: &[u8]) -> Option<Vec<u8>> {
        let altered = altered(self.planted.borrow().defect, status, head)?;
        self.count_affected();
        Some(altered)
    }

    /// The head that goes to the service in place of the client's, if the planted defect alters it.
    pub(crate) fn altered_request(&self, head: &[u8]) -> Option<Vec<u8>> {
        let planted = self.planted.borrow();
        let (defect, number) = (planted.defect, planted.requests.load(Ordering::Relaxed));
        drop(planted);
        let altered = match defect {
            Defect::FreshKeys => with_fresh_key(head, number),
            Defect::SwappedCredentials => self.swapped(head),
            _ => None,
        }?;
        self.count_affected();
        Some(altered)
    }

    /// With the credential of the request before, where that was another one.
    fn swapped(&self, head: &[u8]) -> Option<Vec<u8>> {
        let own = credential(head)?.to_vec();
        let mut shown = self.credential.lock().unwrap_or_else(PoisonError::into_inner);
        let before = shown.replace(own.clone()).filter(|before| *before != own)?;
        with_credential(head, &before)
    }

    /// How the body of the reply with this head is bent by the planted defect, and its request harmed.
    pub(crate) fn bend(&self, body: Body, head: &[u8]) -> Option<Bend> {
        let bend = match self.planted.borrow().defect {
            Defect::BentReplies if is_json(body, head) => Bend::letters(),
            Defect::StuckMetrics if is_plain(body, head) => Bend::numbers(),
            _ => return None,
        };
        self.count_affected();
        Some(bend)
    }

    /// Whether this is the planted defect.
    pub(crate) fn is_planted(&self, defect: Defect) -> bool {
        self.planted.borrow().defect == defect
    }

    /// One of the requests that were counted when they came is harmed. To one message there may be more replies than one.
    pub(crate) fn count_affected(&self) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.affected = attempts.requests.min(attempts.affected + 1);
    }

    fn count_attempt(&self, is_affected: bool) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.requests += 1;
        attempts.affected += u64::from(is_affected);
    }

    pub(crate) fn count_to_service(&self, bytes: usize) {
        self.bytes_to_service.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn count_to_client(&self, bytes: usize) {
        self.bytes_to_client.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Learns how the service acknowledges writes.
    pub(crate) fn on_response(&self, method: Method, status: u16) {
        if let Some(slot) = self.write_status_slot(method)
            && (200..300).contains(&status)
        {
            slot.store(status, Ordering::Relaxed);
        }
    }

    /// How the service acknowledges such a write; as most services do if it has not been seen to.
    pub(crate) fn write_status(&self, method: Method) -> u16 {
        match self.write_status_slot(method).map_or(0, |slot| slot.load(Ordering::Relaxed)) {
            0 if method == Method::Post => 201,
            0 => 200,
            status => status,
        }
    }

    fn write_status_slot(&self, method: Method) -> Option<&AtomicU16> {
        let index = match method {
            Method::Post => 0,
            Method::Put => 1,
            Method::Patch => 2,
            Method::Delete => 3,
            _ => return None,
        };
        self.write_statuses.get(index)
    }

    pub(crate) fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let attempts = *self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        Counters {
            connections: read(&self.connections),
            requests: attempts.requests,
            affected: attempts.affected,
            bytes_to_service: read(&self.bytes_to_service),
            bytes_to_client: read(&self.bytes_to_client),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared() -> Shared {
        Shared::new(SocketAddr::from(([127, 0, 0, 1], 1)))
    }

    #[test]
    fn an_old_name_does_not_take_back_a_new_defect() {
        let shared = shared();
        let first = shared.plant(Defect::Delay { delay_ns: 1 });
        let second = shared.plant(Defect::Delay { delay_ns: 2 });
        shared.revert(&first);
        assert_eq!(shared.on_request(Method::Get), Decision::Hold { delay_ns: 2 });
        shared.revert(&second);
        assert_eq!(shared.on_request(Method::Get), Decision::Forward);
        let counters = shared.counters();
        assert_eq!((counters.requests, counters.affected), (2, 1));
    }

    #[test]
    fn a_refused_connection_is_an_attempt_too() {
        let shared = shared();
        shared.plant(Defect::SlowStart { delay_ns: u64::MAX });
        assert!(shared.on_connection() && shared.on_connection());
        let counters = shared.counters();
        assert_eq!((counters.connections, counters.requests, counters.affected), (2, 2, 2));
    }

    #[test]
    fn writes_are_acknowledged_as_the_service_did() {
        let shared = shared();
        assert_eq!([shared.write_status(Method::Post), shared.write_status(Method::Put)], [201, 200]);
        shared.on_response(Method::Put, 204);
        shared.on_response(Method::Put, 503);
        shared.on_response(Method::Get, 206);
        assert_eq!([shared.write_status(Method::Post), shared.write_status(Method::Put)], [201, 204]);
    }
}
