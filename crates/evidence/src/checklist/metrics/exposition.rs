//! The text format of metrics: Prometheus 0.0.4, and OpenMetrics 1.0 where it says the same in other words.

use std::collections::{BTreeMap, BTreeSet};

use super::number::Number;

pub(super) mod labels;

/// One series: a name, and its labels by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) labels: Vec<(String, String)>,
}

/// What a family says that it is, as far as a rule asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Histogram,
    Summary,
    Other,
}

/// All that one scrape says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Exposition {
    kinds: BTreeMap<String, Kind>,
    pub(super) series: BTreeMap<Series, Number>,
}

impl std::fmt::Display for Series {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let labels: Vec<String> =
            self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        match labels.as_slice() {
            [] => f.write_str(&self.name),
            labels => write!(f, "{}{{{}}}", self.name, labels.join(",")),
        }
    }
}

/// Reads a scrape; what is wrong with it, if something is.
pub(super) fn parse(text: &str) -> Result<Exposition, String> {
    let mut read = Exposition::default();
    let mut helped = BTreeSet::new();
    let mut is_over = false;
    for (index, line) in text.lines().enumerate() {
        let wrong = |what: String| format!("line {}: {what}", index + 1);
        if is_over {
            return Err(wrong("it goes on after its end".into()));
        }
        is_over = line == "# EOF";
        match line.strip_prefix('#') {
            Some(comment) => read.comment(comment, &mut helped).map_err(wrong)?,
            None if line.trim().is_empty() => {}
            None => read.sample(line).map_err(wrong)?,
        }
    }
    if text.is_empty() {
        return Err("it is empty, or no text".into());
    }
    if !is_over && !text.ends_with('\n') {
        return Err("it breaks off in the midst of a line".into());
    }
    read.check_histograms()?;
    Ok(read)
}

/// Names of metrics; those of labels have no colon, which nobody confuses.
pub(super) fn is_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    text.starts_with(is_letter) && text.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

impl Exposition {
    fn comment<'a>(&mut self, comment: &'a str, helped: &mut BTreeSet<&'a str>) -> Result<(), String> {
        let mut words = comment.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some("HELP"), Some(name)) if !helped.insert(name) => Err(format!("a second HELP of {name}")),
            (Some("TYPE"), Some(name)) => {
                let told = words.next().unwrap_or_default();
                let kind = kind(told).ok_or_else(|| format!("{told:?} is no type"))?;
                let is_late = |name: &str| {
                    self.series.range(first_of(name)..).next().is_some_and(|(it, _)| it.name == name)
                };
                if is_late(name) || is_late(&format!("{name}_bucket")) {
                    return Err(format!("the type of {name} stands behind its samples"));
                }
                match self.kinds.insert(name.to_owned(), kind) {
                    Some(_) => Err(format!("a second TYPE of {name}")),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn sample(&mut self, line: &str) -> Result<(), String> {
        let (series, rest) = labels::series(line).ok_or_else(|| format!("{line:?} is no sample"))?;
        let value = rest.split_ascii_whitespace().next().and_then(Number::parse);
        let value = value.ok_or_else(|| format!("the value of {series} is no number"))?;
        if self.counts(&series.name) && value < Number::ZERO {
            return Err(format!("{series} counts, and is less than nothing"));
        }
        match self.series.insert(series.clone(), value) {
            Some(_) => Err(format!("{series} stands twice")),
            None => Ok(()),
        }
    }

    /// Whether what has this name only ever rises.
    pub(super) fn counts(&self, name: &str) -> bool {
        let is = |name: &str, kinds: &[Kind]| self.kinds.get(name).is_some_and(|kind| kinds.contains(kind));
        let without = |suffix, kinds| name.strip_suffix(suffix).is_some_and(|family| is(family, kinds));
        is(name, &[Kind::Counter])
            || without("_total", &[Kind::Counter])
            || without("_bucket", &[Kind::Histogram])
            || without("_count", &[Kind::Histogram, Kind::Summary])
    }

    /// Buckets of a histogram hold what those below them hold, and the last one everything.
    fn check_histograms(&self) -> Result<(), String> {
        for family in self.kinds.iter().filter(|(_, kind)| **kind == Kind::Histogram).map(|(name, _)| name) {
            let mut all: BTreeMap<Vec<(String, String)>, BTreeMap<Number, Number>> = BTreeMap::new();
            for (series, value) in self.named(&format!("{family}_bucket")) {
                let (bounds, labels): (Vec<_>, Vec<_>) =
                    series.labels.iter().cloned().partition(|(name, _)| name == "le");
                let bound = bounds.first().and_then(|(_, bound)| Number::parse(bound));
                let bound = bound.ok_or_else(|| format!("{series} has no bound"))?;
                all.entry(labels).or_default().insert(bound, *value);
            }
            for (labels, buckets) in all {
                let count = Series { name: format!("{family}_count"), labels };
                self.check_buckets(&count, &buckets)?;
            }
        }
        Ok(())
    }

    fn check_buckets(&self, count: &Series, buckets: &BTreeMap<Number, Number>) -> Result<(), String> {
        if !buckets.values().is_sorted() {
            return Err(format!("a bucket beside {count} holds less than one below it"));
        }
        match (buckets.get(&Number::Infinite), self.series.get(count)) {
            (Some(all), Some(count)) if all == count => Ok(()),
            (None, _) => Err(format!("no bucket beside {count} holds everything")),
            _ => Err(format!("{count} is not what its last bucket holds")),
        }
    }

    /// The series of one name.
    fn named(&self, name: &str) -> impl Iterator<Item = (&Series, &Number)> {
        self.series.range(first_of(name)..).take_while(move |(series, _)| series.name == name)
    }
}

/// The least series of a name.
fn first_of(name: &str) -> Series {
    Series { name: name.to_owned(), labels: Vec::new() }
}

fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "counter" => Kind::Counter,
        "histogram" => Kind::Histogram,
        "summary" => Kind::Summary,
        "gauge" | "gaugehistogram" | "info" | "stateset" | "unknown" | "untyped" => Kind::Other,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "# HELP a_total what was asked\n# TYPE a_total counter\na_total{x=\"1\"} 2\na_total{x=\"2\"} 3 1700000000\n\n\
                        # a word\n# TYPE h histogram\nh_bucket{le=\"0.1\"} 1\nh_bucket{le=\"10\"} 2\nh_bucket{le=\"+Inf\"} 3\n\
                        h_sum 4.5\nh_count 3\nloose{} -1\n";

    #[test]
    fn both_formats_are_read() {
        let read = parse(GOOD).unwrap();
        assert_eq!(read.series.len(), 8);
        assert!(read.counts("a_total") && read.counts("h_bucket") && read.counts("h_count"));
        assert!(!read.counts("h_sum") && !read.counts("loose") && !read.counts("b_total"));
        let open = parse("# TYPE a counter\na_total 1 # {trace=\"x\"} 1\n# EOF").unwrap();
        assert!(open.counts("a_total") && !open.counts("a_created"));
    }

    #[test]
    fn each_rule_is_broken_by_itself() {
        for (from, to, said) in [
            ("# a word", "# HELP a_total more", "line 6: a second HELP of a_total"),
            ("# a word", "# TYPE a_total gauge", "line 6: the type of a_total stands behind its samples"),
            ("# a word", "# TYPE late gauge\n# TYPE late gauge", "line 7: a second TYPE of late"),
            ("# a word", "# TYPE loose count", "line 6: \"count\" is no type"),
            ("# TYPE h histogram\n", "# EOF\n", "line 8: it goes on after its end"),
            ("x=\"2\"", "x=\"1\"", "line 4: a_total{x=\"1\"} stands twice"),
            (
                "a_total{x=\"2\"} 3",
                "a_total{x=\"2\"} -3",
                "line 4: a_total{x=\"2\"} counts, and is less than nothing",
            ),
            (
                "a_total{x=\"2\"} 3",
                "a_total{x=\"2\"} NaN",
                "line 4: a_total{x=\"2\"} counts, and is less than nothing",
            ),
            ("h_sum 4.5", "h_sum many", "line 11: the value of h_sum is no number"),
            ("h_sum 4.5", "h-sum 4.5", "line 11: \"h-sum 4.5\" is no sample"),
            ("le=\"10\"} 2", "le=\"10\"} 0", "a bucket beside h_count holds less than one below it"),
            ("h_count 3", "h_count 2", "h_count is not what its last bucket holds"),
            ("h_count 3", "", "h_count is not what its last bucket holds"),
            ("+Inf", "20", "no bucket beside h_count holds everything"),
            ("le=\"10\"", "le=\"ten\"", "h_bucket{le=\"ten\"} has no bound"),
            ("loose{} -1\n", "loose{} -1", "it breaks off in the midst of a line"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            assert_eq!(parse(&text).unwrap_err(), said);
        }
    }

    proptest! {
        #[test]
        fn never_panics(place in 0..GOOD.len(), length in 0..30_usize, put in "[ -~\\n]{0,20}") {
            let end = (place + length).min(GOOD.len());
            let _ = parse(&format!("{}{put}{}", &GOOD[..place], &GOOD[end..]));
        }
    }
}
