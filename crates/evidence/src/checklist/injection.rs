//! Texts that a service should take for what they are: each is tried at each point at which a client's text goes into an
//! operation, and does nothing where nobody takes it for a part of a query, a command, a template, a path, a page, a head,
//! an address or a document (OWASP A05:2025).
//!
//! At which points, and what is tried there, follows from the subject's reference and from this file alone.

use plimsoll_base::Unit;
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use super::{CheckedCase, Reached};
use crate::openapi::{Operation, Point, Reference, points};

/// What a text says that it shall wait, in s; in the place of `{wait}`.
pub const WAIT_S: u64 = 2;
/// An answer that takes so long has waited.
const WAITED_NS: u64 = WAIT_S * 1_000_000_000;
/// By so much less an answer takes that has not waited.
const QUICK_NS: u64 = WAITED_NS / 2;
/// After an answer that has waited the same is said without a wait, and with it again: noise does not follow that.
const REPEATS: usize = 2;

/// What a text would be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Injection {
    /// A part of a query in SQL, by what is answered.
    Sql,
    /// A part of a query in SQL, by how long the answer takes.
    SqlWait,
    /// A command of a shell.
    Shell,
    /// A part of a template.
    Template,
    /// A path of a file.
    File,
    /// A part of a page.
    Markup,
    /// Another field of a reply's head.
    Head,
    /// An address that is to be called, or to which a client is sent.
    Address,
    /// An entity of XML that stands elsewhere.
    Entity,
}

/// What a reply, or a call that came to our own server, shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// The product of two numbers that were sent stands in the reply.
    Computed,
    /// The list of the system's users stands in the reply.
    FileRead,
    /// The reply is a page in which the text is a tag.
    Tag,
    /// The reply's head has the field that was sent.
    Field,
    /// The reply sends its client to the address that was sent.
    SentAway,
    /// Somebody called the address that was sent.
    Called,
}

/// What came of all texts of one kind at one point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Injected {
    /// The operation's name.
    pub operation: String,
    /// Where in its request, in words.
    pub point: String,
    /// What the texts would be taken for.
    pub kind: Injection,
    /// What came of each of [`Injection::texts`], in their order.
    pub tries: Vec<InjectionTry>,
}

/// What came of one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InjectionTry {
    /// The reply's status; absent if none came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u64>,
    /// How long the reply took, or its absence was waited for, in ns.
    pub took_ns: u64,
    /// The reply's content without the text and the good value; absent where nothing is compared.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub content: Option<Digest>,
    /// What was seen.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub signs: Vec<Sign>,
    /// If it took as long as the text says: how long the same took without a wait, and with it again, in ns.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub repeats_ns: Vec<u64>,
}

/// A reference, and what came of the texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InjectionSearch {
    /// The reference as the subject gave it.
    #[serde(with = "crate::long_text")]
    pub reference: String,
    /// What came of each kind at each point that follows from it, in their order.
    pub tried: Vec<Injected>,
}

const SQL: [&str; 8] = [
    "{value}",
    "{value}",
    "{value}'",
    "{value}''",
    "{value}' AND '1'='1",
    "{value}' AND '1'='2",
    "{value} AND 1=1",
    "{value} AND 1=2",
];
const SQL_WAIT: [&str; 2] =
    ["{value}'||(SELECT 1 FROM pg_sleep({wait}))||'", "{value}'+(SELECT 0 FROM (SELECT SLEEP({wait}))a)+'"];
const SHELL: [&str; 2] =
    ["{value}$(sleep {wait}; expr {a} \\* {b})", "{value}'; sleep {wait}; expr {a} \\* {b}; '"];
const TEMPLATE: [&str; 2] = ["{value}{{{a}*{b}}}<%={a}*{b}%>#{{a}*{b}}", "{value}${{a}*{b}}"];
const FILE: [&str; 3] = [
    "../../../../../../../../../../etc/passwd",
    "/etc/passwd",
    "..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
];
const MARKUP: [&str; 1] = ["{value}\"'><plimsoll-{word}>"];
const HEAD: [&str; 1] = ["{value}\r\nplimsoll-{word}: 1"];
const ADDRESS: [&str; 1] = ["http://{canary}/{word}"];
const ENTITY: [&str; 2] = [
    "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"http://{canary}/{word}\">]><a>&b;</a>",
    "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
];

impl Injection {
    /// What is tried at a point, in this order.
    pub fn at(point: &Point<'_>) -> &'static [Self] {
        const ALL: [Injection; 8] = [
            Injection::Sql,
            Injection::SqlWait,
            Injection::Shell,
            Injection::Template,
            Injection::File,
            Injection::Markup,
            Injection::Address,
            Injection::Head,
        ];
        if point.is_xml() {
            &[Self::Entity]
        } else if point.is_field() {
            // No client can send the end of a line within a field.
            &ALL[..7]
        } else {
            &ALL
        }
    }

    /// Its texts. For `{value}` stands a good text, for `{wait}` a time in s, for `{a}` and `{b}` two numbers, for `{word}`
    /// a word of no meaning, for `{canary}` host and port of our own server.
    pub fn texts(self) -> &'static [&'static str] {
        match self {
            Self::Sql => &SQL,
            Self::SqlWait => &SQL_WAIT,
            Self::Shell => &SHELL,
            Self::Template => &TEMPLATE,
            Self::File => &FILE,
            Self::Markup => &MARKUP,
            Self::Head => &HEAD,
            Self::Address => &ADDRESS,
            Self::Entity => &ENTITY,
        }
    }

    /// Whether the contents of its replies are compared.
    pub fn compares(self) -> bool {
        self == Self::Sql
    }

    fn words(self) -> &'static str {
        match self {
            Self::Sql => "SQL",
            Self::SqlWait => "SQL that waits",
            Self::Shell => "a command",
            Self::Template => "a template",
            Self::File => "a path",
            Self::Markup => "a tag",
            Self::Head => "a field",
            Self::Address => "an address",
            Self::Entity => "an entity",
        }
    }
}

impl Sign {
    fn words(self) -> &'static str {
        match self {
            Self::Computed => "what was sent was computed",
            Self::FileRead => "a file of the system stands in the reply",
            Self::Tag => "the text is a tag of the page",
            Self::Field => "the text is a field of the reply's head",
            Self::SentAway => "the client is sent where the text says",
            Self::Called => "what the text names was called",
        }
    }
}

impl InjectionTry {
    /// Whether it took as long as its text says, so that it is repeated.
    pub fn has_waited(&self) -> bool {
        self.status.is_some() && self.took_ns >= WAITED_NS
    }

    fn is_whole(&self, text: &str, kind: Injection) -> bool {
        let repeats = if text.contains("{wait}") && self.has_waited() { REPEATS } else { 0 };
        let is_compared = kind.compares() && self.status.is_some();
        self.repeats_ns.len() == repeats && self.content.is_some() == is_compared
    }

    /// Whether the answer waits whenever the text says so, and never else.
    fn obeys(&self) -> bool {
        matches!(self.repeats_ns[..], [without, with] if with >= WAITED_NS && with.saturating_sub(without) > QUICK_NS)
    }

    /// Whether two replies are the same.
    fn is_like(&self, other: &Self) -> bool {
        (self.status, self.content) == (other.status, other.content)
    }

    fn is_server_error(&self) -> bool {
        self.status.is_some_and(|status| status >= 500)
    }
}

/// Each kind at each point with what is wrong; `None` if there is no point, or something was not tried.
pub(super) fn cases(search: &InjectionSearch) -> Option<Vec<CheckedCase>> {
    let reference = Reference::read(&search.reference).ok()?;
    let points = points(&reference);
    let planned = points.iter().flat_map(|point| Injection::at(point).iter().map(move |kind| (point, *kind)));
    let is_planned = |(one, (point, kind)): (&Injected, (&Point<'_>, Injection))| {
        one.operation == point.operation() && one.point == point.words() && one.kind == kind && one.is_whole()
    };
    let count = planned.clone().count();
    let is_whole =
        count > 0 && count == search.tried.len() && search.tried.iter().zip(planned).all(is_planned);
    is_whole.then(|| search.tried.iter().map(checked).collect())
}

/// Of the points at which a good value was sent, how many took it: all must have. Who is refused for who he is or for what
/// he says, is sent to another address for the same, or knocks where nobody is, has tried nothing; nor has one for whom nothing
/// was ever done.
pub(super) fn reached(search: &InjectionSearch) -> Reached {
    let reference = Reference::read(&search.reference).ok();
    let of_sql = search.tried.iter().filter(|one| one.kind == Injection::Sql);
    let good: Vec<Option<(&Operation, u64)>> = of_sql
        .map(|one| {
            let operation = reference.as_ref().and_then(|reference| reference.operation(&one.operation))?;
            Some((operation, one.tries.first()?.status?))
        })
        .collect();
    let counted = |shows: fn(&Operation, u64) -> bool| {
        good.iter().flatten().filter(|(operation, status)| shows(operation, *status)).count() as u64
    };
    let observed = if counted(Operation::is_done) > 0 { counted(Operation::is_looked_for) } else { 0 };
    Reached { gate: "reached", observed, limit: good.len() as u64, unit: Unit::Count }
}

impl Injected {
    fn is_whole(&self) -> bool {
        let texts = self.kind.texts();
        let is_whole = |(one, text): (&InjectionTry, &&str)| one.is_whole(text, self.kind);
        self.tries.len() == texts.len() && self.tries.iter().zip(texts).all(is_whole)
    }

    fn problem(&self) -> Option<String> {
        let signs = self.tries.iter().flat_map(|one| &one.signs);
        if let Some(sign) = signs.min() {
            return Some(sign.words().into());
        }
        if self.tries.iter().any(InjectionTry::obeys) {
            return Some(format!("the reply waits for {WAIT_S} s where the text says so, and never else"));
        }
        if let Some(problem) = self.queried() {
            return Some(problem.into());
        }
        self.tries.iter().any(|one| one.status.is_none()).then(|| "no reply".into())
    }

    /// What differs between replies as it would if the text were a part of a query.
    fn queried(&self) -> Option<&'static str> {
        let [good, again, one_quote, two_quotes, conditions @ ..] = self.tries.as_slice() else {
            return None;
        };
        if self.kind != Injection::Sql || !good.is_like(again) {
            return None;
        }
        let is_server_error = [good, one_quote, two_quotes].map(InjectionTry::is_server_error);
        if is_server_error == [false, true, false] {
            return Some("one quotation mark is an error of the server, and two are none");
        }
        let decides = |pair: &[InjectionTry]| matches!(pair, [holds, fails] if good.is_like(holds) && !good.is_like(fails));
        let is_query = conditions.chunks(2).any(decides);
        is_query.then_some("a condition that holds changes nothing, and one that does not changes the reply")
    }
}

fn checked(one: &Injected) -> CheckedCase {
    let status =
        |one: &InjectionTry| one.status.map_or_else(|| "nothing".into(), |status| status.to_string());
    let mut seen: Vec<String> = one.tries.iter().map(status).collect();
    seen.dedup();
    CheckedCase {
        case: format!("{}: {} as {}", one.operation, one.point, one.kind.words()),
        seen: seen.join(", "),
        problem: one.problem(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MS: u64 = 1_000_000;

    fn reference() -> String {
        json!({ "paths": { "/notes": { "post": {
            "parameters": [{ "name": "page", "in": "query" }],
            "requestBody": { "content": { "text/plain": {} } },
            "responses": { "201": {}, "303": {}, "404": {}, "409": {}, "500": {} }
        } } } })
        .to_string()
    }

    fn harmless() -> InjectionSearch {
        let text = reference();
        let reference = Reference::read(&text).unwrap();
        let one = |kind: Injection| InjectionTry {
            status: Some(404),
            took_ns: 3 * MS,
            content: kind.compares().then(|| Digest::of(b"none")),
            signs: Vec::new(),
            repeats_ns: Vec::new(),
        };
        let at = |point: &Point<'_>| -> Vec<Injected> {
            let kinds = Injection::at(point).iter();
            let of = |kind: &Injection| Injected {
                operation: point.operation().into(),
                point: point.words(),
                kind: *kind,
                tries: vec![one(*kind); kind.texts().len()],
            };
            kinds.map(of).collect()
        };
        InjectionSearch { tried: points(&reference).iter().flat_map(at).collect(), reference: text }
    }

    /// What is said of the query's parameter as this kind, after a change.
    fn said(kind: Injection, change: impl FnOnce(&mut [InjectionTry])) -> Option<String> {
        let mut search = harmless();
        let at = search.tried.iter().position(|one| one.kind == kind).unwrap();
        change(&mut search.tried[at].tries);
        let mut cases = cases(&search).unwrap();
        let case = cases.remove(at);
        assert!(cases.iter().all(|other| other.problem.is_none()), "{cases:?}");
        case.problem
    }

    #[test]
    fn what_does_nothing_is_no_injection() {
        let cases = cases(&harmless()).unwrap();
        assert_eq!(cases.len(), 8 + 8 + 1, "the query, the body, the body as XML");
        assert!(cases.iter().all(|case| case.problem.is_none()));
        assert_eq!(cases[0].case, "POST /notes: `page` in the query as SQL");
        assert_eq!(cases[16].case, "POST /notes: the body as XML as an entity");
    }

    #[test]
    fn a_point_is_reached_where_the_good_value_was_let_in() {
        // The query and the body; the body as XML has no good value.
        let at = |statuses: [Option<u64>; 2]| {
            let mut search = harmless();
            let sql = search.tried.iter_mut().filter(|one| one.kind == Injection::Sql);
            sql.zip(statuses).for_each(|(one, status)| one.tries[0].status = status);
            let reached = reached(&search);
            (reached.observed, reached.limit)
        };
        assert_eq!(at([Some(200), Some(404)]), (2, 2));
        assert_eq!(at([Some(303), Some(409)]), (2, 2), "the reference says so");
        for status in [301, 302, 307, 308, 400, 401, 403, 405, 407, 410, 412, 415, 422, 429, 500, 501, 503] {
            assert_eq!(at([Some(200), Some(status)]), (1, 2), "{status}");
        }
        assert_eq!(at([Some(200), None]), (1, 2));
        assert_eq!(at([Some(308), Some(308)]), (0, 2), "both were sent to another address");
        assert_eq!(at([Some(302), Some(302)]), (0, 2), "both were sent to sign in, for all one knows");
        assert_eq!(at([Some(400), Some(404)]), (0, 2));
        assert_eq!(at([Some(404), Some(404)]), (0, 2), "nothing was ever done");
    }

    #[test]
    fn each_sign_is_a_problem() {
        let signs = [Sign::Computed, Sign::FileRead, Sign::Tag, Sign::Field, Sign::SentAway, Sign::Called];
        for sign in signs {
            let problem = said(Injection::Template, |tries| tries[1].signs.push(sign));
            assert_eq!(problem.as_deref(), Some(sign.words()));
        }
        assert_eq!(said(Injection::File, |tries| tries[2].status = None).as_deref(), Some("no reply"));
    }

    #[test]
    fn a_reply_that_waits_whenever_it_is_told_to_is_a_problem() {
        let (quick, slow) = (3 * MS, 2_010 * MS);
        let waited = |repeats: [u64; 2]| {
            said(Injection::Shell, |tries| {
                tries[0].took_ns = slow;
                tries[0].repeats_ns = repeats.to_vec();
            })
        };
        assert!(waited([quick, slow]).unwrap().starts_with("the reply waits for 2 s"));
        for noise in [[slow, slow], [quick, quick], [slow, quick]] {
            assert_eq!(waited(noise), None, "{noise:?}");
        }
    }

    #[test]
    fn a_text_that_decides_like_a_part_of_a_query_is_a_problem() {
        let sql = |change: fn(&mut [InjectionTry])| said(Injection::Sql, change);
        let mark = "one quotation mark is an error of the server, and two are none";
        assert_eq!(sql(|tries| tries[2].status = Some(500)).as_deref(), Some(mark));
        assert_eq!(sql(|tries| tries[2..4].iter_mut().for_each(|one| one.status = Some(500))), None);
        assert_eq!(sql(|tries| tries[..3].iter_mut().for_each(|one| one.status = Some(500))), None);
        let other = |one: &mut InjectionTry| one.content = Some(Digest::of(b"other"));
        for failing in [5, 7] {
            let problem = said(Injection::Sql, |tries| other(&mut tries[failing]));
            assert!(problem.unwrap().starts_with("a condition that holds"), "{failing}");
        }
        let both = said(Injection::Sql, |tries| tries[4..6].iter_mut().for_each(other));
        assert_eq!(both, None, "taken for what it is");
        let restless =
            said(Injection::Sql, |tries| [1, 5].map(|at| other(&mut tries[at])).into_iter().collect());
        assert_eq!(restless, None, "the good reply is never the same");
    }

    #[test]
    fn what_was_not_tried_shows_nothing() {
        let changed = |change: fn(&mut InjectionSearch)| {
            let mut search = harmless();
            change(&mut search);
            cases(&search)
        };
        assert_eq!(changed(|search| drop(search.tried.pop())), None);
        assert_eq!(changed(|search| search.tried.swap(0, 1)), None);
        assert_eq!(changed(|search| search.tried[3].point = "`other` in the query".into()), None);
        assert_eq!(changed(|search| drop(search.tried[4].tries.pop())), None);
        assert_eq!(changed(|search| search.tried[0].tries[6].content = None), None);
        assert_eq!(
            changed(|search| search.tried[2].tries[0].took_ns = WAITED_NS),
            None,
            "nobody repeated it"
        );
        assert_eq!(changed(|search| search.reference = "{\"paths\":{}}".into()), None);
        assert!(changed(|_| ()).is_some());
    }
}
