//! Writes that are sent again under the same key.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use plimsoll_evidence::{RetriedWrite, Retry, Scene, WriteReply};
use plimsoll_load::{Message, Request, exchange};
use plimsoll_proof::Digest;
use serde_json::Value;

use super::super::Conductor;
use super::{WORD_CHARACTERS, reply_head};
use crate::error::Error;
use crate::files::RetryPromise;
use crate::running::Running;

const KEY_FIELD: &str = "Idempotency-Key";
/// A write whose connection was cut may still be at work: whoever is told to wait asks again.
const AGAIN_MAX: usize = 10;
const AGAIN_PAUSE: Duration = Duration::from_millis(200);

impl Conductor<'_> {
    /// Each way to send a write again, with what can be counted of it before and after.
    pub(super) fn retried_writes(&self, running: &Running, scene: Scene) -> Result<Vec<RetriedWrite>, Error> {
        let Some(promise) = &self.subject.retry else {
            return Err(running.error("promises nothing of retries"));
        };
        let mut all = Vec::new();
        for retry in Retry::ALL {
            self.stop.check()?;
            let seed = self.seed(&format!("{}/retried-writes/{retry:?}", scene.name()));
            let word: String = Digest::from_bytes(seed).to_string().chars().take(WORD_CHARACTERS).collect();
            let writer = Writer { running, promise, word: &word, timeout_ns: self.timeout_ns() };
            let before = writer.count();
            let replies = writer.write(retry);
            all.push(RetriedWrite { retry, replies, before, after: writer.count() });
        }
        Ok(all)
    }
}

/// One write under one key.
struct Writer<'a> {
    running: &'a Running,
    promise: &'a RetryPromise,
    /// Key and value.
    word: &'a str,
    timeout_ns: u64,
}

impl Writer<'_> {
    fn write(&self, retry: Retry) -> Vec<WriteReply> {
        let request = self.request(self.word);
        match retry {
            Retry::Twice => vec![self.send(&request), self.send(&request)],
            Retry::AtOnce => std::thread::scope(|threads| {
                let other = threads.spawn(|| self.send(&request));
                let one = self.send(&request);
                other.join().map_or_else(|_| vec![one.clone()], |other| vec![one.clone(), other])
            }),
            Retry::CutOff => {
                self.cut(&request);
                vec![self.send_until_told(&request)]
            }
            Retry::OtherBody => {
                vec![self.send(&request), self.send(&self.request(&format!("another-{}", self.word)))]
            }
        }
    }

    /// The write of a value under the key.
    fn request(&self, value: &str) -> Request {
        let mut request = self.promise.write.clone();
        request.path = request.path.replace("{value}", value);
        request.body = String::from_utf8_lossy(&request.body).replace("{value}", value).into_bytes();
        request.headers.push((KEY_FIELD.into(), self.word.to_owned()));
        request
    }

    fn send(&self, request: &Request) -> WriteReply {
        match exchange(self.running.address, &self.running.host, request, 0, self.timeout_ns) {
            Ok(answer) => WriteReply {
                status: Some(answer.status.into()),
                content: Digest::of(reply_head::content(&answer.body).unwrap_or_default().as_bytes()),
            },
            Err(_) => WriteReply { status: None, content: Digest::of(b"") },
        }
    }

    /// Sends it whole and hears of nothing.
    fn cut(&self, request: &Request) {
        let Ok(message) = Message::ask(&self.running.host, request) else { return };
        let timeout = Duration::from_nanos(self.timeout_ns.max(1));
        // A connection that fails is cut as well as any.
        let _ = TcpStream::connect_timeout(&self.running.address, timeout)
            .and_then(|mut stream| stream.write_all(&message.bytes));
    }

    fn send_until_told(&self, request: &Request) -> WriteReply {
        let mut reply = self.send(request);
        for _ in 0..AGAIN_MAX {
            if !matches!(reply.status, Some(409 | 425 | 503)) {
                break;
            }
            std::thread::sleep(AGAIN_PAUSE);
            reply = self.send(request);
        }
        reply
    }

    /// How many effects there are: the number that the reply tells, else how often the value stands in it.
    fn count(&self) -> Option<u64> {
        let mut request = self.promise.read.clone();
        request.path = request.path.replace("{value}", self.word);
        let answer = exchange(self.running.direct, &self.running.host, &request, 0, self.timeout_ns).ok()?;
        let content = reply_head::content(&answer.body)?;
        match &self.promise.count {
            Some(pointer) => serde_json::from_str::<Value>(&content).ok()?.pointer(pointer)?.as_u64(),
            None => Some(content.matches(self.word).count() as u64),
        }
    }
}
