//! A real nginx, from Debian.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use plimsoll_load::{Pacing, Plan, Request, Schedule, StatusSet};
use plimsoll_measure::instrument_gates;
use tempfile::TempDir;

use crate::support::{MS, measure, plan};

/// nginx in one process, so that ending it ends all of it.
pub(crate) struct Nginx {
    child: Child,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl Nginx {
    /// Starts nginx with a file of 1 KiB at `/k`, and waits until it answers.
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        std::fs::write(folder.path().join("k"), vec![b'x'; 1_024]).unwrap();
        let configuration = folder.path().join("nginx.conf");
        std::fs::write(&configuration, configuration_text(folder.path(), address)).unwrap();
        let binary = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .expect("nginx is missing: apt-get install nginx-light");
        let child = Command::new(binary)
            .arg("-c")
            .arg(&configuration)
            .arg("-p")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Held from here on, so that it is ended however the wait ends.
        let nginx = Self { child, address, _folder: folder };
        let answers = |_| {
            std::thread::sleep(Duration::from_millis(10));
            TcpStream::connect(address).is_ok()
        };
        assert!((0..500).any(answers), "nginx did not listen on {address} within 5 s");
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration_text(folder: &Path, address: SocketAddr) -> String {
    let mut text = Vec::new();
    let folder = folder.display();
    writeln!(text, "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;")
        .unwrap();
    writeln!(text, "events {{ worker_connections 2048; }}").unwrap();
    writeln!(text, "http {{ access_log off; keepalive_requests 100;").unwrap();
    for part in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(text, "{part}_temp_path {folder}/{part};").unwrap();
    }
    writeln!(text, "server {{ listen {address}; root {folder};").unwrap();
    writeln!(text, "location /missing {{ return 404; }} }} }}").unwrap();
    String::from_utf8(text).unwrap()
}

/// nginx closes each connection after 100 requests here, and says so: no arrival may be lost by that.
#[test]
fn a_mix_of_requests_is_answered_in_its_shares_and_passes_every_gate() {
    let nginx = Nginx::start();
    let mut requests = vec![Request::get("/k"), Request::get("/missing"), Request::get("/k")];
    requests[0].weight = 3;
    requests[1].expect = "404".parse::<StatusSet>().unwrap();
    requests[2].method = String::from("HEAD");
    let plan = Plan { requests, ..plan(nginx.address, 1_000, 1_000) };
    // The machine is shared: a disturbed run is repeated, and the counts must be right in each.
    let passed = (0..6).any(|_| {
        let run = measure(&plan);
        assert_eq!((run.good, run.errors.total(), run.facts.scheduled), (1_000, 0, 1_000));
        // 3 of 5 arrivals bring 1,024 bytes of body; heads and the 404's page are a few hundred bytes.
        assert!(run.bytes_received > 600_000 && run.bytes_received < 1_400_000, "{}", run.bytes_received);
        instrument_gates(&run.facts, Some(1_000 * MS)).iter().all(|gate| gate.passed)
    });
    assert!(passed, "no run of six passed its gates");
}

#[test]
fn what_nginx_says_is_not_found_is_an_error_unless_expected() {
    let nginx = Nginx::start();
    let plan = Plan { requests: vec![Request::get("/missing")], ..plan(nginx.address, 200, 200) };
    let run = measure(&plan);
    assert_eq!((run.good, run.errors.status, run.total.infinite()), (0, 40, 40));
}

#[test]
fn a_closed_loop_reaches_what_nginx_can_do() {
    let nginx = Nginx::start();
    let schedule = Schedule { pacing: Pacing::Closed, duration_ns: 500 * MS, seed: [0; 32] };
    let requests = vec![Request::get("/k")];
    let run = measure(&Plan { schedule, requests, connections_max: 32, ..plan(nginx.address, 1, 1) });
    assert_eq!(run.errors.total(), 0);
    // Two orders of magnitude below what a loop with one system call too many per request would show.
    assert!(run.good > 1_000, "{}", run.good);
}
