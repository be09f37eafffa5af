use std::collections::BTreeMap;

use plimsoll_proof::{LOG_ENTRIES_MAX, LogError, TILE_HASHES, TilePath, TreeHead, read_tiles, write_tiles};
use proptest::prelude::*;

use crate::support::leaves;

fn paths(size: u64) -> Vec<String> {
    TilePath::of_log(size).map(|path| path.to_string()).collect()
}

#[test]
fn paths_are_those_of_the_specification() {
    assert!(paths(0).is_empty());
    assert_eq!(paths(1), ["tile/0/000.p/1"]);
    assert_eq!(paths(256), ["tile/0/000"]);
    assert_eq!(paths(257), ["tile/0/000", "tile/0/001.p/1"]);
    // Its example: 70,000 entries are 273 full tiles and one of width 112.
    let many = paths(70_000);
    assert_eq!((many.len(), many[272].as_str(), many[273].as_str()), (274, "tile/0/272", "tile/0/273.p/112"));
    // Its example: index 1234067.
    let path: TilePath = "tile/0/x001/x234/067".parse().unwrap();
    assert_eq!((path.first_entry(), path.hashes()), (1_234_067 * TILE_HASHES, 256));
    assert_eq!(path.to_string(), "tile/0/x001/x234/067");
}

#[test]
fn other_spellings_of_a_path_are_refused() {
    for path in [
        "",
        "tile/0/",
        "tile/1/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/xx001/002",
        "tile/0/+01",
        "tile/0/000/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/../000",
        "/tile/0/000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert_eq!(path.parse::<TilePath>(), Err(LogError::TilePath), "{path}");
    }
}

#[test]
fn a_log_is_read_back_from_its_tiles() {
    for size in [0, 1, 255, 256, 257, 700] {
        let leaves = leaves(size);
        let tiles: BTreeMap<_, _> = write_tiles(&leaves).collect();
        assert_eq!(read_tiles(size.into(), |path| tiles.get(path).cloned()).as_ref(), Ok(&leaves));
        let bytes: usize = tiles.values().map(Vec::len).sum();
        assert_eq!(bytes, 32 * leaves.len());
        // A log that has grown since still holds the older tree.
        let older = read_tiles(size.into(), |path| tiles.get(path).cloned()).unwrap();
        assert_eq!(TreeHead::of(&older), TreeHead::of(&leaves));
    }
}

#[test]
fn missing_short_and_endless_tiles_are_named() {
    let tiles: BTreeMap<_, _> = write_tiles(&leaves(300)).collect();
    let missing = read_tiles(300, |path| tiles.get(path).filter(|_| path.first_entry() == 0).cloned());
    assert_eq!(missing.unwrap_err().to_string(), "tile `tile/0/001.p/44` is missing");
    let short = read_tiles(300, |path| tiles.get(path).map(|bytes| bytes[1..].to_vec()));
    assert_eq!(short.unwrap_err().to_string(), "tile `tile/0/000` has 8191 bytes");
    let long = read_tiles(300, |path| tiles.get(path).map(|bytes| [bytes.as_slice(), &[0; 32]].concat()));
    assert_eq!(long.unwrap_err().to_string(), "tile `tile/0/000` has 8224 bytes");
    let endless = read_tiles(u64::MAX, |_| unreachable!("no tile is asked for"));
    assert_eq!(endless, Err(LogError::TooManyEntries(u64::MAX)));
    assert_eq!(LOG_ENTRIES_MAX, 4096 * TILE_HASHES);
}

proptest! {
    #[test]
    fn what_is_read_is_written_the_same(text in "(tile/0/)?(x[0-9]{3}/){0,3}[0-9]{1,4}(\\.p/[0-9]{1,3})?") {
        if let Ok(path) = text.parse::<TilePath>() {
            prop_assert_eq!(path.to_string(), text);
        }
    }
}
