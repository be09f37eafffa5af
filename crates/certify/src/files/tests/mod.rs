//! Files as people write them, right and wrong.

mod backups;
mod page;
mod profiles;
mod sign_offs;
mod subjects;

use super::error::FileError;

/// The good file with one text in it replaced by another.
fn edited(good: &str, from: &str, to: &str) -> String {
    assert_eq!(good.matches(from).count(), 1, "`{from}` must stand once in the good file");
    good.replace(from, to)
}

/// What is said of each edit of a good file, with its hint below it.
fn answers<T: std::fmt::Debug>(
    good: &str,
    edits: &[(&str, &str)],
    parse: impl Fn(&str) -> Result<T, FileError>,
) -> String {
    parse(good).expect("the good file is good");
    let answer = |(from, to): &(&str, &str)| match parse(&edited(good, from, to)) {
        Ok(accepted) => panic!("`{to}` was accepted: {accepted:?}"),
        Err(error) => match error.hint() {
            Some(hint) => format!("{error}\n    hint: {hint}"),
            None => error.to_string(),
        },
    };
    edits.iter().map(answer).collect::<Vec<_>>().join("\n")
}
