//! What a terminal takes for a command, a reader of lines for an end, or nobody sees: written out, it does nothing.

/// Controls, separators of lines, what Unicode calls format characters, and what it calls no characters.
pub fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            u32::from(character),
            0xAD | 0x61C | 0x180E | 0xFEFF
                | 0x115F..=0x1160
                | 0x200B..=0x200F
                | 0x2028..=0x202E
                | 0x2060..=0x206F
                | 0x3164
                | 0xFE00..=0xFE0F
                | 0xFFF9..=0xFFFB
                | 0xFFFE..=0xFFFF
                | 0xE0000..=0xE0FFF
        )
}

/// Foreign text that stays on its line and does nothing: what is unseen is written out as `\u{1b}`.
pub fn inert(text: &str) -> String {
    let mut inert = String::with_capacity(text.len());
    for character in text.chars() {
        match is_unseen(character) {
            true => inert.extend(character.escape_unicode()),
            false => inert.push(character),
        }
    }
    inert
}

/// JSON that does nothing. It means the same: outside of texts JSON has nothing unseen but the ends of lines, which stay,
/// and within them an escape stands for what it writes out.
pub fn inert_json(json: String) -> String {
    let is_kept = |character: char| character == '\n' || !is_unseen(character);
    // Nearly every text is so, and there is one for each line of a log.
    if json.chars().all(is_kept) {
        return json;
    }
    let mut inert = String::with_capacity(json.len());
    for character in json.chars() {
        if is_kept(character) {
            inert.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            inert.push_str(&format!("\\u{unit:04x}"));
        }
    }
    inert
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unseen_is_written_out_and_all_else_stays() {
        assert_eq!(inert("a\n\u{1b}[2J\u{9b}\u{202e}\tb é ✓"), r"a\u{a}\u{1b}[2J\u{9b}\u{202e}\u{9}b é ✓");
        assert_eq!(inert("Grüße, 世界 ✓"), "Grüße, 世界 ✓");
    }

    #[test]
    fn json_keeps_its_meaning_and_its_lines() {
        let json = inert_json("{\n  \"a\": \"\u{9b}\u{202e}\u{e0041}é\"\n}".into());
        assert_eq!(json, "{\n  \"a\": \"\\u009b\\u202e\\udb40\\udc41é\"\n}");
    }
}
