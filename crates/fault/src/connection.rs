//! One client's connection, from its acceptance to its end.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::exchange::{Link, Next};
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
            Next::Tunnel => return tunnel(&mut link, shared).await,
            end => return end,
        }
    }
}

/// Passes bytes both ways until both sides have closed.
async fn tunnel(link: &mut Link<'_>, shared: &Shared) -> Next {
    let Link { client, to_client, service, to_service } = link;
    let up = async {
        client.pass_on(0, Body::UntilClose, to_service, |bytes| shared.count_to_service(bytes)).await?;
        to_service.shutdown().await.map_err(|_| Broken::SinkFailed)
    };
    let down = async {
        service.pass_on(0, Body::UntilClose, to_client, |bytes| shared.count_to_client(bytes)).await?;
        to_client.shutdown().await.map_err(|_| Broken::SinkFailed)
    };
    match tokio::try_join!(up, down) {
        Ok(_) => Next::Close,
        Err(broken) => broken.into(),
    }
}
