//! Which series of a scrape are meant: a name, and what labels must say.

use super::exposition::{Series, labels};

/// A name, and what labels must say, as Prometheus writes it: `requests_total{route!="/health", status=~"5.."}`. Of
/// patterns only `.` is known, which stands for any one character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    name: String,
    matchers: Vec<Matcher>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Matcher {
    label: String,
    how: How,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Is,
    IsNot,
    Matches,
}

impl Selector {
    /// `None` for what is no selector, or has a pattern with more than letters, digits, `_`, `-`, `/` and `.`.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_at(text.find('{').unwrap_or(text.len()));
        if !is_name(name) {
            return None;
        }
        let Some(mut rest) = rest.strip_prefix('{') else { return Some(Self::of(name, Vec::new())) };
        let mut matchers = Vec::new();
        loop {
            rest = rest.trim_start();
            if let Some(end) = rest.strip_prefix('}') {
                return (end.is_empty() && !matchers.is_empty()).then(|| Self::of(name, matchers));
            }
            let (label, after) = rest.split_at(rest.find(['=', '!'])?);
            let (how, after) = [("!=", How::IsNot), ("=~", How::Matches), ("=", How::Is)]
                .into_iter()
                .find_map(|(sign, how)| Some((how, after.strip_prefix(sign)?)))?;
            let (value, after) = labels::quoted(after)?;
            let label = label.trim();
            if !is_name(label) || (how == How::Matches && !is_pattern(&value)) {
                return None;
            }
            matchers.push(Matcher { label: label.into(), how, value });
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(more) => more,
                None if after.starts_with('}') => after,
                None => return None,
            };
        }
    }

    fn of(name: &str, matchers: Vec<Matcher>) -> Self {
        Self { name: name.into(), matchers }
    }

    /// The name, without what labels must say.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same labels of the series whose name ends in `suffix`.
    pub(super) fn with_suffix(&self, suffix: &str) -> Self {
        Self::of(&format!("{}{suffix}", self.name), self.matchers.clone())
    }

    pub(super) fn selects(&self, series: &Series) -> bool {
        self.name == series.name && self.matchers.iter().all(|matcher| matcher.agrees(series))
    }
}

impl Matcher {
    /// A label that is not there says the empty text.
    fn agrees(&self, series: &Series) -> bool {
        let label = series.labels.iter().find(|(name, _)| *name == self.label);
        let said = label.map_or("", |(_, value)| value.as_str());
        match self.how {
            How::Is => said == self.value,
            How::IsNot => said != self.value,
            How::Matches => {
                said.chars().count() == self.value.chars().count()
                    && said.chars().zip(self.value.chars()).all(|(said, meant)| meant == '.' || said == meant)
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    super::exposition::is_name(text)
}

fn is_pattern(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "_-/.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, labels: &[(&str, &str)]) -> Series {
        let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Series { name: name.into(), labels: labels.collect() }
    }

    #[test]
    fn labels_decide() {
        let selects = |text: &str, labels: &[(&str, &str)]| {
            Selector::parse(text).unwrap().selects(&series("requests_total", labels))
        };
        assert!(selects("requests_total", &[("status", "200")]));
        assert!(!selects("requests", &[]));
        assert!(selects("requests_total{status=~\"5..\"}", &[("status", "503")]));
        for other in ["200", "5", "5000", ""] {
            assert!(!selects("requests_total{status=~\"5..\"}", &[("status", other)]), "{other}");
        }
        let both = "requests_total{ route != \"/health\" , status=\"200\", }";
        assert!(selects(both, &[("status", "200")]), "a label that is not there says nothing");
        assert!(!selects(both, &[("route", "/health"), ("status", "200")]));
        assert!(!selects(both, &[("route", "/x"), ("status", "204")]));
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in [
            "",
            "1x",
            "x{}",
            "x{a}",
            "x{a=1}",
            "x{a=\"1\"",
            "x{a=\"1\"} ",
            "x{a=\"1\" b=\"2\"}",
            "x{a=~\"5[0-9]+\"}",
            "x{a!~\"5..\"}",
            "rate(x)",
        ] {
            assert_eq!(Selector::parse(text), None, "{text}");
        }
    }
}
