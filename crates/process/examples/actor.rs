//! A program that starts another one, for the tests that end the starter: `actor wait` only waits, `actor polite`
//! leaves when asked, `actor stubborn` does not; `actor burden` is a stowaway. A folder that is named after that is its litter. It prints the process ids of what it started.

use std::io::{self, Write};
use std::time::Duration;

use plimsoll_process::{Burden, Child, Error, Interrupt, Litter, Spec, adopt_orphans};

/// A shell with a child of its own and one behind a double fork, which say who they are.
const FAMILY: &str = "(setsid sh -c 'echo $$; exec sleep 300' &); sleep 300 & echo $!; wait";

/// What the stowaway takes, over a second.
const BURDEN: Burden =
    Burden { memory_bytes: 64 << 20, files: 50, threads: 20, cpu_ppb: 500_000_000, over_ns: 1_000_000_000 };

fn main() -> Result<(), Error> {
    let mode = std::env::args().nth(1).unwrap_or_default();
    if mode == "burden" {
        return BURDEN.carry();
    }
    let interrupt = if mode == "wait" { None } else { Some(Interrupt::install()?) };
    let _litter = std::env::args().nth(2).map(|folder| Litter::new(folder.into()));
    adopt_orphans()?;
    let child = Child::start(&Spec::new("sh", ["-c", FAMILY]))?;
    while child.output().lines().count() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let others = child.output().lines().collect::<Vec<_>>().join(" ");
    let shown = writeln!(io::stdout(), "{others} {}", child.pid());
    shown.map_err(|source| Error::System { action: "print", source })?;
    while mode != "polite" || !interrupt.is_some_and(Interrupt::is_requested) {
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
