//! A stowaway counts among a program's family, takes what it is told to, and is gone with its handle.

use plimsoll_process::{Child, Resources, Spec, Stowaway};

use crate::death::actor;
use crate::support::{eventually, shell, state};

const MIB: u64 = 1 << 20;

fn used(child: &Child) -> Resources {
    child.resources().unwrap()
}

/// The actor as a stowaway, with 64 MiB, 50 files, 20 threads and half a core over a second.
fn board() -> Stowaway {
    Stowaway::board(&Spec::new(actor().to_str().unwrap(), ["burden"])).unwrap()
}

#[test]
fn a_stowaway_counts_among_the_family_until_it_is_dropped() {
    // A shell that stopped opens and closes nothing; one that is still on its way to a program would.
    let child = Child::start(&shell("kill -STOP $$")).unwrap();
    eventually("it rests", || state(child.pid()) == Some('T'));
    let before = used(&child);
    assert_eq!((before.processes, before.threads), (1, 1));
    let stowaway = board();
    eventually("it is seen, and has not all of it at once", || {
        let now = used(&child);
        now.processes == 2 && (before.rss_bytes + MIB..before.rss_bytes + 60 * MIB).contains(&now.rss_bytes)
    });
    eventually("it has all of it", || {
        let now = used(&child);
        now.rss_bytes > before.rss_bytes + 64 * MIB
            && now.threads >= before.threads + 20
            && now.fds >= before.fds + 50
    });
    let cpu_ns = used(&child).cpu_ns;
    eventually("it goes on using the processor", || used(&child).cpu_ns > cpu_ns + 300_000_000);
    assert!(used(&child).rss_bytes < before.rss_bytes + 80 * MIB, "and takes no more");
    drop(stowaway);
    assert_eq!((used(&child).processes, used(&child).fds), (1, before.fds));
}

#[test]
fn a_stowaway_is_ended_with_the_family_too() {
    let mut child = Child::start(&shell("exec sleep 300")).unwrap();
    let stowaway = board();
    eventually("it is seen", || used(&child).processes == 2);
    let report = child.stop(plimsoll_process::Signal::Term, 5_000_000_000).unwrap();
    assert_eq!(report.stragglers.len(), 1, "whoever forgets it is told");
    drop(stowaway);
}
