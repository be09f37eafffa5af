use plimsoll_proof::{
    Digest, LogError, TreeHead, consistency_proof, inclusion_proof, leaf_hash, verify_consistency,
    verify_inclusion,
};
use proptest::prelude::*;

use crate::support::leaves;

/// The eight entries and nine roots that implementations of RFC 6962 have shared since its reference code.
const ENTRIES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn known_leaves() -> Vec<Digest> {
    ENTRIES.iter().map(|entry| leaf_hash(entry)).collect()
}

fn digests(hex: &[&str]) -> Vec<Digest> {
    hex.iter().map(|hex| hex.parse().unwrap()).collect()
}

#[test]
fn known_roots() {
    let leaves = known_leaves();
    for (size, root) in ROOTS.iter().enumerate() {
        assert_eq!(TreeHead::of(&leaves[..size]).root.to_string(), *root, "size {size}");
    }
}

#[test]
fn known_inclusion_proofs() {
    let first = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ];
    let sixth = [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        ROOTS[4],
    ];
    assert_eq!(inclusion_proof(&known_leaves(), 0).unwrap(), digests(&first));
    assert_eq!(inclusion_proof(&known_leaves(), 5).unwrap(), digests(&sixth));
}

#[test]
fn known_consistency_proofs() {
    let six_to_eight = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        ROOTS[4],
    ];
    let two_to_five = [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ];
    assert_eq!(consistency_proof(&known_leaves(), 6).unwrap(), digests(&six_to_eight));
    assert_eq!(consistency_proof(&known_leaves()[..5], 2).unwrap(), digests(&two_to_five));
}

#[test]
fn every_proof_of_every_small_tree_holds_and_proves_nothing_else() {
    let all = leaves(40);
    for size in 1..=all.len() {
        let tree = &all[..size];
        let head = TreeHead::of(tree);
        for (index, leaf) in tree.iter().enumerate() {
            let proof = inclusion_proof(tree, index as u64).unwrap();
            for claimed in 0..size {
                let verdict = verify_inclusion(leaf, claimed as u64, &head, &proof);
                assert_eq!(verdict.is_ok(), claimed == index, "{index} as {claimed} of {size}");
            }
        }
        for old in 0..=size {
            let proof = consistency_proof(tree, old as u64).unwrap();
            let old_head = TreeHead::of(&all[..old]);
            assert_eq!(verify_consistency(&old_head, &head, &proof), Ok(()), "{old} to {size}");
            let forked = TreeHead { root: Digest::of(b"another story"), ..old_head };
            assert!(verify_consistency(&forked, &head, &proof).is_err(), "fork {old} to {size}");
        }
    }
}

#[test]
fn altered_proofs_are_refused() {
    let all = leaves(21);
    let (head, old) = (TreeHead::of(&all), TreeHead::of(&all[..13]));
    let inclusion = inclusion_proof(&all, 13).unwrap();
    let consistency = consistency_proof(&all, 13).unwrap();
    let holds_inclusion = |proof: &[Digest]| verify_inclusion(&all[13], 13, &head, proof).is_ok();
    let holds_consistency = |proof: &[Digest]| verify_consistency(&old, &head, proof).is_ok();
    assert!(holds_inclusion(&inclusion) && holds_consistency(&consistency));
    for altered in altered(&inclusion) {
        assert!(!holds_inclusion(&altered), "{altered:?}");
    }
    for altered in altered(&consistency) {
        assert!(!holds_consistency(&altered), "{altered:?}");
    }
}

/// A proof with each hash replaced, left out and doubled, with one more at the end, and without any.
fn altered(proof: &[Digest]) -> Vec<Vec<Digest>> {
    let mut all = vec![Vec::new(), [proof, &[Digest::of(b"x")]].concat()];
    for at in 0..proof.len() {
        let mut altered = proof.to_vec();
        altered[at] = Digest::of(b"x");
        all.push(altered.clone());
        altered.remove(at);
        all.push(altered.clone());
        altered.splice(at..at, [proof[at], proof[at]]);
        all.push(altered);
    }
    all
}

#[test]
fn forks_and_shrinking_are_told_apart() {
    let all = leaves(9);
    let head = TreeHead::of(&all);
    let other = TreeHead { root: Digest::of(b"x"), ..head };
    assert_eq!(verify_consistency(&head, &other, &[]), Err(LogError::Fork { old: 9, new: 9 }));
    let smaller = TreeHead::of(&all[..4]);
    assert_eq!(verify_consistency(&head, &smaller, &[]), Err(LogError::Shrunk { old: 9, new: 4 }));
    assert_eq!(verify_consistency(&head, &head, &[head.root]), Err(LogError::ProofLength));
    let nothing = TreeHead { size: 0, root: Digest::of(b"x") };
    assert_eq!(verify_consistency(&nothing, &head, &[]), Err(LogError::Fork { old: 0, new: 9 }));
    assert_eq!(inclusion_proof(&all, 9), Err(LogError::NotInTree { index: 9, size: 9 }));
    assert_eq!(inclusion_proof(&[], 0), Err(LogError::NotInTree { index: 0, size: 0 }));
    assert_eq!(consistency_proof(&all, 10), Err(LogError::Shrunk { old: 10, new: 9 }));
}

#[test]
fn a_proof_does_not_hold_for_a_tree_of_another_height() {
    let all = leaves(4);
    let root = TreeHead::of(&all).root;
    let with_size = |size| TreeHead { size, root };
    let inclusion = inclusion_proof(&all, 3).unwrap();
    assert_eq!(verify_inclusion(&all[3], 3, &with_size(4), &inclusion), Ok(()));
    for (index, size) in [(0, 1), (1, 2), (3, 8), (7, 8)] {
        let verdict = verify_inclusion(&all[3], index, &with_size(size), &inclusion);
        assert_eq!(verdict, Err(LogError::ProofLength), "{index} of {size}");
    }
    for (old, claimed) in [(1, 2), (1, 8), (2, 8), (3, 8)] {
        let consistency = consistency_proof(&all, old).unwrap();
        let old = TreeHead::of(&all[..usize::try_from(old).unwrap()]);
        assert_eq!(verify_consistency(&old, &with_size(4), &consistency), Ok(()));
        let verdict = verify_consistency(&old, &with_size(claimed), &consistency);
        assert_eq!(verdict, Err(LogError::ProofLength), "{} to {claimed}", old.size);
    }
}

#[test]
fn an_entry_cannot_pose_as_a_node() {
    let [a, b] = [leaf_hash(b"a"), leaf_hash(b"b")];
    let node = [a.as_bytes().as_slice(), b.as_bytes()].concat();
    assert_ne!(leaf_hash(&node), TreeHead::of(&[a, b]).root);
    assert_ne!(TreeHead::of(&[leaf_hash(&node)]).root, TreeHead::of(&[a, b]).root);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn large_trees_prove_and_verify(size in 1u32..2000, index: proptest::sample::Index, old: proptest::sample::Index) {
        let all = leaves(size);
        let (index, old) = (index.index(all.len()), old.index(all.len()));
        let head = TreeHead::of(&all);
        let proof = inclusion_proof(&all, index as u64).unwrap();
        prop_assert_eq!(verify_inclusion(&all[index], index as u64, &head, &proof), Ok(()));
        let proof = consistency_proof(&all, old as u64).unwrap();
        prop_assert_eq!(verify_consistency(&TreeHead::of(&all[..old]), &head, &proof), Ok(()));
    }

    #[test]
    fn sizes_that_cannot_be_never_panic(index: u64, size: u64, old: u64, hashes in 0usize..70) {
        let proof = vec![Digest::of(b"x"); hashes];
        let head = TreeHead { size, root: Digest::of(b"root") };
        prop_assert!(verify_inclusion(&Digest::of(b"leaf"), index, &head, &proof).is_err());
        let old = TreeHead { size: old, root: Digest::of(b"old root") };
        prop_assert!(verify_consistency(&old, &head, &proof).is_err());
    }
}
