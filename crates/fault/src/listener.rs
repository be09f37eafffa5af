//! Accepts connections until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::connection::serve;
use crate::shared::Shared;

/// More than any load here opens. Further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 4_096;
/// After a failure to accept, which is most often a lack of file descriptors: others must close first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Runs until the other end of `stop` is dropped. All connections end with it.
pub(crate) async fn run(listener: TcpListener, shared: Arc<Shared>, mut stop: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => return,
            // Only frees what an ended connection held.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((client, _)) => {
                    let shared = Arc::clone(&shared);
                    connections.spawn(async move { serve(client, &shared).await });
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
}
