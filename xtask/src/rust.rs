//! The shape of Rust files. They are formatted by rustfmt, which a test run checks first: a function ends at the
//! first line that is its own indentation and a closing brace, and no parser is needed to see it.

/// What a source file may hold at most, without its tests. A longer one has two nouns in it.
const FILE_LINES_MAX: usize = 600;

/// A clock, chance, the environment, the network and the terminal are given to these crates, never taken.
const PURE_CRATES: &[&str] = &["crates/base/", "crates/measure/", "crates/proof/", "crates/evidence/"];

const IMPURE_WORDS: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant",
    "tokio",
    "getrandom",
    "println!",
];

/// How much of what a file holds.
#[derive(Debug, Default, PartialEq)]
pub struct Size {
    /// Lines outside tests.
    pub source_lines: usize,
    /// Lines of tests.
    pub test_lines: usize,
    /// For every function outside tests, the lines from its name to its closing brace.
    pub function_lines: Vec<usize>,
}

/// Measures one file.
pub fn measure(path: &str, text: &str) -> Size {
    let source = source_part(path, text);
    let source_lines = source.lines().count();
    Size {
        source_lines,
        test_lines: text.lines().count() - source_lines,
        function_lines: function_lines(source),
    }
}

/// What stands before the tests: all of a file, none of a file of tests. A module that is only declared here, `mod
/// tests;`, has its own file.
fn source_part<'a>(path: &str, text: &'a str) -> &'a str {
    let mark = "#[cfg(test)]\nmod ";
    let begins_tests = |at: &usize| {
        let declaration = text[at + mark.len()..].lines().next().unwrap_or_default();
        declaration.ends_with('{')
    };
    let only_tests = path.contains("/tests/") || path.ends_with("/tests.rs");
    let first = text.match_indices(mark).map(|(at, _)| at).find(begins_tests);
    let end = if only_tests { 0 } else { first.unwrap_or(text.len()) };
    &text[..end]
}

fn function_lines(source: &str) -> Vec<usize> {
    let lines = source.lines().collect::<Vec<_>>();
    let starts = (0..lines.len()).filter(|&at| function_name(lines[at]).is_some());
    starts.filter_map(|at| length_from(&lines[at..])).collect()
}

/// The lines of the function that begins the slice; none for a declaration without a body.
fn length_from(lines: &[&str]) -> Option<usize> {
    let indent = &lines[0][..lines[0].len() - lines[0].trim_start().len()];
    for (index, line) in lines.iter().enumerate() {
        let Some(own) = line.strip_prefix(indent) else { continue };
        if own == "}" || (index == 0 && own.ends_with('}')) {
            return Some(index + 1);
        }
        if own.ends_with(';') && !own.starts_with(' ') {
            return None;
        }
    }
    None
}

/// The name of the function that the line declares, if it declares one.
fn function_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    while let Some((word, after)) = rest.split_once(' ') {
        if word == "fn" {
            return Some(&after[..after.find(['(', '<']).unwrap_or(after.len())]);
        }
        let qualifier =
            word.starts_with("pub") || ["const", "async", "unsafe", "extern", "\"C\""].contains(&word);
        if !qualifier {
            return None;
        }
        rest = after;
    }
    None
}

/// Finds a source file that is too long to be about one thing.
pub fn check_file_length(path: &str, text: &str) -> Vec<String> {
    let lines = source_part(path, text).lines().count();
    let long = lines > FILE_LINES_MAX;
    if long { vec![format!("{path}: {lines} lines of source, more than {FILE_LINES_MAX}")] } else { vec![] }
}

/// Finds the word for an effect in a crate that has none.
pub fn check_pure(path: &str, text: &str) -> Vec<String> {
    if !PURE_CRATES.iter().any(|pure| path.starts_with(pure)) {
        return vec![];
    }
    let mut findings = Vec::new();
    for (index, line) in source_part(path, text).lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        findings.extend(
            IMPURE_WORDS
                .iter()
                .filter(|word| contains_word(code, word))
                .map(|word| format!("{path}:{}: `{word}` in a pure crate", index + 1)),
        );
    }
    findings
}

fn contains_word(code: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        !code[..at].ends_with(part_of_word) && !code[at + word.len()..].starts_with(part_of_word)
    })
}

/// Finds a test that needs an ability of the kernel that `kernel_needs` does not list: it would never be left out.
pub fn check_needs(path: &str, text: &str, kernel_needs: &str) -> Vec<String> {
    let listed =
        kernel_needs.lines().filter_map(|line| line.split_once('|')).map(|(ability, _)| ability.trim());
    let listed = listed.collect::<Vec<_>>();
    let mut findings = Vec::new();
    for name in text.lines().filter_map(function_name) {
        let rest = name.strip_prefix("full_").unwrap_or(name);
        let mut rest = rest.strip_prefix("timing_").unwrap_or(rest);
        while let Some((ability, after)) = rest.strip_prefix("needs_").and_then(|needs| needs.split_once('_'))
        {
            if !listed.contains(&ability) {
                findings.push(format!(
                    "{path}: `{name}` needs `{ability}`, which scripts/kernel-needs does not list"
                ));
            }
            rest = after;
        }
    }
    findings
}

/// Whether nine tenths of the lengths are at most `max`.
pub fn nine_tenths_are_at_most(max: usize, lengths: &[usize]) -> bool {
    share_is_at_most(max, lengths) >= 900
}

/// How many in a thousand of the lengths are at most `max`.
pub fn share_is_at_most(max: usize, lengths: &[usize]) -> usize {
    lengths.iter().filter(|length| **length <= max).count() * 1000 / lengths.len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
fn one() {}

impl Thing {
    pub(crate) const fn three(self) -> u8 {
        1
    }

    async fn six<T>(
        self,
    ) -> T {

        if x { y } else { z }
    }
}

trait Other {
    fn without_body(&self);
}

#[cfg(test)]
mod tests {
    fn not_source() {}
}
";

    #[test]
    fn a_file_is_measured_without_its_tests() {
        let size = measure("a/src/b.rs", FILE);
        assert_eq!(size, Size { source_lines: 19, test_lines: 4, function_lines: vec![1, 3, 6] });
        let size = measure("a/tests/it/b.rs", FILE);
        assert_eq!(size, Size { source_lines: 0, test_lines: 23, function_lines: vec![] });
    }

    #[test]
    fn what_follows_the_name_of_a_file_of_tests_is_source() {
        let size = measure("a/src/lib.rs", "mod a;\n#[cfg(test)]\nmod tests;\nfn one() {}\n");
        assert_eq!(size, Size { source_lines: 4, test_lines: 0, function_lines: vec![1] });
    }

    #[test]
    fn a_long_file_is_found() {
        let found = |lines| check_file_length("a/src/b.rs", &"x\n".repeat(lines)).len();
        assert_eq!([found(600), found(601)], [0, 1]);
        let mostly_tests = format!("x\n#[cfg(test)]\nmod tests {{\n{}}}\n", "x\n".repeat(900));
        assert_eq!(check_file_length("a/src/b.rs", &mostly_tests), [""; 0]);
    }

    #[test]
    fn effects_are_found_in_pure_crates_only() {
        for word in IMPURE_WORDS {
            let code = format!("fine();\n    {word} (x)\n");
            let found = check_pure("crates/proof/src/a.rs", &code);
            assert_eq!(found, [format!("crates/proof/src/a.rs:2: `{word}` in a pure crate")]);
            assert_eq!(check_pure("crates/load/src/a.rs", &code), [""; 0]);
        }
    }

    #[test]
    fn comments_tests_and_longer_words_are_no_effects() {
        let code = "// Instant\nlet a = InstantLike;\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
        assert_eq!(check_pure("crates/base/src/a.rs", code), [""; 0]);
    }

    #[test]
    fn a_need_that_nobody_lists_is_found() {
        let list = "# ability | x\nnft | yes | nft | why\n";
        let found = |name: &str| check_needs("a.rs", &format!("    fn {name}() {{\n"), list).len();
        assert_eq!(found("needs_nft_drops_packets"), 0);
        assert_eq!(found("full_timing_needs_nft_needs_netem_delays"), 1);
        assert_eq!(found("needs_moon_waxes"), 1);
        assert_eq!(found("a_test_that_needs_care"), 0);
    }

    #[test]
    fn one_long_function_in_ten_is_borne_and_two_are_not() {
        let mut lengths = vec![1; 18];
        lengths.extend([41, 41]);
        assert!(nine_tenths_are_at_most(40, &lengths));
        lengths.push(41);
        assert!(!nine_tenths_are_at_most(40, &lengths));
    }
}
