//! Which processes came from a program that was started here, and how all of them are ended.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, getpid, set_child_subreaper, waitpid};

use crate::process_table::{self, Process};

/// How often a family is looked through again for processes that were born while it was being ended. Each round
/// kills all that are alive, so only a family that forks faster than a round lasts sees a second one.
const ROUNDS_MAX: u32 = 400;
/// Between two rounds: what a killed process takes to be gone.
const ROUND_PAUSE: Duration = Duration::from_millis(5);

/// The programs that run now: process id (also their session) and start time.
static RUNNING: Mutex<BTreeMap<i32, u64>> = Mutex::new(BTreeMap::new());

fn running() -> MutexGuard<'static, BTreeMap<i32, u64>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes this process the parent of every descendant whose own parent ends, so that what a subject leaves behind
/// is found and ended, even behind a double fork. Called once, by `main`.
pub fn adopt_orphans() -> Result<(), crate::Error> {
    set_child_subreaper(Some(getpid()))
        .map_err(|source| crate::Error::System { action: "adopt orphans", source: source.into() })
}

/// A program and all that came from it. It leads a session of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Family {
    leader: i32,
    since_ticks: u64,
}

/// What must be known beside the list of processes to tell families apart.
struct Surroundings {
    me: i32,
    my_session: i32,
    other_leaders: BTreeSet<i32>,
}

impl Family {
    /// Starts a program by `spawn`, which returns its handle, process id and start time. Nobody looks for orphans
    /// meanwhile: a program that is not yet known as a leader would be taken for one.
    pub(crate) fn found<T, E>(spawn: impl FnOnce() -> Result<(T, i32, u64), E>) -> Result<(T, Self), E> {
        let mut running = running();
        let (handle, leader, since_ticks) = spawn()?;
        running.insert(leader, since_ticks);
        Ok((handle, Self { leader, since_ticks }))
    }

    /// Forgets the family: all of it has ended.
    pub(crate) fn forget(self) {
        running().remove(&self.leader);
    }

    /// Every process of the family that has not ended, the leader included.
    pub(crate) fn alive(&self) -> io::Result<Vec<Process>> {
        let mut members = self.members()?;
        members.retain(|process| !process.is_ended());
        Ok(members)
    }

    /// Every process of the family but the leader that has not ended.
    pub(crate) fn alive_but_leader(&self) -> io::Result<Vec<Process>> {
        let mut members = self.alive()?;
        members.retain(|process| process.pid != self.leader);
        Ok(members)
    }

    /// Kills all of the family and returns how many are alive still (0 unless something is very wrong, such as a
    /// process that the kernel cannot interrupt).
    pub(crate) fn end(&self) -> io::Result<usize> {
        for _ in 0..ROUNDS_MAX {
            let members = self.members()?;
            self.reap(&members);
            let alive: Vec<&Process> = members.iter().filter(|process| !process.is_ended()).collect();
            if alive.is_empty() {
                return Ok(0);
            }
            for process in alive {
                process.send(Signal::KILL)?;
            }
            std::thread::sleep(ROUND_PAUSE);
        }
        Ok(self.alive()?.len())
    }

    fn members(&self) -> io::Result<Vec<Process>> {
        // The list is read under the lock, so that it shows no program that started after the leaders were noted.
        let running = running();
        let all = process_table::all()?;
        let other_leaders = running.keys().copied().filter(|&leader| leader != self.leader).collect();
        drop(running);
        let me = getpid().as_raw_nonzero().get();
        // From the list, not by `getsid`: in a container entered from outside it is 0, which rustix cannot hold.
        let my_session = all.iter().find(|process| process.pid == me).map_or(0, |process| process.session);
        let surroundings = Surroundings { me, my_session, other_leaders };
        Ok(members(self, all, &surroundings))
    }

    /// Takes note of adopted processes that have ended. The leader is left to its own handle.
    fn reap(&self, members: &[Process]) {
        let me = getpid().as_raw_nonzero().get();
        let ended = members.iter().filter(|p| p.is_ended() && p.parent == me && p.pid != self.leader);
        for pid in ended.filter_map(|process| Pid::from_raw(process.pid)) {
            // It is a zombie child of ours: waiting for it neither blocks nor fails.
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

/// Ends every program that runs now: for the last moment before this process leaves.
pub(crate) fn end_all() {
    let families: Vec<Family> =
        running().iter().map(|(&leader, &since_ticks)| Family { leader, since_ticks }).collect();
    for family in families {
        // Nobody is left to tell.
        let _ = family.end();
    }
}

/// The members of `family` among `all`: those in the leader's session or group, orphans that came to us from a
/// session that is neither ours nor another leader's, and the descendants of all these.
fn members(family: &Family, all: Vec<Process>, surroundings: &Surroundings) -> Vec<Process> {
    let leader = family.leader;
    let is_root = |p: &Process| {
        let is_orphan = p.parent == surroundings.me
            && p.session != surroundings.my_session
            && !surroundings.other_leaders.contains(&p.session);
        p.started_ticks >= family.since_ticks
            && (p.session == leader || p.group == leader || p.pid == leader || is_orphan)
    };
    let mut pids: BTreeSet<i32> = all.iter().filter(|p| is_root(p)).map(|p| p.pid).collect();
    pids.remove(&surroundings.me);
    loop {
        let count = pids.len();
        let descendants: Vec<i32> = all.iter().filter(|p| pids.contains(&p.parent)).map(|p| p.pid).collect();
        pids.extend(descendants);
        if pids.len() == count {
            break;
        }
    }
    all.into_iter().filter(|process| pids.contains(&process.pid)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32, session: i32, started_ticks: u64) -> Process {
        let line = format!("{pid} (x) S {parent} {session} {session}{} {started_ticks} 0 0", " 0".repeat(15));
        Process::parse(&line).unwrap()
    }

    fn pids_of(leader: i32, all: Vec<Process>) -> Vec<i32> {
        let surroundings = Surroundings { me: 10, my_session: 5, other_leaders: BTreeSet::from([300]) };
        let family = Family { leader, since_ticks: 100 };
        members(&family, all, &surroundings).iter().map(|process| process.pid).collect()
    }

    #[test]
    fn a_family_is_its_session_its_orphans_and_their_descendants_and_nobody_else() {
        let all = vec![
            process(1, 0, 1, 1),
            process(10, 1, 5, 50),
            process(11, 10, 5, 200),    // another child of ours, in our own session
            process(200, 10, 200, 100), // the leader
            process(201, 200, 200, 101),
            process(202, 201, 202, 102), // left the session, but has its parent
            process(203, 10, 203, 103),  // double fork: adopted by us
            process(204, 203, 203, 104),
            process(205, 10, 205, 99),  // adopted before the leader was born
            process(300, 10, 300, 150), // another program
            process(301, 300, 300, 151),
            process(302, 10, 300, 152), // the other program's orphan
        ];
        assert_eq!(pids_of(200, all), [200, 201, 202, 203, 204]);
    }

    #[test]
    fn a_later_process_with_the_same_session_number_but_an_older_birth_is_not_ours() {
        assert_eq!(pids_of(200, vec![process(200, 1, 200, 99)]), [0; 0]);
    }
}
