//! The server's long-lived parts: how they begin and how they end.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::Method;
use plimsoll_base::{Clock, Kind, Secret};
use plimsoll_certify::register::{self as runner, Register, Runner};
use plimsoll_identity::{Attempt, Identity, Subscriber, Throttle, Upon, Wait};
use plimsoll_keys::{Credential, DigestKey, Keyring, ServerKeys};
use plimsoll_proof::VerifierKey;
use plimsoll_store::{Journal, Options, SqliteJournal};
use plimsoll_tasks::{OnEnd, Scope, Wake};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::api::{self, Problem, Readiness, Route};
use crate::cli::certify::demo_subject;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::share::Room;
use crate::telemetry::{Level, Log, Metrics};

/// What one user was not allowed or could not do that is put on record in a minute: more than a person comes to by mistake.
pub(crate) const REFUSALS_A_MINUTE_MAX: u32 = 300;
/// Passwords that are hashed at once: each takes 19 MiB and a core for some hundredths of a second.
const HASHING_MAX: usize = 2;
/// Certificates that are read, verified or packed at once.
const READING_MAX: usize = 2;
/// How often it is looked whether the data folder is free, and after which pause: a second and a half in all.
const HELD_LOOKS: usize = 30;
const HELD_PAUSE: Duration = Duration::from_millis(50);
/// How often last uses are written down; each use is written at most once a minute.
const USES_EVERY: Duration = Duration::from_secs(20);
/// How often answers under idempotency keys are looked through for old ones.
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// How often the journal is looked through for damage. Each look reads all of it.
const LOOK_EVERY: Duration = Duration::from_secs(6 * 3_600);

/// How often free memory is given back: a burst of many connections leaves ten times what the server needs.
const GIVE_BACK_EVERY: Duration = Duration::from_secs(10);

/// What the server is made of.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) log: Log,
    pub(crate) scope: Scope,
    pub(crate) journal: Arc<SqliteJournal>,
    /// The key that signs the journal's checkpoints, for whoever verifies them.
    pub(crate) journal_key: VerifierKey,
    pub(crate) identity: Identity<SqliteJournal>,
    pub(crate) runner: Runner<SqliteJournal>,
    /// Makes the digests of requests that are kept under idempotency keys.
    pub(crate) digests: DigestKey,
    /// The lines by which others believe what this server issues.
    pub(crate) issuer: String,
    pub(crate) metrics: Metrics,
    /// Requests that are being handled, by who sent them.
    pub(crate) in_flight: Room<Subscriber>,
    /// Long answers by user.
    pub(crate) streams: Room<String>,
    pub(crate) hashing: Arc<Semaphore>,
    /// Certificates are read by few at once: each reading takes a thread, and the memory of the whole.
    pub(crate) reading: Arc<Semaphore>,
    /// What users were not allowed or could not do, by minute.
    pub(crate) refusals: Mutex<HashMap<String, (u64, u32)>>,
    pub(crate) readiness: Readiness,
    /// That a forwarded address is not believed is told once.
    pub(crate) told_of_forwarding: Once,
    /// And that a proxy adds something else than addresses.
    pub(crate) told_of_unread_hop: Once,
    /// The OpenAPI document.
    pub(crate) reference: Bytes,
    /// The indices of routes by path, each with its method.
    routes: HashMap<&'static str, Vec<(Method, usize)>>,
    throttle: Mutex<Throttle>,
    damage: Mutex<Option<Problem>>,
    /// The journal is looked through by one at a time.
    pub(crate) looking: Arc<tokio::sync::Mutex<()>>,
}

/// The keys, made at the first start, and what unseals them, which never lies beside them.
fn unseal(settings: &Settings, log: &Log) -> Result<(ServerKeys, Credential), Failure> {
    let folder = settings.data.join("keys");
    let journal = settings.data.join("journal");
    if journal.exists() && !folder.exists() {
        // New ones would not fit, and would lie where the right ones belong.
        let message =
            format!("{} is gone, and {} was signed with the keys in it", folder.display(), journal.display());
        return Err(Failure::new(Kind::Denied, message).hint("put the keys back"));
    }
    let credential = match Credential::load(&settings.credential)? {
        Some(credential) => credential,
        // Another one would open nothing.
        None if folder.exists() => {
            let message = format!(
                "{} is gone, and {} cannot be opened without it",
                settings.credential.display(),
                folder.display()
            );
            let hint = "put it back; if it is lost, move the data folder away and begin anew";
            return Err(Failure::new(Kind::Denied, message).hint(hint));
        }
        None => Credential::create(&settings.credential)?,
    };
    let (keys, made) = ServerKeys::open_or_create(&folder, &credential)?;
    if made {
        let said = json!({ "folder": folder, "journal_key": keys.journal.verifier_key().to_string() });
        log.tell(Level::Warn, "keys made", said);
    }
    Ok((keys, credential))
}

fn by_path(routes: &[Route]) -> HashMap<&'static str, Vec<(Method, usize)>> {
    let mut indices: HashMap<_, Vec<_>> = HashMap::new();
    for (index, route) in routes.iter().enumerate() {
        indices.entry(route.permit.path).or_default().push((route.method.clone(), index));
    }
    indices
}

/// What is opened in the data folder.
struct Kept {
    journal: Arc<SqliteJournal>,
    journal_key: VerifierKey,
    identity: Identity<SqliteJournal>,
    runner: Runner<SqliteJournal>,
    digests: DigestKey,
    issuer: String,
}

async fn open(settings: &Settings, clock: &Arc<dyn Clock>, log: &Log) -> Result<Kept, Failure> {
    let (ServerKeys { issuer: issuer_keys, journal: key }, credential) = unseal(settings, log)?;
    let sealing = Arc::new(credential.sealing_key("people")?);
    let digests = credential.digest_key("requests")?;
    let issuer = Keyring::open(&settings.data.join("keys"))?.export_public(&"server".parse()?)?;
    let (key, issuer_keys) = (Arc::new(key), Arc::new(issuer_keys));
    let journal_key = key.verifier_key().clone();
    let journal = once_free(async || {
        let (folder, key) = (settings.data.join("journal"), Arc::clone(&key));
        Ok(SqliteJournal::open(Options { folder, key, clock: Arc::clone(clock) })?)
    });
    let journal = Arc::new(journal.await?);
    let (shared, rules) = (Arc::clone(&journal), settings.rules.clone());
    let identity = Identity::open(shared, Arc::clone(clock), rules, sealing).await?;
    let runner = once_free(async || {
        let register = Register::new(settings.subjects, &[("demo", &demo_subject()?)])?;
        let (keys, folder) = (Arc::clone(&issuer_keys), settings.data.clone());
        let (version, tell) = (env!("CARGO_PKG_VERSION").into(), api::tell_of_refresh);
        let options = runner::Options { keys, folder, version, tell };
        Ok(Runner::open(Arc::clone(&journal), Arc::clone(clock), register, options).await?)
    });
    let runner = runner.await?;
    Ok(Kept { journal, journal_key, identity, runner, digests, issuer })
}

/// Opens what another process may still hold. A server that was killed while it started a program is outlived for a
/// moment by the copy of itself that was to become that program.
async fn once_free<T>(mut open: impl AsyncFnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    for _ in 0..HELD_LOOKS {
        match open().await {
            Err(failure) if matches!(failure.kind, Kind::Conflict | Kind::Busy) => {
                tokio::time::sleep(HELD_PAUSE).await;
            }
            answer => return answer,
        }
    }
    open().await
}

impl App {
    /// Opens what is kept, and begins the work that is done again and again.
    pub(crate) async fn start(
        settings: Settings,
        clock: Arc<dyn Clock>,
        log: Log,
        scope: Scope,
        routes: &[Route],
    ) -> Result<Arc<Self>, Failure> {
        let Kept { journal, journal_key, identity, runner, digests, issuer } =
            open(&settings, &clock, &log).await?;
        let app = Arc::new(Self {
            in_flight: Room::new(api::IN_FLIGHT_MAX),
            streams: Room::new(api::STREAMS_MAX),
            hashing: Arc::new(Semaphore::new(HASHING_MAX)),
            reading: Arc::new(Semaphore::new(READING_MAX)),
            refusals: Mutex::default(),
            readiness: Readiness::default(),
            told_of_forwarding: Once::new(),
            told_of_unread_hop: Once::new(),
            reference: api::reference(routes).into(),
            metrics: Metrics::new(routes.iter().map(Route::series)),
            routes: by_path(routes),
            throttle: Mutex::default(),
            damage: Mutex::default(),
            looking: Default::default(),
            settings,
            clock,
            log,
            scope,
            journal,
            journal_key,
            identity,
            runner,
            digests,
            issuer,
        });
        app.keep_house();
        Ok(app)
    }

    /// Work that needs nobody to ask for it.
    fn keep_house(self: &Arc<Self>) {
        let app = Arc::clone(self);
        self.scope.spawn(
            "certifications",
            OnEnd::Stop,
            async move { app.runner.run(app.scope.stopped()).await },
        );
        self.look_for_damage();
        let app = Arc::clone(self);
        self.scope.repeat("write uses", USES_EVERY, &Wake::default(), move || {
            let app = Arc::clone(&app);
            async move {
                let written = app.identity.write_uses().await;
                app.complain("write uses", written.map_err(Problem::from));
            }
        });
        self.scope.repeat("give back memory", GIVE_BACK_EVERY, &Wake::default(), || {
            plimsoll_process::give_back_memory();
            std::future::ready(())
        });
        let app = Arc::clone(self);
        self.scope.repeat("forget answers", FORGET_EVERY, &Wake::default(), move || {
            let app = Arc::clone(&app);
            async move {
                loop {
                    let more = api::forget_old(app.journal.as_ref(), app.clock.unix_ms()).await;
                    if !app.complain("forget answers", more.map_err(Problem::from)).unwrap_or(false) {
                        return;
                    }
                }
            }
        });
    }

    /// Damage is looked for again and again, and not at the start: opening has looked at what it needs.
    fn look_for_damage(self: &Arc<Self>) {
        let (app, mut is_first) = (Arc::clone(self), true);
        self.scope.repeat("look for damage", LOOK_EVERY, &Wake::default(), move || {
            let (app, waits) = (Arc::clone(&app), std::mem::take(&mut is_first));
            async move {
                if !waits {
                    app.complain("look for damage", api::look_through(&app).await);
                }
            }
        });
    }

    /// What nobody waits for goes into the log if it fails.
    fn complain<T>(&self, doing: &'static str, answer: Result<T, Problem>) -> Option<T> {
        answer
            .map_err(|problem| {
                self.log.tell(Level::Warn, "failed", json!({ "doing": doing, "problem": problem.detail }));
            })
            .ok()
    }

    /// What must be written before the end.
    pub(crate) async fn finish(&self) {
        let written = self.identity.write_uses().await;
        self.complain("write uses", written.map_err(Problem::from));
        let signed = self.journal.checkpoint().await;
        self.complain("sign the journal", signed.map_err(Problem::from));
    }

    /// The index of a route among those that are counted.
    pub(crate) fn route_index(&self, method: &Method, path: &str) -> Option<usize> {
        // HEAD is answered by the route for GET.
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.routes.get(path)?.iter().find(|(known, _)| known == method).map(|(_, index)| *index)
    }

    /// What the last look through the journal found.
    pub(crate) fn set_damage(&self, damage: Option<Problem>) {
        if let Some(problem) = &damage {
            self.log.tell(Level::Error, "damage", json!({ "problem": problem.detail }));
        }
        *self.damage.lock().unwrap_or_else(PoisonError::into_inner) = damage;
    }

    /// Why the store can be trusted no longer, if that is so.
    pub(crate) fn damage(&self) -> Option<Problem> {
        self.damage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins an attempt to prove who somebody is, or says how long to wait.
    pub(crate) fn attempt(&self, upon: Upon<'_>, address: IpAddr) -> Result<Attempt, Problem> {
        let now_ms = self.clock.monotonic_ns() / 1_000_000;
        self.with_throttle(|throttle| throttle.begin(now_ms, upon, address)).map_err(|Wait { ms }| {
            let problem =
                Problem::new(axum::http::StatusCode::TOO_MANY_REQUESTS, "too many attempts have failed");
            problem.retry_after_s(ms.div_ceil(1_000))
        })
    }

    /// Counts what a user was not allowed or could not do; says how often that was in this minute. Each is a line of the
    /// audit trail for ever: whoever tries again and again must not fill the disk with them.
    pub(crate) fn count_refusal(&self, user: &str) -> u32 {
        let minute = self.clock.monotonic_ns() / 60_000_000_000;
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.retain(|_, (last, _)| *last == minute);
        let (_, count) = refusals.entry(user.to_owned()).or_insert((minute, 0));
        *count = count.saturating_add(1);
        *count
    }

    pub(crate) fn with_throttle<T>(&self, act: impl FnOnce(&mut Throttle) -> T) -> T {
        act(&mut self.throttle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The text in a link for the first administrator, as long as there is none.
    pub(crate) async fn set_up_link(&self) -> Result<Option<Secret<String>>, Failure> {
        match self.identity.offer_set_up().await {
            Ok(text) => Ok(Some(text)),
            Err(plimsoll_identity::Error::SetUpDone) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
