//! HdrHistogram's interval log, V2, for the tools that read it.
//!
//! Its buckets are ours, so nothing is rounded. It has no infinity: failures and timeouts are named in comments, which
//! readers skip.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use miniz_oxide::deflate::compress_to_vec_zlib;
use plimsoll_base::Utc;

use crate::bucket::VALUE_NS_MAX;
use crate::histogram::Histogram;
use crate::series::Series;

/// A V2 histogram, counts as ZigZag LEB128.
const COOKIE: u32 = 0x1c84_9303 | WORD_SIZE_1;
/// The same, deflated.
const COOKIE_COMPRESSED: u32 = 0x1c84_9304 | WORD_SIZE_1;
/// The cookie's word-size field of variable-length counts.
const WORD_SIZE_1: u32 = 0x10;
/// Three significant digits, as our buckets have.
const SIGNIFICANT_DIGITS: u32 = 3;
/// zlib's usual compromise; windows are small.
const COMPRESSION_LEVEL: u8 = 6;
/// Largest values are written in milliseconds, as HdrHistogram's own tools write them.
const NS_PER_MS: u64 = 1_000_000;

/// One histogram as HdrHistogram V2 encodes it: uncompressed, big-endian, infinite values left out.
pub fn hdr_encode(histogram: &Histogram) -> Vec<u8> {
    let payload = encode_counts(histogram);
    let mut bytes = Vec::with_capacity(payload.len() + 40);
    bytes.extend(COOKIE.to_be_bytes());
    bytes.extend((payload.len() as u32).to_be_bytes());
    // Normalising index offset: our first bucket is the first.
    bytes.extend(0u32.to_be_bytes());
    bytes.extend(SIGNIFICANT_DIGITS.to_be_bytes());
    // Lowest discernible and highest trackable value, and the ratio of integers to the values that they stand for.
    bytes.extend(1u64.to_be_bytes());
    bytes.extend(VALUE_NS_MAX.to_be_bytes());
    bytes.extend(1.0f64.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The series as an interval log of one-second windows: header, legend, one line a window. `start` is when the
/// schedule began.
pub fn hdr_log(series: &Series, start: Utc) -> String {
    let mut log = String::from("#[Histogram log format version 1.3]\n");
    // Writing to a string cannot fail.
    let _ = writeln!(log, "#[StartTime: {}.000 (seconds since epoch), {start}]", start.unix_seconds());
    log.push_str("#[Values are nanoseconds; the largest of an interval is in milliseconds]\n");
    log.push_str(
        "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
    );
    for (second, window) in series.windows().enumerate() {
        if window.infinite() > 0 {
            let _ = writeln!(log, "#[Values at infinity in the next interval: {}]", window.infinite());
        }
        let max_us = largest_finite_ns(&window).div_ceil(1_000);
        let (max_ms, thousandths) = (max_us * 1_000 / NS_PER_MS, max_us % 1_000);
        let encoded = STANDARD.encode(compress(&hdr_encode(&window)));
        let _ = writeln!(log, "{second}.000,1.000,{max_ms}.{thousandths:03},{encoded}");
    }
    log
}

fn largest_finite_ns(histogram: &Histogram) -> u64 {
    let finite = histogram.count() - histogram.infinite();
    histogram.value_at_rank(finite).and_then(|value| value.finite_ns()).unwrap_or(0)
}

fn compress(encoded: &[u8]) -> Vec<u8> {
    let deflated = compress_to_vec_zlib(encoded, COMPRESSION_LEVEL);
    let mut bytes = Vec::with_capacity(deflated.len() + 8);
    bytes.extend(COOKIE_COMPRESSED.to_be_bytes());
    bytes.extend((deflated.len() as u32).to_be_bytes());
    bytes.extend(deflated);
    bytes
}

/// Counts from the first bucket to the last that has any; a run of empty buckets is its negative length.
fn encode_counts(histogram: &Histogram) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut next = 0;
    for (index, count) in histogram.pairs() {
        if index > next {
            push_zigzag(&mut bytes, -i64::from(index - next));
        }
        push_zigzag(&mut bytes, count.min(i64::MAX as u64) as i64);
        next = index + 1;
    }
    bytes
}

/// ZigZag LEB128 as HdrHistogram has it: seven bits a byte, lowest first, but a ninth byte holds eight.
fn push_zigzag(bytes: &mut Vec<u8>, number: i64) {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    for _ in 0..8 {
        if rest < 0x80 {
            bytes.push(rest as u8);
            return;
        }
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

#[cfg(test)]
mod tests;
