//! A URL that was typed, taken apart: one reading of it for `load` and `certify`.

use plimsoll_base::Kind;

use crate::failure::Failure;

/// What a URL without a port means.
pub(crate) const PORT_DEFAULT: u16 = 80;
pub(crate) const URL_HINT: &str = "write it like http://127.0.0.1:8080/path";

/// A URL as far as load needs it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HttpUrl<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// Path and query, from the first slash.
    pub(crate) path: String,
}

impl<'a> HttpUrl<'a> {
    /// Takes `http://host[:port][/path]` apart.
    pub(crate) fn parse(url: &'a str) -> Result<Self, Failure> {
        let wrong = |problem: &str, hint: &str| {
            Err(Failure::new(Kind::Invalid, format!("`{url}` {problem}")).hint(hint))
        };
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        if scheme.eq_ignore_ascii_case("https") {
            return wrong(
                "is https",
                "until the next instrument release only http is measured: give the service's own http address",
            );
        }
        if !scheme.eq_ignore_ascii_case("http") {
            return wrong("is not an http URL", URL_HINT);
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if path.contains('#') {
            return wrong("has a fragment", "what stands after `#` is never sent: leave it out");
        }
        if authority.contains('@') {
            return wrong("holds a user name", "credentials belong in a header of the requests");
        }
        // The colons of an IPv6 address stand within brackets.
        let split = authority.rsplit_once(':').filter(|(_, port)| !port.contains(']'));
        let (host, port) = split.map_or((authority, None), |(host, port)| (host, Some(port)));
        let is_plain = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
        let port = match port {
            None => Some(PORT_DEFAULT),
            Some(text) => Some(text).filter(is_plain).and_then(|text| text.parse().ok()),
        };
        match port {
            _ if host.is_empty() => wrong("names no host", URL_HINT),
            None | Some(0) => wrong("has a port that is none", URL_HINT),
            Some(port) => {
                let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
                Ok(Self { host, port, path })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> (&str, u16, String) {
        let HttpUrl { host, port, path } = HttpUrl::parse(url).unwrap();
        (host, port, path)
    }

    #[test]
    fn urls_are_taken_apart() {
        assert_eq!(parts("http://127.0.0.1:8080/a?b=c"), ("127.0.0.1", 8080, "/a?b=c".into()));
        assert_eq!(parts("http://localhost"), ("localhost", 80, "/".into()));
        assert_eq!(parts("http://localhost?q"), ("localhost", 80, "/?q".into()));
        assert_eq!(parts("http://[::1]:81/n{seq}"), ("[::1]", 81, "/n{seq}".into()));
        assert_eq!(parts("http://[::1]/"), ("[::1]", 80, "/".into()));
        assert_eq!(parts("HTTP://127.0.0.1/"), ("127.0.0.1", 80, "/".into()), "a scheme has no case");
    }

    #[test]
    fn other_urls_are_refused_with_a_hint() {
        for (url, problem) in [
            ("https://127.0.0.1/", "is https"),
            ("HTTPS://127.0.0.1/", "is https"),
            ("127.0.0.1:80", "not an http URL"),
            ("ftp://a/", "not an http URL"),
            ("", "not an http URL"),
            ("http://", "no host"),
            ("http:///x", "no host"),
            ("http://:80/", "no host"),
            ("http://a:/", "a port that is none"),
            ("http://a:0/", "a port that is none"),
            ("http://a:+80/", "a port that is none"),
            ("http://a:70000/", "a port that is none"),
            ("http://u@a/", "a user name"),
            ("http://u:p@a/", "a user name"),
            ("http://a/#top", "a fragment"),
        ] {
            let failure = HttpUrl::parse(url).unwrap_err();
            assert_eq!(failure.kind, Kind::Invalid, "{url}");
            assert!(failure.message.contains(problem) && failure.hint.is_some(), "{url}: {failure:?}");
        }
    }
}
