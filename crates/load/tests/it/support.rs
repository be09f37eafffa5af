//! Plans and servers that several tests use.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::ControlFlow;

use plimsoll_load::{Pacing, Plan, Request, Run, Schedule, run};
use rustix::net::SendFlags;

pub(crate) const MS: u64 = 1_000_000;

/// So many arrivals per second for so long, each a plain GET with its number in the path.
pub(crate) fn plan(address: SocketAddr, rate_per_s: u64, duration_ms: u64) -> Plan {
    Plan {
        address,
        host: address.to_string(),
        requests: vec![Request::get("/{seq}")],
        schedule: Schedule {
            pacing: Pacing::Constant { rate_per_ks: rate_per_s * 1_000 },
            duration_ns: duration_ms * MS,
            seed: [5; 32],
        },
        warm_up_ns: 0,
        timeout_ns: 2_000 * MS,
        connections_max: 256,
    }
}

pub(crate) fn measure(plan: &Plan) -> Run {
    run(plan, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// A server that runs `serve` on a thread of its own for each connection. It ends with the test's process.
pub(crate) fn server(serve: impl Fn(Wire) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = serve.clone();
            std::thread::spawn(move || serve(Wire { stream: stream.unwrap() }));
        }
    });
    address
}

/// The server's end of a connection.
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
}

impl Wire {
    /// Reads one request up to the end of its head; `None` when there is no more.
    pub(crate) fn request(&mut self) -> Option<String> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match self.stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => return None,
            }
        }
        Some(String::from_utf8(head).unwrap())
    }

    pub(crate) fn reply(&mut self, bytes: &str) {
        // The generator may be gone already; what it has counted is what the tests look at.
        let _ = self.stream.write_all(bytes.as_bytes());
    }
    /// The kernel keeps the bytes back until the connection is closed, and sends both as one.
    pub(crate) fn last_reply(self, bytes: &str) {
        let _ = rustix::net::send(&self.stream, bytes.as_bytes(), SendFlags::MORE);
    }
}
