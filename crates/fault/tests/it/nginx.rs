//! A real nginx that serves and stores files.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;

use plimsoll_process::{Child, Signal, Spec, free_port};

use crate::support::eventually;

/// `/<name>` is read, `/put/<name>` is read and written, `gzip` makes responses of unknown length.
const CONFIGURATION: &str = "
daemon off; worker_processes 1; user root; pid DIR/pid; error_log stderr warn;
events { worker_connections 900; }
http {
  access_log off; keepalive_requests 1000000; client_max_body_size 2m; root DIR/www;
  client_body_temp_path DIR/a; proxy_temp_path DIR/b; fastcgi_temp_path DIR/c; uwsgi_temp_path DIR/d;
  scgi_temp_path DIR/e; gzip on; gzip_min_length 1; gzip_types text/plain; default_type text/plain;
  server { listen ADDRESS backlog=1024; location /put/ { dav_methods PUT DELETE; } }
}
";

pub(crate) struct Nginx {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) child: Child,
}

impl Nginx {
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("www/put")).unwrap();
        fs::write(directory.path().join("www/small"), "a small file\n").unwrap();
        fs::write(directory.path().join("www/large"), large_body()).unwrap();
        let (address, child) = run(directory.path().to_owned());
        Self { directory, address, child }
    }

    /// Ends it and starts it again on another port.
    pub(crate) fn restart(&mut self) {
        self.stop();
        (self.address, self.child) = run(self.directory.path().to_owned());
    }

    pub(crate) fn stop(&mut self) {
        self.child.stop(Signal::Kill, 10_000_000_000).unwrap();
    }

    pub(crate) fn stored(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.directory.path().join("www/put").join(name)).ok()
    }
}

fn run(directory: PathBuf) -> (SocketAddr, Child) {
    let address = free_port().unwrap();
    let text =
        CONFIGURATION.replace("DIR", directory.to_str().unwrap()).replace("ADDRESS", &address.to_string());
    let file = directory.join("nginx.conf");
    fs::write(&file, text).unwrap();
    let child =
        Child::start(&Spec::new("/usr/sbin/nginx", ["-e", "stderr", "-c", file.to_str().unwrap()])).unwrap();
    eventually("nginx listens", || {
        assert!(child.is_running(), "nginx ended: {}", child.output());
        TcpStream::connect(address).is_ok()
    });
    (address, child)
}

/// 1 MiB that no compression and no repetition makes look like another part of itself.
pub(crate) fn large_body() -> Vec<u8> {
    let mut state = 1u64;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..1 << 20).map(next).collect()
}
