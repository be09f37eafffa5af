//! A line for each note that was written, sent to a collector; and the collector.
//!
//! A write does not wait for the collector: its line is lost where there is none. That nobody collects is what the health
//! check tells.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Error;

/// Lines that wait to be sent. More are lost, as they are without a collector.
const LINES_MAX: usize = 1_024;
/// A collector beside the service answers within a millisecond; one that needs so long is as good as gone.
const ANSWER_MAX: Duration = Duration::from_millis(500);
const WRITTEN: &[u8] = b"written\n";
const QUESTION: &[u8] = b"ping\n";
const ANSWER: &str = "pong\n";

/// The way to the collector.
#[derive(Debug, Clone)]
pub(crate) struct Audit {
    collector: SocketAddr,
    lines: SyncSender<()>,
}

impl Audit {
    /// Sends lines from a thread of its own, over one connection as long as it lasts.
    pub(crate) fn start(collector: SocketAddr) -> Self {
        let (lines, waiting) = sync_channel(LINES_MAX);
        std::thread::spawn(move || send(collector, &waiting));
        Self { collector, lines }
    }

    /// Notes that something was written.
    pub(crate) fn note(&self) {
        // A full queue loses the line: a write shall not wait for it.
        let _ = self.lines.try_send(());
    }

    /// Whether the collector answers now.
    pub(crate) async fn answers(&self) -> bool {
        let asked = async {
            let mut connection = TcpStream::connect(self.collector).await?;
            connection.write_all(QUESTION).await?;
            let mut answer = String::new();
            BufReader::new(connection).read_line(&mut answer).await?;
            Ok::<_, std::io::Error>(answer == ANSWER)
        };
        matches!(timeout(ANSWER_MAX, asked).await, Ok(Ok(true)))
    }
}

/// Ends when the service does: nobody waits for lines that nobody takes.
fn send(collector: SocketAddr, waiting: &Receiver<()>) {
    let mut connection = None;
    while waiting.recv().is_ok() {
        if connection.is_none() {
            connection = std::net::TcpStream::connect_timeout(&collector, ANSWER_MAX).ok();
        }
        if let Some(stream) = &mut connection
            && stream.write_all(WRITTEN).is_err()
        {
            connection = None;
        }
    }
}

/// Collects lines at `listen` until it is ended: reads them, and answers who asks whether it is there.
pub fn collect(listen: SocketAddr) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Error::System { action: "start the runtime", source })?;
    let failed = |source| Error::Listen { address: listen, source };
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                // Only frees what an ended connection held.
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => {
                    connections.spawn(answer(accepted.map_err(failed)?.0));
                }
            }
        }
    })
}

async fn answer(connection: TcpStream) {
    let mut connection = BufReader::new(connection);
    let mut line = String::new();
    while matches!(connection.read_line(&mut line).await, Ok(1..)) {
        if line.as_bytes() == QUESTION && connection.write_all(ANSWER.as_bytes()).await.is_err() {
            return;
        }
        line.clear();
    }
}
