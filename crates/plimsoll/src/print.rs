//! The only place that writes to the terminal: data to stdout, all else to stderr.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};

use plimsoll_base::inert_json;
use rustix::termios::tcgetwinsize;

use crate::failure::Failure;

/// What a terminal has that does not tell.
const COLUMNS_DEFAULT: usize = 80;

/// How a word is shown on a terminal. Never the only carrier of a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Good,
    Bad,
    Doubtful,
    Faint,
    Strong,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Bad => "31",
            Self::Doubtful => "33",
            Self::Faint => "2",
            Self::Strong => "1",
        }
    }
}

/// Writes to the terminal.
#[derive(Debug)]
pub(crate) struct Printer {
    colour_out: bool,
    colour_err: bool,
    /// Whether stderr is a terminal: then progress is one line that is written again and again.
    live: bool,
    /// How many characters the live line has now.
    live_line: RefCell<usize>,
}

impl Printer {
    pub(crate) fn new() -> Self {
        let allowed = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let live = io::stderr().is_terminal();
        Self {
            colour_out: allowed && io::stdout().is_terminal(),
            colour_err: allowed && live,
            live,
            live_line: RefCell::new(0),
        }
    }

    /// Whether progress may be one live line.
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    /// Data: one text, written whole.
    pub(crate) fn data(&self, text: &str) -> Result<(), Failure> {
        self.end_live_line();
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::io("writing to", "stdout"))
    }

    /// A word in a style, for use in data.
    pub(crate) fn styled(&self, style: Style, text: &str) -> String {
        if self.colour_out { format!("\x1b[{}m{text}\x1b[0m", style.code()) } else { text.to_owned() }
    }

    /// A line that says what is going on.
    pub(crate) fn status(&self, text: &str) {
        self.end_live_line();
        self.err(&format!("{text}\n"));
    }

    /// The live line: replaces the one before, cut to the terminal's width, since a line that is wrapped could not be
    /// replaced. Nothing off a terminal.
    pub(crate) fn live(&self, text: &str) {
        if self.live {
            let columns = tcgetwinsize(io::stderr()).map_or(0, |size| usize::from(size.ws_col));
            let text = cut(text, columns);
            let width = text.chars().count();
            let rest = self.live_line.borrow().saturating_sub(width);
            self.err(&format!("\r{text}{}", " ".repeat(rest)));
            *self.live_line.borrow_mut() = width;
        }
    }

    /// Ends the live line, so that the next text begins on a line of its own.
    pub(crate) fn end_live_line(&self) {
        let width = self.live_line.replace(0);
        if width > 0 {
            self.err(&format!("\r{}\r", " ".repeat(width)));
        }
    }

    pub(crate) fn failure(&self, failure: &Failure) {
        self.end_live_line();
        let paint = |style: Style, word: &str| {
            if self.colour_err { format!("\x1b[{}m{word}\x1b[0m", style.code()) } else { word.to_owned() }
        };
        self.err(&format!("{} {}\n", paint(Style::Bad, "error:"), failure.message));
        if !failure.output.is_empty() {
            self.err("the last that the subject wrote:\n");
            for line in failure.output.lines() {
                self.err(&format!("  | {line}\n"));
            }
        }
        if let Some(hint) = &failure.hint {
            self.err(&format!("{} {hint}\n", paint(Style::Doubtful, "hint:")));
        }
    }

    fn err(&self, text: &str) {
        // With stderr gone there is nobody to tell.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// JSON on one line, in which nothing is left that a terminal or a reader of lines could take for a command.
pub(crate) fn one_line(value: &serde_json::Value) -> String {
    inert_json(value.to_string())
}

/// As much of a line as a terminal of so many columns shows without wrapping it. Zero means that it does not tell.
fn cut(text: &str, columns: usize) -> String {
    let columns = if columns == 0 { COLUMNS_DEFAULT } else { columns };
    // The last column stays free: some terminals wrap as soon as it is written to.
    text.chars().take(columns - 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_line_commands_a_terminal() {
        let value = serde_json::json!({"a\n": "\u{1b}[2J \u{9b}31m \u{85} \u{2028}\u{2029} \u{7f} é"});
        let line = one_line(&value);
        assert_eq!(line, r#"{"a\n":"\u001b[2J \u009b31m \u0085 \u2028\u2029 \u007f é"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
    }

    #[test]
    fn a_live_line_never_wraps() {
        assert_eq!(cut("short", 80), "short");
        assert_eq!(cut("a → b", 5), "a → ");
        assert_eq!(cut(&"x".repeat(200), 0).len(), COLUMNS_DEFAULT - 1);
        assert_eq!(cut("x", 1), "");
    }
}
