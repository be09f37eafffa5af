//! Where a subject is reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use plimsoll_base::Unit;
use plimsoll_load::RATE_PER_KS_MAX;

use super::error::FileError;
use super::request::{RATE_PER_KS_MIN, check_path};
use super::subject::Target;
use super::value::Field;

const KEYS: [&str; 4] = ["url", "health", "authorised_by", "rate_cap"];
/// What a URL without a port means.
const PORT_DEFAULT: u16 = 80;
/// RFC 1035: a name has at most so many bytes.
const HOST_BYTES_MAX: usize = 253;
const URL_HINT: &str =
    "write it like \"http://127.0.0.1:8080\", or with {port} for a subject that is started here";

pub(super) fn parse_target(field: &Field<'_>) -> Result<Target, FileError> {
    let table = field.table("[target]", &KEYS)?;
    let url = table.required("url")?;
    let (host, port) = split_url(&url)?;
    let address = parse_host(&url, host)?;
    let health = match table.optional("health") {
        Some(health) => check_path(&health, &[])?,
        None => "/",
    };
    let authorised_by = table.optional("authorised_by");
    let rate_cap = table.optional("rate_cap");
    match (&authorised_by, &rate_cap) {
        (Some(field), None) => {
            let error = field.error("`authorised_by` needs a `rate_cap`");
            return Err(error.with_hint("write how much load was allowed, like rate_cap = \"50/s\""));
        }
        (None, Some(field)) => {
            let error = field.error("`rate_cap` is given, but nobody is named who set it");
            return Err(error.with_hint("add authorised_by = \"who, when\", or remove it"));
        }
        _ => {}
    }
    let cap = |field: Field<'_>| field.quantity_in(Unit::PerKs, RATE_PER_KS_MIN..=RATE_PER_KS_MAX);
    Ok(Target {
        host: host.into(),
        address,
        port,
        health: health.into(),
        authorised_by: authorised_by.map(|field| field.phrase()).transpose()?.map(str::to_owned),
        rate_cap_per_ks: rate_cap.map(cap).transpose()?,
    })
}

/// Host and port of the URL; no port where it is `{port}`.
fn split_url<'a>(field: &Field<'a>) -> Result<(&'a str, Option<u16>), FileError> {
    let url = field.text()?;
    let wrong = |problem: &str, hint: &str| Err(field.error(format!("`url` {problem}")).with_hint(hint));
    if url.starts_with("https://") {
        return wrong("is https", "until the next instrument release only http is measured");
    }
    let Some(rest) = url.strip_prefix("http://") else { return wrong("is not an http URL", URL_HINT) };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains('@') {
        return wrong("holds a user name", "credentials belong in a header of the requests");
    }
    if authority.contains(['/', '?', '#']) {
        return wrong("has a path", "paths belong in `health` and in [[request]]");
    }
    // The colons of an IPv6 address stand within brackets.
    let split = authority.rsplit_once(':').filter(|(_, port)| !port.contains(']'));
    let Some((host, port)) = split else { return Ok((authority, Some(PORT_DEFAULT))) };
    if port == "{port}" {
        return Ok((host, None));
    }
    let is_plain = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>().ok().filter(|port| is_plain && *port > 0) {
        Some(port) => Ok((host, Some(port))),
        None => wrong(&format!("has no port in `:{port}`"), URL_HINT),
    }
}

/// The address that `host` writes; none if it is a name to look up.
fn parse_host(field: &Field<'_>, host: &str) -> Result<Option<IpAddr>, FileError> {
    let in_brackets = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match in_brackets {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None if host == "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    };
    if address.is_some_and(|address| address.is_unspecified()) {
        let error = field.error(format!("`url` names {host}, at which one can listen but not call"));
        return Err(error.with_hint("write 127.0.0.1 for this machine"));
    }
    // A last part of digits alone is a mistyped address: no top-level domain is a number.
    let last_is_number =
        host.rsplit('.').next().is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let is_name = host.len() <= HOST_BYTES_MAX
        && !host.starts_with(['.', '-'])
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    if address.is_none() && (last_is_number || !is_name) {
        return Err(field.error(format!("`url` has no host in {host:?}")).with_hint(URL_HINT));
    }
    Ok(address)
}
