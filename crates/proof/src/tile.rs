//! The level-0 hash tiles of a C2SP tiled log (tlog-tiles v0.1): leaf hashes, 256 to a file.
//!
//! Only level 0 is written: the levels above are made of it, and a log of ours is read whole.

use std::fmt;
use std::str::FromStr;

use crate::digest::Digest;
use crate::log_error::LogError;

/// Hashes in a full tile, as the format fixes it.
pub const TILE_HASHES: u64 = 256;

/// The most entries of a log that is read whole: 4,096 full tiles, 32 MiB of hashes.
pub const LOG_ENTRIES_MAX: u64 = 1 << 20;

const DIGEST_BYTES: usize = 32;

/// Which tile, and how wide: `tile/0/x001/x234/067`, or `tile/0/003.p/17` for one that is not full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    index: u64,
    hashes: u16,
}

impl TilePath {
    /// The tiles of a log of `size` entries, in order; only the last one may be partial.
    pub fn of_log(size: u64) -> impl Iterator<Item = Self> {
        (0..size.div_ceil(TILE_HASHES)).map(move |index| {
            let left = size - index * TILE_HASHES;
            Self { index, hashes: u16::try_from(left.min(TILE_HASHES)).unwrap_or(u16::MAX) }
        })
    }

    /// The index of the entry that the first hash of this tile stands for.
    pub fn first_entry(&self) -> u64 {
        self.index * TILE_HASHES
    }

    /// How many hashes the tile has: 1 to 256.
    pub fn hashes(&self) -> u16 {
        self.hashes
    }

    /// Reads the bytes of this tile.
    pub fn read(&self, bytes: &[u8]) -> Result<Vec<Digest>, LogError> {
        if bytes.len() != usize::from(self.hashes) * DIGEST_BYTES {
            return Err(LogError::TileLength { path: *self, bytes: bytes.len() });
        }
        let (hashes, _) = bytes.as_chunks::<DIGEST_BYTES>();
        Ok(hashes.iter().copied().map(Digest::from_bytes).collect())
    }
}

/// The tiles of the log with these leaf hashes: where each is kept, and its bytes.
pub fn write_tiles(leaves: &[Digest]) -> impl Iterator<Item = (TilePath, Vec<u8>)> {
    let paths = TilePath::of_log(leaves.len() as u64);
    let tiles = leaves.chunks(usize::try_from(TILE_HASHES).unwrap_or(usize::MAX));
    paths.zip(tiles.map(|hashes| hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()))
}

/// The leaf hashes of a log of `size` entries, from tiles that `tile` finds.
pub fn read_tiles(
    size: u64,
    mut tile: impl FnMut(&TilePath) -> Option<Vec<u8>>,
) -> Result<Vec<Digest>, LogError> {
    if size > LOG_ENTRIES_MAX {
        return Err(LogError::TooManyEntries(size));
    }
    let mut leaves = Vec::new();
    for path in TilePath::of_log(size) {
        let bytes = tile(&path).ok_or(LogError::TileMissing(path))?;
        leaves.extend(path.read(&bytes)?);
    }
    Ok(leaves)
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups = vec![format!("{:03}", self.index % 1000)];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        write!(f, "tile/0/{}", groups.join("/"))?;
        if u64::from(self.hashes) == TILE_HASHES { Ok(()) } else { write!(f, ".p/{}", self.hashes) }
    }
}

impl FromStr for TilePath {
    type Err = LogError;

    /// Accepts exactly what `Display` writes.
    fn from_str(text: &str) -> Result<Self, LogError> {
        parse_path(text).filter(|path| path.to_string() == text).ok_or(LogError::TilePath)
    }
}

/// Reads a path leniently; the caller compares its one spelling.
fn parse_path(text: &str) -> Option<TilePath> {
    let text = text.strip_prefix("tile/0/")?;
    let (index, hashes) = match text.split_once(".p/") {
        Some((index, width)) => (index, width.parse().ok().filter(|width| (1..256).contains(width))?),
        None => (text, 256),
    };
    let index = index.split('/').try_fold(0u64, |index, group| {
        let digits: u64 = group.trim_start_matches('x').parse().ok()?;
        index.checked_mul(1000)?.checked_add(digits)
    })?;
    // The first entry of the tile must be countable too.
    index.checked_add(1)?.checked_mul(TILE_HASHES)?;
    Some(TilePath { index, hashes })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(index in 0..u64::MAX / TILE_HASHES, hashes in 1u16..=256) {
            for index in [index, index % 2_000_000, index % 1000] {
                let path = TilePath { index, hashes };
                prop_assert_eq!(path.to_string().parse(), Ok(path));
            }
        }
    }
}
