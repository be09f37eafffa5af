//! Placeholders such as `{port}` in texts of a subject's file.

use super::error::FileError;
use super::nearest;
use super::value::Field;

/// Refuses a placeholder that is nearly one of `known`: a slip there would be sent as it stands. Other braces are
/// left alone, since commands and bodies have braces of their own.
pub(super) fn check_spelling(field: &Field<'_>, text: &str, known: &[&str]) -> Result<(), FileError> {
    let words: Vec<&str> = known.iter().map(|name| name.trim_matches(['{', '}'])).collect();
    for word in names(text) {
        if words.contains(&word) {
            continue;
        }
        if let Some(meant) = nearest::nearest(word, &words) {
            let error = field.error(format!("`{{{word}}}` in `{}` stands for nothing", field.key()));
            return Err(error.with_hint(format!("did you mean `{{{meant}}}`?")));
        }
    }
    Ok(())
}

/// The names in braces: letters, digits, `_` and `-` only.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let is_name = |name: &&str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).filter(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_in_braces_are_seen() {
        let found = |text| names(text).collect::<Vec<_>>();
        assert_eq!(found("127.0.0.1:{port}/{dir}"), ["port", "dir"]);
        assert_eq!(found("{\"a\": {\"b\": 1}} {} {a b} {open"), [""; 0]);
        assert_eq!(found("{{port}}"), ["port"]);
    }
}
