//! A port for a subject to listen on.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::Error;

/// A connection to this machine takes microseconds; to another one, if anything listens there, less than this.
const CONNECT_TIME: Duration = Duration::from_secs(1);

/// A loopback address whose port was free a moment ago. Another program may take it before the subject does: who
/// relies on the port asks [`is_listened_at`] before the start and [`Child::is_impersonated_at`] after it.
///
/// [`Child::is_impersonated_at`]: crate::Child::is_impersonated_at
pub fn free_port() -> Result<SocketAddr, Error> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    bound.map_err(|source| Error::System { action: "find a free port", source })
}

/// Whether a program takes connections at this address.
pub fn is_listened_at(address: SocketAddr) -> bool {
    // A connection that happens to get its own target as its source port is connected to itself.
    TcpStream::connect_timeout(&address, CONNECT_TIME)
        .is_ok_and(|stream| stream.local_addr().is_ok_and(|local| local != address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_can_be_bound_and_is_on_loopback() {
        let address = free_port().unwrap();
        assert!(address.ip().is_loopback() && address.port() != 0);
        assert!(!is_listened_at(address));
        let listener = TcpListener::bind(address).unwrap();
        assert!(is_listened_at(address));
        drop(listener);
        assert!(!is_listened_at(address));
    }
}
