//! The directory over a journal: replayed at start, and changed by what the journal has accepted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_base::{Clock, Secret};
use plimsoll_keys::SealingKey;
use plimsoll_store::{BATCH_RECORDS_MAX, Batch, Folded, Journal, Receipt};

use crate::api_token::NewToken;
use crate::directory::{Directory, Session, Token};
use crate::error::Result;
use crate::event::{Event, Place};
use crate::names::UserName;
use crate::password::{PasswordCheck, PasswordProof};
use crate::people::NewUser;
use crate::rules::Rules;
use crate::sign_in::{Principal, SignIn};
use crate::token::{LinkId, SessionId, TokenId, check_token, new_token, random_text};

/// How often the last use of one session or token is written, in milliseconds: a use is no reason to wait for a disk.
pub const USE_WRITTEN_MS: u64 = 60_000;

/// Who may come in, kept in a journal.
pub struct Identity<J> {
    folded: Folded<Directory, J>,
    rules: Rules,
    uses: Mutex<HashMap<Door, (u64, Place)>>,
}

/// What was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Door {
    Session(SessionId),
    Token(TokenId),
}

impl<J: Journal> Identity<J> {
    /// Reads the whole stream. The secrets in it are sealed with `sealing`.
    pub async fn open(
        journal: Arc<J>,
        clock: Arc<dyn Clock>,
        rules: Rules,
        sealing: Arc<SealingKey>,
    ) -> Result<Self> {
        let folded = Folded::open(journal, clock, Directory::new(sealing)).await?;
        Ok(Self { folded, rules, uses: Mutex::default() })
    }

    /// How strict it is.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Looks at the directory. What is done with it should be short: acts wait for it.
    pub fn read<T>(&self, look: impl FnOnce(&Directory) -> T) -> T {
        self.folded.read(look)
    }

    /// Does what a command asks for, and gives the journal's receipt; none if there was nothing to write. The command
    /// gets the directory and the time in milliseconds since 1970-01-01T00:00:00Z; if something else was accepted
    /// meanwhile, it is asked a second time. What it adds to the batch for other streams and rows is kept with it or
    /// not at all.
    pub async fn act(&self, command: impl Fn(&Directory, u64) -> Result<Batch>) -> Result<Option<Receipt>> {
        self.folded.act(command).await
    }

    fn now_ms(&self) -> u64 {
        self.folded.clock().unix_ms()
    }

    /// Offers a link for the first administrator: the text in it. It is shown once.
    pub async fn offer_set_up(&self) -> Result<Secret<String>> {
        let text = random_text()?;
        let link = LinkId::of(&text);
        self.act(|directory, now_ms| directory.offer_set_up(now_ms, link)).await?;
        Ok(text)
    }

    /// Whether the first user can be created by the text in a set-up link: to be asked before the password is hashed,
    /// so that whoever has none costs nothing.
    pub fn check_link(&self, text: &Secret<String>) -> Result<()> {
        let now_ms = self.now_ms();
        self.read(|directory| directory.check_link(now_ms, LinkId::of(text)))
    }

    /// Creates the first user by the text in a set-up link. `with` adds what is to be kept with it.
    pub async fn set_up(
        &self,
        text: &Secret<String>,
        user: &NewUser,
        with: impl Fn(Batch) -> Result<Batch>,
    ) -> Result<()> {
        let link = LinkId::of(text);
        self.act(|directory, now_ms| with(directory.set_up(now_ms, link, user)?)).await?;
        Ok(())
    }

    /// What to compare a password with, on a thread of the caller's choice.
    pub fn password_check(&self, name: &str) -> PasswordCheck {
        self.read(|directory| directory.password_check(name))
    }

    /// Opens a session: its name, and the text that stands for it, which is shown once. `with` adds what is to be kept
    /// with it.
    pub async fn sign_in(
        &self,
        proof: &PasswordProof,
        code: Option<&str>,
        place: &Place,
        with: impl Fn(Batch) -> Result<Batch>,
    ) -> Result<(SessionId, Secret<String>)> {
        let text = random_text()?;
        let shown = SignIn { proof, code, session: SessionId::of(&text), place };
        self.act(|directory, now_ms| with(directory.sign_in(now_ms, &self.rules, &shown)?)).await?;
        Ok((shown.session, text))
    }

    /// Gives out a token: its name, and the token itself, which is shown once. `with` adds what is to be kept with it.
    pub async fn issue_token(
        &self,
        wanted: &NewToken,
        with: impl Fn(&Directory, u64, Batch) -> Result<Batch>,
    ) -> Result<(TokenId, Secret<String>)> {
        let text = new_token()?;
        let id = TokenId::of(&text);
        let whole = |directory: &Directory, now_ms| {
            with(directory, now_ms, directory.issue_token(now_ms, &self.rules, id, wanted)?)
        };
        self.act(whole).await?;
        Ok((id, text))
    }

    /// Who is asking with the text of a session, and in which session. It counts as a use.
    pub async fn session(&self, text: &Secret<String>, place: &Place) -> Result<(SessionId, Principal)> {
        self.folded.settle().await?;
        let (id, now_ms) = (SessionId::of(text), self.now_ms());
        let used_ms = self.used(Door::Session(id)).map_or(0, |(used_ms, _)| used_ms);
        let principal = self.read(|directory| directory.session(now_ms, &self.rules, id, used_ms))?;
        self.note_use(Door::Session(id), now_ms, place);
        Ok((id, principal))
    }

    /// Who is asking with a token, and with which one. It counts as a use.
    pub async fn token(&self, text: &Secret<String>, place: &Place) -> Result<(TokenId, Principal)> {
        check_token(text.expose())?;
        self.folded.settle().await?;
        let (id, now_ms) = (TokenId::of(text), self.now_ms());
        let principal = self.read(|directory| directory.token(now_ms, &self.rules, id))?;
        self.note_use(Door::Token(id), now_ms, place);
        Ok((id, principal))
    }

    /// A user's sessions that can be used, with their last use, the last opened first.
    pub fn sessions_of(&self, user: &UserName) -> Vec<(SessionId, Session)> {
        let now_ms = self.now_ms();
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
        let now_ms = self.now_ms();
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
