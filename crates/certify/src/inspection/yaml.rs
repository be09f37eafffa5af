//! YAML without anchors: what refers to something else could grow without bounds, and no file of rules needs it.

use saphyr_parser::{Event, Parser};

/// Deeper documents were made to exhaust whoever reads them.
const DEPTH_MAX: usize = 64;
/// No file of rules has more values.
const VALUES_MAX: usize = 200_000;

/// A value; all that is no list and no mapping is text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Yaml {
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// The value under a key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }
}

/// What is open: a list, or a mapping with the key whose value is to come.
enum Open {
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>, Option<String>),
}

/// The documents of a file, or what is wrong with it.
pub(super) fn documents(text: &str) -> Result<Vec<Yaml>, String> {
    let (mut found, mut open, mut values) = (Vec::new(), Vec::<Open>::new(), 0);
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| format!("it is not YAML: {error}"))?;
        values += 1;
        if values > VALUES_MAX || open.len() > DEPTH_MAX {
            return Err("it has more values, or deeper ones, than are read".into());
        }
        let done = match event {
            Event::Alias(_) => return Err("it has an alias, which is not read".into()),
            Event::Scalar(text, ..) => Some(Yaml::Text(text.into_owned())),
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Vec::new(), None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items)) => Some(Yaml::List(items)),
                Some(Open::Map(entries, _)) => Some(Yaml::Map(entries)),
                None => None,
            },
            _ => None,
        };
        if let Some(value) = done {
            match open.last_mut() {
                None => found.push(value),
                Some(Open::List(items)) => items.push(value),
                Some(Open::Map(entries, key)) => take(entries, key, value)?,
            }
        }
    }
    Ok(found)
}

/// A value of a mapping, or the key of the next one.
fn take(entries: &mut Vec<(String, Yaml)>, key: &mut Option<String>, value: Yaml) -> Result<(), String> {
    match (key.take(), value) {
        (Some(name), _) if entries.iter().any(|(known, _)| *known == name) => {
            Err(format!("it has the key {name:?} twice"))
        }
        (Some(name), value) => {
            entries.push((name, value));
            Ok(())
        }
        (None, Yaml::Text(name)) => {
            *key = Some(name);
            Ok(())
        }
        (None, _) => Err("it has a key that is no text".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_their_order() {
        let found = documents("a: [x, 'y']\nb:\n  c: |\n    one\n    two\n---\nz\n").unwrap();
        let text = |text: &str| Yaml::Text(text.into());
        let inner = Yaml::Map(vec![("c".into(), text("one\ntwo\n"))]);
        let first =
            Yaml::Map(vec![("a".into(), Yaml::List(vec![text("x"), text("y")])), ("b".into(), inner)]);
        assert_eq!(found, [first, text("z")]);
    }

    #[test]
    fn what_could_grow_or_says_two_things_is_refused() {
        let laughs = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        let deeper = "[".repeat(100_000);
        for (text, told) in [
            (laughs, "alias"),
            (deep.as_str(), "deeper ones"),
            (deeper.as_str(), "recursion limit"),
            ("a: 1\na: 2\n", "twice"),
            ("? [x]\n: y\n", "no text"),
            ("a: 'open\n", "not YAML"),
            ("a: b: c\n", "not YAML"),
        ] {
            let error = documents(text).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
        assert_eq!(documents(""), Ok(Vec::new()));
    }
}
