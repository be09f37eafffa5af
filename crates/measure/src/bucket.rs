//! The scale of every histogram: log-linear buckets of three significant digits, numbered as HdrHistogram does.

/// Values below this have a bucket each; above, an octave has half as many: 1/1024 is finer than three digits.
const SUB_BUCKET_COUNT: u64 = 2_048;
/// log2 of the buckets in each octave past the first.
const OCTAVE_BITS: u32 = 10;
/// Buckets in each octave past the first.
const OCTAVE_BUCKETS: u32 = 1 << OCTAVE_BITS;

/// The largest value that is kept as a number, 2^53 - 1 ns (104 days): a larger one could not be signed.
pub const VALUE_NS_MAX: u64 = (1 << 53) - 1;

/// The bucket of [`VALUE_NS_MAX`], the last one a histogram may have.
pub const BUCKET_INDEX_MAX: u32 = 43 * OCTAVE_BUCKETS + OCTAVE_BUCKETS - 1;

/// The bucket that holds `value`: HdrHistogram's counts index for lowest value 1 and three significant digits.
pub fn bucket_index(value: u64) -> u32 {
    if value < SUB_BUCKET_COUNT {
        return value as u32;
    }
    let octave = value.ilog2() - OCTAVE_BITS;
    octave * OCTAVE_BUCKETS + (value >> octave) as u32
}

/// The largest value that the bucket `index` holds: what is reported for every value in it.
pub fn bucket_upper(index: u32) -> u64 {
    if u64::from(index) < SUB_BUCKET_COUNT {
        return u64::from(index);
    }
    let octave = index / OCTAVE_BUCKETS - 1;
    let first = u64::from(index - octave * OCTAVE_BUCKETS);
    // No value of 64 bits has a bucket past octave 53.
    if octave > u64::BITS - 1 - OCTAVE_BITS { u64::MAX } else { (first << octave) | ((1 << octave) - 1) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_numbers_are_those_of_hdrhistogram() {
        // Taken from HdrHistogram's own indexing: ((e + 1) << 10) + ((v >> e) - 1024).
        let known = [
            (0, 0),
            (2_047, 2_047),
            (2_048, 2_048),
            (2_049, 2_048),
            (2_050, 2_049),
            (4_095, 3_071),
            (4_096, 3_072),
            (1_000_000, 11_169),
        ];
        for (value, index) in known {
            assert_eq!(bucket_index(value), index, "of {value}");
        }
    }

    #[test]
    fn the_ends_of_the_scale_hold() {
        assert_eq!(bucket_index(VALUE_NS_MAX), BUCKET_INDEX_MAX);
        assert_eq!(bucket_upper(BUCKET_INDEX_MAX), VALUE_NS_MAX);
        assert_eq!(bucket_index(VALUE_NS_MAX + 1), BUCKET_INDEX_MAX + 1);
        assert_eq!(bucket_upper(bucket_index(u64::MAX)), u64::MAX);
        assert_eq!(bucket_upper(u32::MAX), u64::MAX);
    }

    #[test]
    fn buckets_follow_each_other_without_gap_or_overlap() {
        for index in 0..BUCKET_INDEX_MAX {
            let upper = bucket_upper(index);
            assert_eq!(bucket_index(upper), index);
            assert_eq!(bucket_index(upper + 1), index + 1);
        }
    }

    proptest! {
        #[test]
        fn a_reported_value_is_at_most_a_thousandth_too_large(bits in 0..64u32, low: u64) {
            let value = low >> bits;
            let upper = bucket_upper(bucket_index(value));
            prop_assert!(upper >= value);
            prop_assert!(u128::from(upper - value) * 1_000 <= u128::from(value));
        }

        #[test]
        fn a_larger_value_is_never_in_an_earlier_bucket(a: u64, b: u64, shift in 0..64u32) {
            let (a, b) = (a >> shift, b >> shift);
            prop_assert!(bucket_index(a.min(b)) <= bucket_index(a.max(b)));
        }
    }
}
