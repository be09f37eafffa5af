//! What a list of bucket counts that somebody else wrote must obey.

use plimsoll_base::Kind;

use crate::bucket::BUCKET_INDEX_MAX;
use crate::series::BATCHES_MAX;

/// The most a histogram or a series may count: signed integers stay within 2^53.
pub const COUNT_MAX: u64 = 1 << 53;

/// Why a list of bucket counts is none of ours.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PairsError {
    /// A bucket comes twice or out of order: one histogram would have several spellings.
    #[error("reading bucket counts: bucket {index} does not come after bucket {previous}")]
    Order {
        /// The bucket that is out of place.
        index: u32,
        /// The bucket before it.
        previous: u32,
    },
    /// An empty bucket is written: one histogram would have several spellings.
    #[error("reading bucket counts: bucket {0} is written with a count of 0")]
    Zero(u32),
    /// A bucket beyond the scale.
    #[error("reading bucket counts: bucket {0} is beyond the last one, {BUCKET_INDEX_MAX}")]
    Index(u32),
    /// More than can be signed.
    #[error("reading bucket counts: more than 2^53 values are counted")]
    Total,
    /// More batches than a run may have.
    #[error("reading batches: there are more than {BATCHES_MAX}")]
    Batches,
}

impl PairsError {
    /// Counts come from evidence; such as we do not write are corrupt.
    pub fn kind(&self) -> Kind {
        Kind::Corrupt
    }
}

/// The pairs as they are, once they are seen to be strictly ascending, non-zero, within the scale and countable.
pub(crate) fn checked_pairs(
    pairs: impl IntoIterator<Item = (u32, u64)>,
    infinite: u64,
) -> Result<Vec<(u32, u64)>, PairsError> {
    let mut total = infinite;
    let mut checked: Vec<(u32, u64)> = Vec::new();
    for (index, count) in pairs {
        if index > BUCKET_INDEX_MAX {
            return Err(PairsError::Index(index));
        }
        if count == 0 {
            return Err(PairsError::Zero(index));
        }
        if let Some(&(previous, _)) = checked.last()
            && index <= previous
        {
            return Err(PairsError::Order { index, previous });
        }
        total = total.saturating_add(count);
        checked.push((index, count));
    }
    if total > COUNT_MAX { Err(PairsError::Total) } else { Ok(checked) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_refuses_what_breaks_it() {
        let read = |pairs: &[(u32, u64)], infinite| checked_pairs(pairs.iter().copied(), infinite);
        assert_eq!(read(&[(3, 1), (3, 1)], 0), Err(PairsError::Order { index: 3, previous: 3 }));
        assert_eq!(read(&[(3, 1), (2, 1)], 0), Err(PairsError::Order { index: 2, previous: 3 }));
        assert_eq!(read(&[(3, 0)], 0), Err(PairsError::Zero(3)));
        assert_eq!(read(&[(BUCKET_INDEX_MAX + 1, 1)], 0), Err(PairsError::Index(BUCKET_INDEX_MAX + 1)));
        assert_eq!(read(&[(0, COUNT_MAX)], 1), Err(PairsError::Total));
        assert_eq!(read(&[(0, u64::MAX)], u64::MAX), Err(PairsError::Total));
        assert_eq!(read(&[], COUNT_MAX + 1), Err(PairsError::Total));
    }

    #[test]
    fn what_obeys_is_kept_as_it_is() {
        let pairs = [(0, 5), (7, 1), (BUCKET_INDEX_MAX, COUNT_MAX - 9)];
        assert_eq!(checked_pairs(pairs, 3), Ok(pairs.to_vec()));
    }

    #[test]
    fn the_error_says_what_and_where() {
        let error = PairsError::Order { index: 2, previous: 3 };
        assert_eq!(error.to_string(), "reading bucket counts: bucket 2 does not come after bucket 3");
        assert_eq!(PairsError::Batches.to_string(), "reading batches: there are more than 864000");
        assert_eq!(error.kind(), Kind::Corrupt);
    }
}
