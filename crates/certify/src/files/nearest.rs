//! Which known name a person may have meant.

/// One slip of the finger is forgiven in a short name, and one more for every so many characters.
const CHARACTERS_PER_SLIP: usize = 4;

/// A sentence that leads from `word` to the known names: the nearest one, or all of them.
pub(crate) fn hint(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("known here: {}", known.join(", ")),
    }
}

/// The known name that is nearest to `word`, if one is near. Capitals make no difference.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let slips_max = 1 + word.chars().count() / CHARACTERS_PER_SLIP;
    known
        .iter()
        .map(|name| (strsim::osa_distance(&word, &name.to_ascii_lowercase()), *name))
        .filter(|(slips, _)| *slips <= slips_max)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["health", "host", "rate-cap"];
        assert_eq!(nearest("helth", &known), Some("health"));
        assert_eq!(nearest("ehalth", &known), Some("health"), "two letters in the wrong order are one slip");
        assert_eq!(nearest("RATE_CAP", &known), Some("rate-cap"), "capitals are no slips");
        assert_eq!(nearest("hots", &known), Some("host"));
        assert_eq!(nearest("authorised", &known), None);
        assert_eq!(nearest("", &known), None);
    }

    #[test]
    fn a_hint_without_a_near_name_lists_them_all() {
        assert_eq!(hint("xyz", &["aaaa", "bbbb"]), "known here: aaaa, bbbb");
    }
}
