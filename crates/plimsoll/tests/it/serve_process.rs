//! The server as a process among others: what they see of its memory, and that it ends.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use plimsoll_process::monotonic_ns;

use crate::server::{Server, signal, until};
use crate::world::World;

/// Longest time for what is being answered when the server is asked to end.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// A line that begins with this name in a file of proc(5).
fn line_of(pid: u32, file: &str, name: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
    text.lines().find(|line| line.starts_with(name)).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// proc(5): what belongs to a process that may not be dumped belongs to root, whose process it may not be: neither a core
/// file is written of it nor does a debugger of the same user come in. Root's own server is started as somebody else.
#[test]
fn nobody_who_is_the_same_user_looks_into_the_memory_of_the_server() {
    // The capability lets it into folders of root's, such as the one for the files of tests.
    const AS_NOBODY: &str = "chown -R 65534:65534 . && exec 3<\"$0\" && ulimit -c unlimited && \
                             exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+dac_override \
                             --ambient-caps=+dac_override /proc/self/fd/3 \"$@\"";
    let by: &[&str] = if rustix::process::getuid().is_root() { &["sh", "-c", AS_NOBODY] } else { &[] };
    let server = Server::start_by(World::new(), by, &[]);
    let user = line_of(server.pid(), "status", "Uid:");
    assert!(!user.contains(" 0"), "{user}");
    for file in ["environ", "mem", "maps"] {
        let owner = fs::metadata(format!("/proc/{}/{file}", server.pid())).unwrap().uid();
        assert_eq!(owner, 0, "{file} belongs to whom it runs as");
    }
    let limit = line_of(server.pid(), "limits", "Max core file size");
    assert!(limit.starts_with("Max core file size 0 "), "{limit}");
}

#[test]
fn it_ends_although_nobody_reads_what_it_logs() {
    const REQUESTS: usize = 8_000;
    let unread = "mkfifo unread && exec \"$0\" \"$@\" 2<>unread";
    let server = Server::start_by(World::new(), &["sh", "-c", unread], &[]);
    let mut stream = server.anybody().send("").into_inner();
    let mut writing = stream.try_clone().unwrap();
    let (many, last) = ("GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\n", "connection: close\r\n");
    let asked = format!("{many}\r\n").repeat(REQUESTS - 1) + many + last + "\r\n";
    let answered = std::thread::scope(|scope| {
        scope.spawn(|| writing.write_all(asked.as_bytes()).unwrap());
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.matches("HTTP/1.1 200 OK").count()
    });
    assert_eq!(answered, REQUESTS);
    // More than its queue and the pipe hold.
    let dropped = server.anybody().get("/metrics").expect(200).body;
    assert!(!dropped.contains("\nplimsoll_log_lines_dropped_total 0\n"), "{dropped}");
    let asked_ns = monotonic_ns();
    signal(server.pid(), "TERM");
    // Ended, and not yet asked how.
    until(|| line_of(server.pid(), "status", "State:").contains(" Z ").then_some(()));
    let took = Duration::from_nanos(monotonic_ns() - asked_ns);
    assert!(took < DRAIN_MAX, "{took:?}");
    assert_eq!(server.stop().0, Some(0));
}
