//! Words in a line: whole ones, in lower case, and those that decide.

/// Whether a line in lower case has one of these words. A star at the end of a word stands for the rest of it.
pub(crate) fn mentions(line: &str, words: &[&str]) -> bool {
    words.iter().any(|word| mention(line, word).is_some())
}

/// Where a line in lower case has this word.
pub(crate) fn mention(line: &str, word: &str) -> Option<usize> {
    let (word, is_open) = word.strip_suffix('*').map_or((word, false), |stem| (stem, true));
    let is_part = |one: char| one.is_alphanumeric();
    let first = *word.as_bytes().first()?;
    // By the first byte: lines are short and words are many, so a searcher costs more to make than it saves.
    memchr::memchr_iter(first, line.as_bytes()).find(|at| {
        if !line.as_bytes()[*at..].starts_with(word.as_bytes()) {
            return false;
        }
        let before = line[..*at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && (is_open || !after.is_some_and(is_part))
    })
}

/// Whether a cell or a value says that something was met.
pub(crate) fn verdict(text: &str) -> Option<bool> {
    let text = text.to_lowercase();
    let refused =
        ["fail*", "missed", "violat*", "breach*", "warn*", "not met", "not ok", "no", "unmet", "over budget"];
    if text.contains(['❌', '✗', '✘', '⚠']) || mentions(&text, &refused) {
        return Some(false);
    }
    let granted =
        ["pass", "passed", "passes", "met", "ok", "compliant", "exceeded", "achieved", "yes", "within"];
    let is_granted = text.contains(['✅', '✓', '✔']) || mentions(&text, &granted);
    is_granted.then_some(true)
}

/// Whether a line in lower case speaks of what is wanted or thought, not of what was seen.
pub(crate) fn is_wish(line: &str) -> bool {
    const WISHES: [&str; 30] = [
        "target",
        "targets",
        "goal",
        "goals",
        "objective",
        "objectives",
        "limit",
        "limits",
        "slo",
        "sla",
        "threshold",
        "thresholds",
        "required",
        "requirement",
        "requirements",
        "needed",
        "demand",
        "forecast*",
        "projected",
        "projection*",
        "planned",
        "plan",
        "estimate*",
        "expected",
        "budget",
        "timeout",
        "must",
        "proposed",
        "service level",
        "service levels",
    ];
    mentions(line, &WISHES)
}

/// Whether a line in lower case says what is not so.
pub(crate) fn is_denial(line: &str) -> bool {
    const DENIALS: [&str; 16] = [
        "not",
        "no",
        "never",
        "none",
        "nothing",
        "without",
        "cannot",
        "outside",
        "out of scope",
        "excluded",
        "untested",
        "unproven",
        "unknown",
        "isn't",
        "don't",
        "nor",
    ];
    mentions(line, &DENIALS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole() {
        assert!(mentions("the slo is met", &["slo"]) && !mentions("slow", &["slo"]));
        assert!(mentions("forecasts", &["forecast*"]) && !mentions("reforecast", &["forecast*"]));
        assert!(mentions("on-call rotation", &["on-call"]) && mentions("größe", &["größe"]));
    }

    #[test]
    fn a_verdict_is_read_from_its_word_or_sign() {
        for (text, wanted) in [
            ("✓ PASS", Some(true)),
            ("✅ 6x Better", Some(true)),
            ("⚠ WARN (P99 exceeded)", Some(false)),
            ("not met", Some(false)),
            ("FAIL", Some(false)),
            ("99.95 %", None),
            ("passive", None),
        ] {
            assert_eq!(verdict(text), wanted, "{text}");
        }
    }
}
