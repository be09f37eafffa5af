//! What the instrument asks of this machine: whether a target is on it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Whether `address` is on this machine: loopback, or an address of one of its interfaces.
///
/// The kernel is asked which source address it would use; for an address of its own that is the address itself.
/// Nothing is sent.
pub fn is_this_machine(address: &SocketAddr) -> bool {
    let ip = address.ip().to_canonical();
    if ip.is_loopback() || ip.is_unspecified() {
        return true;
    }
    let any: IpAddr = if ip.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let source = UdpSocket::bind((any, 0)).and_then(|socket| {
        // A port that is never used: connecting a datagram socket only chooses a route.
        socket.connect(SocketAddr::new(ip, 9))?;
        socket.local_addr()
    });
    source.is_ok_and(|source| source.ip() == ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> bool {
        is_this_machine(&text.parse().unwrap())
    }

    #[test]
    fn loopback_is_this_machine_in_every_spelling() {
        for text in
            ["127.0.0.1:80", "127.9.8.7:80", "[::1]:80", "0.0.0.0:80", "[::]:80", "[::ffff:127.0.0.1]:80"]
        {
            assert!(local(text), "{text}");
        }
    }

    #[test]
    fn other_machines_are_not() {
        // Documentation, private and multicast ranges; none of them is ever sent to.
        for text in
            ["192.0.2.1:80", "198.51.100.7:80", "[2001:db8::1]:80", "224.0.0.1:80", "255.255.255.255:80"]
        {
            assert!(!local(text), "{text}");
        }
    }

    #[test]
    fn an_address_of_an_interface_is_this_machine() {
        // The address from which this machine would talk to the world, where it has one.
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        if socket.connect("192.0.2.1:9").is_ok() {
            assert!(is_this_machine(&socket.local_addr().unwrap()));
        }
    }
}
