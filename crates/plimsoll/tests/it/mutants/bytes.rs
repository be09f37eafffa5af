//! Bytes changed without a key: flips, cuts, insertions, swaps, tail bits of base64, names, missing files.

use plimsoll_evidence::{CERTIFICATE_FILE, CHECKPOINT_FILE, Outcome, StepName, TLOG_PROOF_FILE};
use plimsoll_proof::Digest;

use super::bench::{Bench, Mutant, OnDisk};

/// A file with one bit turned over.
pub(crate) fn flipped(bench: &mut Bench, n: usize) -> Mutant {
    let path = bench.path(n);
    let mut files = bench.files.clone();
    let bytes = files.get_mut(&path).unwrap();
    let (at, bit) = (bench.random.below(bytes.len()), bench.random.below(8));
    bytes[at] ^= 1 << bit;
    Mutant::new(format!("{path}: bit {bit} of byte {at} turned over"), files)
}

pub(crate) fn truncated(bench: &mut Bench, n: usize) -> Mutant {
    let path = bench.path(n);
    let mut files = bench.files.clone();
    let bytes = files.get_mut(&path).unwrap();
    let length = bench.random.below(bytes.len());
    bytes.truncate(length);
    Mutant::new(format!("{path}: cut to {length} bytes"), files)
}

pub(crate) fn inserted(bench: &mut Bench, n: usize) -> Mutant {
    let path = bench.path(n);
    let mut files = bench.files.clone();
    let bytes = files.get_mut(&path).unwrap();
    let (at, byte) = (bench.random.below(bytes.len() + 1), *bench.random.pick(b" \n0\"\0\xffA="));
    bytes.insert(at, byte);
    Mutant::new(format!("{path}: byte {byte} inserted at {at}"), files)
}

/// Two neighbours that differ change places.
pub(crate) fn swapped(bench: &mut Bench, n: usize) -> Mutant {
    let path = bench.path(n);
    let mut files = bench.files.clone();
    let bytes = files.get_mut(&path).unwrap();
    let places: Vec<usize> = (1..bytes.len()).filter(|&at| bytes[at - 1] != bytes[at]).collect();
    let at = *bench.random.pick(&places);
    bytes.swap(at - 1, at);
    Mutant::new(format!("{path}: bytes {} and {at} swapped", at - 1), files)
}

/// The bits behind the last byte of padded base64, which a lenient reader ignores.
pub(crate) fn tail_bits(bench: &mut Bench, n: usize) -> Mutant {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut places = Vec::new();
    for (path, bytes) in &bench.files {
        let is_text = path.ends_with(".dsse.json") || path == CHECKPOINT_FILE || path == TLOG_PROOF_FILE;
        let ends = (1..bytes.len()).filter(|&at| is_text && bytes[at] == b'=' && bytes[at - 1] != b'=');
        places.extend(ends.map(|at| (path.clone(), at - 1)));
    }
    let (path, at) = places[n % places.len()].clone();
    let mut files = bench.files.clone();
    let bytes = files.get_mut(&path).unwrap();
    let value = ALPHABET.iter().position(|byte| *byte == bytes[at]).unwrap();
    // Behind one `=` stand two tail bits, behind two stand four: the lowest two are tail bits in both.
    let other = value ^ (1 + bench.random.below(3));
    bytes[at] = ALPHABET[other];
    Mutant::new(format!("{path}: tail bits of base64 at {at}"), files)
}

pub(crate) fn removed(bench: &mut Bench, n: usize) -> Mutant {
    let path = bench.path(n * 2 + 1);
    let mut files = bench.files.clone();
    files.remove(&path);
    let mutant = Mutant::new(format!("{path} removed"), files);
    let is_entry = path.starts_with("log/entries/");
    if path == CERTIFICATE_FILE {
        mutant.at(StepName::Bytes, Outcome::Unreadable)
    } else if path == CHECKPOINT_FILE {
        mutant.at(StepName::Registration, Outcome::Incomplete)
    } else if is_entry {
        // The script does not count attempts: a gap it sees only where the certificate's own entry is gone.
        mutant.out_of_reach()
    } else {
        mutant
    }
}

pub(crate) fn added(bench: &mut Bench, n: usize) -> Mutant {
    let bytes = format!("{{\"n\":{n}}}").into_bytes();
    let digest = Digest::of(&bytes);
    let paths = [
        "readme.txt".to_owned(),
        format!("evidence/{digest}.json"),
        format!("evidence/{digest}.txt"),
        "statements/more.dsse.json".to_owned(),
        "statements/note.txt".to_owned(),
        "log/entries/99.json".to_owned(),
        "log/entries/00.json".to_owned(),
        "log/tile/0/001".to_owned(),
        "log/tile/1/000.p/1".to_owned(),
        "log/note".to_owned(),
        "log".to_owned() + "2/checkpoint",
        "Evidence/a.json".to_owned(),
        ".hidden".to_owned(),
        "evidence/a b.json".to_owned(),
        "certificate.dsse.json.bak".to_owned(),
    ];
    let path = paths[n % paths.len()].clone();
    let mut files = bench.files.clone();
    files.insert(path.clone(), bytes);
    Mutant::new(format!("{path} added"), files)
}

/// A file under another name, or two files with each other's content.
pub(crate) fn moved(bench: &mut Bench, n: usize) -> Mutant {
    let mut files = bench.files.clone();
    let path = bench.path(n * 3);
    if n.is_multiple_of(2) {
        let bytes = files.remove(&path).unwrap();
        files.insert(format!("{path}x"), bytes);
        return Mutant::new(format!("{path} renamed to {path}x"), files);
    }
    let other = bench.path(n * 3 + 1);
    let (a, b) = (files[&path].clone(), files[&other].clone());
    files.insert(path.clone(), b);
    files.insert(other.clone(), a);
    Mutant::new(format!("{path} and {other} with each other's content"), files)
}

pub(crate) fn on_disk(bench: &mut Bench, n: usize) -> Mutant {
    let path = bench.path(n * 7);
    let what = match n % 3 {
        0 => OnDisk::Link(path),
        1 => OnDisk::EmptyFolder(format!("{}empty{n}", ["", "log/", "evidence/"][n / 3 % 3])),
        _ => OnDisk::Socket(format!("{}socket", ["", "log/", "statements/"][n / 3 % 3])),
    };
    Mutant { on_disk: Some(what.clone()), ..Mutant::new(format!("{what:?}"), bench.files.clone()) }
}
