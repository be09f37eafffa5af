//! The Merkle tree of RFC 6962 with SHA-256, and its two proofs as RFC 9162 writes their checking.
//!
//! The tree is given as its leaf hashes in order: every level-0 tile of a log is shipped, so a verifier has
//! them all, and a million of them are 32 MiB.

use crate::digest::Digest;
use crate::log_error::LogError;

/// How large a log was and what it held, in one hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// The number of leaves.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
}

impl TreeHead {
    /// The head of the tree over `leaves`, which are leaf hashes.
    pub fn of(leaves: &[Digest]) -> Self {
        Self { size: leaves.len() as u64, root: subtree_root(leaves) }
    }
}

/// The hash of an entry of the log.
pub fn leaf_hash(entry: &[u8]) -> Digest {
    Digest::of_parts(&[&[0], entry])
}

/// The hash of a node over its two children.
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// A full subtree: the `2^level` leaves from `index * 2^level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subtree {
    /// Its height; a leaf has none.
    pub level: u32,
    /// Which of the subtrees of its level.
    pub index: u64,
}

impl Subtree {
    /// Its root, where all leaves are at hand. Beyond them there is nothing, which is the empty tree.
    fn root_in(self, leaves: &[Digest]) -> Digest {
        let at = |index: u64| usize::try_from(index << self.level).unwrap_or(usize::MAX);
        subtree_root(leaves.get(at(self.index)..at(self.index + 1)).unwrap_or_default())
    }
}

fn subtree_root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [leaf] => *leaf,
        _ => {
            let left = usize::try_from(left_size(leaves.len() as u64)).unwrap_or(usize::MAX);
            let (left, right) = leaves.split_at(left);
            node_hash(&subtree_root(left), &subtree_root(right))
        }
    }
}

/// The root of the tree of `size` leaves: `root` finds the root of a full subtree.
pub fn root_of<E>(size: u64, root: &mut dyn FnMut(Subtree) -> Result<Digest, E>) -> Result<Digest, E> {
    if size == 0 { Ok(subtree_root(&[])) } else { range_root(0, size, root) }
}

/// The root over the leaves from `first` to before `end`, which is a node of some tree: its left part is full.
fn range_root<E>(
    first: u64,
    end: u64,
    root: &mut dyn FnMut(Subtree) -> Result<Digest, E>,
) -> Result<Digest, E> {
    let size = end - first;
    if size.is_power_of_two() {
        let level = size.ilog2();
        return root(Subtree { level, index: first >> level });
    }
    let middle = first + left_size(size);
    let left = range_root(first, middle, root)?;
    let right = range_root(middle, end, root)?;
    Ok(node_hash(&left, &right))
}

/// The largest power of two below `size`, which is at least two: the size of the left subtree.
fn left_size(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The hashes that lead from leaf `index` to the root, lowest first.
pub fn inclusion_proof(leaves: &[Digest], index: u64) -> Result<Vec<Digest>, LogError> {
    inclusion_proof_of(leaves.len() as u64, index, &mut |node| Ok(node.root_in(leaves)))
}

/// The same of a tree of `size` leaves that is too large to hold: `root` finds the root of a full subtree.
pub fn inclusion_proof_of<E: From<LogError>>(
    size: u64,
    index: u64,
    root: &mut dyn FnMut(Subtree) -> Result<Digest, E>,
) -> Result<Vec<Digest>, E> {
    if index >= size {
        return Err(LogError::NotInTree { index, size }.into());
    }
    let (mut first, mut end) = (0, size);
    let mut path = Vec::new();
    while end - first > 1 {
        let middle = first + left_size(end - first);
        if index < middle {
            path.push(range_root(middle, end, root)?);
            end = middle;
        } else {
            path.push(range_root(first, middle, root)?);
            first = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Checks that the leaf with hash `leaf` stands at `index` of the tree `head` (RFC 9162, 2.1.3.2).
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    head: &TreeHead,
    proof: &[Digest],
) -> Result<(), LogError> {
    if index >= head.size {
        return Err(LogError::NotInTree { index, size: head.size });
    }
    let mut climb = Climb { node: index, last: head.size - 1 };
    let mut root = *leaf;
    for sibling in proof {
        root = match climb.step()? {
            Side::Left => node_hash(sibling, &root),
            Side::Right => node_hash(&root, sibling),
        };
    }
    climb.end()?;
    if root == head.root { Ok(()) } else { Err(LogError::NotIncluded { index, size: head.size }) }
}

/// The hashes that show the tree over `leaves` to begin with its first `old_size` leaves (RFC 9162, 2.1.4.1).
pub fn consistency_proof(leaves: &[Digest], old_size: u64) -> Result<Vec<Digest>, LogError> {
    consistency_proof_of(leaves.len() as u64, old_size, &mut |node| Ok(node.root_in(leaves)))
}

/// The same of a tree of `size` leaves that is too large to hold: `root` finds the root of a full subtree.
pub fn consistency_proof_of<E: From<LogError>>(
    size: u64,
    old_size: u64,
    root: &mut dyn FnMut(Subtree) -> Result<Digest, E>,
) -> Result<Vec<Digest>, E> {
    if old_size > size {
        return Err(LogError::Shrunk { old: old_size, new: size }.into());
    }
    let (mut first, mut end) = (0, size);
    let mut path = Vec::new();
    if old_size == 0 || old_size == size {
        return Ok(path);
    }
    // While the old tree is a left edge of the range, its own root is known to the verifier and is left out.
    while old_size != end {
        let middle = first + left_size(end - first);
        if old_size <= middle {
            path.push(range_root(middle, end, root)?);
            end = middle;
        } else {
            path.push(range_root(first, middle, root)?);
            first = middle;
        }
    }
    if first != 0 {
        path.push(range_root(first, end, root)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that the tree `new` begins with the whole of the tree `old` (RFC 9162, 2.1.4.2).
///
/// A tree of the same size must be the same tree, and every tree begins with the empty one.
pub fn verify_consistency(old: &TreeHead, new: &TreeHead, proof: &[Digest]) -> Result<(), LogError> {
    let fork = LogError::Fork { old: old.size, new: new.size };
    if old.size > new.size {
        return Err(LogError::Shrunk { old: old.size, new: new.size });
    }
    if old.size == new.size || old.size == 0 {
        let empty = old.size != 0 || old.root == subtree_root(&[]);
        let same = old.size != new.size || old.root == new.root;
        return match proof {
            [] if empty && same => Ok(()),
            [] => Err(fork),
            _ => Err(LogError::ProofLength),
        };
    }
    let mut climb = Climb { node: old.size - 1, last: new.size - 1 };
    while climb.node & 1 == 1 {
        climb.up();
    }
    let (seed, rest) = if old.size.is_power_of_two() {
        (old.root, proof)
    } else {
        let (seed, rest) = proof.split_first().ok_or(LogError::ProofLength)?;
        (*seed, rest)
    };
    let (mut old_root, mut new_root) = (seed, seed);
    for sibling in rest {
        match climb.step()? {
            Side::Left => {
                old_root = node_hash(sibling, &old_root);
                new_root = node_hash(sibling, &new_root);
            }
            Side::Right => new_root = node_hash(&new_root, sibling),
        }
    }
    climb.end()?;
    if old_root == old.root && new_root == new.root { Ok(()) } else { Err(fork) }
}

/// On which side of the path the next hash of a proof stands.
enum Side {
    Left,
    Right,
}

/// The way from a node up to the root, beside the last node of each level: `fn` and `sn` in RFC 9162.
struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    fn up(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }

    /// Takes one hash of the proof; refuses one when the root is reached.
    fn step(&mut self) -> Result<Side, LogError> {
        if self.last == 0 {
            return Err(LogError::ProofLength);
        }
        let is_right_child = self.node & 1 == 1;
        if !is_right_child && self.node != self.last {
            self.up();
            return Ok(Side::Right);
        }
        // The last node of a level may lack a sibling for some levels: it rises until it has one.
        while self.node != 0 && self.node & 1 == 0 {
            self.up();
        }
        self.up();
        Ok(Side::Left)
    }

    fn end(&self) -> Result<(), LogError> {
        if self.last == 0 { Ok(()) } else { Err(LogError::ProofLength) }
    }
}
