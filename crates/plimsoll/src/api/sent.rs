//! An answer keeps its place among those that are handled until it is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

/// A body whose pieces hold something.
struct Holding<H> {
    body: Body,
    held: Arc<H>,
}

/// A piece of it.
struct Piece<H> {
    bytes: Bytes,
    _held: Arc<H>,
}

/// The answer, which holds something until the system has taken its last byte, or nobody wants it any more. Otherwise
/// whoever asks and reads nothing would have the memory of the server filled with answers.
///
/// An answer that comes piece by piece holds nothing: it may go on for ever, and has a bound of its own. It is known by
/// its length, which nobody knows before.
pub(crate) fn until_sent<H: Send + Sync + 'static>(response: Response, held: H) -> Response {
    if response.body().size_hint().exact().is_none() {
        return response;
    }
    response.map(|body| Body::new(Holding { body, held: Arc::new(held) }))
}

impl<H: Send + Sync + 'static> HttpBody for Holding<H> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // The body itself falls when its last piece is on its way, and that piece may wait for long.
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let held = |bytes| Bytes::from_owner(Piece { bytes, _held: Arc::clone(&self.held) });
        polled.map_ok(|frame| frame.map_data(held))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&self.body)
    }
}

impl<H> AsRef<[u8]> for Piece<H> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
