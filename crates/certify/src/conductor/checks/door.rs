//! What the subject says to somebody who is not known and wants what only some may do.

use plimsoll_evidence::{Call, Checklist, Door, Reference, Shown, good_call};
use plimsoll_load::{Message, talk};

use super::super::Conductor;
use super::obstacle::Obstacle;
use crate::running::Running;

/// A JWT that says it is the administrator's, with the algorithm `none` and no signature.
const FORGED: &str =
    "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhZG1pbiIsInJvbGUiOiJhZG1pbmlzdHJhdG9yIn0.";

impl Conductor<'_> {
    /// Every operation that the reference keeps for those who are known, tried by nobody.
    pub(super) fn doors(&self, running: &Running) -> Result<Checklist, Obstacle> {
        let (reference, _) = self.reference(running)?;
        let calls = guarded(&reference);
        if calls.is_empty() {
            return Err(Obstacle::nothing("an operation that it keeps for those who are known"));
        }
        let mut doors = Vec::new();
        for call in calls {
            for shown in Shown::ALL {
                self.stop.check()?;
                let talked = talk(running.address, &message(&call, &running.host, shown), self.timeout_ns());
                let status =
                    talked.as_ref().ok().and_then(|talk| talk.statuses.first().copied()).map(u64::from);
                let is_sent = matches!(status, Some(301..=308));
                let head = talked.map(|talk| talk.kept).unwrap_or_default();
                let to_itself = is_sent && leads_to_itself(&call.target, &head);
                doors.push(Door { operation: call.operation.clone(), shown, status, to_itself });
            }
        }
        Ok(Checklist::Authentication(doors))
    }
}

/// A good call of each operation that demands a sign-in.
fn guarded(reference: &Reference) -> Vec<Call> {
    let guarded = reference.operations.iter().filter(|operation| operation.is_guarded);
    guarded.map(|operation| good_call(reference, operation, &[])).collect()
}

/// Whether a redirection leads to what was asked for: its path ends as that of the target does. One that says not where it leads
/// leads nowhere else.
fn leads_to_itself(target: &str, head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    let location = head.lines().take_while(|line| !line.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then_some(value.trim())
    });
    location.is_none_or(|location| last_segment(location) == last_segment(target))
}

/// The last part of a path in small letters; empty for the root.
fn last_segment(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let path = match address.split_once("//") {
        Some((scheme, rest)) if scheme.is_empty() || scheme.ends_with(':') => {
            rest.split_once('/').map_or("", |(_, path)| path)
        }
        _ => address,
    };
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_lowercase()
}

/// How somebody who is not known asks.
fn message(call: &Call, host: &str, shown: Shown) -> Message {
    let shown = match shown {
        Shown::Nothing => String::new(),
        Shown::Forged => format!("Authorization: Bearer {FORGED}\r\nCookie: session=plimsoll\r\n"),
    };
    let fields: String = call.fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let body = call.body.as_deref().unwrap_or_default();
    let length = match call.method.as_str() {
        "GET" | "DELETE" if body.is_empty() => String::new(),
        _ => format!("Content-Length: {}\r\n", body.len()),
    };
    // Nothing comes after the reply: whoever closes then is not waited for.
    let text = format!(
        "{} {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{shown}{fields}{length}\r\n{body}",
        call.method, call.target
    );
    Message { bytes: text.into_bytes(), half_close: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirection_to_the_same_under_another_address_is_told_from_one_to_a_sign_in() {
        let leads = |target: &str, location: &str| {
            let head = format!("HTTP/1.1 308 P\r\nServer: x\r\nLOCATION: {location}\r\n\r\nlocation: /x");
            leads_to_itself(target, head.as_bytes())
        };
        for location in
            ["/users/ann/", "https://h/users/ann?q=1", "//h/users/Ann", "ann/", "./ann", "/v2/users/ann#x"]
        {
            assert!(leads("/users/ann?q=1", location), "{location}");
        }
        for location in ["/login?next=/users/ann", "/", "https://sign.in", "https://id.example/ann/login"] {
            assert!(!leads("/users/ann", location), "{location}");
        }
        assert!(leads("/", "https://h/") && leads("/", "https://h") && !leads("/", "/login"));
        assert!(leads_to_itself("/users", b"HTTP/1.1 302 F\r\n\r\nlocation: /login"), "it leads nowhere");
    }

    #[test]
    fn only_what_demands_a_sign_in_is_tried_and_with_nothing_or_a_forgery() {
        let document = r#"{"paths": {"/open": {"get": {}}, "/users/{name}": {"put": {
            "security": [{"token": []}], "requestBody": {"content": {"application/json": {"example": 7}}}}}}}"#;
        let calls = guarded(&Reference::read(document).unwrap());
        assert_eq!(calls.len(), 1);
        let said = |shown| String::from_utf8(message(&calls[0], "h:1", shown).bytes).unwrap();
        assert_eq!(
            said(Shown::Nothing),
            "PUT /users/plimsoll HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n\
             content-type: application/json\r\nContent-Length: 1\r\n\r\n7"
        );
        assert!(said(Shown::Forged).contains("\r\nAuthorization: Bearer eyJ"));
    }
}
