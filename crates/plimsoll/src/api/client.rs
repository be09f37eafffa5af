//! Where a request comes from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::json;

use crate::app::App;
use crate::telemetry::Level;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED: [HeaderName; 3] =
    [FORWARDED_FOR, HeaderName::from_static("forwarded"), HeaderName::from_static("x-real-ip")];

/// Longest part of what a proxy added that stands in the log, in characters.
const HOP_CHARACTERS_MAX: usize = 64;

/// Who sends a request, as far as the network tells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    /// The address that shares and waits are counted by, and that stands in the log and the audit trail.
    pub(crate) address: IpAddr,
    /// Whether it is on this machine: a proxy on it, too, brings requests of others.
    pub(crate) is_local: bool,
}

impl Client {
    /// Who was found to send this request.
    pub(crate) fn of(request: &Request) -> Self {
        let nobody = Self { address: Ipv4Addr::UNSPECIFIED.into(), is_local: false };
        request.extensions().get().copied().unwrap_or(nobody)
    }
}

/// The layer that finds out where a request comes from.
pub(crate) async fn locate(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    if let Some(peer) = request.extensions().get::<SocketAddr>().map(SocketAddr::ip) {
        let (headers, settings) = (request.headers(), &app.settings);
        let forwarded = FORWARDED.into_iter().find(|name| headers.contains_key(name));
        if let Some(header) = forwarded.as_ref().filter(|_| !settings.is_trusted_proxy(peer)) {
            app.told_of_forwarding.call_once(|| tell_of_forwarding(&app, peer, header));
        }
        let is_local =
            peer.to_canonical().is_loopback() && forwarded.is_none() && !settings.is_behind_proxy();
        let (address, unread) = client_address(peer, headers, |address| settings.is_trusted_proxy(address));
        if let Some(hop) = unread {
            app.told_of_unread_hop.call_once(|| tell_of_unread_hop(&app, address, hop));
        }
        request.extensions_mut().insert(Client { address, is_local });
    }
    next.run(request).await
}

/// Behind a proxy that is not known all clients are one: they share what one may have, and wait for each other's
/// mistakes. Told once, or whoever sends such a header could fill the log with it.
fn tell_of_forwarding(app: &App, peer: IpAddr, header: &HeaderName) {
    let peer = peer.to_canonical();
    let hint =
        format!("if {peer} is a proxy of yours, say in the configuration: trusted_proxies = [\"{peer}\"]");
    let said = json!({ "peer": peer, "header": header.as_str(), "hint": hint });
    app.log.tell(Level::Warn, "forwarded address not believed", said);
}

/// A proxy of ours that writes something else than addresses hides its clients behind its own. Told once.
fn tell_of_unread_hop(app: &App, proxy: IpAddr, hop: &str) {
    let hop: String = hop.chars().take(HOP_CHARACTERS_MAX).collect();
    let hint = "have the proxy add the client's address, as 203.0.113.9 or [2001:db8::1]:443";
    let said = json!({ "proxy": proxy, "header": FORWARDED_FOR.as_str(), "found": hop, "hint": hint });
    app.log.tell(Level::Warn, "forwarded address not understood", said);
}

/// The address of the client: the nearest one that is not a proxy of ours. What a stranger writes into the header is to
/// the left of what our proxies add. With it what such a proxy added, if that is no address.
fn client_address(
    peer: IpAddr,
    headers: &HeaderMap,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> (IpAddr, Option<&str>) {
    let mut address = peer.to_canonical();
    let values = headers.get_all(FORWARDED_FOR).into_iter().map(|value| value.to_str().unwrap_or_default());
    let hops: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    for hop in hops.into_iter().rev() {
        if !is_trusted(address) {
            break;
        }
        let Some(next) = hop_address(hop) else { return (address, Some(hop)) };
        address = next.to_canonical();
    }
    (address, None)
}

/// An address; some proxies add the port, or write brackets.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| hop.parse().ok().map(|address: SocketAddr| address.ip()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// A limiter once believed whatever X-Forwarded-For said.
    #[test]
    fn a_forwarded_address_counts_only_from_a_proxy_that_is_trusted() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let trusted = |address: IpAddr| address.to_string().starts_with("10.");
        let found = |peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
            }
            let (address, unread) = client_address(ip(peer), &headers, trusted);
            format!("{address}{}", unread.map(|hop| format!(" after {hop}")).unwrap_or_default())
        };
        assert_eq!(found("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(found("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &["1.2.3.4, 203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &["1.2.3.4", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &["nonsense, 10.0.0.2"]), "10.0.0.2 after nonsense");
        assert_eq!(found("10.0.0.1", &["nonsense, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &["203.0.113.9:4711, 10.0.0.2:80"]), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &["[2001:db8::1]:80"]), "2001:db8::1");
        assert_eq!(found("10.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(found("10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(found("10.0.0.1", &["203.0.113.9:"]), "10.0.0.1 after 203.0.113.9:");
        assert_eq!(found("10.0.0.1", &["::ffff:203.0.113.9"]), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &[]), "10.0.0.1");
    }
}
