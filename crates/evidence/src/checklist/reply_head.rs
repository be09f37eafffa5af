//! Heads of replies: what a browser is told about how far to trust them.
//!
//! The rules are those of the OWASP Secure Headers project and of ASVS 5.0 (3.3, 3.4) that can be decided from a head
//! alone. Over plain HTTP nothing is demanded that needs TLS.

use serde::{Deserialize, Serialize};

use super::CheckedCase;

/// The head of one reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyHead {
    /// What was asked, as `GET /notes`.
    pub request: String,
    /// The reply's status.
    pub status: u64,
    /// The fields in order, names in small letters. Of a cookie the value is replaced by `*`.
    pub fields: Vec<(String, String)>,
}

/// What a head must say, or must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderRule {
    /// A reply with content says of what type it is, and text of which charset.
    ContentType,
    /// A reply with content forbids guessing another type.
    NoSniff,
    /// A page says who may frame it.
    FrameAncestors,
    /// A page has a content security policy.
    ContentSecurityPolicy,
    /// A cookie is out of reach of scripts.
    CookieHttpOnly,
    /// A cookie says whether other sites' requests carry it.
    CookieSameSite,
    /// A reply with a cookie is not kept by caches that many share.
    CookieNotShared,
    /// Nothing tells which version of which program answers.
    NoVersion,
    /// Not every site may read what is answered to those who are signed in.
    NoOpenCredentials,
}

impl HeaderRule {
    /// Every rule.
    pub const ALL: [Self; 9] = [
        Self::ContentType,
        Self::NoSniff,
        Self::FrameAncestors,
        Self::ContentSecurityPolicy,
        Self::CookieHttpOnly,
        Self::CookieSameSite,
        Self::CookieNotShared,
        Self::NoVersion,
        Self::NoOpenCredentials,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::ContentType => "the content's type, and the charset of text",
            Self::NoSniff => "X-Content-Type-Options: nosniff",
            Self::FrameAncestors => "who may frame the page",
            Self::ContentSecurityPolicy => "a content security policy",
            Self::CookieHttpOnly => "cookies out of reach of scripts",
            Self::CookieSameSite => "SameSite of cookies",
            Self::CookieNotShared => "no shared cache for replies with cookies",
            Self::NoVersion => "no version of the program",
            Self::NoOpenCredentials => "no credentials for every origin",
        }
    }

    /// What is wrong with a head by this rule; `None` where the rule has nothing to say of it.
    fn judge(self, head: &ReplyHead) -> Option<Result<(), String>> {
        let demand = |holds: bool, problem: &str| if holds { Ok(()) } else { Err(problem.to_owned()) };
        let applies = match self {
            Self::ContentType | Self::NoSniff => head.has_content(),
            Self::FrameAncestors | Self::ContentSecurityPolicy => head.is_page(),
            Self::CookieHttpOnly | Self::CookieSameSite | Self::CookieNotShared => {
                head.values("set-cookie").next().is_some()
            }
            Self::NoVersion => true,
            Self::NoOpenCredentials => head.has("access-control-allow-credentials", "true"),
        };
        applies.then(|| match self {
            Self::ContentType => head.content_type_problem().map_or(Ok(()), Err),
            Self::NoSniff => demand(head.has("x-content-type-options", "nosniff"), "it is not there"),
            Self::FrameAncestors => {
                let framed = head.directive("frame-ancestors").is_some()
                    || ["deny", "sameorigin"].iter().any(|word| head.has("x-frame-options", word));
                demand(framed, "neither frame-ancestors nor X-Frame-Options")
            }
            Self::ContentSecurityPolicy => head.policy_problem().map_or(Ok(()), Err),
            Self::CookieHttpOnly => head.every_cookie("httponly", |value| value.is_none()),
            Self::CookieSameSite => head.every_cookie("samesite", |value| {
                value.is_some_and(|value| ["lax", "strict"].contains(&value.to_ascii_lowercase().as_str()))
            }),
            Self::CookieNotShared => {
                let kept = head.values("cache-control").flat_map(words).any(|word| word == "public");
                demand(!kept, "Cache-Control: public beside a cookie")
            }
            Self::NoVersion => head.version_problem().map_or(Ok(()), Err),
            Self::NoOpenCredentials => {
                demand(!head.has("access-control-allow-origin", "*"), "every origin, with credentials")
            }
        })
    }
}

impl ReplyHead {
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether a field has this value among its words, in whatever case.
    fn has(&self, name: &str, word: &str) -> bool {
        self.values(name).flat_map(words).any(|found| found == word)
    }

    /// Whether there are bytes after the head that somebody could interpret.
    fn has_content(&self) -> bool {
        let is_empty = self.values("content-length").any(|length| length.trim() == "0");
        !matches!(self.status, 204 | 304) && !is_empty
    }

    /// The media type in small letters, without its parameters.
    pub fn media_type(&self) -> Option<String> {
        let value = self.values("content-type").next()?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    fn is_page(&self) -> bool {
        self.has_content() && self.media_type().is_some_and(|found| found == "text/html")
    }

    fn content_type_problem(&self) -> Option<String> {
        let Some(media_type) = self.media_type() else { return Some("there is no Content-Type".into()) };
        let value = self.values("content-type").next().unwrap_or_default().to_ascii_lowercase();
        let needs_charset = matches!(media_type.as_str(), "text/html" | "text/plain");
        (needs_charset && !value.contains("charset=")).then(|| format!("{media_type} without a charset"))
    }

    /// The value of a directive of the content security policy. Several policies all hold.
    fn directive(&self, name: &str) -> Option<&str> {
        let directives = self.values("content-security-policy").flat_map(|policy| policy.split(';'));
        directives.map(str::trim).find_map(|directive| {
            let (found, value) = directive.split_once(' ').unwrap_or((directive, ""));
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn policy_problem(&self) -> Option<String> {
        if self.values("content-security-policy").next().is_none() {
            return Some("there is none".into());
        }
        let scripts = self.directive("script-src").or_else(|| self.directive("default-src"));
        let Some(scripts) = scripts else { return Some("it lets in every script".into()) };
        let sources: Vec<String> = scripts.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
        let has_nonce =
            sources.iter().any(|source| source.starts_with("'nonce-") || source.starts_with("'sha"));
        let lets_in_all = |source: &String| {
            matches!(source.as_str(), "*" | "http:" | "https:" | "data:")
                || (source == "'unsafe-inline'" && !has_nonce)
        };
        let found = sources.iter().find(|source| lets_in_all(source));
        found.map(|source| format!("it lets in scripts by {source}"))
    }

    /// Whether each cookie has an attribute with such a value; a cookie that is being removed needs none.
    fn every_cookie(&self, name: &str, good: impl Fn(Option<&str>) -> bool) -> Result<(), String> {
        for cookie in self.values("set-cookie") {
            let mut parts = cookie.split(';').map(str::trim);
            let (cookie_name, _) = parts.next().unwrap_or_default().split_once('=').unwrap_or_default();
            let attributes = parts.map(|part| match part.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (part, None),
            });
            let attributes: Vec<(&str, Option<&str>)> = attributes.collect();
            let any = |wanted: &str, good: &dyn Fn(Option<&str>) -> bool| {
                attributes.iter().any(|(found, value)| found.eq_ignore_ascii_case(wanted) && good(*value))
            };
            let is_removed = any("max-age", &|age| age.is_some_and(|age| age.trim() == "0"));
            if !is_removed && !any(name, &good) {
                return Err(format!("the cookie {cookie_name} is without"));
            }
        }
        Ok(())
    }

    fn version_problem(&self) -> Option<String> {
        let telling = ["server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator"];
        let values = telling.iter().flat_map(|name| self.values(name).map(move |value| (name, value)));
        let mut versions = values.filter(|(_, value)| value.contains(|c: char| c.is_ascii_digit()));
        versions.next().map(|(name, value)| format!("{name}: {value}"))
    }
}

/// The words of a list, in small letters.
fn words(value: &str) -> impl Iterator<Item = String> + '_ {
    value.split(',').map(|word| word.trim().to_ascii_lowercase())
}

/// Every rule for every head of which it has something to say; `None` if there is no head.
pub(super) fn cases(heads: &[ReplyHead]) -> Option<Vec<CheckedCase>> {
    let judged = heads.iter().flat_map(|head| {
        HeaderRule::ALL.iter().filter_map(move |rule| {
            let problem = rule.judge(head)?.err();
            let case = format!("{}: {}", head.request, rule.words());
            Some(CheckedCase { case, seen: head.status.to_string(), problem })
        })
    });
    let cases: Vec<CheckedCase> = judged.collect();
    (!cases.is_empty()).then_some(cases)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[(&str, &str)] = &[
        ("content-type", "text/html; charset=utf-8"),
        ("content-length", "12"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'self'; frame-ancestors 'none'"),
        ("set-cookie", "sid=*; Path=/; HttpOnly; SameSite=Lax"),
        ("cache-control", "no-store"),
        ("server", "nginx"),
    ];

    fn head(status: u64, fields: &[(&str, &str)]) -> ReplyHead {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ReplyHead { request: "GET /".into(), status, fields }
    }

    /// The rules that a head breaks.
    fn broken(head: &ReplyHead) -> Vec<HeaderRule> {
        HeaderRule::ALL
            .into_iter()
            .filter(|rule| rule.judge(head).is_some_and(|judged| judged.is_err()))
            .collect()
    }

    /// A good head with one field in another way, or left out.
    fn with(name: &str, value: Option<&str>) -> ReplyHead {
        let mut fields: Vec<(&str, &str)> = GOOD.to_vec();
        fields.retain(|(field, _)| *field != name);
        fields.extend(value.map(|value| (name, value)));
        head(200, &fields)
    }

    #[test]
    fn a_good_head_breaks_no_rule_and_each_rule_is_broken_by_one_field() {
        use HeaderRule::*;
        assert_eq!(broken(&head(200, GOOD)), []);
        let cases: &[(&str, Option<&str>, &[HeaderRule])] = &[
            ("content-type", None, &[ContentType]),
            ("content-type", Some("text/plain"), &[ContentType]),
            ("content-type", Some("application/json"), &[]),
            ("x-content-type-options", None, &[NoSniff]),
            ("x-content-type-options", Some("NoSniff"), &[]),
            ("content-security-policy", None, &[FrameAncestors, ContentSecurityPolicy]),
            ("content-security-policy", Some("frame-ancestors 'self'"), &[ContentSecurityPolicy]),
            (
                "content-security-policy",
                Some("script-src 'self' 'unsafe-inline'; frame-ancestors 'none'"),
                &[ContentSecurityPolicy],
            ),
            (
                "content-security-policy",
                Some("script-src 'nonce-x' 'unsafe-inline'; frame-ancestors 'none'"),
                &[],
            ),
            (
                "content-security-policy",
                Some("default-src *; frame-ancestors 'none'"),
                &[ContentSecurityPolicy],
            ),
            ("set-cookie", Some("sid=*; SameSite=Strict"), &[CookieHttpOnly]),
            ("set-cookie", Some("sid=*; HttpOnly"), &[CookieSameSite]),
            ("set-cookie", Some("sid=*; HttpOnly; SameSite=None"), &[CookieSameSite]),
            ("set-cookie", Some("sid=; Max-Age=0"), &[]),
            ("cache-control", Some("public, max-age=60"), &[CookieNotShared]),
            ("server", Some("nginx/1.22.1"), &[NoVersion]),
            ("x-powered-by", Some("PHP/8.2"), &[NoVersion]),
            ("access-control-allow-origin", Some("*"), &[]),
        ];
        for (name, value, expected) in cases {
            assert_eq!(broken(&with(name, *value)), *expected, "{name}: {value:?}");
        }
        let mut open = with("access-control-allow-origin", Some("*"));
        open.fields.push(("access-control-allow-credentials".into(), "true".into()));
        assert_eq!(broken(&open), [NoOpenCredentials]);
    }

    #[test]
    fn a_second_cookie_is_looked_at_too() {
        let mut two = head(200, GOOD);
        two.fields.push(("set-cookie".into(), "theme=*; SameSite=Lax".into()));
        assert_eq!(broken(&two), [HeaderRule::CookieHttpOnly]);
    }

    #[test]
    fn what_has_no_content_needs_no_type_and_what_is_no_page_no_policy() {
        assert_eq!(broken(&head(204, &[])), []);
        assert_eq!(broken(&head(404, &[("content-length", "0")])), []);
        let json = [("content-type", "application/json"), ("x-content-type-options", "nosniff")];
        assert_eq!(broken(&head(200, &json)), []);
        assert_eq!(broken(&head(200, &json[..1])), [HeaderRule::NoSniff]);
    }

    #[test]
    fn without_a_reply_nothing_is_shown() {
        assert_eq!(cases(&[]), None);
        let found = cases(&[head(200, GOOD), head(404, &[])]).unwrap();
        let problems: Vec<&CheckedCase> = found.iter().filter(|case| case.problem.is_some()).collect();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(found.len() > HeaderRule::ALL.len());
    }
}
