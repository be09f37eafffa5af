//! Looks at the subject's files, or at a copy of them.

use plimsoll_evidence::{CheckRun, Document, Family, Probe, Scene};

use super::Conductor;
use crate::error::Error;
use crate::inspection::{Looked, copied, inspect};

impl Conductor<'_> {
    /// Goes through a probe's list on the subject's own files, or on a copy with a defect.
    pub(super) fn inspect(&mut self, probe: Probe, scene: Scene) -> Result<(), Error> {
        let folder = self.state.scratch()?;
        let at = self.clock.now();
        let looked = match scene {
            Scene::Measured => Looked::own(self.subject),
            _ => copied(self.subject, probe, folder.path(), self.planted(probe, scene), at)?,
        };
        let resources = self.plan.subject.resources.iter();
        let names: Vec<String> = resources.flat_map(|named| named.digest.values().cloned()).collect();
        let checklist = inspect(probe, &looked, &names, self.stop)?;
        let run = CheckRun { scene, trial: 1, process: None, died: false, at, checklist, proxy: None };
        self.keep(Document::CheckRun(run))
    }

    /// The lists whose control this is.
    pub(super) fn files_scene(&mut self, scene: Scene) -> Result<(), Error> {
        let controls =
            |probe: &Probe| probe.scenes().iter().any(|control| [*control, control.sham()].contains(&scene));
        for probe in Probe::of(Family::Inspection).filter(controls) {
            if self.plan.check_runs(probe) > 0 {
                self.inspect(probe, scene)?;
            }
        }
        Ok(())
    }

    /// How many defects break every limit; a sham has none.
    fn planted(&self, probe: Probe, scene: Scene) -> u64 {
        if scene.sham() == scene { 0 } else { self.plan.profile.largest_limit(probe).saturating_add(1) }
    }
}
