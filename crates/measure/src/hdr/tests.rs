use super::*;
use crate::bucket::bucket_upper;
use crate::series::BATCH_NS;
use crate::value::Value;

const GOLDEN: &str = include_str!("../../tests/reference/windows.hlog");

/// Three seconds: some values of every size, a second without any, a second with failures.
fn series() -> Series {
    let mut series = Series::new();
    for i in 0..200u64 {
        series.record(i * BATCH_NS / 20, Value::Finite(i * i * i * 1_000));
    }
    series.record(5, Value::Finite(VALUE_NS_MAX));
    series.record(5, Value::Finite(0));
    series.record(25 * BATCH_NS, Value::Infinite);
    series.record(25 * BATCH_NS, Value::Finite(412_345_678));
    series
}

/// Reads the counts back by HdrHistogram's description, not by our writer.
fn decode(bytes: &[u8]) -> Vec<(u32, u64)> {
    assert_eq!(bytes[..4], [0x1c, 0x84, 0x93, 0x13]);
    assert_eq!(u32::from_be_bytes(bytes[4..8].try_into().unwrap()) as usize, bytes.len() - 40);
    // Offset 0 and three digits share a word; then lowest and highest value, and the ratio.
    let header = [3u64, 1, (1 << 53) - 1, 1.0f64.to_bits()];
    assert_eq!(bytes[8..40], header.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>());
    let mut pairs = Vec::new();
    let (mut index, mut at) = (0u32, 40);
    while at < bytes.len() {
        let (mut zigzag, mut shift) = (0u64, 0);
        loop {
            let byte = bytes[at];
            at += 1;
            if shift == 56 {
                zigzag |= u64::from(byte) << shift;
                break;
            }
            zigzag |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        let number = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        if number < 0 {
            index += u32::try_from(-number).unwrap();
        } else {
            pairs.push((index, number as u64));
            index += 1;
        }
    }
    pairs
}

/// Every line of a log with its histogram, if it has one, read back.
fn decode_log(log: &str) -> Vec<(&str, Vec<(u32, u64)>)> {
    let line = |line| match str::rsplit_once(line, ',') {
        Some((stamps, encoded)) if stamps.as_bytes()[0].is_ascii_digit() => {
            let bytes = STANDARD.decode(encoded).unwrap();
            assert_eq!(bytes[..4], [0x1c, 0x84, 0x93, 0x14]);
            assert_eq!(u32::from_be_bytes(bytes[4..8].try_into().unwrap()) as usize, bytes.len() - 8);
            (stamps, decode(&miniz_oxide::inflate::decompress_to_vec_zlib(&bytes[8..]).unwrap()))
        }
        _ => (line, Vec::new()),
    };
    log.lines().map(line).collect()
}

fn log() -> String {
    hdr_log(&series(), Utc::from_unix_seconds(1_795_294_753))
}

#[test]
fn every_window_is_read_back_from_the_log() {
    let log = log();
    let read: Vec<_> = decode_log(&log)
        .into_iter()
        .filter(|(stamps, _)| stamps.ends_with(|c: char| c.is_ascii_digit()))
        .collect();
    let windows: Vec<Vec<_>> = series().windows().map(|window| window.pairs().collect()).collect();
    assert_eq!(read.iter().map(|(_, pairs)| pairs.clone()).collect::<Vec<_>>(), windows);
    let stamps: Vec<_> = read.iter().map(|(stamps, _)| *stamps).collect();
    assert_eq!(stamps, ["0.000,1.000,9007199254.741", "1.000,1.000,0.000", "2.000,1.000,412.353"]);
}

#[test]
fn large_counts_and_long_gaps_are_read_back() {
    let pairs = [(0, 1), (1, 63), (2, 64), (40_000, 1 << 52), (45_055, 8_191)];
    let histogram = Histogram::from_pairs(pairs, 3).unwrap();
    assert_eq!(decode(&hdr_encode(&histogram)), pairs);
    let mut bytes = Vec::new();
    push_zigzag(&mut bytes, i64::MAX);
    assert_eq!(bytes, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
}

/// Compared as read, so that another version of the deflater is no difference.
#[test]
fn the_log_is_the_golden_one() {
    assert_eq!(decode_log(&log()), decode_log(GOLDEN));
}

/// `windows.csv` is what the PyPI package hdrhistogram read from `windows.hlog` (see `read_hlog.py`): window,
/// value, count.
#[test]
fn another_implementation_reads_the_same_counts_from_the_golden_log() {
    let theirs = include_str!("../../tests/reference/windows.csv");
    let mut ours = String::new();
    for (second, window) in series().windows().enumerate() {
        for (index, count) in window.pairs() {
            writeln!(ours, "{second},{},{count}", bucket_upper(index)).unwrap();
        }
    }
    let theirs: Vec<_> = theirs.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(ours.lines().collect::<Vec<_>>(), theirs);
}
