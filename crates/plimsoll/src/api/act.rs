//! Acts: what is changed, the line about it in the audit trail and the answer under an idempotency key are one batch.

use plimsoll_certify::register::Register;
use plimsoll_identity::Directory;
use plimsoll_policy::{AuditEntry, Outcome};
use plimsoll_store::{Batch, Journal};

use super::audit;
use super::problem::Problem;
use super::reply::Kept;
use super::route::Call;

impl<P, Q, B> Call<P, Q, B> {
    /// Does what a command asks of the directory of people.
    pub(crate) async fn change_people(
        &self,
        object: &str,
        kept: &Kept,
        command: impl Fn(&Directory, u64) -> plimsoll_identity::Result<Batch>,
    ) -> Result<(), Problem> {
        let entry = self.caller.entry(self.act, object, Outcome::Done, None);
        let whole = |directory: &Directory, now_ms| {
            self.still_known_to(directory, now_ms)?;
            Ok(self.whole(command(directory, now_ms)?, &entry, kept)?)
        };
        self.app.identity.act(whole).await?;
        Ok(())
    }

    /// Does what a command asks of the register of subjects, profiles and certifications.
    pub(crate) async fn change_register(
        &self,
        object: &str,
        kept: &Kept,
        command: impl Fn(&Register, u64) -> Result<Batch, plimsoll_certify::Error>,
    ) -> Result<(), Problem> {
        let entry = self.caller.entry(self.act, object, Outcome::Done, None);
        self.caller.still_known(&self.app, self.app.clock.unix_ms())?;
        let whole = |register: &Register, now_ms| Ok(self.whole(command(register, now_ms)?, &entry, kept)?);
        self.app.runner.act(whole).await?;
        Ok(())
    }

    /// Records an act that changes nothing.
    pub(crate) async fn record(&self, object: &str, kept: &Kept) -> Result<(), Problem> {
        let entry = self.caller.entry(self.act, object, Outcome::Done, None);
        self.app.journal.commit(self.whole(Batch::default(), &entry, kept)?).await?;
        Ok(())
    }

    /// Whoever was shut out while his request came, or while it waited, does nothing more: an act is kept only in the
    /// directory for which it was made.
    pub(crate) fn still_known_to(&self, directory: &Directory, now_ms: u64) -> plimsoll_identity::Result<()> {
        match self.caller.who() {
            Some(who) => who.is_known_to(directory, self.app.identity.rules(), now_ms, now_ms),
            None => Ok(()),
        }
    }

    /// A batch with all that belongs to it.
    pub(crate) fn whole(
        &self,
        mut batch: Batch,
        entry: &AuditEntry,
        kept: &Kept,
    ) -> plimsoll_store::Result<Batch> {
        audit::add(&mut batch, entry)?;
        if let Some(once) = &self.once {
            once.keep(&mut batch, kept, self.app.clock.unix_ms())?;
        }
        Ok(batch)
    }
}
