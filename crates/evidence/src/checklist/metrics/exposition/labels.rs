//! A series as a line begins with it.

use super::{Series, is_name};

/// The series at the front of a line, and what follows it.
pub(in super::super) fn series(line: &str) -> Option<(Series, &str)> {
    let (name, rest) = line.split_at(line.find(['{', ' ', '\t'])?);
    if !is_name(name) {
        return None;
    }
    let (mut labels, rest) = match rest.strip_prefix('{') {
        Some(inner) => labels(inner)?,
        None => (Vec::new(), rest),
    };
    labels.sort();
    let is_twice = labels.windows(2).any(|two| two[0].0 == two[1].0);
    (!is_twice).then(|| (Series { name: name.into(), labels }, rest))
}

/// Labels behind an opening brace, and what follows the closing one.
fn labels(mut rest: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, after) = rest.split_once('=')?;
        let (value, after) = quoted(after)?;
        if !is_name(name.trim()) {
            return None;
        }
        labels.push((name.trim().to_owned(), value));
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(more) => more,
            None if after.starts_with('}') => after,
            None => return None,
        };
    }
}

/// A text in quotation marks, and what follows it.
pub(in super::super) fn quoted(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start().strip_prefix('"')?;
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => match letters.next()?.1 {
                'n' => value.push('\n'),
                other @ ('\\' | '"') => value.push(other),
                _ => return None,
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_with_what_is_escaped_in_them() {
        let (read, rest) = series("x{b=\"}, \\\"\\\\\\n\",a=\"1\",} 5").unwrap();
        assert_eq!(read.labels, [("a".into(), "1".into()), ("b".into(), "}, \"\\\n".into())]);
        assert_eq!(rest, " 5");
        assert_eq!(series("x 5").unwrap().1, " 5");
        for line in [
            "x",
            "{a=\"1\"} 5",
            "x{a=\"1\" 5",
            "x{a=1} 5",
            "x{a=\"1\" b=\"2\"} 5",
            "x{a=\"1\",a=\"2\"} 5",
            "x{a=\"\\d\"} 5",
        ] {
            assert!(series(line).is_none(), "{line}");
        }
    }
}
