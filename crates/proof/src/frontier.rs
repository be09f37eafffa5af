//! A Merkle tree that grows: what must be kept of it to append to it and to know its root.

use crate::digest::Digest;
use crate::merkle::{TreeHead, node_hash};

/// The roots of the full subtrees from left to right, one for each bit of the size: at most 64 hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Digest>,
}

impl Frontier {
    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its leaf hash, and names the subtrees that it completes with their levels, the leaf itself
    /// first. One node is hashed on average.
    pub fn push(&mut self, leaf: Digest, completed: &mut dyn FnMut(u32, Digest)) {
        self.append(0, leaf, completed);
    }

    /// Appends a full subtree of `2^level` leaves by its root, where the size so far is a multiple of `2^level`.
    pub fn push_subtree(&mut self, level: u32, root: Digest) {
        self.append(level, root, &mut |_, _| ());
    }

    fn append(&mut self, level: u32, root: Digest, completed: &mut dyn FnMut(u32, Digest)) {
        let mut root = root;
        let mut height = level;
        completed(height, root);
        while (self.size >> height) & 1 == 1 {
            let Some(left) = self.roots.pop() else { break };
            root = node_hash(&left, &root);
            height += 1;
            completed(height, root);
        }
        self.roots.push(root);
        self.size += 1 << level;
    }

    /// The size and the root.
    pub fn head(&self) -> TreeHead {
        let root = self.roots.iter().rev().copied().reduce(|right, left| node_hash(&left, &right));
        TreeHead { size: self.size, root: root.unwrap_or_else(|| Digest::of(b"")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::merkle::leaf_hash;

    fn leaves(count: u64) -> Vec<Digest> {
        (0..count).map(|leaf| leaf_hash(&leaf.to_be_bytes())).collect()
    }

    #[test]
    fn a_grown_tree_is_the_tree_over_all_leaves() {
        let leaves = leaves(600);
        let mut frontier = Frontier::default();
        assert_eq!(frontier.head(), TreeHead::of(&[]));
        for count in 1..=leaves.len() {
            frontier.push(leaves[count - 1], &mut |level, root| {
                let first = count - (1 << level);
                assert_eq!(root, TreeHead::of(&leaves[first..count]).root, "level {level} at {count}");
            });
            assert_eq!(frontier.head(), TreeHead::of(&leaves[..count]), "{count} leaves");
        }
    }

    proptest! {
        #[test]
        fn a_tree_can_be_made_of_its_full_subtrees(count in 0u64..300, more in 0u64..40) {
            let leaves = leaves(count + more);
            let mut frontier = Frontier::default();
            let mut first = 0;
            for level in (0..u64::BITS).rev().filter(|level| count >> level & 1 == 1) {
                let end = first + (1 << level);
                frontier.push_subtree(level, TreeHead::of(&leaves[first..end]).root);
                first = end;
            }
            leaves[first..].iter().for_each(|leaf| frontier.push(*leaf, &mut |_, _| ()));
            prop_assert_eq!(frontier.head(), TreeHead::of(&leaves));
        }
    }
}
