//! Certificates that lie in a folder, however many.

use std::collections::BTreeSet;
use std::fs;

use plimsoll_base::Kind;
use plimsoll_keys::IssuerKeys;
use proptest::prelude::*;

use crate::register::{Certificates, CertificationId};

fn id(number: u64) -> CertificationId {
    CertificationId::new(&format!("{number:020x}")).unwrap()
}

/// A data folder with these certificates, and what else may lie there.
fn data(numbers: &BTreeSet<u64>) -> (tempfile::TempDir, Certificates) {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("certificates");
    let others = [".plimsoll-Xy12", "lost+found", "0123", "0000000000000000000.old"].map(String::from);
    for name in numbers.iter().map(|number| id(*number).to_string()).chain(others) {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let certificates = Certificates::new(data.path(), &IssuerKeys::generate().unwrap());
    (data, certificates)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn page_by_page_each_that_is_wanted_comes_once_the_newest_first(
        numbers in proptest::collection::btree_set(1u64..1_000, 0..40),
        max in 1usize..9,
        divisor in 1u64..4,
    ) {
        let (_data, certificates) = data(&numbers);
        let number = |id: &CertificationId| u64::from_str_radix(id.as_str(), 16).unwrap();
        let is_wanted = |id: &CertificationId| number(id).is_multiple_of(divisor);
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = certificates.newest(before.as_ref(), max, is_wanted).unwrap();
            prop_assert!(page.len() <= max);
            let Some(last) = page.last() else { break };
            before = Some(last.clone());
            found.extend(page);
            prop_assert!(found.len() <= numbers.len(), "it goes round");
        }
        let wanted: Vec<CertificationId> =
            numbers.iter().rev().filter(|number| number.is_multiple_of(divisor)).map(|number| id(*number)).collect();
        prop_assert_eq!(found, wanted);
    }
}

#[test]
fn what_is_no_certificate_is_told_from_what_is_not_there() {
    let (data, certificates) = data(&BTreeSet::from([1]));
    let kind = |number| certificates.said(&id(number)).unwrap_err().kind();
    assert_eq!((kind(1), kind(2)), (Kind::NotFound, Kind::NotFound));
    let file = data.path().join(format!("certificates/{}/certificate.dsse.json", id(1)));
    let envelope = r#"{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]}"#;
    for text in ["", "{}", envelope] {
        fs::write(&file, text).unwrap();
        assert!(!matches!(kind(1), Kind::NotFound | Kind::Bug), "{text}: {:?}", kind(1));
    }
}
