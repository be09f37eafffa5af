//! State over a journal: replayed, raced for, and in doubt.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use plimsoll_base::Clock;
use plimsoll_store::{
    Append, Batch, DocumentKey, Error, Expect, Fold, Folded, Journal, Record, SqliteJournal, Write,
};

use tokio::task::{JoinSet, yield_now};

use crate::trouble::Trouble;
use crate::world::{BEGAN_MS, World, says, stream, texts};

/// What was said, each thing once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Said {
    sequence: u64,
    texts: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("said already")]
    Again,
    #[error(transparent)]
    Store(#[from] Error),
}

impl Fold for Said {
    const STREAM: &'static str = "said";
    type Error = Refusal;

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn apply(&mut self, record: &Record) -> Result<(), Refusal> {
        let [text] = <[String; 1]>::try_from(texts(std::slice::from_ref(record))).unwrap();
        if self.texts.contains(&text) {
            return Err(Refusal::Again);
        }
        self.texts.push(text);
        self.sequence = record.sequence;
        Ok(())
    }
}

impl Said {
    fn say(&self, text: &str) -> Result<Batch, Refusal> {
        if self.texts.iter().any(|said| said == text) {
            return Err(Refusal::Again);
        }
        Ok(says("said", Expect::At(self.sequence), &[text]))
    }
}

fn open<J: Journal>(world: &World, journal: Arc<J>) -> Folded<Said, J> {
    let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
    world.wait(Folded::open(journal, clock, Said::default())).unwrap()
}

fn sqlite(world: &World) -> Arc<SqliteJournal> {
    Arc::new(world.open().unwrap())
}

/// Asks until the journal has written, and goes away without the answer.
async fn ask_and_go_away(act: impl Future, journal: &Trouble) {
    let before = *journal.position().borrow();
    let mut position = journal.position();
    tokio::select! {
        biased;
        _ = act => panic!("the journal answered"),
        moved = position.wait_for(|position| *position > before) => drop(moved.unwrap()),
    }
}

#[test]
fn a_replay_gives_the_state_that_was() {
    let world = World::new();
    let folded = open(&world, sqlite(&world));
    for text in ["one", "two", "three"] {
        world.wait(folded.act(|said, _| said.say(text))).unwrap();
    }
    let before = folded.read(Clone::clone);
    drop(folded);
    assert_eq!(open(&world, sqlite(&world)).read(Clone::clone), before);
    assert_eq!(before.texts, ["one", "two", "three"]);
}

#[test]
fn a_command_is_asked_again_when_something_else_happened() {
    let world = World::new();
    let journal = sqlite(&world);
    let (one, two) = (open(&world, Arc::clone(&journal)), open(&world, journal));
    world.wait(one.act(|said, _| said.say("one"))).unwrap();
    assert_eq!(two.read(Fold::sequence), 0, "it has not heard of it");
    let receipt = world.wait(two.act(|said, _| said.say("two"))).unwrap().unwrap();
    assert_eq!(receipt.sequences, [2]);
    let again = world.wait(one.act(|said, _| said.say("two")));
    assert!(matches!(again, Err(Refusal::Again)), "{again:?}");
    assert_eq!(one.read(Clone::clone), two.read(Clone::clone));
}

#[test]
fn a_command_is_given_the_time() {
    let world = World::new();
    let folded = open(&world, sqlite(&world));
    world.wait(folded.act(|said, now_ms| said.say(&now_ms.to_string()))).unwrap();
    assert_eq!(folded.read(|said| said.texts.clone()), [BEGAN_MS.to_string()]);
}

#[test]
fn what_is_added_to_a_batch_is_kept_with_it_or_not_at_all() {
    let world = World::new();
    let folded = open(&world, sqlite(&world));
    let key = DocumentKey::new("idempotency/1").unwrap();
    let ask = |text: &'static str| {
        let key = key.clone();
        folded.act(move |said, _| {
            let mut batch = said.say(text)?;
            let audit = says("audit", Expect::Any, &[text]).appends;
            batch.appends.extend(audit);
            let (key, expect, value) = (key.clone(), Expect::At(0), text.into());
            batch.writes.push(Write::PutDocument { key, expect, value });
            Ok(batch)
        })
    };
    world.wait(ask("one")).unwrap();
    let refused = world.wait(ask("two"));
    assert!(matches!(refused, Err(Refusal::Store(Error::Changed { .. }))), "{refused:?}");
    assert_eq!(folded.read(|said| said.texts.clone()), ["one"]);
    assert_eq!(world.said(folded.journal().as_ref(), "audit"), ["one"]);
}

#[test]
fn nothing_is_written_when_there_is_nothing_to_write() {
    let world = World::new();
    let folded = open(&world, sqlite(&world));
    let act = |batch: Batch| world.wait(folded.act(|_, _| Ok(batch.clone()))).unwrap();
    let append = Append { stream: stream("said"), expect: Expect::At(9), records: Vec::new() };
    assert_eq!(act(Batch { appends: vec![append], ..Batch::default() }), None);
    let (key, expect, value) = (DocumentKey::new("d").unwrap(), Expect::Any, b"x".to_vec());
    let document = Write::PutDocument { key, expect, value };
    assert!(act(Batch { writes: vec![document], ..Batch::default() }).is_some());
}

#[test]
fn what_cannot_be_taken_in_is_not_skipped() {
    let world = World::new();
    let journal = sqlite(&world);
    let folded = open(&world, Arc::clone(&journal));
    world.say(journal.as_ref(), "said", &["one", "one", "two"]);
    assert!(matches!(world.wait(folded.catch_up()), Err(Refusal::Again)));
    assert_eq!(folded.read(|said| said.texts.clone()), ["one"]);
    let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
    let opened = world.wait(Folded::open(journal, clock, Said::default()));
    assert!(matches!(opened, Err(Refusal::Again)));
}

#[test]
fn an_act_whose_caller_went_away_is_read_before_the_next() {
    let world = World::new();
    let journal = Trouble::with(sqlite(&world));
    let folded = open(&world, Arc::clone(&journal));
    journal.silent.store(true, Ordering::SeqCst);
    world.wait(ask_and_go_away(folded.act(|said, _| said.say("one")), &journal));
    journal.silent.store(false, Ordering::SeqCst);
    assert_eq!(folded.read(|said| said.texts.len()), 0);
    world.wait(folded.settle()).unwrap();
    assert_eq!(folded.read(|said| said.texts.len()), 1);
}

/// The caller goes while the act waits in the journal's queue, before anything is written.
#[test]
fn an_act_that_is_still_queued_is_waited_for_before_the_next() {
    let world = World::new();
    let folded = open(&world, sqlite(&world));
    for round in 0..50 {
        let text = round.to_string();
        world.wait(async {
            let mut act = std::pin::pin!(folded.act(|said, _| said.say(&text)));
            let is_asked = poll_fn(|context| Poll::Ready(act.as_mut().poll(context).is_pending()));
            assert!(is_asked.await, "the journal answered at once");
        });
        world.wait(folded.settle()).unwrap();
        assert_eq!(folded.read(|said| said.texts.len()), round + 1, "what was asked is not there yet");
    }
}

#[test]
fn nothing_goes_on_while_an_act_cannot_be_read() {
    let world = World::new();
    let journal = Trouble::with(sqlite(&world));
    let folded = open(&world, Arc::clone(&journal));
    journal.unreadable.store(true, Ordering::SeqCst);
    let acted = world.wait(folded.act(|said, _| said.say("one")));
    assert!(matches!(acted, Err(Refusal::Store(Error::Full))));
    assert!(world.wait(folded.settle()).is_err());
    assert!(world.wait(folded.settle()).is_err(), "to be asked settles nothing");
    journal.unreadable.store(false, Ordering::SeqCst);
    world.wait(folded.settle()).unwrap();
    assert_eq!(folded.read(|said| said.texts.clone()), ["one"]);
    journal.unreadable.store(true, Ordering::SeqCst);
    assert!(world.wait(folded.settle()).is_ok(), "no doubt is left");
}

#[test]
fn a_full_disk_does_not_keep_a_doubt_alive_and_a_full_queue_does() {
    let world = World::new();
    let journal = Trouble::with(sqlite(&world));
    let folded = open(&world, Arc::clone(&journal));
    journal.silent.store(true, Ordering::SeqCst);
    world.wait(ask_and_go_away(folded.act(|said, _| said.say("one")), &journal));
    journal.silent.store(false, Ordering::SeqCst);
    journal.busy.store(true, Ordering::SeqCst);
    assert!(matches!(world.wait(folded.settle()), Err(Refusal::Store(Error::Busy(1)))), "it was not asked");
    journal.busy.store(false, Ordering::SeqCst);
    journal.full.store(true, Ordering::SeqCst);
    world.wait(folded.settle()).unwrap();
    assert_eq!(folded.read(|said| said.texts.clone()), ["one"]);
}

#[test]
fn a_full_queue_leaves_no_doubt() {
    let world = World::new();
    let journal = Trouble::with(sqlite(&world));
    let folded = open(&world, Arc::clone(&journal));
    journal.busy.store(true, Ordering::SeqCst);
    let refused = world.wait(folded.act(|said, _| said.say("one")));
    assert!(matches!(refused, Err(Refusal::Store(Error::Busy(1)))));
    journal.unreadable.store(true, Ordering::SeqCst);
    assert!(world.wait(folded.settle()).is_ok(), "nothing was written, nothing is read");
}

/// A batch that says a text, and is refused: a document that it expects not to be there is there.
fn say_and_be_refused(said: &Said, text: &str) -> Result<Batch, Refusal> {
    let (key, expect, value) = (DocumentKey::new("taken").unwrap(), Expect::At(0), Vec::new());
    Ok(Batch { writes: vec![Write::PutDocument { key, expect, value }], ..said.say(text)? })
}

/// A world in which the document `taken` is there.
fn taken(world: &World) -> Arc<SqliteJournal> {
    let journal = sqlite(world);
    let (key, expect, value) = (DocumentKey::new("taken").unwrap(), Expect::Any, Vec::new());
    world
        .commit(journal.as_ref(), crate::world::writes(vec![Write::PutDocument { key, expect, value }]))
        .unwrap();
    journal
}

#[test]
fn acts_do_not_wait_for_each_others_disk() {
    let world = World::new();
    let journal = Trouble::with(sqlite(&world));
    let folded = open(&world, Arc::clone(&journal));
    journal.silent.store(true, Ordering::SeqCst);
    let say = |text: &'static str| folded.act(move |said, _| said.say(text));
    world.wait(async {
        tokio::select! {
            biased;
            _ = async { tokio::join!(say("one"), say("two"), say("three")) } => panic!("the journal answered"),
            () = yield_now() => {}
        }
    });
    assert_eq!(journal.asked.load(Ordering::SeqCst), 3, "none was answered");
    journal.silent.store(false, Ordering::SeqCst);
    // Nobody saw how they ended: what they did is read before the next one, which follows them.
    let receipt = world.wait(say("four")).unwrap().unwrap();
    assert_eq!(receipt.sequences, [4]);
    assert_eq!(folded.read(|said| said.texts.clone()), ["one", "two", "three", "four"]);
}

#[test]
fn those_that_follow_one_that_is_refused_are_asked_again() {
    let world = World::new();
    let folded = open(&world, taken(&world));
    let (one, two, three) = world.wait(async {
        tokio::join!(
            folded.act(|said, _| say_and_be_refused(said, "one")),
            folded.act(|said, _| said.say(&format!("after {}", said.texts.len()))),
            folded.act(|said, _| said.say(&format!("after {}", said.texts.len()))),
        )
    });
    assert!(matches!(one, Err(Refusal::Store(Error::Changed { .. }))), "{one:?}");
    assert!(two.is_ok() && three.is_ok(), "{two:?} {three:?}");
    assert_eq!(folded.read(|said| said.texts.clone()), ["after 0", "after 1"]);
}

#[test]
fn nothing_is_refused_for_what_was_not_accepted() {
    let world = World::new();
    let folded = open(&world, taken(&world));
    let (one, again) = world.wait(async {
        tokio::join!(
            folded.act(|said, _| say_and_be_refused(said, "one")),
            // Refused after the first, which is on its way and will not arrive.
            folded.act(|said, _| said.say("one")),
        )
    });
    assert!(one.is_err() && again.is_ok(), "{one:?} {again:?}");
    assert_eq!(folded.read(|said| said.texts.clone()), ["one"]);
}

/// What was said last, without what it says of the one before.
fn last(texts: &[String]) -> &str {
    texts.last().and_then(|text| text.split(' ').next()).unwrap_or("nothing")
}

/// Two folds over one journal act at the same time, some acts are refused by the journal and some callers go away.
/// Each text says what was the last when its command was asked.
#[test]
fn an_act_is_kept_only_in_the_state_that_it_was_made_for() {
    const ROUNDS: usize = 40;
    let world = World::new();
    let journal = taken(&world);
    let folds = [(); 2].map(|()| Arc::new(open(&world, Arc::clone(&journal))));
    let kept = world.wait(async {
        let mut acts = JoinSet::new();
        for (round, whose) in (0..ROUNDS).flat_map(|round| [(round, 0), (round, 1)]) {
            let folded = Arc::clone(&folds[whose]);
            let is_refused = (round + whose) % 9 == 4;
            let going = acts.spawn(async move {
                let text = |said: &Said| format!("{whose}.{round} after {}", last(&said.texts));
                match is_refused {
                    true => folded.act(|said, _| say_and_be_refused(said, &text(said))).await.is_ok(),
                    false => folded.act(|said, _| said.say(&text(said))).await.is_ok(),
                }
            });
            if round % 3 == whose {
                yield_now().await;
            }
            if round % 11 == 5 {
                going.abort();
            }
        }
        let mut kept = 0;
        while let Some(ended) = acts.join_next().await {
            // An error is a caller who went away.
            kept += usize::from(ended.unwrap_or(false));
        }
        kept
    });
    let texts = world.said(journal.as_ref(), "said");
    assert!(texts.len() >= kept && kept > ROUNDS, "{kept} were kept of {texts:?}");
    for (count, text) in texts.iter().enumerate() {
        assert!(
            text.ends_with(&format!(" after {}", last(&texts[..count]))),
            "{text} is number {count}: {texts:?}"
        );
    }
    for folded in &folds {
        // The last act was that of one of them: the other one has not heard of it.
        world.wait(folded.catch_up()).unwrap();
        assert_eq!(folded.read(|said| said.texts.clone()), texts);
    }
}
