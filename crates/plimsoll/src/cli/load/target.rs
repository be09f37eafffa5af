//! Where load may go: a URL taken apart, and whose word it needs.

use std::net::{SocketAddr, ToSocketAddrs as _};

use plimsoll_base::{Kind, Quantity, Unit};

use crate::failure::Failure;

/// What a URL without a port means.
const PORT_DEFAULT: u16 = 80;
const URL_HINT: &str = "write it like http://127.0.0.1:8080/path";

/// An address that is asked, and what was allowed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) address: SocketAddr,
    /// What stands in the `Host` header.
    pub(super) host: String,
    /// Somebody has allowed load on another machine.
    pub(super) is_authorised: bool,
    /// The highest rate that was allowed.
    pub(super) rate_cap_per_ks: Option<u64>,
}

/// A URL as far as a load needs it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HttpUrl<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    /// Path and query, from the first slash.
    pub(super) path: String,
}

impl<'a> HttpUrl<'a> {
    /// Takes `http://host[:port][/path]` apart.
    pub(super) fn parse(url: &'a str) -> Result<Self, Failure> {
        let wrong = |problem: &str, hint: &str| {
            Err(Failure::new(Kind::Invalid, format!("`{url}` {problem}")).hint(hint))
        };
        if url.starts_with("https://") {
            return wrong(
                "is https",
                "until the next instrument release only http is measured: give the service's own http address",
            );
        }
        let Some(rest) = url.strip_prefix("http://") else { return wrong("is not an http URL", URL_HINT) };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if path.contains('#') {
            return wrong("has a fragment", "what stands after `#` is never sent: leave it out");
        }
        if authority.contains('@') {
            return wrong("holds a user name", "credentials belong in a --header");
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

    /// The target of a URL: nobody has allowed more than this machine.
    pub(super) fn target(&self) -> Result<Target, Failure> {
        let address = resolve(self.host, self.port)?;
        let host = host_header(self.host, self.port);
        Ok(Target { address, host, is_authorised: false, rate_cap_per_ks: None })
    }
}

/// What stands in the `Host` header: the port only where it is not the usual one.
pub(super) fn host_header(host: &str, port: u16) -> String {
    if port == PORT_DEFAULT { host.to_owned() } else { format!("{host}:{port}") }
}

/// The address of a host; a name is looked up.
pub(super) fn resolve(host: &str, port: u16) -> Result<SocketAddr, Failure> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let found = (bare, port).to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| {
        Failure::new(Kind::Invalid, format!("nobody knows an address of `{host}`")).hint(URL_HINT)
    })
}

impl Target {
    /// Refuses load that nobody has allowed. `is_local` tells whether the address is on this machine, `rate_per_ks` is
    /// unknown where the subject sets it.
    pub(super) fn check(&self, is_local: bool, rate_per_ks: Option<u64>) -> Result<(), Failure> {
        let refused = |problem: String, hint: &str| Err(Failure::new(Kind::Invalid, problem).hint(hint));
        if !is_local && !self.is_authorised {
            return refused(
                format!("the target {} is not on this machine", self.address),
                "its owner must allow it: write `authorised_by` and `rate_cap` in [target] of a subject file and \
                 give that with --subject",
            );
        }
        let shown = |amount| Quantity { amount, unit: Unit::PerKs };
        match (rate_per_ks, self.rate_cap_per_ks) {
            (Some(rate), Some(cap)) if rate > cap => refused(
                format!(
                    "the rate {} lies above the `rate_cap` {} of the subject file",
                    shown(rate),
                    shown(cap)
                ),
                "choose a lower --rate",
            ),
            (None, _) if !is_local => refused(
                "a closed loop has no rate that could be held to the `rate_cap`".to_owned(),
                "use --rate on machines that are not this one",
            ),
            (None, Some(_)) => refused(
                "a closed loop has no rate that could be held to the `rate_cap`".to_owned(),
                "use --rate, or give the URL of a service on this machine",
            ),
            _ => Ok(()),
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
    }

    #[test]
    fn other_urls_are_refused_with_a_hint() {
        for (url, problem) in [
            ("https://127.0.0.1/", "is https"),
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

    #[test]
    fn the_host_header_names_an_unusual_port() {
        assert_eq!(host_header("a", 80), "a");
        assert_eq!(host_header("[::1]", 8080), "[::1]:8080");
    }

    #[test]
    fn load_goes_where_it_is_allowed_and_no_faster() {
        let target = |is_authorised, rate_cap_per_ks| Target {
            address: SocketAddr::from(([192, 0, 2, 1], 80)),
            host: "a".into(),
            is_authorised,
            rate_cap_per_ks,
        };
        let (local, remote) = (true, false);
        assert!(target(false, None).check(local, Some(1)).is_ok());
        assert!(target(false, None).check(local, None).is_ok());
        assert!(target(false, None).check(remote, Some(1)).is_err(), "nobody allowed it");
        assert!(target(true, Some(10)).check(remote, Some(10)).is_ok());
        assert!(target(true, Some(10)).check(remote, Some(11)).is_err(), "above the cap");
        assert!(target(true, Some(10)).check(local, Some(11)).is_err(), "above the cap");
        assert!(target(true, Some(10)).check(remote, None).is_err(), "a closed loop has no rate");
        assert!(target(true, Some(10)).check(local, None).is_err(), "a closed loop has no rate");
    }
}
