//! The promises of docs/SPECIFICATION.md and what holds them.
//!
//! A promise is a row `| P12 | what is promised | what holds it |`. It is held by one or more of
//! `` test `package::path::name` `` and `` bench `name` ``, or, until its part is built, by the word *pending*.

/// Finds promises that nothing holds. `test_exists` is given the package and the name of the function, `bench_exists`
/// the name of the bench.
pub fn check_specification(
    path: &str,
    text: &str,
    test_exists: impl Fn(&str, &str) -> bool,
    bench_exists: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut findings = Vec::new();
    let mut last = 0;
    for (number, holders) in promises(text) {
        if number <= last {
            findings.push(format!("{path}: P{number} stands after P{last}"));
        }
        last = number;
        let named = named_after(holders, "test ").map(|name| (name, true));
        let named = named.chain(named_after(holders, "bench ").map(|name| (name, false))).collect::<Vec<_>>();
        if named.is_empty() && !holders.contains("*pending*") {
            findings.push(format!("{path}: P{number} names neither a test nor a bench"));
        }
        for (name, is_test) in named {
            let exists = if is_test {
                split_test(name).is_some_and(|(a, b)| test_exists(a, b))
            } else {
                bench_exists(name)
            };
            if !exists {
                findings.push(format!("{path}: P{number} names `{name}`, which does not exist"));
            }
        }
    }
    if last == 0 {
        findings.push(format!("{path}: promises nothing"));
    }
    findings
}

fn promises(text: &str) -> impl Iterator<Item = (u32, &str)> {
    text.lines().filter_map(|line| {
        let (number, rest) = line.strip_prefix("| P")?.split_once(" |")?;
        let (_, holders) = rest.trim_end().strip_suffix('|')?.rsplit_once('|')?;
        Some((number.parse().ok()?, holders))
    })
}

/// The names in backticks that follow the word.
fn named_after<'a>(holders: &'a str, word: &'static str) -> impl Iterator<Item = &'a str> {
    let after =
        holders.match_indices(word).filter_map(move |(at, _)| holders[at + word.len()..].strip_prefix('`'));
    after.filter_map(|name| name.split_once('`')).map(|(name, _)| name)
}

/// The package and the function of `package::path::name`.
fn split_test(name: &str) -> Option<(&str, &str)> {
    Some((name.split_once("::")?.0, name.rsplit_once("::")?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(rows: &str) -> Vec<String> {
        let test = |package: &str, name: &str| package == "plimsoll-measure" && name == "holds";
        check_specification("S", rows, test, |name| name == "load")
    }

    #[test]
    fn promises_that_are_held_are_not_found() {
        let rows = "| P1 | a | test `plimsoll-measure::quantile::tests::holds`, bench `load` |\n\
                    | P3 | b \\| c | bench `load` |\n| P4 | d | *pending* |\n";
        assert_eq!(findings(rows), [""; 0]);
    }

    #[test]
    fn a_promise_that_nothing_holds_is_found() {
        assert_eq!(findings("| P1 | a | we are sure |\n"), ["S: P1 names neither a test nor a bench"]);
    }

    #[test]
    fn a_holder_that_does_not_exist_is_found() {
        for holder in [
            "test `plimsoll-measure::a::gone`",
            "test `plimsoll-load::a::holds`",
            "test `holds`",
            "bench `gone`",
        ] {
            let found = findings(&format!("| P1 | a | bench `load`, {holder} |\n"));
            assert_eq!(found.len(), 1, "{holder}: {found:?}");
            assert!(found[0].ends_with("which does not exist"));
        }
    }

    #[test]
    fn numbers_that_repeat_and_an_empty_page_are_found() {
        assert_eq!(
            findings("| P2 | a | bench `load` |\n| P2 | a | bench `load` |\n"),
            ["S: P2 stands after P2"]
        );
        assert_eq!(findings("nothing"), ["S: promises nothing"]);
    }
}
