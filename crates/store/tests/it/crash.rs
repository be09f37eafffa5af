//! What is on the disk after a crash at any moment, tried out: every acknowledged batch is there, whole, and nothing else
//! but perhaps the batch that was under way.
//!
//! A crash is not waited for, it is put together. The writer syncs once per transaction, so between two answers any
//! part of what was written since the last sync may have reached the disk: sectors that differ are taken from the
//! older or the newer image, as a seed says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use plimsoll_store::{Expect, Journal, SqliteJournal, Write};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use crate::world::{World, says, stream};

const SECTOR_BYTES: usize = 512;

/// The files of a journal.
pub(crate) type Image = BTreeMap<String, Vec<u8>>;

pub(crate) fn image(folder: &Path) -> Image {
    let mut files = Image::new();
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // The index of the write-ahead log is made anew after a crash.
        if name != "journal.db-shm" {
            let bytes = fs::read(folder.join(&name)).unwrap();
            files.insert(name, bytes);
        }
    }
    files
}

pub(crate) fn restore(image: &Image, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for (name, bytes) in image {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

/// A disk on which some of the sectors that differ are of the newer image. The file that is never waited for may be
/// of either, never newer than the rest.
pub(crate) fn torn(old: &Image, new: &Image, takes_new: &mut dyn FnMut() -> bool) -> Image {
    let mut torn = old.clone();
    for (name, new) in new {
        if name == "acknowledged" {
            continue;
        }
        let mixed = torn.entry(name.clone()).or_default();
        for (sector, bytes) in new.chunks(SECTOR_BYTES).enumerate() {
            let at = sector * SECTOR_BYTES;
            let end = at + bytes.len();
            if mixed.get(at..end) != Some(bytes) && takes_new() {
                if mixed.len() < end {
                    mixed.resize(end, 0);
                }
                mixed[at..end].copy_from_slice(bytes);
            }
        }
    }
    torn
}

/// One batch of the story that is told over and over.
fn tell(world: &World, journal: &SqliteJournal, chapter: usize) {
    let texts: Vec<String> =
        (0..=chapter % 4).map(|line| format!("chapter {chapter}, line {line}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut batch = says(["a", "b", "c"][chapter % 3], Expect::Any, &texts);
    batch.appends.extend(says("every", Expect::At(chapter as u64), &[&chapter.to_string()]).appends);
    if chapter % 17 == 16 {
        batch.writes.push(Write::Trim { stream: stream("every-other"), through: 0 });
    }
    world.commit(journal, batch).unwrap();
}

/// What the journal holds when `chapters` were told, as an uninterrupted run tells it.
fn whole_story(chapters: usize) -> Vec<Vec<(String, String)>> {
    let world = World::new();
    let journal = world.open().unwrap();
    let mut after = vec![world.all(&journal)];
    for chapter in 0..chapters {
        tell(&world, &journal, chapter);
        after.push(world.all(&journal));
    }
    after
}

/// Opens what a crash left, and says how many chapters are there: all of them must be as they were told.
fn recovered(world: &World, left: &Image, story: &[Vec<(String, String)>], what: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    restore(left, folder.path());
    let journal = world.open_in(folder.path()).unwrap_or_else(|error| panic!("{what}: {error}"));
    let found = world.all(&journal);
    let chapters = story.iter().position(|chapter| *chapter == found);
    let chapters = chapters.unwrap_or_else(|| panic!("{what}: half a chapter: {found:?}"));
    // And it goes on.
    tell(world, &journal, chapters);
    assert_eq!(world.all(&journal).len(), found.len() + 2 + chapters % 4, "{what}");
    drop(journal);
    let verified = plimsoll_store::verify(folder.path(), Some(&world.key())).unwrap();
    assert_eq!(verified.findings, [""; 0], "{what}");
    chapters
}

/// Tells a story, and keeps the image of the disk after each chapter.
fn images(world: &World, chapters: usize) -> Vec<Image> {
    let journal = world.open().unwrap();
    let mut images = vec![image(world.folder())];
    for chapter in 0..chapters {
        tell(world, &journal, chapter);
        images.push(image(world.folder()));
    }
    images
}

fn sweep(chapters: usize, steps: usize) {
    let world = World::new();
    let images = images(&world, chapters);
    let story = whole_story(chapters);
    for (told, pair) in images.windows(2).enumerate() {
        let [before, after] = pair else { unreachable!() };
        assert_eq!(recovered(&world, before, &story, &format!("killed after chapter {told}")), told);
        // The first so many sectors of the next chapter have reached the disk.
        let mut sectors = 0usize;
        drop(torn(before, after, &mut || {
            sectors += 1;
            false
        }));
        for reached in (0..=sectors).step_by(sectors.div_ceil(steps).max(1)) {
            let mut left = reached;
            let in_order = torn(before, after, &mut || {
                let takes = left > 0;
                left = left.saturating_sub(1);
                takes
            });
            let what = format!("{reached} of {sectors} sectors of chapter {}", told + 1);
            let found = recovered(&world, &in_order, &story, &what);
            assert!(found == told || found == told + 1, "{what}: {found} chapters are there");
        }
    }
}

#[test]
fn a_crash_at_any_record_or_amid_a_write_loses_nothing() {
    sweep(12, 6);
}

#[test]
fn full_a_crash_at_any_record_or_amid_a_write_loses_nothing() {
    sweep(120, 1_000);
}

#[test]
fn a_crash_that_leaves_any_part_of_a_write_loses_nothing() {
    let world = World::new();
    let images = images(&world, 20);
    let story = whole_story(20);
    for seed in 0..60u64 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let told = usize::try_from(random.next_u64() % 20).unwrap();
        let left = torn(&images[told], &images[told + 1], &mut || random.next_u32() % 2 == 0);
        let found = recovered(&world, &left, &story, &format!("seed {seed}"));
        assert!(found == told || found == told + 1, "seed {seed}: {found} chapters of {told}");
    }
}

#[test]
fn a_journal_that_is_closed_and_opened_goes_on() {
    let world = World::new();
    let story = whole_story(30);
    for (chapter, told) in story[..30].iter().enumerate() {
        let journal = world.open().unwrap();
        assert_eq!(world.all(&journal), *told);
        tell(&world, &journal, chapter);
    }
    let journal = world.open().unwrap();
    assert_eq!(world.all(&journal), story[30]);
    assert_eq!(world.said(&journal, "every").len(), 30);
    drop(journal);
    assert!(!world.folder().join("journal.db-wal").exists(), "what was written is in the database");
}

#[test]
fn a_second_writer_is_kept_out() {
    let world = World::new();
    let journal = world.open().unwrap();
    let second = world.open();
    assert!(matches!(second, Err(plimsoll_store::Error::InUse(_))));
    world.say(&journal, "a", &["1"]);
    drop(journal);
    assert_eq!(world.said(&world.open().unwrap(), "a"), ["1"]);
}

/// The news of a journal that was opened again are those of where it stands.
#[test]
fn a_reopened_journal_knows_its_position() {
    let world = World::new();
    world.say(&world.open().unwrap(), "a", &["1", "2", "3"]);
    assert_eq!(*world.open().unwrap().position().borrow(), 3);
}
