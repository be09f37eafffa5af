//! Where load may go: a URL taken apart, and whose word it needs.

use std::net::{SocketAddr, ToSocketAddrs as _};

use plimsoll_base::{Kind, Quantity, Unit};

use crate::cli::http_url::{HttpUrl, PORT_DEFAULT, URL_HINT};
use crate::failure::Failure;

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
    /// The target of a URL: nobody has allowed more than this machine.
    pub(super) fn of_url(url: &HttpUrl<'_>) -> Result<Self, Failure> {
        let address = resolve(url.host, url.port)?;
        let host = host_header(url.host, url.port);
        Ok(Self { address, host, is_authorised: false, rate_cap_per_ks: None })
    }

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
