//! One request and its response.

use std::pin::pin;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::WriteHalf;
use tokio::time::timeout;

use crate::Defect;
use crate::decision::Decision;
use crate::http::{Body, HEAD_BYTES_MAX, Method, RequestHead, ResponseHead, request_head, response_head};
use crate::obedience::{addresses, call};
use crate::old_tls::{answer, is_tls};
use crate::shared::Shared;
use crate::stream::{Broken, Source};

/// A service that has no room for one more connection is not waited for: the request shall not be late by much.
const HOARD_CONNECT_MAX: Duration = Duration::from_millis(200);

/// A client's connection and the service's, each in its two directions.
pub(crate) struct Link<'a> {
    pub(crate) client: Source<'a>,
    pub(crate) to_client: WriteHalf<'a>,
    pub(crate) service: Source<'a>,
    pub(crate) to_service: WriteHalf<'a>,
}

/// What follows an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another request may come.
    Request,
    /// What the client sends does not look like a request: bytes go both ways, and the service shall judge them.
    Unread,
    /// The connections are no longer HTTP: bytes go both ways.
    Tunnel,
    /// The client's connection is closed in good order.
    Close,
    /// The client's connection is reset.
    Reset,
}

impl From<Broken> for Next {
    /// A client sees of the service's end what it would see without a proxy.
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::SourceClosed | Broken::Malformed => Self::Close,
            Broken::SourceFailed | Broken::SinkFailed => Self::Reset,
        }
    }
}

impl Link<'_> {
    /// Puts another head in the place of the client's, where that is the planted defect.
    fn alter_request(&mut self, head: RequestHead, shared: &Shared) -> RequestHead {
        let bytes = self.client.bytes().get(..head.length).unwrap_or_default();
        let Some(altered) = shared.altered_request(bytes) else { return head };
        let length = altered.len();
        self.client.replace(head.length, altered);
        RequestHead { length, ..head }
    }

    /// Calls the addresses in a request, where that is the planted defect.
    async fn obey(&mut self, head: RequestHead, shared: &Shared) {
        if !shared.is_planted(Defect::Obedient) {
            return;
        }
        if let (Body::Length { left }, false) = (head.body, head.expects_continue) {
            let whole = head.length.saturating_add(usize::try_from(left).unwrap_or(usize::MAX));
            // What is longer, or ends before, is looked at as far as it goes.
            while self.client.bytes().len() < whole.min(HEAD_BYTES_MAX) && self.client.fill().await.is_ok() {}
        }
        let found = addresses(self.client.bytes());
        if !found.is_empty() {
            shared.count_affected();
        }
        for address in found {
            call(address).await;
        }
    }

    /// Waits for a request and does with it what the planted defect says.
    pub(crate) async fn exchange(&mut self, shared: &Shared) -> Next {
        let head = match self.next_request(shared).await {
            Ok(head) => head,
            Err(next) => return next,
        };
        match shared.on_request(head.method) {
            Decision::Forward => {
                let head = self.alter_request(head, shared);
                self.obey(head, shared).await;
                self.forward(head, shared).await
            }
            Decision::Hold { delay_ns } => {
                hold(delay_ns, shared).await;
                self.forward(head, shared).await
            }
            Decision::Hoard { connections } => {
                hoard(connections, shared).await;
                self.forward(head, shared).await
            }
            Decision::Reset => Next::Reset,
            Decision::Fail => self.answer(head, 503).await,
            Decision::Praise => self.answer(head, 200).await,
            Decision::Swallow => self.answer(head, shared.write_status(head.method)).await,
        }
    }

    /// Reads the next request's head. A service that closes meanwhile closes the client's connection too, with
    /// whatever it says before (some send 408).
    async fn next_request(&mut self, shared: &Shared) -> Result<RequestHead, Next> {
        loop {
            let unread = |_| {
                shared.on_other_bytes();
                Next::Unread
            };
            if is_tls(self.client.bytes()) {
                return Err(self.shake_hands(shared).await);
            }
            if let Some(head) = request_head(self.client.bytes()).map_err(unread)? {
                return Ok(head);
            }
            tokio::select! {
                filled = self.client.fill() => filled?,
                filled = self.service.fill() => {
                    filled?;
                    shared.on_other_bytes();
                    pass_on_unasked(&mut self.service, &mut self.to_client, shared).await?;
                    return Err(Next::Close);
                }
            }
        }
    }

    /// What follows the first bytes of TLS: the service's own words, or those of the planted defect.
    async fn shake_hands(&mut self, shared: &Shared) -> Next {
        shared.on_other_bytes();
        if !shared.is_planted(Defect::OldTls) {
            return Next::Tunnel;
        }
        loop {
            if let Some(answer) = answer(self.client.bytes()) {
                shared.count_affected();
                let sent = self.to_client.write_all(&answer).await;
                return if sent.is_ok() { Next::Close } else { Next::Reset };
            }
            // No hello is so long.
            if self.client.bytes().len() >= HEAD_BYTES_MAX / 2 || self.client.fill().await.is_err() {
                return Next::Close;
            }
        }
    }

    /// Sends the request on and the response back, at the same time: a service may answer before it has read all.
    async fn forward(&mut self, head: RequestHead, shared: &Shared) -> Next {
        let Self { client, to_client, service, to_service } = self;
        let count = |bytes| shared.count_to_service(bytes);
        let send = client.pass_on(head.length, head.body, to_service, count);
        let mut receive = pin!(receive(service, to_client, head.method, shared));
        let sent = tokio::select! {
            biased;
            sent = send => sent,
            // The rest of the request has no reader, and nothing can follow it.
            next = &mut receive => return if next == Next::Request { Next::Close } else { next },
        };
        match sent {
            Ok(()) => receive.await,
            // The service wants no more of it, but may say why.
            Err(Broken::SinkFailed) => match receive.await {
                Next::Request => Next::Close,
                next => next,
            },
            // Its body ends nowhere that we could find: the service shall judge it.
            Err(Broken::Malformed) => Next::Unread,
            Err(Broken::SourceClosed | Broken::SourceFailed) => Next::Reset,
        }
    }

    /// Answers in place of the service, which sees nothing of the request.
    async fn answer(&mut self, head: RequestHead, status: u16) -> Next {
        // A client that waits for leave to send its body gets the answer in place of it.
        let is_last = head.wants_close || head.expects_continue;
        if head.expects_continue {
            self.client.consume(head.length);
        } else {
            let taken = self.client.pass_on(head.length, head.body, &mut tokio::io::sink(), |_| ()).await;
            if taken.is_err() {
                return Next::Reset;
            }
        }
        let length = if status == 204 { "" } else { "Content-Length: 0\r\n" };
        let close = if is_last { "Connection: close\r\n" } else { "" };
        let text = format!("HTTP/1.1 {status} {}\r\n{length}{close}\r\n", reason(status));
        match self.to_client.write_all(text.as_bytes()).await {
            Ok(()) if is_last => Next::Close,
            Ok(()) => Next::Request,
            Err(_) => Next::Reset,
        }
    }
}

/// Passes on the service's responses to one request: any number of interim ones, then the final one.
async fn receive(
    service: &mut Source<'_>,
    to_client: &mut WriteHalf<'_>,
    method: Method,
    shared: &Shared,
) -> Next {
    loop {
        let head = loop {
            match response_head(service.bytes(), method) {
                Ok(Some(head)) => break head,
                Ok(None) => {}
                // Whatever this is, the client shall judge it.
                Err(_) => {
                    let body = Body::UntilClose;
                    let passed = service.pass_on(0, body, to_client, |bytes| shared.count_to_client(bytes));
                    return passed.await.map_or_else(Next::from, |()| Next::Close);
                }
            }
            if let Err(broken) = service.fill().await {
                // A head that was broken off goes on as it came.
                let rest = service.bytes().len();
                let _ = to_client.write_all(service.bytes()).await;
                shared.count_to_client(rest);
                return broken.into();
            }
        };
        // Before the client can see it: its next write may be the one that is dropped.
        shared.on_response(method, head.status);
        let came = service.bytes().get(..head.length).unwrap_or_default();
        let bend = if head.is_interim() { None } else { shared.bend(head.body, came) };
        let length = alter(service, head, shared);
        service.set_bend(bend);
        let passed = service.pass_on(length, head.body, to_client, |bytes| shared.count_to_client(bytes));
        if let Err(broken) = passed.await {
            return broken.into();
        }
        if head.is_interim() {
            continue;
        }
        let is_tunnel = head.status == 101 || (method == Method::Connect && head.status < 300);
        return match head.body {
            _ if is_tunnel => Next::Tunnel,
            Body::UntilClose => Next::Close,
            _ => Next::Request,
        };
    }
}

/// Passes on what the service says to something that was not read as a request, until it closes: a reply, or anything.
pub(crate) async fn pass_on_unasked(
    service: &mut Source<'_>,
    to_client: &mut WriteHalf<'_>,
    shared: &Shared,
) -> Result<(), Broken> {
    while let Ok(None) = response_head(service.bytes(), Method::Other) {
        match service.fill().await {
            Err(Broken::SourceClosed) => break,
            filled => filled?,
        }
    }
    if let Ok(Some(head)) = response_head(service.bytes(), Method::Other) {
        alter(service, head, shared);
    }
    service.pass_on(0, Body::UntilClose, to_client, |bytes| shared.count_to_client(bytes)).await
}

/// Puts the head that the planted defect makes of the one at the front in its place, and returns its length.
fn alter(service: &mut Source<'_>, head: ResponseHead, shared: &Shared) -> usize {
    let bytes = service.bytes().get(..head.length).unwrap_or_default();
    match shared.altered(head.status, bytes) {
        None => head.length,
        Some(altered) => {
            let length = altered.len();
            service.replace(head.length, altered);
            length
        }
    }
}

/// Waits, unless the defect is taken back before.
async fn hold(delay_ns: u64, shared: &Shared) {
    let mut planted = shared.watch();
    tokio::select! {
        () = tokio::time::sleep(Duration::from_nanos(delay_ns)) => {}
        // The sender lives as long as the proxy, so only a change ends this.
        _ = planted.changed() => {}
    }
}

/// Opens connections until there are so many. One that the service does not take will be tried with a later request.
async fn hoard(connections: u32, shared: &Shared) {
    while shared.is_hoard_below(connections) {
        match timeout(HOARD_CONNECT_MAX, TcpStream::connect(shared.upstream())).await {
            Ok(Ok(connection)) => shared.keep(connection),
            _ => return,
        }
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        503 => "Service Unavailable",
        _ => "Done",
    }
}
