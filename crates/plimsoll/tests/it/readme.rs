//! The README cannot lie: its transcripts are run, and what they show must come, but for the figures.

use std::fs;

use crate::world::{Ran, World};

const README: &str = include_str!("../../../../README.md");
const PREFIX: &str = "$ cargo run --release -- ";
/// A machine that is busy with something else leaves the demo pending: it may be tried again.
const TRIES: usize = 3;

/// The transcripts: what is typed, and the lines that are shown.
fn transcripts() -> Vec<(Vec<&'static str>, Vec<&'static str>)> {
    let blocks = README.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks
        .map(|block| {
            let mut lines = block.lines();
            let typed =
                lines.next().unwrap().strip_prefix(PREFIX).expect("a transcript begins with its command");
            (typed.split(' ').collect(), lines.filter(|line| !line.is_empty()).collect())
        })
        .collect()
}

/// A line without its figures: numbers with their units become `#`, runs of spaces one space.
fn masked(line: &str) -> String {
    let mut text = String::new();
    for word in line.split_whitespace() {
        let bare: String = word.chars().filter(|c| !"[],".contains(*c)).collect();
        let is_unit = ["ns", "us", "ms", "s", "min", "%"].contains(&bare.as_str());
        let is_figure = bare.starts_with(|c: char| c.is_ascii_digit());
        match (is_figure, is_unit) {
            (true, _) => text.push_str(" #"),
            (_, true) => {}
            _ => text.push_str(&format!(" {word}")),
        }
    }
    text
}

/// Whether the shown lines all come, in their order. `...` in a shown line stands for the rest of it.
fn missing<'a>(shown: &[&'a str], printed: &str) -> Option<&'a str> {
    let mut printed = printed.lines();
    shown.iter().copied().find(|wanted| {
        let (start, open) = match wanted.split_once("...") {
            Some((start, _)) => (masked(start), true),
            None => (masked(wanted), false),
        };
        !printed.any(|line| if open { masked(line).starts_with(&start) } else { masked(line) == start })
    })
}

#[test]
fn timing_the_transcripts_of_the_readme_are_true() {
    let world = World::new();
    let transcripts = transcripts();
    assert!(transcripts.len() >= 2, "the README has lost its transcripts");
    for (arguments, shown) in transcripts {
        let ran = run(&world, &arguments);
        assert_eq!(ran.code, 0, "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        assert_eq!(missing(&shown, &ran.stdout), None, "{arguments:?} printed\n{}", ran.stdout);
    }
}

fn run(world: &World, arguments: &[&str]) -> Ran {
    let mut ran = world.run(arguments);
    for _ in 1..TRIES {
        if ran.code != 3 {
            break;
        }
        fs::remove_dir_all(world.path("demo-certificate")).unwrap();
        ran = world.run(arguments);
    }
    ran
}

#[test]
fn a_line_that_does_not_come_is_noticed() {
    let printed = "a  PASS  1.5 ms [1 ms, 2 ms]\nb  signed by 12ab\n";
    assert_eq!(missing(&["a PASS 7 us [3 us, 900 us]", "b signed by ..."], printed), None);
    assert_eq!(missing(&["a FAIL 7 us [3 us, 900 us]"], printed), Some("a FAIL 7 us [3 us, 900 us]"));
    assert_eq!(
        missing(&["b signed by ...", "a PASS 1 ms [1 ms, 2 ms]"], printed),
        Some("a PASS 1 ms [1 ms, 2 ms]")
    );
}
