//! Cells in columns.

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// Rows as lines: each column as wide as its widest cell, two spaces between columns, no space at the end of a line.
pub(super) fn lines<const N: usize>(sides: [Side; N], rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let cell = |row: &[String; N], column: usize| {
        let (text, width) = (&row[column], widths[column]);
        match sides[column] {
            Side::Left => format!("{text:<width$}"),
            Side::Right => format!("{text:>width$}"),
        }
    };
    let line = |row| (0..N).map(|column| cell(row, column)).collect::<Vec<_>>().join("  ");
    rows.iter().map(|row| line(row).trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let row = |name: &str, number: &str, note: &str| [name.into(), number.into(), note.into()];
        let rows = [row("é", "5 ms", ""), row("twice", "12.5 ms", "x"), row("", "", "")];
        let lines = lines([Side::Left, Side::Right, Side::Left], &rows);
        assert_eq!(lines, ["é         5 ms", "twice  12.5 ms  x", ""]);
    }

    #[test]
    fn no_rows_are_no_lines() {
        assert_eq!(lines([Side::Left], &[]), [""; 0]);
    }
}
