//! The Merkle log of the journal in memory: its frontier, and the tiles that are not full yet.

use plimsoll_proof::{Digest, Frontier, TILE_HASHES, TreeHead};

/// Levels of the tree between two levels of tiles.
const TILE_LEVELS: u32 = TILE_HASHES.ilog2();
const DIGEST_BYTES: usize = 32;

/// 256 hashes of one level, or those at the end of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tile {
    /// 0 for leaves, 1 for the roots of 256 leaves each, and so on.
    pub(crate) level: u32,
    /// Which of its level.
    pub(crate) number: u64,
    pub(crate) hashes: Vec<Digest>,
}

impl Tile {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
    }
}

/// Reads the hashes of a tile.
pub(crate) fn tile_hashes(bytes: &[u8]) -> Option<Vec<Digest>> {
    let (hashes, rest) = bytes.as_chunks::<DIGEST_BYTES>();
    let fits = rest.is_empty() && (1..=TILE_HASHES).contains(&(hashes.len() as u64));
    fits.then(|| hashes.iter().copied().map(Digest::from_bytes).collect())
}

/// Which tile holds the node at `index` of a level, and where in it.
pub(crate) fn place(index: u64) -> (u64, usize) {
    (index / TILE_HASHES, usize::try_from(index % TILE_HASHES).unwrap_or_default())
}

/// A tree that grows, and what of its tiles has changed since they were last written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    frontier: Frontier,
    /// The last tile of each level, which may be empty.
    last: Vec<Vec<Digest>>,
    /// Tiles that became full.
    full: Vec<Tile>,
}

/// Leaves that have been added to a copy of the frontier, to be kept or forgotten together.
#[derive(Debug)]
pub(crate) struct Growth {
    frontier: Frontier,
    nodes: Vec<(u32, Digest)>,
}

impl Growth {
    /// Adds a leaf.
    pub(crate) fn push(&mut self, leaf: Digest) {
        let nodes = &mut self.nodes;
        self.frontier.push(leaf, &mut |level, root| {
            if level % TILE_LEVELS == 0 {
                nodes.push((level / TILE_LEVELS, root));
            }
        });
    }

    pub(crate) fn head(&self) -> TreeHead {
        self.frontier.head()
    }
}

impl Tree {
    /// The tree of `size` leaves whose last tiles `tile` finds by level and number.
    pub(crate) fn load<E>(
        size: u64,
        tile: &mut dyn FnMut(u32, u64) -> Result<Vec<Digest>, E>,
    ) -> Result<Self, E> {
        let mut tree = Self::default();
        let mut level = 0;
        while size >> (level * TILE_LEVELS) > 0 {
            let nodes = size >> (level * TILE_LEVELS);
            let (number, used) = place(nodes);
            let hashes = if used == 0 { Vec::new() } else { tile(level, number)? };
            tree.last.push(hashes.into_iter().take(used).collect());
            level += 1;
        }
        for (level, hashes) in tree.last.iter().enumerate().rev() {
            let height = u32::try_from(level).unwrap_or_default() * TILE_LEVELS;
            hashes.iter().for_each(|root| tree.frontier.push_subtree(height, *root));
        }
        Ok(tree)
    }

    pub(crate) fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    pub(crate) fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Begins to add leaves.
    pub(crate) fn grow(&self) -> Growth {
        Growth { frontier: self.frontier.clone(), nodes: Vec::new() }
    }

    /// Keeps the leaves that were added.
    pub(crate) fn keep(&mut self, growth: Growth) {
        let mut size = self.frontier.size();
        for (level, root) in growth.nodes {
            // Nodes come in the order in which their last leaf was added, the leaf first.
            size += u64::from(level == 0);
            let at = level as usize;
            if self.last.len() == at {
                self.last.push(Vec::new());
            }
            let Some(hashes) = self.last.get_mut(at) else { continue };
            hashes.push(root);
            if hashes.len() as u64 == TILE_HASHES {
                let number = (size >> (level * TILE_LEVELS)) / TILE_HASHES - 1;
                self.full.push(Tile { level, number, hashes: std::mem::take(hashes) });
            }
        }
        self.frontier = growth.frontier;
    }

    /// The tiles that are to be written.
    pub(crate) fn changed_tiles(&self) -> Vec<Tile> {
        let size = self.frontier.size();
        let last = self.last.iter().enumerate().filter(|(_, hashes)| !hashes.is_empty());
        let last = last.map(|(level, hashes)| {
            let level = u32::try_from(level).unwrap_or_default();
            let (number, _) = place(size >> (level * TILE_LEVELS));
            Tile { level, number, hashes: hashes.clone() }
        });
        self.full.iter().cloned().chain(last).collect()
    }

    /// Forgets which tiles have changed: they are written.
    pub(crate) fn tiles_are_written(&mut self) {
        self.full.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use plimsoll_proof::leaf_hash;
    use proptest::prelude::*;

    use super::*;

    /// Grows a tree in steps, writes its tiles after some of them, and loads it again from what was written.
    fn check(steps: &[u16], writes_every: usize) {
        let mut tree = Tree::default();
        let mut leaves = Vec::new();
        let mut kept = HashMap::new();
        for (step, count) in steps.iter().enumerate() {
            let mut growth = tree.grow();
            for _ in 0..*count {
                let leaf = leaf_hash(&(leaves.len() as u64).to_be_bytes());
                leaves.push(leaf);
                growth.push(leaf);
            }
            assert_eq!(growth.head(), TreeHead::of(&leaves));
            tree.keep(growth);
            if step % writes_every == 0 || step + 1 == steps.len() {
                for tile in tree.changed_tiles() {
                    kept.insert((tile.level, tile.number), tile.hashes);
                }
                tree.tiles_are_written();
                assert!(tree.full.is_empty());
            }
        }
        let mut find = |level, number| kept.get(&(level, number)).cloned().ok_or((level, number));
        let loaded = Tree::load(leaves.len() as u64, &mut find).unwrap();
        assert_eq!(loaded.head(), TreeHead::of(&leaves));
        assert_eq!(loaded.last, tree.last);
        for (index, leaf) in leaves.iter().enumerate() {
            let (number, at) = place(index as u64);
            assert_eq!(kept[&(0, number)][at], *leaf, "leaf {index}");
        }
    }

    #[test]
    fn a_tree_over_two_levels_of_tiles_is_found_again() {
        check(&[65_000, 535, 1, 1, 300], 1);
        check(&[256], 1);
        check(&[0], 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn tiles_are_found_again_however_they_were_written(
            steps in proptest::collection::vec(0u16..400, 1..12), writes_every in 1usize..5,
        ) {
            check(&steps, writes_every);
        }
    }
}
