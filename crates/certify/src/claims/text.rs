//! Bytes to lines of text: what is no text is refused, what was garbled on its way is read as it was meant.

use std::fmt;

/// The largest document that is read, in bytes. A certification that people read is a thousand times smaller.
pub const DOCUMENT_BYTES_MAX: usize = 8 << 20;

/// So many control characters in a thousand bytes are no text.
const CONTROLS_PER_THOUSAND_MAX: usize = 5;

/// Why a document cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// It has bytes that no text has.
    #[error("a binary file, not text")]
    Binary,
    /// It begins like text in UTF-16.
    #[error("text in UTF-16, not UTF-8")]
    Utf16,
    /// It is larger than [`DOCUMENT_BYTES_MAX`].
    #[error("over the limit of {DOCUMENT_BYTES_MAX} bytes")]
    TooLarge,
}

impl NotText {
    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Binary => "export the document as Markdown or plain text",
            Self::Utf16 => "save it as UTF-8",
            Self::TooLarge => "split it into its chapters",
        }
    }
}

/// A document's lines, and what was wrong with their encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    /// Without line ends.
    pub(crate) lines: Vec<String>,
    /// The first line that was garbled, and how.
    pub(crate) garbled: Option<Garbled>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Garbled {
    /// The first line, from 1.
    pub(crate) line: usize,
    /// That line as it stands in the file.
    pub(crate) claim: String,
    pub(crate) reason: String,
}

/// Reads a document.
pub(crate) fn read(bytes: &[u8]) -> Result<Text, NotText> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(NotText::TooLarge);
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(NotText::Utf16);
    }
    let is_control = |byte: &&u8| matches!(byte, 1..=8 | 11 | 14..=26 | 28..=31 | 127);
    let controls = bytes.iter().filter(is_control).count();
    if bytes.contains(&0) || controls * 1000 > CONTROLS_PER_THOUSAND_MAX * bytes.len().max(1000) {
        return Err(NotText::Binary);
    }
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => unscrambled(text),
        Err(error) => read_as_cp1252(bytes, error.valid_up_to()),
    })
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn read_as_cp1252(bytes: &[u8], valid_up_to: usize) -> Text {
    let text: String = bytes.iter().map(|byte| CodePage::Cp1252.character(*byte)).collect();
    let line = bytes[..valid_up_to].iter().filter(|byte| **byte == b'\n').count();
    let lines = lines(&text);
    let claim = lines.get(line).cloned().unwrap_or_default();
    let reason = "not text in UTF-8; read as Windows-1252".to_owned();
    Text { lines, garbled: Some(Garbled { line: line + 1, claim, reason }) }
}

/// UTF-8 that somebody took for another encoding and saved as UTF-8 again, undone.
fn unscrambled(text: &str) -> Text {
    let given = lines(text);
    let mut best = Undone { lines: Vec::new(), count: 0, characters: 0, first: None };
    let mut code_page = CodePage::Cp1252;
    for candidate in [CodePage::Cp1252, CodePage::MacRoman] {
        let undone = undo(&given, candidate);
        if undone.characters > best.characters {
            (best, code_page) = (undone, candidate);
        }
    }
    // Two characters that belong together by chance are in some text; three are in none, nor is the same chance twice.
    let is_chance = best.count < 2 && best.characters < 3;
    let Some(first) = best.first.filter(|_| !is_chance) else {
        return Text { lines: given, garbled: None };
    };
    let claim = given[first].clone();
    let reason = format!(
        "UTF-8 that was read as {code_page} and saved again, in {} places; undone here, and read as it was meant",
        best.count
    );
    Text { lines: best.lines, garbled: Some(Garbled { line: first + 1, claim, reason }) }
}

struct Undone {
    lines: Vec<String>,
    /// Sequences that were undone.
    count: usize,
    /// Characters of which they consisted.
    characters: usize,
    /// Index of the first line with one.
    first: Option<usize>,
}

fn undo(lines: &[String], code_page: CodePage) -> Undone {
    let mut undone = Undone { lines: Vec::with_capacity(lines.len()), count: 0, characters: 0, first: None };
    for (index, line) in lines.iter().enumerate() {
        let before = undone.count;
        let read = undo_line(line, code_page, &mut undone);
        undone.lines.push(read);
        if undone.count > before && undone.first.is_none() {
            undone.first = Some(index);
        }
    }
    undone
}

fn undo_line(line: &str, code_page: CodePage, undone: &mut Undone) -> String {
    if line.is_ascii() {
        return line.to_owned();
    }
    let characters: Vec<char> = line.chars().collect();
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(character) = characters.get(at) {
        match sequence(&characters[at..], code_page) {
            Some((meant, length)) => {
                out.push(meant);
                undone.count += 1;
                undone.characters += length;
                at += length;
            }
            None => {
                out.push(*character);
                at += 1;
            }
        }
    }
    out
}

/// The character of which these are the bytes in UTF-8, one character for each byte, and how many they are.
fn sequence(characters: &[char], code_page: CodePage) -> Option<(char, usize)> {
    let first = code_page.byte(*characters.first()?)?;
    let length = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let mut bytes = [0; 4];
    for (byte, character) in bytes.iter_mut().zip(characters.get(..length)?) {
        *byte = code_page.byte(*character)?;
    }
    let meant = std::str::from_utf8(&bytes[..length]).ok()?.chars().next()?;
    Some((meant, length))
}

/// What was taken for the encoding of a text.
#[derive(Debug, Clone, Copy)]
enum CodePage {
    Cp1252,
    MacRoman,
}

/// The characters of bytes 0x80 to 0x9F. Five of them stand for no character and are kept as controls.
const CP1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// The characters of bytes 0x80 to 0xFF.
const MAC_ROMAN: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ\
    –—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";

impl CodePage {
    fn upper(self) -> &'static str {
        match self {
            Self::Cp1252 => CP1252,
            Self::MacRoman => MAC_ROMAN,
        }
    }

    /// The byte for which this character stands, if that is over 0x7F.
    fn byte(self, character: char) -> Option<u8> {
        let in_table = self.upper().chars().position(|one| one == character);
        let table = in_table.and_then(|index| u8::try_from(0x80 + index).ok());
        match self {
            Self::Cp1252 => table.or(u8::try_from(u32::from(character)).ok().filter(|byte| *byte >= 0xA0)),
            Self::MacRoman => table,
        }
    }

    fn character(self, byte: u8) -> char {
        let upper = usize::from(byte).checked_sub(0x80).and_then(|index| self.upper().chars().nth(index));
        upper.unwrap_or(char::from(byte))
    }
}

impl fmt::Display for CodePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cp1252 => "Windows-1252",
            Self::MacRoman => "Mac Roman",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What comes out where UTF-8 is taken for `code_page`.
    fn scrambled(text: &str, code_page: CodePage) -> String {
        text.bytes().map(|byte| code_page.character(byte)).collect()
    }

    #[test]
    fn what_was_garbled_is_read_as_it_was_meant_and_said_once() {
        for code_page in [CodePage::Cp1252, CodePage::MacRoman] {
            let bytes = format!("plain\n{}\nplain\n", scrambled("✅ ≤ 10 ms – größer 🎯", code_page));
            let text = read(bytes.as_bytes()).unwrap();
            assert_eq!(text.lines, ["plain", "✅ ≤ 10 ms – größer 🎯", "plain"]);
            let garbled = text.garbled.unwrap();
            assert_eq!(garbled.line, 2);
            assert!(garbled.reason.contains(&code_page.to_string()), "{}", garbled.reason);
        }
    }

    #[test]
    fn text_that_only_looks_strange_stays() {
        for good in ["Grüße, naïve café: 5 µs ± 2 °C", "✅ done ≥ 99 % 🎯", "√2 ≈ 1.41", "Â£"]
        {
            let text = read(good.as_bytes()).unwrap();
            assert_eq!((text.lines.as_slice(), text.garbled), ([good.to_owned()].as_slice(), None));
        }
    }

    #[test]
    fn bytes_of_windows_are_read_and_said_with_their_line() {
        let text = read(b"first\r\ncaf\xe9 \x80 5\r\n").unwrap();
        assert_eq!(text.lines, ["first", "café € 5"]);
        assert_eq!(text.garbled.unwrap().line, 2);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(read(b"\x7fELF\x02\x01\x01\0\0"), Err(NotText::Binary));
        assert_eq!(read(&[b"text ".as_slice(), &[1; 600]].concat()), Err(NotText::Binary));
        assert_eq!(read(b"\xff\xfea\0b\0"), Err(NotText::Utf16));
        assert_eq!(read(&vec![b'a'; DOCUMENT_BYTES_MAX + 1]), Err(NotText::TooLarge));
        assert!(read(&vec![b'a'; DOCUMENT_BYTES_MAX]).is_ok());
        assert_eq!(read(b"\xef\xbb\xbf# A").unwrap().lines, ["# A"]);
        assert_eq!(read(b"").unwrap().lines, [""; 0]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_no_line_has_a_line_end(bytes in any::<Vec<u8>>()) {
            if let Ok(text) = read(&bytes) {
                prop_assert!(text.lines.iter().all(|line| !line.contains('\n')));
            }
        }
    }
}
