//! SPDX expressions against a list of licences that are accepted.

/// Deeper expressions were made to exhaust whoever reads them.
const DEPTH_MAX: usize = 32;

/// Whether a licence may be used under this list: an id, an expression, or a name that stands in the list as it is.
/// `None` if it is none of these and cannot be read.
pub(super) fn is_accepted(expression: &str, list: &[String]) -> Option<bool> {
    if list.iter().any(|accepted| accepted.eq_ignore_ascii_case(expression.trim())) {
        return Some(true);
    }
    let spaced = expression.replace('(', " ( ").replace(')', " ) ");
    let mut reader = Reader { words: spaced.split_whitespace().collect(), at: 0, list };
    let accepted = reader.any(0)?;
    (reader.at == reader.words.len()).then_some(accepted)
}

struct Reader<'a> {
    words: Vec<&'a str>,
    at: usize,
    list: &'a [String],
}

impl<'a> Reader<'a> {
    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.words.get(self.at).is_some_and(|next| *next == word);
        self.at += usize::from(is_next);
        is_next
    }

    /// One of several is enough.
    fn any(&mut self, depth: usize) -> Option<bool> {
        let mut accepted = self.all(depth)?;
        while self.takes("OR") {
            accepted |= self.all(depth)?;
        }
        Some(accepted)
    }

    /// All of several are needed.
    fn all(&mut self, depth: usize) -> Option<bool> {
        let mut accepted = self.one(depth)?;
        while self.takes("AND") {
            accepted &= self.one(depth)?;
        }
        Some(accepted)
    }

    fn one(&mut self, depth: usize) -> Option<bool> {
        if depth > DEPTH_MAX {
            return None;
        }
        if self.takes("(") {
            let accepted = self.any(depth + 1)?;
            return self.takes(")").then_some(accepted);
        }
        let id = self.id()?;
        let whole = if self.takes("WITH") { format!("{id} WITH {}", self.id()?) } else { id.to_owned() };
        Some(self.list.iter().any(|accepted| accepted.eq_ignore_ascii_case(&whole)))
    }

    fn id(&mut self) -> Option<&'a str> {
        let word = *self.words.get(self.at)?;
        let is_id = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+:".contains(&byte));
        let is_operator = ["AND", "OR", "WITH"].contains(&word);
        self.at += 1;
        (is_id && !is_operator).then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_reads_them() {
        let list: Vec<String> =
            ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Own Licence"].map(Into::into).into();
        for (expression, expected) in [
            ("MIT", Some(true)),
            ("mit", Some(true)),
            ("GPL-3.0-only", Some(false)),
            ("MIT OR GPL-3.0-only", Some(true)),
            ("MIT AND GPL-3.0-only", Some(false)),
            ("GPL-3.0-only OR MIT AND Apache-2.0", Some(true)),
            ("(GPL-3.0-only OR MIT) AND GPL-2.0-only", Some(false)),
            ("(MIT OR Apache-2.0) AND Apache-2.0 WITH LLVM-exception", Some(true)),
            ("Apache-2.0 WITH Classpath-exception-2.0", Some(false)),
            ("Own Licence", Some(true)),
            ("Another Licence", None),
            ("MIT/Apache-2.0", None),
            ("MIT OR", None),
            ("(MIT", None),
            ("MIT)", None),
            ("", None),
            ("AND MIT", None),
        ] {
            assert_eq!(is_accepted(expression, &list), expected, "{expression}");
        }
    }

    #[test]
    fn a_deep_expression_is_given_up() {
        let deep = format!("{}MIT{}", "(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(is_accepted(&deep, &["MIT".into()]), None);
    }
}
