//! What every adapter must do. A new one calls [`every_check`] with a way to make it.

use plimsoll_proof::{
    TreeHead, consistency_proof_of, inclusion_proof_of, leaf_hash, verify_consistency, verify_inclusion,
};
use plimsoll_store::{
    Amount, Append, Batch, CursorName, DocumentKey, Durability, Error, Expect, Fence, Journal, LeaseName,
    Link, Owner, Receipt, SqliteJournal, TimerName, Write,
};

use crate::world::{BEGAN_MS, World, says, sentence, stream, texts, writes};

macro_rules! conformance {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let world = World::new();
            let journal: SqliteJournal = world.open().unwrap();
            checks::$name(&world, &journal);
        }
    )*};
}

conformance! {
    records_are_read_as_they_were_written
    a_batch_is_kept_whole_or_not_at_all
    a_stream_that_has_moved_is_told
    a_batch_follows_its_own_chain_and_no_other
    a_receipt_says_where_and_how_safe
    reading_goes_on_where_it_stopped
    reading_is_bounded
    news_is_told
    documents_have_versions
    a_version_is_never_had_again
    documents_are_listed_by_their_beginning
    timers_are_due_in_order
    cursors_only_go_forward
    one_owner_at_a_time
    an_owner_that_was_replaced_is_fenced
    what_was_trimmed_is_gone_and_still_proven
    what_is_too_much_is_refused
    nothing_is_changed_twice_in_a_batch
    a_clock_that_was_set_back_is_told
    time_goes_on_from_a_clock_that_was_accepted
    every_record_is_proven
    a_later_log_begins_with_an_earlier_one
}

fn key(name: &str) -> DocumentKey {
    DocumentKey::new(name).unwrap()
}

fn put(name: &str, expect: Expect, value: &str) -> Write {
    Write::PutDocument { key: key(name), expect, value: value.into() }
}

fn take(lease: &str, owner: &str, ttl_ms: u64) -> Batch {
    let (name, owner) = (LeaseName::new(lease).unwrap(), Owner::new(owner).unwrap());
    writes(vec![Write::TakeLease { name, owner, ttl_ms }])
}

fn timer(name: &str, due_unix_ms: u64) -> Write {
    Write::SetTimer { name: TimerName::new(name).unwrap(), due_unix_ms, value: name.into() }
}

mod checks {
    use super::*;

    pub(super) fn records_are_read_as_they_were_written(world: &World, journal: &impl Journal) {
        world.say(journal, "a", &["1", "2"]);
        world.say(journal, "b", &["3"]);
        world.clock.set(BEGAN_MS + 5);
        world.say(journal, "a", &["4"]);
        assert_eq!(world.said(journal, "a"), ["1", "2", "4"]);
        assert_eq!(world.said(journal, "b"), ["3"]);
        assert_eq!(world.said(journal, "c"), [""; 0]);
        let all = world.wait(journal.tail(0, Amount::records(10))).unwrap();
        let places: Vec<_> = all
            .iter()
            .map(|record| {
                (record.position, record.stream.as_str(), record.sequence, record.unix_ms - BEGAN_MS)
            })
            .collect();
        assert_eq!(places, [(1, "a", 1, 0), (2, "a", 2, 0), (3, "b", 1, 0), (4, "a", 3, 5)]);
        assert_eq!(all[0].kind.as_str(), "said");
    }

    pub(super) fn a_batch_is_kept_whole_or_not_at_all(world: &World, journal: &impl Journal) {
        world.say(journal, "a", &["1"]);
        world.commit(journal, writes(vec![put("d", Expect::Any, "old")])).unwrap();
        let batch = |expect| Batch {
            appends: ["a", "b", "c"]
                .map(|name| Append {
                    stream: stream(name),
                    expect: if name == "c" { expect } else { Expect::Any },
                    records: says(name, Expect::Any, &["x"]).appends.remove(0).records,
                })
                .into(),
            writes: vec![put("d", Expect::Any, "new"), timer("t", 0)],
            ..Batch::default()
        };
        assert!(world.commit(journal, batch(Expect::At(7))).is_err());
        assert_eq!(world.all(journal), [("a".into(), "1".into())]);
        assert_eq!(world.wait(journal.documents("d", None, 1)).unwrap()[0].value, b"old");
        assert_eq!(world.wait(journal.due(BEGAN_MS, 9)).unwrap(), []);
        world.commit(journal, batch(Expect::At(0))).unwrap();
        assert_eq!(world.all(journal).len(), 4);
        assert_eq!(world.wait(journal.documents("d", None, 1)).unwrap()[0].value, b"new");
        assert_eq!(world.wait(journal.due(BEGAN_MS, 9)).unwrap().len(), 1);
    }

    pub(super) fn a_stream_that_has_moved_is_told(world: &World, journal: &impl Journal) {
        for (at, text) in (0..).zip(["1", "2", "3"]) {
            world.commit(journal, says("a", Expect::At(at), &[text])).unwrap();
        }
        let late = world.commit(journal, says("a", Expect::At(2), &["4"]));
        assert!(matches!(late, Err(Error::Moved { expected: 2, found: 3, .. })), "{late:?}");
        assert_eq!(sentence(late), "stream a is at 3, not at 2");
        assert_eq!(world.said(journal, "a"), ["1", "2", "3"]);
    }

    pub(super) fn a_batch_follows_its_own_chain_and_no_other(world: &World, journal: &impl Journal) {
        let linked = |chain, follows, at, text: &str| {
            let link = Some(Link { chain, follows });
            world.commit(journal, Batch { link, ..says("a", Expect::At(at), &[text]) })
        };
        linked(1, false, 0, "1").unwrap();
        linked(1, true, 1, "2").unwrap();
        // Somebody else comes in between: the stream is as long as the chain expects, and says something else.
        world.say(journal, "a", &["theirs"]);
        let late = linked(1, true, 3, "4");
        assert!(matches!(late, Err(Error::Unlinked { .. })), "{late:?}");
        assert!(matches!(linked(1, true, 2, "3"), Err(Error::Moved { expected: 2, found: 3, .. })));
        linked(2, false, 3, "anew").unwrap();
        let late = linked(1, true, 4, "5");
        assert_eq!(sentence(late), "stream a does not go on with the batch that this one was made to follow");
        linked(2, true, 4, "and on").unwrap();
        assert_eq!(world.said(journal, "a"), ["1", "2", "theirs", "anew", "and on"]);
    }

    pub(super) fn a_receipt_says_where_and_how_safe(world: &World, journal: &impl Journal) {
        world.say(journal, "a", &["1"]);
        let receipt = world.say(journal, "a", &["2", "3"]);
        let wanted =
            Receipt { durability: Durability::Fsynced, position: 3, sequences: vec![3], epochs: Vec::new() };
        assert_eq!(receipt, wanted);
        assert_eq!(world.commit(journal, Batch::default()).unwrap().position, 3);
    }

    pub(super) fn reading_goes_on_where_it_stopped(world: &World, journal: &impl Journal) {
        for count in 0..40 {
            world.say(journal, ["a", "b", "c"][count % 3], &[&count.to_string()]);
        }
        let mut seen = Vec::new();
        let mut after = 0;
        loop {
            let records = world.wait(journal.tail(after, Amount::records(7))).unwrap();
            let Some(last) = records.last() else { break };
            after = last.position;
            seen.extend(texts(&records));
        }
        assert_eq!(seen, (0..40).map(|count| count.to_string()).collect::<Vec<_>>());
        let rest = world.wait(journal.read(&stream("b"), 11, Amount::records(9))).unwrap();
        assert_eq!(texts(&rest), ["34", "37"]);
        assert_eq!(world.wait(journal.read(&stream("b"), 13, Amount::records(9))).unwrap(), []);
        // Greater than any number that a record can have, too.
        for nowhere in [i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX] {
            assert_eq!(world.wait(journal.read(&stream("b"), nowhere, Amount::records(9))).unwrap(), []);
            assert_eq!(world.wait(journal.tail(nowhere, Amount::records(9))).unwrap(), []);
        }
    }

    pub(super) fn reading_is_bounded(world: &World, journal: &impl Journal) {
        let long = "x".repeat(1_000);
        world.say(journal, "a", &[long.as_str(); 10]);
        for amount in [Amount { records: 3, bytes: 1 << 20 }, Amount { records: 100, bytes: 2_500 }] {
            assert_eq!(world.wait(journal.tail(0, amount)).unwrap().len(), 3);
            assert_eq!(world.wait(journal.read(&stream("a"), 0, amount)).unwrap().len(), 3);
        }
        let one = Amount { records: 100, bytes: 1 };
        assert_eq!(world.wait(journal.tail(0, one)).unwrap().len(), 1);
    }

    pub(super) fn news_is_told(world: &World, journal: &impl Journal) {
        let mut position = journal.position();
        assert_eq!(*position.borrow_and_update(), 0);
        world.say(journal, "a", &["1", "2"]);
        assert!(position.has_changed().unwrap());
        assert_eq!(*position.borrow_and_update(), 2);
        let refused = world.commit(journal, says("a", Expect::At(9), &["x"]));
        assert!(refused.is_err());
        assert_eq!(*position.borrow(), 2);
    }

    pub(super) fn documents_have_versions(world: &World, journal: &impl Journal) {
        world.commit(journal, writes(vec![put("d", Expect::At(0), "1")])).unwrap();
        world.commit(journal, writes(vec![put("d", Expect::At(1), "2")])).unwrap();
        let stale = world.commit(journal, writes(vec![put("d", Expect::At(1), "3")]));
        assert_eq!(sentence(stale), "document d has version 2, not 1");
        let document = world.wait(journal.documents("d", None, 1)).unwrap().remove(0);
        assert_eq!((document.version, document.value.as_slice()), (2, b"2".as_slice()));
        let delete = |expect| writes(vec![Write::DeleteDocument { key: key("d"), expect }]);
        assert!(world.commit(journal, delete(Expect::At(1))).is_err());
        world.commit(journal, delete(Expect::At(2))).unwrap();
        assert_eq!(world.wait(journal.documents("d", None, 1)).unwrap(), []);
        world.commit(journal, writes(vec![put("d", Expect::At(0), "again")])).unwrap();
    }

    pub(super) fn a_version_is_never_had_again(world: &World, journal: &impl Journal) {
        let version = |name: &str| world.wait(journal.documents(name, None, 1)).unwrap()[0].version;
        let put_any = |name: &str| {
            world.commit(journal, writes(vec![put(name, Expect::Any, "x")])).unwrap();
            version(name)
        };
        let delete = |name: &str, expect| {
            world.commit(journal, writes(vec![Write::DeleteDocument { key: key(name), expect }]))
        };
        assert_eq!((put_any("seen"), put_any("other"), put_any("other")), (1, 1, 2));
        // Somebody has seen version 1; it is removed and written again by others.
        delete("seen", Expect::Any).unwrap();
        delete("seen", Expect::At(0)).unwrap();
        assert_eq!(put_any("seen"), 2);
        let late = world.commit(journal, writes(vec![put("seen", Expect::At(1), "late")]));
        assert_eq!(sentence(late), "document seen has version 2, not 1");
        assert_eq!(sentence(delete("seen", Expect::At(1))), "document seen has version 2, not 1");
        // Again and again, and whatever becomes of others meanwhile.
        let mut had = vec![1, 2];
        for _ in 0..5 {
            delete("seen", Expect::Any).unwrap();
            delete("other", Expect::Any).unwrap();
            let new = [put_any("other"), put_any("seen"), put_any("seen")];
            assert!(
                new[1..].iter().all(|new| had.iter().all(|before| before < new)),
                "{new:?} after {had:?}"
            );
            had.extend(&new[1..]);
        }
    }

    pub(super) fn documents_are_listed_by_their_beginning(world: &World, journal: &impl Journal) {
        for name in ["a", "b/1", "b/2", "b/3", "b", "b0", "c"] {
            world.commit(journal, writes(vec![put(name, Expect::Any, name)])).unwrap();
        }
        let names = |prefix: &str, after: Option<&str>, max| {
            let after = after.map(key);
            let found = world.wait(journal.documents(prefix, after.as_ref(), max)).unwrap();
            found.into_iter().map(|document| document.key.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names("b/", None, 9), ["b/1", "b/2", "b/3"]);
        assert_eq!(names("b/", None, 2), ["b/1", "b/2"]);
        assert_eq!(names("b/", Some("b/2"), 9), ["b/3"]);
        assert_eq!(names("", None, 9), ["a", "b", "b/1", "b/2", "b/3", "b0", "c"]);
        assert_eq!(names("x", None, 9), [""; 0]);
    }

    pub(super) fn timers_are_due_in_order(world: &World, journal: &impl Journal) {
        world.commit(journal, writes(vec![timer("b", 20), timer("a", 30), timer("c", 10)])).unwrap();
        let due = |at, max| {
            let timers = world.wait(journal.due(at, max)).unwrap();
            timers.into_iter().map(|timer| timer.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(due(9, 9), [""; 0]);
        assert_eq!(due(20, 9), ["c", "b"]);
        assert_eq!(due(99, 2), ["c", "b"]);
        let clear = Write::ClearTimer { name: TimerName::new("c").unwrap() };
        world.commit(journal, writes(vec![clear, timer("b", 40)])).unwrap();
        assert_eq!(due(99, 9), ["a", "b"]);
    }

    pub(super) fn cursors_only_go_forward(world: &World, journal: &impl Journal) {
        let name = CursorName::new("reader").unwrap();
        let to = |to| writes(vec![Write::MoveCursor { name: name.clone(), to }]);
        assert_eq!(world.wait(journal.cursor(&name)).unwrap(), 0);
        world.commit(journal, to(5)).unwrap();
        world.commit(journal, to(5)).unwrap();
        assert_eq!(
            sentence(world.commit(journal, to(4))),
            "cursor reader stands at 5 and cannot go back to 4"
        );
        assert_eq!(world.wait(journal.cursor(&name)).unwrap(), 5);
    }

    pub(super) fn one_owner_at_a_time(world: &World, journal: &impl Journal) {
        let epoch = |batch| world.commit(journal, batch).map(|receipt| receipt.epochs);
        assert_eq!(epoch(take("l", "ann", 100)).unwrap(), [1]);
        assert_eq!(sentence(epoch(take("l", "bob", 100))), "lease l is held by ann");
        world.clock.set(BEGAN_MS + 60);
        assert_eq!(epoch(take("l", "ann", 100)).unwrap(), [1], "renewed");
        world.clock.set(BEGAN_MS + 150);
        assert!(epoch(take("l", "bob", 100)).is_err(), "it was renewed");
        world.clock.set(BEGAN_MS + 160);
        assert_eq!(epoch(take("l", "bob", 100)).unwrap(), [2], "it expired");
        let release = |owner| {
            let (name, owner) = (LeaseName::new("l").unwrap(), Owner::new(owner).unwrap());
            writes(vec![Write::ReleaseLease { name, owner }])
        };
        epoch(release("ann")).unwrap();
        assert!(epoch(take("l", "ann", 100)).is_err(), "only its owner can give it back");
        epoch(release("bob")).unwrap();
        assert_eq!(epoch(take("l", "bob", 100)).unwrap(), [3], "what was given back is taken anew");
    }

    pub(super) fn an_owner_that_was_replaced_is_fenced(world: &World, journal: &impl Journal) {
        let fenced = |epoch, text: &str| Batch {
            fences: vec![Fence { lease: LeaseName::new("l").unwrap(), epoch }],
            ..says("a", Expect::Any, &[text])
        };
        assert!(world.commit(journal, fenced(1, "before anybody")).is_err());
        world.commit(journal, take("l", "ann", 100)).unwrap();
        world.commit(journal, fenced(1, "ann")).unwrap();
        // Ann is paused for longer than her lease. Bob takes it; she comes back and knows nothing of it.
        world.clock.set(BEGAN_MS + 1_000);
        world.commit(journal, fenced(1, "ann, late, and nobody minds")).unwrap();
        world.commit(journal, take("l", "bob", 100)).unwrap();
        let late = world.commit(journal, fenced(1, "ann, too late"));
        assert!(matches!(late, Err(Error::Fenced { epoch: 1, .. })), "{late:?}");
        world.commit(journal, fenced(2, "bob")).unwrap();
        assert_eq!(world.said(journal, "a"), ["ann", "ann, late, and nobody minds", "bob"]);
    }

    pub(super) fn what_was_trimmed_is_gone_and_still_proven(world: &World, journal: &impl Journal) {
        for count in 0..300 {
            world.say(journal, ["a", "b"][count % 2], &[&count.to_string()]);
        }
        let before = world.wait(journal.checkpoint()).unwrap().checkpoint.tree;
        let trim = |through| writes(vec![Write::Trim { stream: stream("a"), through }]);
        let beyond = sentence(world.commit(journal, trim(151)));
        assert_eq!(beyond, "stream a ends at 150 and cannot be trimmed through 151");
        world.commit(journal, trim(148)).unwrap();
        world.commit(journal, trim(20)).unwrap();
        assert_eq!(world.said(journal, "a"), ["296", "298"]);
        assert_eq!(world.said(journal, "b").len(), 150);
        assert_eq!(world.wait(journal.tail(0, Amount::records(10_000))).unwrap().len(), 152);
        assert_eq!(world.wait(journal.checkpoint()).unwrap().checkpoint.tree, before);
        world.commit(journal, says("a", Expect::At(150), &["more"])).unwrap();
        prove_all(world, journal);
    }

    pub(super) fn what_is_too_much_is_refused(world: &World, journal: &impl Journal) {
        let long = "x".repeat((1 << 20) + 1);
        let refused = sentence(world.commit(journal, says("a", Expect::Any, &[&long])));
        assert_eq!(refused, "too many bytes of a payload: 1048577, where 1048576 are allowed");
        assert!(world.commit(journal, says("a", Expect::Any, &["x"; 1_025])).is_err());
        let mega = "x".repeat(1 << 20);
        assert!(world.commit(journal, says("a", Expect::Any, &[mega.as_str(); 5])).is_err());
        let value = "x".repeat((64 << 10) + 1);
        assert!(world.commit(journal, writes(vec![put("d", Expect::Any, &value)])).is_err());
        assert!(world.commit(journal, take("l", "ann", 3_600_001)).is_err());
        assert_eq!(world.all(journal), []);
        world.commit(journal, says("a", Expect::Any, &[mega.as_str(); 4])).unwrap();
    }

    pub(super) fn nothing_is_changed_twice_in_a_batch(world: &World, journal: &impl Journal) {
        let mut batch = says("a", Expect::Any, &["1"]);
        batch.appends.extend(says("a", Expect::Any, &["2"]).appends);
        assert_eq!(sentence(world.commit(journal, batch)), "a batch changes stream a twice");
        let twice = writes(vec![put("d", Expect::Any, "1"), put("d", Expect::Any, "2")]);
        assert_eq!(sentence(world.commit(journal, twice)), "a batch changes document d twice");
        let mut leases = take("l", "ann", 1);
        leases.writes.extend(take("l", "bob", 1).writes);
        assert_eq!(sentence(world.commit(journal, leases)), "a batch changes lease l twice");
        // Different things may have one name.
        world.commit(journal, writes(vec![put("x", Expect::Any, "1"), timer("x", 1)])).unwrap();
    }

    pub(super) fn a_clock_that_was_set_back_is_told(world: &World, journal: &impl Journal) {
        world.say(journal, "a", &["1"]);
        world.clock.set(BEGAN_MS - 1_000);
        world.say(journal, "a", &["2"]);
        world.clock.set(BEGAN_MS - 1_001);
        let refused = world.commit(journal, says("a", Expect::Any, &["3"]));
        assert_eq!(sentence(refused), "the clock stands 1.001 s before the last record of the journal");
        world.clock.set(BEGAN_MS + 1);
        world.say(journal, "a", &["4"]);
        let records = world.wait(journal.tail(0, Amount::records(9))).unwrap();
        let times: Vec<u64> = records.iter().map(|record| record.unix_ms - BEGAN_MS).collect();
        assert_eq!((texts(&records), times), (vec!["1".into(), "2".into(), "4".into()], vec![0, 0, 1]));
    }

    pub(super) fn time_goes_on_from_a_clock_that_was_accepted(world: &World, journal: &impl Journal) {
        const YEAR_MS: u64 = 365 * 86_400_000;
        world.clock.set(BEGAN_MS + YEAR_MS);
        world.say(journal, "a", &["1"]);
        world.clock.set(BEGAN_MS);
        let refused = world.commit(journal, says("a", Expect::Any, &["2"]));
        assert_eq!(sentence(refused), "the clock stands 365 d before the last record of the journal");
        // Nothing else comes with it, and without a record it is nothing.
        let accept = Batch::accept_clock(BEGAN_MS + YEAR_MS).unwrap();
        let mut more = accept.clone();
        more.appends.extend(says("a", Expect::Any, &["3"]).appends);
        let mut nothing = accept.clone();
        nothing.appends[0].records.clear();
        let rows = Batch { writes: vec![put("d", Expect::Any, "x")], ..accept.clone() };
        for batch in [more, nothing, rows] {
            assert!(matches!(world.commit(journal, batch), Err(Error::ClockBehind(YEAR_MS))));
        }
        world.commit(journal, accept).unwrap();
        world.say(journal, "a", &["4"]);
        world.clock.set(BEGAN_MS + 2);
        world.say(journal, "a", &["5"]);
        world.clock.set(BEGAN_MS - 1_001);
        assert!(world.commit(journal, says("a", Expect::Any, &["6"])).is_err(), "it is held to that clock");
        let records = world.wait(journal.tail(0, Amount::records(9))).unwrap();
        let times: Vec<_> =
            records.iter().map(|record| (record.stream.as_str(), record.unix_ms - BEGAN_MS)).collect();
        assert_eq!(times, [("a", YEAR_MS), ("clock", 0), ("a", 0), ("a", 2)]);
        prove_all(world, journal);
    }

    pub(super) fn every_record_is_proven(world: &World, journal: &impl Journal) {
        for count in 0..20 {
            world.say(journal, "a", &["x"; 37][..count]);
        }
        assert_eq!(world.all(journal).len(), 190);
        prove_all(world, journal);
        for _ in 0..10 {
            world.say(journal, "b", &["y"; 1_000]);
        }
        prove_all(world, journal);
    }

    fn prove_all(world: &World, journal: &impl Journal) {
        let signed = world.wait(journal.checkpoint()).unwrap();
        signed.verify(&world.key(), &[]).unwrap();
        let tree = signed.checkpoint.tree;
        let records = world.wait(journal.tail(0, Amount::records(10_000))).unwrap();
        let mut root = |subtree| world.wait(journal.subtree(subtree));
        for record in records.iter().filter(|record| record.position % 97 < 3) {
            let index = record.position - 1;
            let proof = inclusion_proof_of::<Error>(tree.size, index, &mut root).unwrap();
            verify_inclusion(&record.leaf(), index, &tree, &proof).unwrap();
            assert!(verify_inclusion(&leaf_hash(b"forged"), index, &tree, &proof).is_err());
        }
    }

    pub(super) fn a_later_log_begins_with_an_earlier_one(world: &World, journal: &impl Journal) {
        let mut heads = vec![TreeHead::of(&[])];
        for count in [1usize, 2, 250, 3, 256, 1_000, 7] {
            world.say(journal, "a", &vec!["x"; count]);
            heads.push(world.wait(journal.checkpoint()).unwrap().checkpoint.tree);
        }
        let newest = heads[heads.len() - 1];
        let mut root = |subtree| world.wait(journal.subtree(subtree));
        for old in &heads {
            let proof = consistency_proof_of::<Error>(newest.size, old.size, &mut root).unwrap();
            verify_consistency(old, &newest, &proof).unwrap();
        }
    }
}
