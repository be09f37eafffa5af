//! Texts that a service should take for what they are, at each point at which a client's text goes.

use std::time::Duration;

use plimsoll_evidence::{
    Checklist, Injected, Injection, InjectionSearch, InjectionTry, Point, Scene, Sign, Untried, WAIT_S,
    points,
};
use plimsoll_load::Answer;
use plimsoll_process::monotonic_ns;
use plimsoll_proof::Digest;

use super::super::Conductor;
use super::canary::Canary;
use super::contract::request;
use super::obstacle::Obstacle;
use super::{WORD_CHARACTERS, reply_head};
use crate::running::Running;

/// A text may be called for by another part of the subject, a little later.
const CALL_SETTLE: Duration = Duration::from_secs(1);
/// Whoever asked too often is told when to come back; one who does not keep to it would see refusals only.
const AGAIN_MAX: usize = 20;
const AGAIN_PAUSE_MIN: Duration = Duration::from_millis(250);
/// Who has to wait for longer each time does not come to an end.
const AGAIN_PAUSE_MAX_S: u64 = 10;
/// Ways to write a quotation mark in HTML, JSON and addresses, in small letters.
const ESCAPED_QUOTES: [&str; 5] = ["&#39;", "&#x27;", "&apos;", "\\u0027", "%27"];
const NS_PER_KS: u64 = 1_000_000_000_000;
/// Factors of five digits: no product of two such stands in a reply by chance.
const FACTOR_MIN: u64 = 10_000;
const FACTORS: u64 = 90_000;

/// What stands for the placeholders of one text.
struct Filler {
    value: String,
    word: String,
    factors: [u64; 2],
    canary: String,
}

impl Conductor<'_> {
    /// What becomes of each text at each point of the subject's reference.
    pub(super) fn injections(&self, running: &Running, scene: Scene) -> Result<Checklist, Obstacle> {
        let (reference, text) = self.reference(running)?;
        let points = points(&reference);
        if points.is_empty() {
            return Err(Obstacle::nothing("a place for a client's text"));
        }
        let canary = Canary::start(running.direct)
            .map_err(|error| running.error(format!("could not be given an address of ours: {error}")))?;
        let mut tried = Vec::new();
        // Which word stood in which text, in their order.
        let mut words = Vec::new();
        for point in &points {
            for kind in Injection::at(point) {
                let mut tries = Vec::new();
                for text in kind.texts() {
                    self.stop.check()?;
                    let filler = self.filler(scene, words.len(), point, &canary);
                    tries.push(self.tried(running, (point, *kind), text, &filler)?);
                    words.push(filler.word);
                }
                let (operation, point) = (point.operation().to_owned(), point.words());
                tried.push(Injected { operation, point, kind: *kind, tries });
            }
        }
        std::thread::sleep(CALL_SETTLE);
        canary.settle();
        for (one, word) in tried.iter_mut().flat_map(|one| &mut one.tries).zip(&words) {
            one.signs.extend(canary.has_heard(word).then_some(Sign::Called));
        }
        Ok(Checklist::Injection(InjectionSearch { reference: text, tried }))
    }

    fn filler(&self, scene: Scene, number: usize, point: &Point<'_>, canary: &Canary) -> Filler {
        let drawn = Digest::from_bytes(self.seed(&format!("{}/injection/{number}", scene.name())));
        let factor = |at: usize| {
            let bytes = drawn.as_bytes().iter().skip(at).take(4);
            FACTOR_MIN + bytes.fold(0, |number, byte| number * 256 + u64::from(*byte)) % FACTORS
        };
        Filler {
            value: point.value.clone(),
            word: drawn.to_string().chars().take(WORD_CHARACTERS).collect(),
            factors: [factor(16), factor(24)],
            canary: canary.address.to_string(),
        }
    }

    /// One text, and the same again and again if the answer waited.
    fn tried(
        &self,
        running: &Running,
        (point, kind): (&Point<'_>, Injection),
        text: &str,
        filler: &Filler,
    ) -> Result<InjectionTry, Obstacle> {
        let sent = filler.fill(text, WAIT_S);
        let (answer, took_ns) = self.answered(running, point, &sent)?;
        let content =
            answer.as_ref().filter(|_| kind.compares()).map(|answer| without(answer, [&sent, &filler.value]));
        let signs = answer.as_ref().map(|answer| filler.signs(answer)).unwrap_or_default();
        let status = answer.map(|answer| u64::from(answer.status));
        let mut one = InjectionTry { status, took_ns, content, signs, repeats_ns: Vec::new() };
        if text.contains("{wait}") && one.has_waited() {
            for wait_s in [0, WAIT_S] {
                let (_, took_ns) = self.answered(running, point, &filler.fill(text, wait_s))?;
                one.repeats_ns.push(took_ns);
            }
        }
        Ok(one)
    }

    /// Asks as often as it is told to come back; how long the last answer took.
    fn answered(
        &self,
        running: &Running,
        point: &Point<'_>,
        text: &str,
    ) -> Result<(Option<Answer>, u64), Obstacle> {
        let values = self.subject.users.first().map(|user| user.values.as_slice()).unwrap_or_default();
        let request = request(&point.call(values, text));
        for tried in 1..=AGAIN_MAX {
            self.stop.check()?;
            // Nobody allowed more than this.
            let cap = self.subject.target.rate_cap_per_ks.unwrap_or(NS_PER_KS);
            std::thread::sleep(Duration::from_nanos(NS_PER_KS / cap.max(1)));
            let began_ns = monotonic_ns();
            let asked = self.ask_as_first(running, request.clone())?;
            let took_ns = monotonic_ns() - began_ns;
            match asked {
                Ok(answer) if is_told_to_wait(&answer, tried) => std::thread::sleep(pause(&answer)),
                asked => return Ok((asked.ok(), took_ns)),
            }
        }
        let seen = format!("{}: 429, {AGAIN_MAX} times", point.operation());
        Err(Obstacle::new(Untried::AskedTooOften, seen))
    }
}

impl Filler {
    fn fill(&self, text: &str, wait_s: u64) -> String {
        let [a, b] = self.factors;
        text.replace("{value}", &self.value)
            .replace("{word}", &self.word)
            .replace("{wait}", &wait_s.to_string())
            .replace("{a}", &a.to_string())
            .replace("{b}", &b.to_string())
            .replace("{canary}", &self.canary)
    }

    /// What a reply shows by itself.
    fn signs(&self, answer: &Answer) -> Vec<Sign> {
        let Some(head) = reply_head::read(String::new(), &answer.body) else { return Vec::new() };
        let text = String::from_utf8_lossy(&answer.body);
        let field = |name: &str| head.fields.iter().find(|(known, _)| known == name);
        let is_page = head.media_type().is_none_or(|media_type| media_type.contains("html"));
        let [a, b] = self.factors;
        let own = format!("http://{}/{}", self.canary, self.word);
        let found = [
            (Sign::Computed, text.contains(&(a * b).to_string())),
            (Sign::FileRead, text.contains("root:") && text.contains(":0:0:")),
            (Sign::Tag, is_page && text.contains(&format!("<plimsoll-{}>", self.word))),
            (Sign::Field, field(&format!("plimsoll-{}", self.word)).is_some()),
            (Sign::SentAway, field("location").is_some_and(|(_, value)| value.starts_with(&own))),
        ];
        found.into_iter().filter_map(|(sign, is_seen)| is_seen.then_some(sign)).collect()
    }
}

/// Whether one has to ask again: some limiters answer 503, and some services answer that and mean it.
fn is_told_to_wait(answer: &Answer, tried: usize) -> bool {
    answer.status == 429 || (answer.status == 503 && tried < AGAIN_MAX)
}

fn pause(answer: &Answer) -> Duration {
    let head = reply_head::read(String::new(), &answer.body);
    let fields = head.map(|head| head.fields).unwrap_or_default();
    let told =
        fields.iter().find(|(name, _)| name == "retry-after").and_then(|(_, value)| value.parse().ok());
    told.map_or(AGAIN_PAUSE_MIN, |told: u64| {
        Duration::from_secs(told.min(AGAIN_PAUSE_MAX_S)).max(AGAIN_PAUSE_MIN)
    })
}

/// What is left of a reply's content without the text and without the good value, as they came, with their quotation marks
/// escaped, or as JSON writes them: whoever repeats what was said to him says something else each time.
fn without(answer: &Answer, said: [&str; 2]) -> Digest {
    let mut content = reply_head::content(&answer.body)
        .unwrap_or_else(|| String::from_utf8_lossy(after_head(answer)).into());
    for escaped in ESCAPED_QUOTES {
        content = content.replace(escaped, "'").replace(&escaped.to_ascii_uppercase(), "'");
    }
    for text in said.into_iter().filter(|text| !text.is_empty()) {
        let quoted = serde_json::Value::from(text).to_string();
        content = content.replace(text, "").replace(quoted.trim_matches('"'), "");
    }
    Digest::of(content.as_bytes())
}

fn after_head(answer: &Answer) -> &[u8] {
    let at = answer.body.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
    answer.body.get(at..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filler() -> Filler {
        Filler {
            value: "good".into(),
            word: "0123456789abcdef".into(),
            factors: [12_345, 10_001],
            canary: "127.0.0.1:8".into(),
        }
    }

    fn answer(text: &str) -> Answer {
        Answer { status: 200, good: true, body: text.as_bytes().to_vec() }
    }

    #[test]
    fn a_text_is_filled_as_it_says() {
        let shell = filler().fill(Injection::Shell.texts()[0], 2);
        assert_eq!(shell, "good$(sleep 2; expr 12345 \\* 10001)");
        let template = filler().fill(Injection::Template.texts()[0], 2);
        assert_eq!(template, "good{{12345*10001}}<%=12345*10001%>#{12345*10001}");
        assert_eq!(filler().fill(Injection::Template.texts()[1], 2), "good${12345*10001}");
        assert_eq!(filler().fill(Injection::Address.texts()[0], 2), "http://127.0.0.1:8/0123456789abcdef");
    }

    #[test]
    fn each_sign_is_seen_where_it_stands_and_an_echo_is_none() {
        let signs = |head: &str, content: &str| {
            filler().signs(&answer(&format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{content}")))
        };
        let page = "Content-Type: text/html; charset=utf-8";
        assert_eq!(signs(page, "it is 123462345."), [Sign::Computed]);
        assert_eq!(signs(page, "root:x:0:0:root:/root:/bin/bash"), [Sign::FileRead]);
        assert_eq!(signs(page, "<p><plimsoll-0123456789abcdef>"), [Sign::Tag]);
        assert_eq!(signs("X: y\r\nPlimsoll-0123456789abcdef: 1", ""), [Sign::Field]);
        assert_eq!(signs("Location: http://127.0.0.1:8/0123456789abcdef", ""), [Sign::SentAway]);
        for (head, content) in [
            (page, "{{12345*10001}} ../etc/passwd &lt;plimsoll-0123456789abcdef&gt;"),
            ("Content-Type: application/json", "\"<plimsoll-0123456789abcdef>\""),
            ("Location: /a?http://127.0.0.1:8/0123456789abcdef", "plimsoll-0123456789abcdef: 1"),
        ] {
            assert_eq!(signs(head, content), []);
        }
    }

    #[test]
    fn what_repeats_the_text_is_the_same_reply() {
        let of = |content: &str, text: &str| {
            let reply = answer(&format!("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{content}"));
            without(&reply, [text, "plum"])
        };
        assert_eq!(of("none: a'b\"", "a'b\""), of("none: c", "c"));
        assert_eq!(of(r#"{"none": "a\"b"}"#, "a\"b"), of(r#"{"none": "c"}"#, "c"));
        for escaped in ["a&#39;b", "a&#x27;b", "a\\u0027b", "a%27b", "a&#X27;b"] {
            assert_eq!(of(escaped, "a'b"), of("", "c"), "{escaped}");
        }
        assert_ne!(of("one: a", "a"), of("none: a", "a"));
        let found = of(r#"[["plum", 3]]"#, "plum");
        assert_eq!(of(r#"[["plum", 3]]"#, "plum' AND '1'='1"), found, "a row that tells the good value");
        assert_ne!(of("[]", "plum' AND '1'='2"), found);
    }

    #[test]
    fn one_waits_as_long_as_one_is_told_within_bounds() {
        let of = |head: &str| pause(&answer(&format!("HTTP/1.1 429 No\r\n{head}\r\n")));
        assert_eq!(of(""), AGAIN_PAUSE_MIN);
        assert_eq!(of("Retry-After: 2\r\n"), Duration::from_secs(2));
        assert_eq!(of("Retry-After: 3600\r\n"), Duration::from_secs(AGAIN_PAUSE_MAX_S));
        let refusal = |status| Answer { status, ..answer("") };
        assert!(is_told_to_wait(&refusal(429), AGAIN_MAX) && is_told_to_wait(&refusal(503), 1));
        assert!(!is_told_to_wait(&refusal(503), AGAIN_MAX) && !is_told_to_wait(&refusal(200), 1));
    }
}
