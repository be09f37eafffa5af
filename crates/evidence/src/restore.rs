//! Restore drills: a backup is made amid writes, all data are taken away, and what comes back is counted. What was due and
//! what was lost follows from the times here.

use plimsoll_base::Utc;
use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::document::{ProcessIdentity, ProxyCounts};
use crate::scene::Scene;

/// Writes that must have been acknowledged before the backup began, for a drill to show anything.
pub const DUE_WRITES_MIN: u64 = 30;

/// One rehearsed loss of all data: writes, a backup amid them, SIGKILL, the data removed, a restore onto nothing, every
/// acknowledged write read again. Times of the drill are ns since its writes began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreDrill {
    /// Under what conditions.
    pub scene: Scene,
    /// Counts from 1 within the scene.
    pub trial: u64,
    /// The process whose data were taken away.
    pub process: ProcessIdentity,
    /// The process that served from what was restored; absent if none ever did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub restored: Option<ProcessIdentity>,
    /// When.
    pub at: Utc,
    /// When the backup began.
    pub save_from_ns: u64,
    /// How long it took, in ns; `inf` if it failed.
    pub save_ns: Amount,
    /// When the subject was killed.
    pub disaster_ns: u64,
    /// How long the restore itself took, in ns; `inf` if it failed, or there was nothing to restore.
    pub restore_ns: Amount,
    /// From the restore's beginning until the subject serves and its ledger can be read, in ns; `inf` if it never does.
    pub restored_ns: Amount,
    /// Of each write that was acknowledged, when that was; in this order.
    pub acknowledged_ns: Vec<u64>,
    /// Of each of them, as text: `1` if it was read back with its content, `0` if not.
    pub found: String,
    /// What the fault proxy did, where one stood in between.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proxy: Option<ProxyCounts>,
}

/// What came back, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RestoreCounts {
    /// Writes acknowledged before the backup began: they must be in it.
    pub due: u64,
    /// Of those, not found.
    pub due_lost: u64,
    /// Writes acknowledged after that: a backup may hold them.
    pub later: u64,
    /// Of those, not found.
    pub later_lost: u64,
    /// From the acknowledgement of the first write that was lost to the disaster, in ns: the recovery point.
    pub point_ns: u64,
}

impl RestoreDrill {
    /// What makes no sense of it, if anything.
    pub fn problem(&self) -> Option<&'static str> {
        let is_bits = self.found.bytes().all(|bit| bit == b'0' || bit == b'1');
        let saved_ns = match self.save_ns {
            Amount::Finite(took_ns) => self.save_from_ns.saturating_add(took_ns),
            Amount::Infinite => self.save_from_ns,
        };
        let has_failed = [self.save_ns, self.restore_ns].contains(&Amount::Infinite);
        let is_back = self.restored_ns != Amount::Infinite || self.found.contains('1');
        if !is_bits || self.found.len() != self.acknowledged_ns.len() {
            Some("the parts of its ledger do not match")
        } else if !self.acknowledged_ns.is_sorted() {
            Some("its writes are not in the order of their acknowledgements")
        } else if saved_ns > self.disaster_ns {
            Some("its backup had not ended when the subject was killed")
        } else if has_failed && self.restored.is_some() {
            Some("a process served from what was never restored")
        } else if self.restored.is_none() && is_back {
            Some("nothing served, and something came back")
        } else if self.restored_ns < self.restore_ns {
            Some("it served before its restore had ended")
        } else {
            None
        }
    }

    /// What was due, and what came back.
    pub fn counts(&self) -> RestoreCounts {
        let mut counts = RestoreCounts::default();
        for (at_ns, found) in self.acknowledged_ns.iter().zip(self.found.bytes()) {
            let lost = u64::from(found == b'0');
            if *at_ns < self.save_from_ns {
                counts.due += 1;
                counts.due_lost += lost;
            } else {
                counts.later += 1;
                counts.later_lost += lost;
            }
            counts.point_ns = counts.point_ns.max(lost * self.disaster_ns.saturating_sub(*at_ns));
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drill() -> RestoreDrill {
        let process = ProcessIdentity { pid: 7, started_ticks: 9 };
        RestoreDrill {
            scene: Scene::Measured,
            trial: 1,
            process,
            restored: Some(ProcessIdentity { pid: 8, ..process }),
            at: Utc::from_unix_seconds(0),
            save_from_ns: 100,
            save_ns: Amount::Finite(50),
            disaster_ns: 400,
            restore_ns: Amount::Finite(20),
            restored_ns: Amount::Finite(90),
            acknowledged_ns: vec![10, 99, 100, 130, 405],
            found: "11100".into(),
            proxy: None,
        }
    }

    #[test]
    fn what_was_acknowledged_before_the_backup_began_is_due() {
        let expected = RestoreCounts { due: 2, due_lost: 0, later: 3, later_lost: 2, point_ns: 270 };
        assert_eq!(drill().counts(), expected);
        let of = |found: &str| RestoreDrill { found: found.into(), ..drill() }.counts();
        assert_eq!((of("10111").due_lost, of("10111").later_lost, of("10111").point_ns), (1, 0, 301));
        assert_eq!((of("11111").due_lost, of("11111").point_ns), (0, 0));
        assert_eq!(of("11110").point_ns, 0, "a reply that was read after the kill had come before it");
        assert_eq!(of("00000").point_ns, 390, "the first that was lost, not the last");
    }

    #[test]
    fn each_thing_that_makes_no_sense_is_told() {
        assert_eq!(drill().problem(), None);
        type Case = (&'static str, fn(&mut RestoreDrill));
        let cases: [Case; 11] = [
            ("parts of its ledger", |drill| drill.found.push('1')),
            ("parts of its ledger", |drill| drill.found = "1110x".into()),
            ("not in the order", |drill| drill.acknowledged_ns.swap(0, 1)),
            ("had not ended", |drill| drill.save_ns = Amount::Finite(301)),
            ("had not ended", |drill| drill.disaster_ns = 99),
            ("never restored", |drill| drill.save_ns = Amount::Infinite),
            ("never restored", |drill| drill.restore_ns = Amount::Infinite),
            ("something came back", |drill| drill.restored = None),
            ("something came back", |drill| {
                (drill.restored, drill.restored_ns) = (None, Amount::Infinite);
            }),
            ("something came back", |drill| {
                (drill.restored, drill.found) = (None, "00000".into());
            }),
            ("before its restore had ended", |drill| drill.restored_ns = Amount::Finite(19)),
        ];
        for (expected, change) in cases {
            let mut changed = drill();
            change(&mut changed);
            let problem = changed.problem().unwrap_or("nothing");
            assert!(problem.contains(expected), "{problem} instead of {expected}");
        }
        let mut lost = drill();
        (lost.restore_ns, lost.restored_ns, lost.restored) = (Amount::Infinite, Amount::Infinite, None);
        lost.found = "00000".into();
        assert_eq!(lost.problem(), None, "a restore that failed brings nothing back");
    }
}
