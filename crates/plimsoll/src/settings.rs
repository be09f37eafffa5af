//! How a server is set up: its configuration file, and what the command line says instead.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use plimsoll_base::Kind;
use plimsoll_certify::register::Rules as SubjectRules;
use plimsoll_identity::{RoleName, Rules};
use plimsoll_policy::Role;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::input::read_text;
use crate::state;

/// Where it listens unless it is told otherwise: only this machine can ask.
const LISTEN: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7_433));
/// Longest idle time of a session, in minutes: a day.
const IDLE_MINUTES_MAX: u64 = 1_440;
/// Longest session, in hours: thirty days.
const ABSOLUTE_HOURS_MAX: u64 = 720;

/// The configuration file. Everything in it may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<Listen>,
    data: Option<PathBuf>,
    credential: Option<PathBuf>,
    public_url: Option<PublicUrl>,
    trusted_proxies: Vec<Network>,
    without_tls: bool,
    tls: Option<TlsFiles>,
    sign_in: SignIn,
    certify: Certify,
}

/// The certificate and its private key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SignIn {
    second_factor_for: BTreeSet<String>,
    idle_minutes: u64,
    absolute_hours: u64,
}

impl Default for SignIn {
    fn default() -> Self {
        let rules = Rules::default();
        let (idle_minutes, absolute_hours) = (rules.idle_ms / 60_000, rules.absolute_ms / 3_600_000);
        Self { second_factor_for: BTreeSet::new(), idle_minutes, absolute_hours }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Certify {
    subjects_may_start_programs: bool,
    subjects_may_reach_other_machines: bool,
}

/// Where to listen: an address with a port. `localhost` is the one name that is the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Listen(SocketAddr);

/// The address under which people reach the server, if that is not where it listens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PublicUrl {
    /// Without the slash at the end.
    text: String,
    host: String,
}

/// A network, as `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Network {
    address: IpAddr,
    bits: u8,
}

/// How a server is set up.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    /// The journal, certificates, keys under their seal.
    pub(crate) data: PathBuf,
    /// The file that unseals the keys; never in `data`.
    pub(crate) credential: PathBuf,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) rules: Rules,
    /// What subjects that are written over the API may do.
    pub(crate) subjects: SubjectRules,
}

/// What the command line says.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) config: Option<PathBuf>,
    pub(crate) listen: Option<Listen>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) without_tls: bool,
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = match text.split_once(':') {
            Some((host, port)) if host.eq_ignore_ascii_case("localhost") => {
                port.parse().ok().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            }
            _ => text.parse().ok(),
        };
        address.map(Self).ok_or_else(|| {
            format!(
                "`{text}` is no address to listen on: want one with a port, as 127.0.0.1:7433, [::1]:7433 or \
                 localhost:7433; for every address of this machine 0.0.0.0:7433 or [::]:7433"
            )
        })
    }
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no address of a server: want https://HOST or http://HOST, with a port if need be"
            )
        };
        let rest =
            text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(wrong)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let host = host_of(rest).filter(|host| !host.is_empty() && !rest.contains(['/', '?', '#', '@', ' ']));
        let host = host.ok_or_else(wrong)?.to_ascii_lowercase();
        Ok(Self { text: text.trim_end_matches('/').to_owned(), host })
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no network: want one like 10.0.0.0/8, or an address");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text.as_str(), None),
        };
        let address = address.parse::<IpAddr>().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits <= most { Ok(Self { address, bits }) } else { Err(wrong()) }
    }
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        let (own, other, width) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (own.to_bits().into(), other.to_bits().into(), 32),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        let shift = u32::from(width - self.bits);
        u128::checked_shr(own, shift).unwrap_or(0) == u128::checked_shr(other, shift).unwrap_or(0)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The host of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host_of(authority: &str) -> Option<&str> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        return (port.is_empty() || is_port(port.strip_prefix(':')?)).then_some(host);
    }
    match authority.split_once(':') {
        Some((host, port)) => is_port(port).then_some(host),
        None => Some(authority),
    }
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

impl Settings {
    /// Reads what is written and what is said; what is said holds.
    pub(crate) fn read(said: Said) -> Result<Self, Failure> {
        let (file, base) = match &said.config {
            Some(path) => (parse(&path.display().to_string(), &read_text(path)?)?, path.parent()),
            None => (File::default(), None),
        };
        // Whoever reads one of them later may stand elsewhere.
        let whole = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let beside = |path: PathBuf| base.map_or(path.clone(), |base| base.join(&path));
        let data = state::data(said.data.or(file.data.map(beside)))?;
        let settings = Self {
            listen: said.listen.or(file.listen).map_or(LISTEN, |Listen(address)| address),
            credential: whole(file.credential.map_or_else(state::credential, |path| Ok(beside(path)))?),
            data: whole(data),
            public_url: file.public_url,
            trusted_proxies: file.trusted_proxies,
            tls: file.tls.map(|tls| TlsFiles { certificate: beside(tls.certificate), key: beside(tls.key) }),
            rules: rules(&file.sign_in)?,
            subjects: SubjectRules {
                subjects_may_start_programs: file.certify.subjects_may_start_programs,
                subjects_may_reach_other_machines: file.certify.subjects_may_reach_other_machines,
            },
        };
        settings.check(said.without_tls || file.without_tls)
    }

    fn check(self, without_tls: bool) -> Result<Self, Failure> {
        if !self.listen.ip().is_loopback() && self.tls.is_none() && !without_tls {
            let message = format!("{} can be reached from other machines, and there is no TLS", self.listen);
            return Err(Failure::new(Kind::Invalid, message).hint(
                "give `[tls] certificate` and `key` in the configuration; or say --without-tls if a proxy on the way \
                 does it",
            ));
        }
        let (data, credential) = (absolute(&self.data), absolute(&self.credential));
        if credential.starts_with(&data) {
            let message = format!("{} lies within {}", credential.display(), data.display());
            let hint = "whoever has a copy of the data must not have what unseals its keys: put it elsewhere";
            return Err(Failure::new(Kind::Invalid, message).hint(hint));
        }
        Ok(self)
    }

    /// Where people find it. To ask for every address is no address to ask at: then it is this machine's own.
    pub(crate) fn url(&self, mut listening: SocketAddr) -> String {
        if listening.ip().is_unspecified() {
            let own: IpAddr =
                if listening.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
            listening.set_ip(own);
        }
        match &self.public_url {
            Some(url) => url.to_string(),
            None if self.tls.is_some() => format!("https://{listening}"),
            None => format!("http://{listening}"),
        }
    }

    /// Whether browsers reach it over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        match &self.public_url {
            Some(url) => url.text.starts_with("https:"),
            None => self.tls.is_some(),
        }
    }

    /// The name of a session's cookie. With the prefix, no other host of the domain can set it.
    pub(crate) fn cookie_name(&self) -> &'static str {
        if self.is_secure() { "__Host-plimsoll" } else { "plimsoll" }
    }

    pub(crate) fn is_trusted_proxy(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }

    /// Whether something on the way brings the requests of others, as far as the settings say.
    pub(crate) fn is_behind_proxy(&self) -> bool {
        self.public_url.is_some() || !self.trusted_proxies.is_empty()
    }

    /// Whether the server answers to a name. A site that has its own name point at this machine is not answered: an
    /// address as such, and `localhost`, can belong to nobody else.
    pub(crate) fn is_known_host(&self, authority: &str) -> bool {
        let Some(host) = host_of(authority) else { return false };
        host.parse::<IpAddr>().is_ok()
            || host.eq_ignore_ascii_case("localhost")
            || self.public_url.as_ref().is_some_and(|url| url.host.eq_ignore_ascii_case(host))
    }
}

fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // Of a file that is not there yet, its folder may be.
    path.canonicalize().unwrap_or_else(|_| match (path.parent().map(Path::canonicalize), path.file_name()) {
        (Some(Ok(parent)), Some(name)) => parent.join(name),
        _ => path,
    })
}

fn rules(file: &SignIn) -> Result<Rules, Failure> {
    let invalid = |message: String| Failure::new(Kind::Invalid, message);
    let role = |name: &String| {
        let known =
            name.parse::<Role>().map_err(|error| invalid(format!("sign_in.second_factor_for: {error}")))?;
        RoleName::new(known.name()).map_err(|error| invalid(error.to_string()))
    };
    if !(1..=IDLE_MINUTES_MAX).contains(&file.idle_minutes) {
        return Err(invalid(format!("sign_in.idle_minutes is between 1 and {IDLE_MINUTES_MAX}")));
    }
    if !(1..=ABSOLUTE_HOURS_MAX).contains(&file.absolute_hours) {
        return Err(invalid(format!("sign_in.absolute_hours is between 1 and {ABSOLUTE_HOURS_MAX}")));
    }
    Ok(Rules {
        idle_ms: file.idle_minutes * 60_000,
        absolute_ms: file.absolute_hours * 3_600_000,
        second_factor_for: file.second_factor_for.iter().map(role).collect::<Result<_, _>>()?,
        must_remain: Some(role(&Role::Administrator.name().to_owned())?),
    })
}

fn parse(name: &str, text: &str) -> Result<File, Failure> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let before = text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let message = error.message().lines().next().unwrap_or_default();
        let failure = Failure::new(Kind::Invalid, format!("{name}:{line}:{column}: {message}"));
        match nearest(message) {
            Some(known) => failure.hint(format!("did you mean `{known}`?")),
            None => failure,
        }
    })
}

/// Of a message like "unknown field `a`, expected one of `b`, `c`" the known name that is nearest.
fn nearest(message: &str) -> Option<&str> {
    const SLIPS_MAX: usize = 3;
    let mut names = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let found = names.next()?;
    let near = names.map(|name| (strsim::osa_distance(found, name), name));
    near.filter(|(slips, _)| *slips <= SLIPS_MAX).min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Settings, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plimsoll.toml");
        std::fs::write(&path, text).unwrap();
        let elsewhere = folder.path().join("elsewhere/credential");
        let text = format!("credential = {elsewhere:?}\ndata = \"data\"\n{text}");
        std::fs::write(&path, text).unwrap();
        Settings::read(Said { config: Some(path), ..Said::default() })
    }

    #[test]
    fn what_is_wrong_in_the_file_is_shown_where_it_is() {
        let wrong = [
            (
                "lisen = \"127.0.0.1:1\"",
                "plimsoll.toml:3:1: unknown field `lisen`",
                Some("did you mean `listen`?"),
            ),
            ("listen = \"here\"", "plimsoll.toml:3:10: `here` is no address to listen on", None),
            ("listen = \"example.org:80\"", "want one with a port, as 127.0.0.1:7433", None),
            ("listen = \"localhost\"", "localhost:7433", None),
            ("listen = \"localhost:x\"", "localhost:7433", None),
            ("[tls]\ncertificate = \"a\"", "plimsoll.toml:3:1: missing field `key`", None),
            ("trusted_proxies = [\"10.0.0.0/33\"]", "is no network", None),
            ("public_url = \"ftp://x\"", "is no address of a server", None),
            ("public_url = \"https://x/y\"", "is no address of a server", None),
            ("[sign_in]\nidle_minutes = 0", "between 1 and 1440", None),
            ("[sign_in]\nsecond_factor_for = [\"root\"]", "there is no role `root`", None),
            ("listen = \"0.0.0.0:80\"", "there is no TLS", None),
        ];
        for (text, said, hint) in wrong {
            let failure = settings(text).unwrap_err();
            assert_eq!(failure.kind, Kind::Invalid);
            assert!(failure.message.contains(said), "{text}: {}", failure.message);
            assert!(hint.is_none() || failure.hint.as_deref() == hint, "{text}: {:?}", failure.hint);
        }
    }

    #[test]
    fn localhost_is_loopback_whatever_a_resolver_says() {
        for (text, address) in [("localhost:80", "127.0.0.1:80"), ("LocalHost:0", "127.0.0.1:0")] {
            assert_eq!(text.parse(), Ok(Listen(address.parse().unwrap())));
        }
        assert_eq!("[::1]:80".parse(), Ok(Listen("[::1]:80".parse().unwrap())));
        assert_eq!(settings("listen = \"localhost:81\"").unwrap().listen.to_string(), "127.0.0.1:81");
    }

    #[test]
    fn every_address_is_found_at_this_machines_own() {
        let plain = settings("listen = \"0.0.0.0:81\"\nwithout_tls = true").unwrap();
        let url = |listening: &str| plain.url(listening.parse().unwrap());
        assert_eq!(url("0.0.0.0:81"), "http://127.0.0.1:81");
        assert_eq!(url("[::]:81"), "http://[::1]:81");
        assert_eq!(url("192.0.2.1:81"), "http://192.0.2.1:81");
        let named = settings("public_url = \"https://plimsoll.example\"").unwrap();
        assert_eq!(named.url("0.0.0.0:81".parse().unwrap()), "https://plimsoll.example");
    }

    #[test]
    fn what_unseals_the_keys_does_not_lie_with_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plimsoll.toml");
        for credential in ["data/credential", "data/../data/x", "./data/deep/credential"] {
            std::fs::create_dir_all(folder.path().join("data")).unwrap();
            std::fs::write(&path, format!("credential = \"{credential}\"\ndata = \"data\"")).unwrap();
            let failure = Settings::read(Said { config: Some(path.clone()), ..Said::default() }).unwrap_err();
            assert!(failure.message.contains("lies within"), "{credential}: {}", failure.message);
        }
    }

    /// A site can have its own name point at this machine; then its pages would be ours.
    #[test]
    fn only_names_that_can_be_nobody_elses_are_answered_to() {
        let ours = settings("public_url = \"https://Plimsoll.example:8443\"").unwrap();
        for host in ["plimsoll.example", "PLIMSOLL.example:8443", "127.0.0.1:7433", "[::1]:7433", "localhost"]
        {
            assert!(ours.is_known_host(host), "{host}");
        }
        for host in [
            "evil.example",
            "plimsoll.example.evil.example",
            "127.0.0.1.evil.example",
            "",
            "[::1",
            "a:b",
            "localhost:x",
        ] {
            assert!(!ours.is_known_host(host), "{host}");
        }
        assert_eq!(ours.cookie_name(), "__Host-plimsoll");
    }

    #[test]
    fn a_network_holds_its_addresses() {
        let holds = |network: &str, address: &str| {
            Network::try_from(network.to_owned()).unwrap().contains(address.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.255.0.1") && holds("10.0.0.0/8", "::ffff:10.0.0.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.1") && !holds("10.0.0.0/8", "::1"));
        assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.6"));
        assert!(holds("::/0", "2001:db8::1") && !holds("::/0", "1.2.3.4") && holds("0.0.0.0/0", "1.2.3.4"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::") && !holds("2001:db8::/32", "2001:db9::"));
    }
}
