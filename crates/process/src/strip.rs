//! Takes out of a text what a terminal would act on and a reader would not see.

use plimsoll_base::is_unseen;

/// The text without ANSI escape sequences, control characters (line feed and tab stay), the Unicode line and
/// paragraph separators, and characters that are invisible or turn the direction of writing.
pub(crate) fn strip(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => match characters.next_if(|next| matches!(next, '[' | ']' | 'P' | 'X' | '^' | '_')) {
                Some('[') => skip_sequence(&mut characters),
                Some(_) => skip_string(&mut characters),
                None => skip_short(&mut characters),
            },
            '\u{9b}' => skip_sequence(&mut characters),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut characters),
            '\n' | '\t' => kept.push(character),
            _ if is_unseen(character) => {}
            _ => kept.push(character),
        }
    }
    kept
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Skips what follows `ESC [`: parameters, then one final character. A sequence that is broken off by another
/// character ends there, so that text after it is not lost.
fn skip_sequence(characters: &mut Characters<'_>) {
    while characters.next_if(|c| matches!(c, '\u{20}'..='\u{3f}')).is_some() {}
    let _ = characters.next_if(|c| matches!(c, '\u{40}'..='\u{7e}'));
}

/// Skips a string for the terminal (a window title, say) with its end: BEL, ST, or the end of the line.
fn skip_string(characters: &mut Characters<'_>) {
    while let Some(character) = characters.next_if(|&c| c != '\n') {
        match character {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                let _ = characters.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

/// Skips the rest of an escape sequence of two or three characters.
fn skip_short(characters: &mut Characters<'_>) {
    while characters.next_if(|c| matches!(c, '\u{20}'..='\u{2f}')).is_some() {}
    let _ = characters.next_if(|c| matches!(c, '\u{30}'..='\u{7e}'));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_stays_and_what_terminals_act_on_goes() {
        assert_eq!(strip("\u{1b}[1;31mred\u{1b}[0m\tand\r\nplain\u{7}"), "red\tand\nplain");
        assert_eq!(strip("\u{1b}]0;title\u{7}a\u{1b}]8;;http://x\u{1b}\\b\u{9b}2Jc"), "abc");
        assert_eq!(strip("a\u{2028}b\u{2029}c\u{202e}d\u{200b}e\u{feff}f\u{85}g\0h"), "abcdefgh");
        assert_eq!(strip("\u{1b}(Ba\u{1b}Mb\u{1b}7c"), "abc");
        assert_eq!(strip("Grüße, 世界 ✓"), "Grüße, 世界 ✓");
    }

    #[test]
    fn an_escape_that_never_ends_hides_no_later_line() {
        assert_eq!(strip("\u{1b}]0;title\nerror: disk full"), "\nerror: disk full");
        assert_eq!(strip("\u{1b}[31\nerror: disk full"), "\nerror: disk full");
    }

    proptest! {
        #[test]
        fn nothing_that_acts_is_left(text in "(\\PC|[\\x00-\\x1f\\x7f-\\x9f]|[\u{2028}-\u{202e}]){0,60}") {
            let stripped = strip(&text);
            prop_assert!(!stripped.chars().any(|c| is_unseen(c) && c != '\n' && c != '\t'));
            prop_assert_eq!(strip(&stripped), stripped);
        }
    }
}
