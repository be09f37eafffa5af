//! A thousand certificates that must be refused, drawn by quota from a fixed seed.

mod bench;
mod bytes;
mod claims;
mod evidence;
mod json;
mod log;
mod meaning;
mod random;

use std::path::Path;

use plimsoll_base::Utc;
use plimsoll_certify::read_folder;
use plimsoll_evidence::{Folder, Outcome, Question, Report, StepName, verify};

pub(crate) use bench::{Bench, Mutant};
use random::Random;

use crate::golden::{AT, Files, anchors, golden, golden_files, golden_keys, write_files};
use crate::issuer::Parts;
use crate::script::run_script;
use crate::world::World;

/// Makes the `n`th mutant of a kind.
type Maker = fn(&mut Bench, usize) -> Mutant;

/// How many of each kind. Every file is flipped twice, cut, lengthened and swapped in.
const QUOTAS: [(&str, usize, Maker); 21] = [
    ("bit turned over", 124, bytes::flipped),
    ("file cut", 62, bytes::truncated),
    ("byte inserted", 62, bytes::inserted),
    ("bytes swapped", 62, bytes::swapped),
    ("base64 tail bits", 40, bytes::tail_bits),
    ("file removed", 31, bytes::removed),
    ("file added", 30, bytes::added),
    ("file moved", 20, bytes::moved),
    ("link, socket, empty folder", 9, bytes::on_disk),
    ("envelope", 45, json::enveloped),
    ("payload, not signed", 27, json::unsigned),
    ("envelope, forged", 18, json::envelope_forged),
    ("certificate respelled, signed", 42, json::certificate_respelled),
    ("certificate changed, signed", 60, json::certificate_contradicted),
    ("statement respelled, signed", 64, json::statement_respelled),
    ("statement changed, signed", 64, json::statement_contradicted),
    ("log entry, not signed", 40, json::entry_unsigned),
    ("log entry, signed", 24, json::entry_signed),
    ("log, leaf and checkpoint", 24, log_parts),
    ("log, proof and place", 20, log_places),
    ("lie, signed", 132, meaning::lied),
];

/// So many in all, as the specification promises.
const MUTANTS: usize = 1_000;

fn log_parts(bench: &mut Bench, n: usize) -> Mutant {
    if n.is_multiple_of(4) { log::leaf(bench, n) } else { log::checkpointed(bench, n - n / 4 - 1) }
}

fn log_places(bench: &mut Bench, n: usize) -> Mutant {
    if n.is_multiple_of(3) { log::elsewhere(bench, n / 3) } else { log::proven(bench, n - n / 3 - 1) }
}

pub(crate) fn bench() -> Bench {
    let files = golden_files();
    Bench { parts: Parts::of(&files), files, keys: golden_keys(), random: Random(0x0070_6c69_6d73_6f6c) }
}

/// Draws every mutant and hands each on with its number and kind.
fn draw(mut visit: impl FnMut(usize, &'static str, &Mutant)) {
    let mut bench = bench();
    let mut number = 0;
    for (kind, quota, make) in QUOTAS {
        for n in 0..quota {
            let mutant = make(&mut bench, n);
            assert!(mutant.on_disk.is_some() || mutant.files != bench.files, "{kind} {n} changes nothing");
            visit(number, kind, &mutant);
            number += 1;
        }
    }
}

/// What the library makes of a mutant: as the binary does, it may refuse to read the folder at all.
fn judge(mutant: &Mutant) -> Result<Report, String> {
    let anchors = anchors();
    let folder = match &mutant.on_disk {
        None => Folder::new(mutant.files.clone()).map_err(|error| error.to_string())?,
        Some(on_disk) => {
            let place = tempfile::tempdir().unwrap();
            let folder = place.path().join("certificate");
            write_files(&folder, &mutant.files);
            on_disk.apply(&folder);
            read_folder(&folder).map_err(|error| error.to_string())?
        }
    };
    let at: Utc = AT.parse().unwrap();
    Ok(verify(&folder, &Question { at, anchors: &anchors, subject: None, after: None }))
}

#[test]
fn the_quotas_make_a_thousand() {
    assert_eq!(QUOTAS.iter().map(|(_, quota, _)| quota).sum::<usize>(), MUTANTS);
}

#[test]
fn the_parts_put_together_again_are_valid() {
    let bench = bench();
    for files in [bench.files.clone(), bench.parts.sign(&bench.keys)] {
        let report = judge(&Mutant::new("nothing", files)).unwrap();
        assert_eq!(report.outcome, Outcome::Valid, "{:?}", report.failed());
    }
}

#[test]
fn every_mutant_is_refused() {
    let mut accepted = Vec::new();
    let mut found_at: Vec<(StepName, usize)> = Vec::new();
    draw(|number, kind, mutant| {
        let report = match judge(mutant) {
            Err(_) => return,
            Ok(report) => report,
        };
        let step = report.failed().map(|step| step.step);
        let as_wanted = match mutant.refused {
            Some((step, outcome)) => {
                report.outcome == outcome && report.failed().is_some_and(|s| s.step == step)
            }
            None => !matches!(report.outcome, Outcome::Valid | Outcome::ValidDemo),
        };
        if !as_wanted {
            let found = report.failed().map(|step| format!("{}: {}", step.step.name(), step.found));
            accepted.push(format!("{number} {kind}: {}: {} {found:?}", mutant.what, report.outcome.name()));
        }
        match found_at.iter_mut().find(|(at, _)| Some(*at) == step) {
            Some((_, count)) => *count += 1,
            None => found_at.extend(step.map(|step| (step, 1))),
        }
    });
    found_at.sort();
    for (step, count) in &found_at {
        println!("{count:>4} refused at step {}", step.name());
    }
    for (kind, quota, _) in QUOTAS {
        println!("{quota:>4} {kind}");
    }
    assert!(
        accepted.is_empty(),
        "{} of {MUTANTS} not refused as they must be:\n{}",
        accepted.len(),
        accepted.join("\n")
    );
    // Every step but trust and validity, which are about the verifier, has refused something.
    assert_eq!(found_at.len(), 9, "{found_at:?}");
    assert!(meaning::steps().iter().all(|step| found_at.iter().any(|(at, _)| at == step)));
}

/// Writes a mutant where a program can read it.
fn on_disk(folder: &Path, mutant: &Mutant) {
    write_files(folder, &mutant.files);
    if let Some(on_disk) = &mutant.on_disk {
        on_disk.apply(folder);
    }
}

#[test]
fn the_binary_refuses_two_of_each_kind() {
    let world = World::new();
    let trust = golden("trust.keys");
    let mut seen: Vec<&str> = Vec::new();
    let mut refused = 0;
    draw(|number, kind, mutant| {
        let drawn = seen.iter().filter(|earlier| **earlier == kind).count();
        // The first of a kind, and one from further on.
        if drawn != 0 && drawn != 7 {
            return seen.push(kind);
        }
        seen.push(kind);
        let folder = world.path(&format!("m{number}"));
        on_disk(&folder, mutant);
        let folder = folder.to_string_lossy().into_owned();
        let ran = world.run(&["verify", &folder, "--issuer", &trust.to_string_lossy(), "--at", AT]);
        assert!(
            [1, 2, 3].contains(&ran.code),
            "{number} {kind}: {}: exit {}\n{}",
            mutant.what,
            ran.code,
            ran.stdout
        );
        refused += 1;
    });
    assert_eq!(refused, 2 * QUOTAS.len());
}

/// Runs the script over those in its reach of which `wanted` holds, and says how many.
fn script_refuses(wanted: impl Fn(usize) -> bool) -> usize {
    let place = tempfile::tempdir().unwrap();
    let mut refused = 0;
    draw(|number, kind, mutant| {
        if mutant.in_reach && wanted(number) {
            let folder = place.path().join(number.to_string());
            on_disk(&folder, mutant);
            let ran = run_script(&[folder.to_str().unwrap(), golden("trust.keys").to_str().unwrap(), AT]);
            assert!(
                [1, 2, 3].contains(&ran.code),
                "{number} {kind}: {}: exit {}\n{}",
                mutant.what,
                ran.code,
                ran.stdout
            );
            std::fs::remove_dir_all(&folder).unwrap();
            refused += 1;
        }
    });
    refused
}

#[test]
fn the_script_refuses_one_in_seven_of_those_in_its_reach() {
    let refused = script_refuses(|number| number.is_multiple_of(7));
    println!("{refused} refused by the script");
    assert!(refused > 100, "only {refused} were tried");
}

#[test]
fn full_the_script_refuses_all_in_its_reach() {
    let refused = script_refuses(|_| true);
    println!("{refused} refused by the script");
    assert!(refused > 700, "only {refused} were tried");
}

/// For other tests: what the golden certificate becomes.
pub(crate) fn with(change: impl FnOnce(&mut Parts)) -> Files {
    let mut bench = bench();
    change(&mut bench.parts);
    bench.parts.sign(&bench.keys)
}
