//! What the subject says to somebody who is not known and wants what only some may do.

use plimsoll_evidence::{Call, Checklist, Door, Reference, Shown, good_call};
use plimsoll_load::{Message, talk};
use plimsoll_process::redact;

use super::super::Conductor;
use super::obstacle::Obstacle;
use crate::running::Running;

/// Of an address more is kept by nobody.
const LOCATION_CHARS_MAX: usize = 256;
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
                let location = talked.ok().and_then(|talk| location(&talk.kept));
                doors.push(Door { operation: call.operation.clone(), shown, status, location });
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

/// Where a reply sends its client; what stands behind `?` or `#` is his business alone.
fn location(head: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let (_, value) = head
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("location"))?;
    let address = value.split(['?', '#']).next().unwrap_or_default();
    Some(redact(address.trim()).chars().take(LOCATION_CHARS_MAX).collect())
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
    fn of_an_address_what_leads_there_is_kept() {
        let of = |field: &str| {
            location(format!("HTTP/1.1 308 P\r\nServer: x\r\n{field}\r\n\r\nlocation: /x").as_bytes())
        };
        assert_eq!(of("LOCATION: https://h/login?next=/users#top").as_deref(), Some("https://h/login"));
        assert_eq!(of("location:").as_deref(), Some(""));
        assert_eq!(of("Link: /login"), None);
        assert_eq!(of(&format!("Location: /{}", "a".repeat(9_000))).unwrap().len(), LOCATION_CHARS_MAX);
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
