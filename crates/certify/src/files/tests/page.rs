//! What docs/FILES.md tells people who write these files.

use std::path::Path;

use super::super::{parse_profile, parse_subject};

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    std::fs::read_to_string(here().join("../../docs/FILES.md")).unwrap()
}

/// Every key that a parser of this folder knows: the strings of its constants `KEYS`.
fn known_keys() -> Vec<String> {
    let mut keys = Vec::new();
    for entry in std::fs::read_dir(here().join("src/files")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for constant in text.split("KEYS: [&str; ").skip(1) {
            let list = constant.split_once('=').unwrap().1.split_once("];").unwrap().0;
            keys.extend(list.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
    keys
}

#[test]
fn every_key_that_is_known_is_told() {
    let (page, keys) = (page(), known_keys());
    assert!(keys.len() > 90 && keys.contains(&"artifacts".into()), "the keys were not found: {keys:?}");
    let is_told = |key: &String| {
        [format!("`{key}`"), format!("`[{key}]`"), format!("`[[{key}]]`")]
            .iter()
            .any(|word| page.contains(word))
    };
    let untold: Vec<_> = keys.iter().filter(|key| !is_told(key)).collect();
    assert!(untold.is_empty(), "docs/FILES.md does not tell of {untold:?}");
}

#[test]
fn what_it_shows_can_be_used() {
    let page = page();
    let blocks: Vec<&str> =
        page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [subject, profile] = blocks[..] else { panic!("{} blocks", blocks.len()) };
    assert_eq!(parse_subject("subject.toml", subject, Path::new("/")).unwrap().name, "shop");
    assert_eq!(parse_profile("profile.toml", profile).unwrap().id, "small");
}
