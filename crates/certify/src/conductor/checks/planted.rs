//! Requests with a text that must not reach a log as it came, and how it would stand there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use plimsoll_evidence::PlantedText;
use plimsoll_load::{Message, Request};

/// A text that is planted once, recognised by a word that stands nowhere else.
pub(super) struct Planted {
    pub(super) case: PlantedText,
    /// 16 hex digits.
    pub(super) word: String,
}

impl Planted {
    /// The request that carries it: the subject's own, or one for a path that it does not have.
    pub(super) fn message(&self, host: &str, read: &Request, write: &Request) -> Message {
        let word = &self.word;
        let own = read.path.replace("{seq}", "0");
        let get = |target: &str, fields: &[u8]| {
            let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
            [head.as_bytes(), fields, b"\r\n"].concat()
        };
        let strange = |escaped: &str, raw: &str| {
            let agent = if raw.is_empty() { String::new() } else { format!("User-Agent: {raw}{word}\r\n") };
            get(&format!("/plimsoll-log-{escaped}{word}"), agent.as_bytes())
        };
        let bytes = match self.case {
            PlantedText::BearerToken => get(&own, format!("Authorization: Bearer {word}\r\n").as_bytes()),
            PlantedText::BasicPassword => {
                let shown = basic(word);
                get(&own, format!("Authorization: Basic {shown}\r\n").as_bytes())
            }
            PlantedText::SessionCookie => get(&own, format!("Cookie: session={word}\r\n").as_bytes()),
            PlantedText::QueryPassword => {
                let mark = if own.contains('?') { '&' } else { '?' };
                get(&format!("{own}{mark}password={word}"), b"")
            }
            PlantedText::BodyPassword => {
                let body = format!("{{\"name\":\"plimsoll\",\"password\":\"{word}\"}}");
                let (method, path) = (&write.method, write.path.replace("{seq}", "0"));
                let length = body.len();
                format!(
                    "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
                     Content-Length: {length}\r\n\r\n{body}"
                )
                .into_bytes()
            }
            PlantedText::LineFeed => strange("%0D%0A", ""),
            PlantedText::LineSeparator => strange("%E2%80%A8", "\u{2028}"),
            PlantedText::EscapeSequence => strange("%1B[2J", ""),
            PlantedText::ControlSequence => strange("%C2%9B2J", "\u{9b}2J"),
            PlantedText::NulByte => strange("%00", ""),
        };
        Message { bytes, half_close: false }
    }

    /// As what it would stand in a log that takes it as it came.
    pub(super) fn raw(&self) -> Vec<String> {
        let word = &self.word;
        match self.case {
            PlantedText::BearerToken
            | PlantedText::SessionCookie
            | PlantedText::QueryPassword
            | PlantedText::BodyPassword => vec![word.clone()],
            PlantedText::BasicPassword => vec![word.clone(), basic(word)],
            PlantedText::LineFeed => vec![format!("\n{word}")],
            PlantedText::LineSeparator => vec![format!("\u{2028}{word}")],
            PlantedText::EscapeSequence => vec![format!("\u{1b}[2J{word}")],
            PlantedText::ControlSequence => vec![format!("\u{9b}2J{word}")],
            PlantedText::NulByte => vec![format!("\0{word}")],
        }
    }

    /// How often it stands raw in what a subject wrote.
    pub(super) fn count(&self, output: &str) -> u64 {
        self.raw().iter().map(|raw| output.matches(raw.as_str()).count() as u64).sum()
    }
}

fn basic(word: &str) -> String {
    STANDARD.encode(format!("plimsoll:{word}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted(case: PlantedText) -> Planted {
        Planted { case, word: "0123456789abcdef".into() }
    }

    #[test]
    fn each_text_is_found_where_it_stands_raw_and_not_where_it_is_escaped() {
        for case in PlantedText::ALL {
            let planted = planted(case);
            assert_eq!(planted.count("nothing of it"), 0);
            for raw in planted.raw() {
                assert!(planted.count(&format!("before {raw} behind")) >= 1, "{case:?}");
            }
        }
        let line = planted(PlantedText::LineFeed);
        assert_eq!(line.count("GET /plimsoll-log-%0D%0A0123456789abcdef"), 0);
        assert_eq!(line.count("GET /plimsoll-log-\\r\\n0123456789abcdef"), 0);
        assert_eq!(line.count("GET /plimsoll-log-\r\n0123456789abcdef"), 1);
    }

    #[test]
    fn every_request_carries_its_word() {
        let (read, write) = (Request::get("/a?b=c"), Request { method: "PUT".into(), ..Request::get("/a") });
        for case in PlantedText::ALL {
            let message = planted(case).message("h:1", &read, &write);
            let text = String::from_utf8(message.bytes).unwrap();
            let carried = planted(case).raw().iter().any(|raw| text.contains(raw.as_str()));
            let escaped = text.contains("0123456789abcdef") && text.contains('%');
            assert!(carried || escaped, "{case:?}: {text}");
        }
        let query = planted(PlantedText::QueryPassword).message("h:1", &read, &write);
        assert!(String::from_utf8(query.bytes).unwrap().starts_with("GET /a?b=c&password=0123456789abcdef "));
    }
}
