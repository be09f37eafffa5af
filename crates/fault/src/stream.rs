//! One direction of one connection: bytes come in, whole messages go on.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::tcp::ReadHalf;

use crate::bend::Bend;
use crate::http::{Body, HEAD_BYTES_MAX};

/// One read. Together with a head that is being completed it bounds what a direction holds in memory.
const READ_BYTES: usize = 32 * 1024;

/// Why a message did not get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The sender closed its connection in good order, before the message's end.
    SourceClosed,
    /// The sender's connection failed.
    SourceFailed,
    /// The receiver's connection failed.
    SinkFailed,
    /// The sender did not speak HTTP/1.1.
    Malformed,
}

/// The reading half of a connection, with what has been read and not yet been passed on.
pub(crate) struct Source<'a> {
    half: ReadHalf<'a>,
    buffer: Vec<u8>,
    /// What becomes of bodies as they are passed on.
    bend: Option<Bend>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(half: ReadHalf<'a>) -> Self {
        Self { half, buffer: Vec::with_capacity(READ_BYTES), bend: None }
    }

    /// What has been read and not been passed on.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.buffer.drain(..count);
    }

    /// Puts other bytes in the place of the first `count`.
    pub(crate) fn replace(&mut self, count: usize, bytes: Vec<u8>) {
        self.buffer.splice(..count, bytes);
    }

    /// Bends the body that is passed on next, or no body any more.
    pub(crate) fn set_bend(&mut self, bend: Option<Bend>) {
        self.bend = bend;
    }

    /// Reads more. Loses nothing when it is cancelled.
    pub(crate) async fn fill(&mut self) -> Result<(), Broken> {
        // A head is refused when it reaches its bound, and a body is passed on before more is read.
        debug_assert!(self.buffer.len() < HEAD_BYTES_MAX, "a full buffer is read into");
        self.buffer.reserve(READ_BYTES);
        match self.half.read_buf(&mut self.buffer).await {
            Ok(0) => Err(Broken::SourceClosed),
            Ok(_) => Ok(()),
            Err(_) => Err(Broken::SourceFailed),
        }
    }

    /// Passes on a head of `head_bytes`, which has been read, and the body after it as it comes in. Calls `count`
    /// with every number of bytes that has been passed on.
    pub(crate) async fn pass_on(
        &mut self,
        head_bytes: usize,
        mut body: Body,
        sink: &mut (impl AsyncWrite + Unpin),
        count: impl Fn(usize),
    ) -> Result<(), Broken> {
        let mut head_bytes = head_bytes;
        loop {
            if let Some(bend) = &mut self.bend {
                let came = &mut self.buffer[head_bytes..];
                for data in body.data(came) {
                    bend.apply(&mut came[data]);
                }
            }
            let body_bytes = body.take(&self.buffer[head_bytes..]).map_err(|_| Broken::Malformed)?;
            let ready = head_bytes + body_bytes;
            // In one write, so that a small message stays one packet.
            sink.write_all(&self.buffer[..ready]).await.map_err(|_: io::Error| Broken::SinkFailed)?;
            count(ready);
            self.consume(ready);
            head_bytes = 0;
            if body.is_done() {
                return Ok(());
            }
            match self.fill().await {
                Err(Broken::SourceClosed) if body == Body::UntilClose => return Ok(()),
                filled => filled?,
            }
        }
    }
}
