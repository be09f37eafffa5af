//! Verification of a certificate in which one file was replaced: no bytes make it fall over, and none but the true ones
//! are taken for the true certificate.
#![no_main]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use plimsoll_base::Utc;
use plimsoll_certify::read_folder;
use plimsoll_evidence::{Anchors, Folder, Outcome, Question, verify};
use plimsoll_proof::TrustFile;

/// A certificate's files, in the order in which the first byte of the input names them.
static FILES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let folder = read_folder(&golden("v1")).expect("the golden certificate is there");
    folder.iter().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect()
});

static ANCHORS: LazyLock<Anchors> = LazyLock::new(|| {
    let text = std::fs::read_to_string(golden("trust.keys")).expect("its issuer's keys are there");
    let trusted = TrustFile::parse(&text).expect("they can be read");
    Anchors { trusted, demo: TrustFile::default() }
});

fn golden(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/plimsoll/tests/golden").join(name)
}

fuzz_target!(|data: &[u8]| {
    let Some((place, bytes)) = data.split_first() else { return };
    let Some((replaced, original)) = FILES.get(usize::from(*place)) else { return };
    let mut files: BTreeMap<String, Vec<u8>> = FILES.iter().cloned().collect();
    files.insert(replaced.clone(), bytes.to_vec());
    let at = "2026-11-25T00:00:00Z".parse::<Utc>().expect("a time within its validity");
    let folder = Folder::new(files).expect("the names are the certificate's own");
    let report = verify(&folder, &Question { at, anchors: &ANCHORS, subject: None, after: None });
    assert_eq!(report.outcome == Outcome::Valid, bytes == original, "{replaced}: {:?}", report.outcome);
});
