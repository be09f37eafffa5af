//! Many lives of a journal, each drawn from a seed: batches of every kind, crashes that tear writes, disks that lose what
//! they said to have kept, owners that come and go. After each, the journal holds what a simple model holds.
//!
//! A seed that fails is printed; `PLIMSOLL_SEED=n` tries that one alone.

use std::collections::BTreeMap;

use plimsoll_store::{
    Amount, Batch, DocumentKey, Error, Expect, Fence, Journal, LeaseName, Owner, SqliteJournal, Write,
};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use tempfile::TempDir;

use crate::crash::{Image, image, restore, torn};
use crate::world::{World, says, texts};

/// What a journal should hold.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    records: Vec<(String, String)>,
    documents: BTreeMap<String, (u64, Vec<u8>)>,
    /// The greatest version of a document that was removed.
    removed: u64,
    trimmed: BTreeMap<String, usize>,
    /// Who holds the lease, in which epoch, until when.
    lease: Option<(String, u64, u64)>,
    epoch: u64,
}

impl Model {
    fn length(&self, stream: &str) -> usize {
        self.records.iter().filter(|(of, _)| of == stream).count()
    }

    /// The records that can still be read.
    fn readable(&self) -> Vec<(String, String)> {
        let mut seen = BTreeMap::new();
        let is_left = |(stream, _): &&(String, String)| {
            let count = seen.entry(stream.clone()).or_insert(0);
            *count += 1;
            *count > self.trimmed.get(stream).copied().unwrap_or(0)
        };
        self.records.iter().filter(is_left).cloned().collect()
    }
}

/// One life: the world it is in, the journal, what it should hold, and the dice.
struct Life {
    world: World,
    folder: TempDir,
    journal: Option<SqliteJournal>,
    model: Model,
    now_ms: u64,
    dice: ChaCha8Rng,
    /// The disk before the last batch, and after it.
    images: [Image; 2],
    models: [Model; 2],
}

/// Records by stream and text, documents by key with version and value.
type Held = (Vec<(String, String)>, BTreeMap<String, (u64, Vec<u8>)>);

const OWNERS: [&str; 2] = ["ann", "bob"];

impl Life {
    fn begin(seed: u64) -> Self {
        let world = World::new();
        let folder = tempfile::tempdir().unwrap();
        let journal = world.open_in(folder.path()).unwrap();
        let now = image(folder.path());
        Self {
            world,
            folder,
            journal: Some(journal),
            model: Model::default(),
            now_ms: crate::world::BEGAN_MS,
            dice: ChaCha8Rng::seed_from_u64(seed),
            images: [now.clone(), now],
            models: [Model::default(), Model::default()],
        }
    }

    fn roll(&mut self, sides: usize) -> usize {
        usize::try_from(self.dice.next_u64() % sides as u64).unwrap()
    }

    fn journal(&self) -> &SqliteJournal {
        self.journal.as_ref().unwrap()
    }

    /// Sends a batch of which the model says whether it is accepted.
    fn send(&mut self, batch: Batch, after: Option<Model>) {
        let answer = self.world.commit(self.journal(), batch.clone());
        assert_eq!(answer.is_ok(), after.is_some(), "{answer:?} to {batch:?}");
        if let Some(after) = after {
            self.model = after;
        }
        self.images = [std::mem::take(&mut self.images[1]), image(self.folder.path())];
        self.models = [std::mem::take(&mut self.models[1]), self.model.clone()];
    }

    fn append(&mut self) {
        let stream = ["a", "b", "c"][self.roll(3)];
        let length = self.model.length(stream);
        let expected = (length + self.roll(2) * self.roll(2)) as u64;
        let expect = if self.roll(2) == 0 { Expect::Any } else { Expect::At(expected) };
        let texts: Vec<String> =
            (0..=self.roll(5)).map(|n| format!("{n} of {length}").repeat(1 + self.roll(90))).collect();
        let mut after = self.model.clone();
        after.records.extend(texts.iter().map(|text| (stream.to_owned(), text.clone())));
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let fits = matches!(expect, Expect::Any) || expected == length as u64;
        self.send(says(stream, expect, &texts), fits.then_some(after));
    }

    fn put(&mut self) {
        let key = ["x", "y"][self.roll(2)];
        let found = self.model.documents.get(key).map(|(version, _)| *version);
        let version = found.unwrap_or(0);
        let expected = version + self.roll(2) as u64;
        let (value, is_removed) = (vec![b'v'; self.roll(5_000)], self.roll(3) == 0);
        let mut after = self.model.clone();
        let (name, expect) = (DocumentKey::new(key).unwrap(), Expect::At(expected));
        let write = if is_removed {
            after.documents.remove(key);
            after.removed = after.removed.max(version);
            Write::DeleteDocument { key: name, expect }
        } else {
            after.documents.insert(key.into(), (found.unwrap_or(after.removed) + 1, value.clone()));
            Write::PutDocument { key: name, expect, value }
        };
        let writes = vec![write];
        self.send(Batch { writes, ..Batch::default() }, (expected == version).then_some(after));
    }

    fn trim(&mut self) {
        let name = ["a", "b", "c"][self.roll(3)];
        let length = self.model.length(name);
        let through = self.roll(length + 2);
        let mut after = self.model.clone();
        let before = after.trimmed.entry(name.into()).or_default();
        *before = through.max(*before);
        let writes = vec![Write::Trim { stream: crate::world::stream(name), through: through as u64 }];
        self.send(Batch { writes, ..Batch::default() }, (through <= length).then_some(after));
    }

    fn take_lease(&mut self) {
        let owner = OWNERS[self.roll(2)];
        let mut after = self.model.clone();
        let is_own = matches!(&after.lease, Some((holder, ..)) if holder == owner);
        let is_free = after.lease.as_ref().is_none_or(|(_, _, until)| *until <= self.now_ms);
        after.epoch += u64::from(!is_own);
        after.lease = Some((owner.into(), after.epoch, self.now_ms + 50));
        let (name, owner) = (LeaseName::new("l").unwrap(), Owner::new(owner).unwrap());
        // With a record, so that after a crash it shows whether the lease was taken.
        let text = format!("epoch {} at {}", after.epoch, self.now_ms);
        after.records.push(("leases".into(), text.clone()));
        let writes = vec![Write::TakeLease { name, owner, ttl_ms: 50 }];
        let batch = Batch { writes, ..says("leases", Expect::Any, &[&text]) };
        self.send(batch, (is_own || is_free).then_some(after));
    }

    /// Somebody writes who believes to hold the lease in some epoch.
    fn write_as_owner(&mut self) {
        let epoch = self.model.epoch.saturating_sub(self.roll(3) as u64);
        let mut after = self.model.clone();
        after.records.push(("owned".into(), format!("in epoch {epoch}")));
        let fences = vec![Fence { lease: LeaseName::new("l").unwrap(), epoch }];
        let batch = Batch { fences, ..says("owned", Expect::Any, &[&format!("in epoch {epoch}")]) };
        let holds = self.model.lease.as_ref().is_some_and(|(_, held, _)| *held == epoch);
        self.send(batch, holds.then_some(after));
    }

    /// The power fails while the last batch is being written.
    fn crash(&mut self) {
        self.journal = None;
        let part = 1 + self.roll(4);
        let [before, after] = self.images.clone();
        let left = torn(&before, &after, &mut || self.roll(4) < part);
        restore(&left, self.folder.path());
        self.journal = Some(self.world.open_in(self.folder.path()).unwrap());
        let held = self.held();
        let kept = self
            .models
            .iter()
            .find(|model| (model.readable(), &model.documents) == (held.0.clone(), &held.1));
        self.model = kept.unwrap_or_else(|| panic!("neither before nor after: {held:?}")).clone();
        self.images = [image(self.folder.path()), image(self.folder.path())];
        self.models = [self.model.clone(), self.model.clone()];
    }

    /// The disk forgets a batch that it said to have kept: noticed, and made good by the disk remembering.
    fn lose(&mut self) {
        let [before, after] = self.images.clone();
        if self.models[0].records == self.models[1].records {
            return;
        }
        self.journal = None;
        let mut left = before;
        left.insert("acknowledged".into(), after["acknowledged"].clone());
        restore(&left, self.folder.path());
        let refused = self.world.open_in(self.folder.path()).map(drop);
        assert!(matches!(refused, Err(Error::Corrupt(_))), "a loss was not noticed: {refused:?}");
        restore(&after, self.folder.path());
        self.journal = Some(self.world.open_in(self.folder.path()).unwrap());
    }

    /// What the journal holds: records that can be read, and documents.
    fn held(&self) -> Held {
        let records = self.world.wait(self.journal().tail(0, Amount::records(10_000))).unwrap();
        let streams = records.iter().map(|record| record.stream.to_string());
        let documents = self.world.wait(self.journal().documents("", None, 9)).unwrap();
        let documents =
            documents.into_iter().map(|found| (found.key.to_string(), (found.version, found.value)));
        (streams.zip(texts(&records)).collect(), documents.collect())
    }

    fn check(&self) {
        let (records, documents) = self.held();
        assert_eq!(records, self.model.readable());
        assert_eq!(documents, self.model.documents);
        for name in ["a", "b", "c", "owned", "leases"] {
            let wanted: Vec<String> = self
                .model
                .readable()
                .into_iter()
                .filter(|(of, _)| of == name)
                .map(|(_, text)| text)
                .collect();
            assert_eq!(self.world.said(self.journal(), name), wanted, "stream {name}");
        }
    }

    fn live(&mut self, steps: usize) {
        for _ in 0..steps {
            match self.roll(20) {
                0..8 => self.append(),
                8..10 => self.put(),
                10..12 => self.take_lease(),
                12..15 => self.write_as_owner(),
                15 => self.trim(),
                16 => self.crash(),
                17 => self.lose(),
                18 => self.check(),
                _ => {
                    self.now_ms += self.roll(80) as u64;
                    self.world.clock.set(self.now_ms);
                }
            }
        }
        self.check();
        self.journal = None;
        let verified = plimsoll_store::verify(self.folder.path(), Some(&self.world.key())).unwrap();
        assert_eq!(verified.findings, [""; 0]);
        assert_eq!(verified.records, self.model.records.len() as u64);
    }
}

fn live_many(seeds: std::ops::Range<u64>, steps: usize) {
    let asked = std::env::var("PLIMSOLL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = asked.map_or(seeds, |seed: u64| seed..seed + 1);
    for seed in seeds {
        let lived = std::panic::catch_unwind(|| Life::begin(seed).live(steps));
        assert!(lived.is_ok(), "the life of seed {seed} went wrong: PLIMSOLL_SEED={seed}");
    }
}

#[test]
fn a_journal_holds_what_a_simple_model_holds() {
    live_many(0..40, 60);
}

#[test]
fn full_a_journal_holds_what_a_simple_model_holds() {
    live_many(1_000..11_000, 80);
}
