//! Rehearsed losses of all data: what the backup brought back, how soon, and what it could not hold.

use plimsoll_base::Unit;
use plimsoll_evidence::{Amount, RestoreDrill, Scene};

use super::{Section, paragraph};
use crate::html::Html;
use crate::report::page::Page;
use crate::report::table::{Column, table};
use crate::report::words::{NOTHING, before_and_after, count};

pub(super) fn section(page: &Page<'_>) -> Option<Section> {
    let drills = page.input.documents.restore_drills(Scene::Measured);
    if drills.is_empty() {
        return None;
    }
    let columns = [
        Column::text("Restore"),
        Column::text("Process, before and after"),
        Column::number("Saved in"),
        Column::number("Restored in"),
        Column::number("Served after"),
        Column::number("Writes due"),
        Column::number("Of those missing"),
        Column::number("Writes later"),
        Column::number("Of those missing"),
        Column::number("Recovery point"),
    ];
    let words = "Eight writers write; a backup is made meanwhile, they go on, and then the subject is killed and its folder \
                 removed. What was acknowledged before the backup began is due: it must come back from the backup, \
                 restored into an empty folder. What was acknowledged later may be missing; the recovery point is how long \
                 before the end the first write was acknowledged that is missing. It is that of this drill: in use it is as \
                 long as the time between two backups. The time until the subject serves begins with the restore.";
    let rows = drills.into_iter().map(|(_, drill)| row(drill).map(Html::from).to_vec());
    let mut content = Html::default();
    content.push(paragraph(words));
    content.push(table("Restores onto nothing", &columns, rows));
    Some(Section { id: "restores", title: "Restores", content })
}

fn row(drill: &RestoreDrill) -> [String; 10] {
    let counts = drill.counts();
    let lasted = |amount: Amount| amount.display(Unit::Ns);
    let is_missing = counts.due_lost + counts.later_lost > 0;
    let point = if is_missing { lasted(Amount::Finite(counts.point_ns)) } else { NOTHING.to_owned() };
    [
        drill.trial.to_string(),
        before_and_after(drill.process, drill.restored),
        lasted(drill.save_ns),
        lasted(drill.restore_ns),
        lasted(drill.restored_ns),
        count(counts.due),
        count(counts.due_lost),
        count(counts.later),
        count(counts.later_lost),
        point,
    ]
}

#[cfg(test)]
mod tests {
    use plimsoll_base::Utc;
    use plimsoll_evidence::ProcessIdentity;

    use super::*;

    #[test]
    fn a_row_tells_what_was_due_and_what_is_missing() {
        let process = ProcessIdentity { pid: 7, started_ticks: 1 };
        let mut drill = RestoreDrill {
            scene: Scene::Measured,
            trial: 2,
            process,
            restored: Some(ProcessIdentity { pid: 9, ..process }),
            at: Utc::from_unix_seconds(0),
            save_from_ns: 1_000_000_000,
            save_ns: Amount::Finite(20_000_000),
            disaster_ns: 1_400_000_000,
            restore_ns: Amount::Finite(30_000_000),
            restored_ns: Amount::Finite(450_000_000),
            acknowledged_ns: vec![1, 2, 1_100_000_000, 1_200_000_000],
            found: "1110".into(),
            proxy: None,
        };
        assert_eq!(
            row(&drill),
            ["2", "7 → 9", "20 ms", "30 ms", "450 ms", "2", "0", "2", "1", "200 ms"].map(str::to_owned)
        );
        drill.found = "1111".into();
        assert_eq!(row(&drill)[9], NOTHING, "nothing is missing");
        (drill.restore_ns, drill.restored_ns, drill.restored) = (Amount::Infinite, Amount::Infinite, None);
        drill.found = "0000".into();
        let [_, processes, _, restored, served, _, missing, ..] = row(&drill);
        assert_eq!([processes, restored, served, missing], [&format!("7 → {NOTHING}"), "inf", "inf", "2"]);
    }
}
