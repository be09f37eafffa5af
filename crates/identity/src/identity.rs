//! The directory over a journal: replayed at start, and changed by what the journal has accepted.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use plimsoll_base::{Clock, Kind, Secret};
use plimsoll_store::{Amount, BATCH_RECORDS_MAX, Batch, Error as StoreError, Journal};

use crate::api_token::NewToken;
use crate::directory::{Directory, Session, Token};
use crate::error::{Error, Result};
use crate::event::{Event, Place, stream};
use crate::names::UserName;
use crate::password::{PasswordCheck, PasswordProof};
use crate::people::NewUser;
use crate::rules::Rules;
use crate::sign_in::{Principal, SignIn};
use crate::token::{LinkId, SessionId, TokenId, check_token, new_token, random_text};

/// How often the last use of one session or token is written, in milliseconds: a use is no reason to wait for a disk.
pub const USE_WRITTEN_MS: u64 = 60_000;
/// How long an act whose end nobody saw may still reach the journal, in milliseconds: far longer than a full queue
/// takes to be written.
const DOUBT_MS: u64 = 60_000;
/// How many records are read at once. All of them are read in as many turns as it takes.
const READ_AT_ONCE: usize = 4_096;

/// Who may come in, kept in a journal.
pub struct Identity<J> {
    journal: Arc<J>,
    clock: Arc<dyn Clock>,
    rules: Rules,
    directory: RwLock<Directory>,
    uses: Mutex<HashMap<Door, (u64, Place)>>,
    /// Until then, on the monotonic clock in milliseconds, something may be in the journal that was not read; 0 if
    /// all is known.
    doubt_until_ms: AtomicU64,
}

/// What was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Door {
    Session(SessionId),
    Token(TokenId),
}

/// Stands while an act is on its way. If it falls before the act is settled (the caller went away, the journal gave
/// no clear answer), what the act did is looked for before anybody is let in.
struct Doubt<'a> {
    until_ms: &'a AtomicU64,
    clock: &'a dyn Clock,
    settled: bool,
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if !self.settled {
            let until_ms = monotonic_ms(self.clock).saturating_add(DOUBT_MS);
            self.until_ms.fetch_max(until_ms, Ordering::SeqCst);
        }
    }
}

fn monotonic_ms(clock: &dyn Clock) -> u64 {
    clock.monotonic_ns() / 1_000_000
}

impl<J: Journal> Identity<J> {
    /// Reads the whole stream.
    pub async fn open(journal: Arc<J>, clock: Arc<dyn Clock>, rules: Rules) -> Result<Self> {
        let identity = Self {
            journal,
            clock,
            rules,
            directory: RwLock::default(),
            uses: Mutex::default(),
            doubt_until_ms: AtomicU64::new(0),
        };
        identity.catch_up().await?;
        Ok(identity)
    }

    /// How strict it is.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Looks at the directory. What is done with it should be short: acts wait for it.
    pub fn read<T>(&self, look: impl FnOnce(&Directory) -> T) -> T {
        look(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does what a command asks for. The command gets the directory and the time in milliseconds since
    /// 1970-01-01T00:00:00Z; if something else was accepted meanwhile, it is asked a second time.
    pub async fn act(&self, command: impl Fn(&Directory, u64) -> Result<Batch>) -> Result<()> {
        self.settle_doubt().await?;
        match self.try_act(&command).await {
            Err(Error::Store(StoreError::Moved { .. })) => {
                self.catch_up().await?;
                self.try_act(&command).await
            }
            answer => answer,
        }
    }

    async fn try_act(&self, command: impl Fn(&Directory, u64) -> Result<Batch>) -> Result<()> {
        let batch = self.read(|directory| command(directory, self.clock.unix_ms()))?;
        if batch.appends.iter().all(|append| append.records.is_empty()) {
            return Ok(());
        }
        let clock = self.clock.as_ref();
        let mut doubt = Doubt { until_ms: &self.doubt_until_ms, clock, settled: false };
        let answer = self.journal.commit(batch).await;
        if let Err(error) = answer {
            // Refused before anything was written. Any other failure may have come after.
            doubt.settled = matches!(error.kind(), Kind::Invalid | Kind::Conflict | Kind::Busy);
            return Err(error.into());
        }
        self.catch_up().await?;
        doubt.settled = true;
        Ok(())
    }

    /// Applies what the journal has and the directory has not.
    async fn catch_up(&self) -> Result<()> {
        let stream = stream()?;
        loop {
            let after = self.read(Directory::sequence);
            let records = self.journal.read(&stream, after, Amount::records(READ_AT_ONCE)).await?;
            if records.is_empty() {
                return Ok(());
            }
            let mut directory = self.directory.write().unwrap_or_else(PoisonError::into_inner);
            // Somebody else may have applied some of them meanwhile.
            for record in
                records.iter().filter(|record| record.sequence > directory.sequence()).collect::<Vec<_>>()
            {
                directory.apply(record)?;
            }
        }
    }

    /// While something may be in the journal that nobody has read, it is read before anybody is let in. If it cannot
    /// be read, nobody is.
    async fn settle_doubt(&self) -> Result<()> {
        let until_ms = self.doubt_until_ms.load(Ordering::SeqCst);
        if until_ms == 0 {
            return Ok(());
        }
        let now_ms = monotonic_ms(self.clock.as_ref());
        self.catch_up().await?;
        if now_ms >= until_ms {
            // If it fails there is a newer doubt, which stays.
            let _ = self.doubt_until_ms.compare_exchange(until_ms, 0, Ordering::SeqCst, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Offers a link for the first administrator: the text in it. It is shown once.
    pub async fn offer_set_up(&self) -> Result<Secret<String>> {
        let text = random_text()?;
        let link = LinkId::of(&text);
        self.act(|directory, now_ms| directory.offer_set_up(now_ms, link)).await?;
        Ok(text)
    }

    /// Creates the first user by the text in a set-up link.
    pub async fn set_up(&self, text: &Secret<String>, user: &NewUser) -> Result<()> {
        let link = LinkId::of(text);
        self.act(|directory, now_ms| directory.set_up(now_ms, link, user)).await
    }

    /// What to compare a password with, on a thread of the caller's choice.
    pub fn password_check(&self, name: &str) -> PasswordCheck {
        self.read(|directory| directory.password_check(name))
    }

    /// Opens a session: its name, and the text that stands for it, which is shown once.
    pub async fn sign_in(
        &self,
        proof: &PasswordProof,
        code: Option<&str>,
        place: &Place,
    ) -> Result<(SessionId, Secret<String>)> {
        let text = random_text()?;
        let shown = SignIn { proof, code, session: SessionId::of(&text), place };
        self.act(|directory, now_ms| directory.sign_in(now_ms, &self.rules, &shown)).await?;
        Ok((shown.session, text))
    }

    /// Gives out a token: its name, and the token itself, which is shown once.
    pub async fn issue_token(&self, wanted: &NewToken) -> Result<(TokenId, Secret<String>)> {
        let text = new_token()?;
        let id = TokenId::of(&text);
        self.act(|directory, now_ms| directory.issue_token(now_ms, &self.rules, id, wanted)).await?;
        Ok((id, text))
    }

    /// Who is asking with the text of a session, and in which session. It counts as a use.
    pub async fn session(&self, text: &Secret<String>, place: &Place) -> Result<(SessionId, Principal)> {
        self.settle_doubt().await?;
        let (id, now_ms) = (SessionId::of(text), self.clock.unix_ms());
        let used_ms = self.used(Door::Session(id)).map_or(0, |(used_ms, _)| used_ms);
        let principal = self.read(|directory| directory.session(now_ms, &self.rules, id, used_ms))?;
        self.note_use(Door::Session(id), now_ms, place);
        Ok((id, principal))
    }

    /// Who is asking with a token, and with which one. It counts as a use.
    pub async fn token(&self, text: &Secret<String>, place: &Place) -> Result<(TokenId, Principal)> {
        check_token(text.expose())?;
        self.settle_doubt().await?;
        let (id, now_ms) = (TokenId::of(text), self.clock.unix_ms());
        let principal = self.read(|directory| directory.token(now_ms, &self.rules, id))?;
        self.note_use(Door::Token(id), now_ms, place);
        Ok((id, principal))
    }

    /// A user's sessions that can be used, with their last use, the last opened first.
    pub fn sessions_of(&self, user: &UserName) -> Vec<(SessionId, Session)> {
        let now_ms = self.clock.unix_ms();
        let own = self.read(|directory| {
            let own = directory.sessions_of(now_ms, user).into_iter();
            let usable = own.filter(|(id, _)| {
                let used_ms = self.used(Door::Session(*id)).map_or(0, |(used_ms, _)| used_ms);
                directory.session(now_ms, &self.rules, *id, used_ms).is_ok()
            });
            usable.map(|(id, session)| (id, session.clone())).collect::<Vec<_>>()
        });
        let with_use = own.into_iter().map(|(id, mut session)| {
            if let Some((used_ms, place)) = self.used(Door::Session(id)) {
                (session.used_ms, session.place) = (used_ms, place);
            }
            (id, session)
        });
        with_use.collect()
    }

    /// A user's tokens that can be used, with their last use, the last given out first.
    pub fn tokens_of(&self, user: &UserName) -> Vec<(TokenId, Token)> {
        let now_ms = self.clock.unix_ms();
        let own = self.read(|directory| {
            let own = directory.tokens_of(now_ms, user).into_iter();
            own.map(|(id, token)| (id, token.clone())).collect::<Vec<_>>()
        });
        let with_use = own.into_iter().map(|(id, mut token)| {
            token.used = self.used(Door::Token(id)).or(token.used);
            (id, token)
        });
        with_use.collect()
    }

    /// Writes last uses, each at most once a minute, and forgets those of what has ended. Meant to be called by a
    /// timer, and before the end: what was not written is lost with the process.
    pub async fn write_uses(&self) -> Result<()> {
        self.act(|directory, _| directory.batch(&self.due_uses(directory))).await?;
        self.read(|directory| {
            let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
            uses.retain(|door, _| match door {
                Door::Session(id) => directory.sessions.contains_key(id),
                Door::Token(id) => directory.tokens.contains_key(id),
            });
        });
        Ok(())
    }

    fn due_uses(&self, directory: &Directory) -> Vec<Event> {
        let uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        let due = |written_ms: u64, used_ms: u64| used_ms >= written_ms.saturating_add(USE_WRITTEN_MS);
        let events = uses.iter().filter_map(|(door, (used_ms, place))| {
            let (used_ms, place) = (*used_ms, place.clone());
            match *door {
                Door::Session(session) => {
                    let known = directory.sessions.get(&session)?;
                    due(known.used_ms, used_ms).then_some(Event::SessionUsed { session, used_ms, place })
                }
                Door::Token(token) => {
                    let known = directory.tokens.get(&token)?;
                    let written_ms = known.used.as_ref().map_or(0, |(used_ms, _)| *used_ms);
                    due(written_ms, used_ms).then_some(Event::TokenUsed { token, used_ms, place })
                }
            }
        });
        // The rest is as due a minute later.
        events.take(BATCH_RECORDS_MAX).collect()
    }

    fn used(&self, door: Door) -> Option<(u64, Place)> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner).get(&door).cloned()
    }

    fn note_use(&self, door: Door, now_ms: u64, place: &Place) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        uses.insert(door, (now_ms, place.clone()));
    }
}
