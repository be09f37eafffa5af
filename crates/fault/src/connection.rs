//! One client's connection, from its acceptance to its end.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::exchange::{Link, Next, pass_on_unasked};
use crate::http::Body;
use crate::shared::Shared;
use crate::stream::{Broken, Source};

/// How long a service may take to accept a connection.
const CONNECT_MAX: Duration = Duration::from_secs(30);
/// How long a client may go on sending after the last response. Closing at once would reset its connection, and
/// the reset can overtake the response.
const LINGER_MAX: Duration = Duration::from_secs(1);

/// Serves one client with one connection of its own to the service, so that what either does to its connection
/// happens to the other's.
pub(crate) async fn serve(mut client: TcpStream, shared: &Shared) {
    let end = if shared.on_connection() { Next::Reset } else { relay(&mut client, shared).await };
    if end == Next::Reset {
        // A failure means that the connection is gone already.
        let _ = client.set_zero_linger();
        return;
    }
    if client.shutdown().await.is_ok() {
        let mut ignored = [0; 4096];
        let rest = async { while matches!(client.read(&mut ignored).await, Ok(1..)) {} };
        let _ = timeout(LINGER_MAX, rest).await;
    }
}

async fn relay(client: &mut TcpStream, shared: &Shared) -> Next {
    // A service that refuses a connection is seen to refuse it, before any request.
    let Ok(Ok(mut service)) = timeout(CONNECT_MAX, TcpStream::connect(shared.upstream())).await else {
        return Next::Reset;
    };
    if client.set_nodelay(true).and_then(|()| service.set_nodelay(true)).is_err() {
        return Next::Reset;
    }
    let (client, to_client) = client.split();
    let (service, to_service) = service.split();
    let (client, service) = (Source::new(client), Source::new(service));
    let mut link = Link { client, to_client, service, to_service };
    loop {
        match link.exchange(shared).await {
            Next::Request => {}
            Next::Unread => return tunnel(&mut link, shared, Talks::Unread).await,
            Next::Tunnel => return tunnel(&mut link, shared, Talks::NoHttp).await,
            end => return end,
        }
    }
}

/// What goes through a tunnel.
#[derive(Clone, Copy)]
enum Talks {
    /// Something that was not read as a request; what comes back may be a reply all the same.
    Unread,
    /// Another protocol.
    NoHttp,
}

/// Passes bytes both ways until both sides have closed.
async fn tunnel(link: &mut Link<'_>, shared: &Shared, talks: Talks) -> Next {
    let Link { client, to_client, service, to_service } = link;
    let up = async {
        let count = |bytes| shared.count_to_service(bytes);
        match client.pass_on(0, Body::UntilClose, to_service, count).await {
            // The service wants no more of it, but may say why.
            Err(Broken::SinkFailed) => return Ok(()),
            passed => passed?,
        }
        // It may have closed already.
        let _ = to_service.shutdown().await;
        Ok(())
    };
    let down = async {
        match talks {
            Talks::Unread => pass_on_unasked(service, to_client, shared).await?,
            Talks::NoHttp => {
                let count = |bytes| shared.count_to_client(bytes);
                service.pass_on(0, Body::UntilClose, to_client, count).await?;
            }
        }
        to_client.shutdown().await.map_err(|_| Broken::SinkFailed)
    };
    match tokio::try_join!(up, down) {
        Ok(_) => Next::Close,
        Err(broken) => broken.into(),
    }
}
