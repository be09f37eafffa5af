//! A port for a subject to listen on.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use crate::Error;

/// A loopback address whose port was free a moment ago. Another program may take it before the subject does; the
/// subject then fails to start, which is reported like any other failure to start.
pub fn free_port() -> Result<SocketAddr, Error> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    bound.map_err(|source| Error::System { action: "find a free port", source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_can_be_bound_and_is_on_loopback() {
        let address = free_port().unwrap();
        assert!(address.ip().is_loopback() && address.port() != 0);
        TcpListener::bind(address).unwrap();
    }
}
