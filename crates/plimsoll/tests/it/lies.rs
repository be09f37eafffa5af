//! Lies in evidence, signed again by somebody who is trusted, with all that names the evidence made to fit.

use plimsoll_evidence::{Document, Issuance, Outcome};
use plimsoll_proof::{Digest, to_canonical};

use crate::golden::{Files, anchors, golden_files, golden_keys, verify_files};
use crate::issuer::Parts;

/// A lie, whether an honest judge states what follows of it, what becomes of it, and why.
pub(crate) type Lie = (&'static str, fn(&mut Vec<Document>), bool, Outcome, &'static str);

/// `one` finds the document that is lied about where nobody judges again.
pub(crate) fn refuses_lies(files: &Files, lies: &[Lie], one: fn(&Document) -> bool) {
    let golden = Parts::of(&golden_files());
    let found = |documents: &[Document]| to_canonical(documents.iter().find(|it| one(it)).unwrap()).unwrap();
    for (name, change, is_judged_again, expected, why) in lies {
        let mut parts = Parts::of(files);
        parts.certificate["predicate"]["issuer"] = golden.certificate["predicate"]["issuer"].clone();
        let mut documents = parts.documents();
        let old = found(&documents);
        change(&mut documents);
        if *is_judged_again {
            parts.rejudge(documents, Issuance::Issued).unwrap();
        } else {
            parts.replace_evidence(&Digest::of(&old), found(&documents));
        }
        let at = serde_json::from_value(parts.certificate["predicate"]["not_before"].clone()).unwrap();
        let verified = verify_files(&parts.sign(&golden_keys()), &anchors(), at);
        assert_eq!(verified.outcome, *expected, "{name}: {:?}", verified.steps);
        let said = &verified.steps.last().unwrap().found;
        assert!(said.contains(why), "{name}: {said}");
    }
}
