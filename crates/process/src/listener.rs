//! Who listens at an address, as `/proc` tells it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::process_table::Process;

/// The state `TCP_LISTEN` of the kernel, as `/proc/net/tcp` writes it.
const LISTEN: &str = "0A";

/// A socket that listens: where, and the number under which the kernel keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listener {
    address: SocketAddr,
    inode: u64,
}

impl Listener {
    /// Reads one line of `/proc/net/tcp` or `/proc/net/tcp6`. `None` if it shows no listener.
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if *fields.get(3)? != LISTEN {
            return None;
        }
        let (ip, port) = fields.get(1)?.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        Some(Self { address: SocketAddr::new(parse_ip(ip)?, port), inode: fields.get(9)?.parse().ok()? })
    }
}

/// The kernel writes an address as numbers of 32 bits, each in the order of bytes of the machine.
fn parse_ip(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let word = u32::from_str_radix(hex.get(at..at + 8)?, 16).ok()?;
        Some(word.to_ne_bytes())
    };
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Some(Ipv6Addr::from(bytes).to_canonical())
        }
        _ => None,
    }
}

/// Whether a connection to `address` is for certain taken by somebody else than `members`. Where that cannot be told,
/// because the listener is of another network or the members are of another user, it is not certain.
pub(crate) fn is_foreign(address: SocketAddr, members: &[Process]) -> bool {
    let Ok(sockets) = sockets(members) else { return false };
    answering(address, &all()).iter().any(|inode| !sockets.contains(inode))
}

/// The sockets that the members hold.
fn sockets(members: &[Process]) -> io::Result<BTreeSet<u64>> {
    let mut sockets = BTreeSet::new();
    for member in members {
        sockets.extend(member.sockets()?);
    }
    Ok(sockets)
}

/// Every listener of this network namespace that can be seen.
fn all() -> Vec<Listener> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"].map(read);
    tables.iter().flat_map(|table| table.lines()).filter_map(Listener::parse).collect()
}

/// The sockets to which the kernel gives connections to `address`: those bound to it, else those bound to every address
/// of its kind, else those bound to every address.
fn answering(address: SocketAddr, listeners: &[Listener]) -> Vec<u64> {
    let ip = address.ip().to_canonical();
    let every = if ip.is_ipv4() { IpAddr::from(Ipv4Addr::UNSPECIFIED) } else { Ipv6Addr::UNSPECIFIED.into() };
    let bound_to = |ip: IpAddr| -> Vec<u64> {
        let bound = listeners.iter().filter(|it| it.address == SocketAddr::new(ip, address.port()));
        bound.map(|it| it.inode).collect()
    };
    let choices = [ip, every, Ipv6Addr::UNSPECIFIED.into()].map(bound_to);
    choices.into_iter().find(|inodes| !inodes.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINE: &str = "   2: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 \
                        0000000000000000 100 0 0 10 0";

    #[test]
    #[cfg(target_endian = "little")]
    fn reads_a_listener_and_nothing_else() {
        let found = Listener::parse(LINE).unwrap();
        assert_eq!(found, Listener { address: ([127, 0, 0, 1], 8080).into(), inode: 4711 });
        let six = LINE.replace("0100007F", "00000000000000000000000001000000");
        assert_eq!(Listener::parse(&six).unwrap().address, "[::1]:8080".parse().unwrap());
        let mapped = LINE.replace("0100007F", "0000000000000000FFFF00000100007F");
        assert_eq!(Listener::parse(&mapped).unwrap().address, found.address);
        assert_eq!(Listener::parse(&LINE.replace(" 0A ", " 06 ")), None);
        assert_eq!(Listener::parse("  sl  local_address rem_address   st tx_queue rx_queue"), None);
    }

    #[test]
    fn a_connection_goes_to_the_closest_address() {
        let at = |address: &str, inode| Listener { address: address.parse().unwrap(), inode };
        let all = [at("[::]:80", 1), at("0.0.0.0:80", 2), at("127.0.0.1:80", 3), at("127.0.0.1:81", 4)];
        let to = |address: &str, all: &[Listener]| answering(address.parse().unwrap(), all);
        assert_eq!(to("127.0.0.1:80", &all), [3]);
        assert_eq!(to("127.0.0.2:80", &all), [2]);
        assert_eq!(to("127.0.0.1:80", &all[..1]), [1]);
        assert_eq!(to("[::1]:80", &all), [1]);
        assert_eq!(to("127.0.0.1:82", &all), [0; 0]);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,200}", cut in 0..LINE.len()) {
            let _ = Listener::parse(&text);
            let _ = Listener::parse(&LINE[..cut]);
        }
    }
}
