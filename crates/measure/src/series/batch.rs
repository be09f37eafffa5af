//! One batch: the values that came lately as a plain list, the earlier ones as packed pairs.

use crate::counts::Counts;
use crate::histogram::Slot;

/// A list is folded into the packed pairs at this length (16 KiB), so that an open batch stays small too.
const RECENT_MAX: usize = 4_096;

/// Packed pairs and what came since.
#[derive(Debug, Clone, Default)]
pub(super) struct Batch {
    /// LEB128 numbers: the count at infinity, then for each bucket its distance from the one before and its count.
    packed: Box<[u8]>,
    recent: Vec<Slot>,
}

impl Batch {
    pub(super) fn from_counts(counts: &Counts) -> Self {
        Self { packed: pack(counts), recent: Vec::new() }
    }

    pub(super) fn record(&mut self, slot: Slot) {
        if self.recent.len() >= RECENT_MAX {
            self.packed = pack(&self.counts());
            self.recent.clear();
        }
        self.recent.push(slot);
    }

    /// Packs everything and gives the list's memory back.
    pub(super) fn seal(&mut self) {
        if !self.recent.is_empty() {
            *self = Self::from_counts(&self.counts());
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let (packed, infinite) = unpack(&self.packed);
        let mut recent = self.recent.clone();
        recent.sort_unstable();
        let finite = recent.iter().filter_map(|slot| slot.bucket());
        let mut counts = Counts::default();
        counts.push_infinite(infinite);
        counts.push_infinite(recent.iter().filter(|slot| slot.bucket().is_none()).count() as u64);
        let mut packed = packed.into_iter().peekable();
        for index in finite {
            while let Some((earlier, count)) = packed.next_if(|&(earlier, _)| earlier <= index) {
                counts.push(earlier, count);
            }
            counts.push(index, 1);
        }
        packed.for_each(|(index, count)| counts.push(index, count));
        counts
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.packed.len() + self.recent.capacity() * size_of::<Slot>()
    }
}

fn pack(counts: &Counts) -> Box<[u8]> {
    if counts.count() == 0 {
        return Box::default();
    }
    let mut bytes = Vec::new();
    push_number(&mut bytes, counts.infinite());
    let mut previous = 0;
    for (index, count) in counts.pairs() {
        push_number(&mut bytes, u64::from(index - previous));
        push_number(&mut bytes, count);
        previous = index;
    }
    bytes.into_boxed_slice()
}

/// The pairs and the count at infinity. Packed bytes never leave this module, so they are what `pack` wrote.
fn unpack(bytes: &[u8]) -> (Vec<(u32, u64)>, u64) {
    let mut bytes = bytes.iter().copied();
    let infinite = next_number(&mut bytes).unwrap_or(0);
    let mut pairs = Vec::new();
    let mut index = 0;
    while let (Some(distance), Some(count)) = (next_number(&mut bytes), next_number(&mut bytes)) {
        index += distance as u32;
        pairs.push((index, count));
    }
    (pairs, infinite)
}

/// Seven bits a byte, lowest first; all bytes but the last have the high bit set.
fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn next_number(bytes: &mut impl Iterator<Item = u8>) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = bytes.next()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}
