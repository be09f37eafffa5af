//! What a subject is asked: the mix of requests, and the writes that are read back.

use plimsoll_load::{Request, StatusSet};

use super::error::FileError;
use super::placeholder::check_spelling;
use super::subject::LedgerRequests;
use super::table::Table;
use super::value::Field;

const REQUEST_KEYS: [&str; 6] = ["method", "path", "headers", "body", "weight", "expect"];
const LEDGER_KEYS: [&str; 2] = ["write", "read"];
const LEDGER_REQUEST_KEYS: [&str; 4] = ["method", "path", "headers", "body"];
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// The fault proxy tells a write that it may drop by its method.
const WRITING_METHODS: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];
/// Headers that the codec writes itself; a second one would contradict it.
const OWN_HEADERS: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];
/// With more kinds of requests than this it is a trace to replay, not a mix.
const REQUESTS_MAX: usize = 1_024;
/// A request a million times as frequent as another leaves that other one unmeasured.
const WEIGHT_MAX: u32 = 1_000_000;
/// Below one request a second a trial holds a handful, from which nothing follows.
pub(super) const RATE_PER_KS_MIN: u64 = 1_000;
/// What the fault proxy answers when it plants an error.
const PLANTED_STATUS: u16 = 503;

pub(super) fn parse_requests(root: &Table<'_>) -> Result<Vec<Request>, FileError> {
    let Some(field) = root.optional("request") else {
        let error = root.error("the subject has no request: a target that is asked nothing never passes");
        return Err(error.with_hint("add a [[request]] with at least path = \"/\""));
    };
    let fields = field.some_list()?;
    if fields.len() > REQUESTS_MAX {
        return Err(field.error(format!("{} requests are more than {REQUESTS_MAX}", fields.len())));
    }
    fields.iter().map(parse_request).collect()
}

fn parse_request(field: &Field<'_>) -> Result<Request, FileError> {
    let table = field.table("[[request]]", &REQUEST_KEYS)?;
    let request = parse_parts(&table, "GET", &["{seq}"])?;
    let weight =
        table.optional("weight").map_or(Ok(1), |weight| weight.integer(1..=u64::from(WEIGHT_MAX)))?;
    let expect = table.optional("expect").map_or(Ok(StatusSet::default()), |field| parse_expect(&field))?;
    Ok(Request { weight: u32::try_from(weight).unwrap_or(WEIGHT_MAX), expect, ..request })
}

fn parse_expect(field: &Field<'_>) -> Result<StatusSet, FileError> {
    let hint = "write it like expect = [\"2xx\", \"404\"]";
    let with_hint = |error: FileError| error.with_hint(hint);
    let items = field.some_list().map_err(with_hint)?;
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        let text = item.text().map_err(with_hint)?;
        let Ok(set) = text.parse::<StatusSet>() else {
            return Err(item.error(format!("`{text}` is not a status")).with_hint(hint));
        };
        if set.contains(PLANTED_STATUS) {
            let problem =
                format!("`{text}` takes {PLANTED_STATUS} as good: planted errors could not be seen");
            return Err(item.error(problem).with_hint("expect the statuses of good replies only"));
        }
        texts.push(text);
    }
    texts.join(",").parse().map_err(|_| field.error("`expect` is not a list of statuses").with_hint(hint))
}

/// What every request has. Its weight and what it expects are the caller's to set.
pub(super) fn parse_parts(
    table: &Table<'_>,
    method: &'static str,
    placeholders: &[&str],
) -> Result<Request, FileError> {
    let method = table.optional("method").map_or(Ok(method), |field| field.choice(&METHODS, |name| name))?;
    let path = check_path(&table.required("path")?, placeholders)?;
    let body = match table.optional("body") {
        Some(field) => {
            let text = field.text()?;
            check_spelling(&field, text, placeholders)?;
            text
        }
        None => "",
    };
    let headers = table.optional("headers").map_or(Ok(Vec::new()), |field| parse_headers(&field))?;
    Ok(Request { method: method.into(), headers, body: body.into(), ..Request::get(path) })
}

fn parse_headers(field: &Field<'_>) -> Result<Vec<(String, String)>, FileError> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for header in field.free_table()? {
        let (name, value) = (header.key(), header.text()?);
        let wrong = |problem: &str| Err(header.error(format!("header {name:?} {problem}")));
        if !is_token(name) {
            return wrong("has a name that HTTP does not know");
        }
        if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            return wrong("is written by Plimsoll itself");
        }
        if headers.iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
            return wrong("is given twice: capitals make no difference");
        }
        if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return wrong("has a control character in its value");
        }
        if value.contains("{seq}") {
            return wrong("holds `{seq}`, which is filled in in paths and bodies only");
        }
        headers.push((name.into(), value.into()));
    }
    Ok(headers)
}

/// Whether it is what method and header names are: RFC 9110, section 5.6.2.
pub(super) fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_token_byte)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A path with its query. A brace that belongs to no placeholder is refused: no URL may hold one.
pub(super) fn check_path<'a>(field: &Field<'a>, placeholders: &[&str]) -> Result<&'a str, FileError> {
    let path = field.text()?;
    if !path.starts_with('/') {
        return Err(field.error(format!("`{}` does not start with `/`", field.key())));
    }
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        let problem = format!("`{}` has a space or another character that no URL may hold", field.key());
        return Err(field.error(problem).with_hint("write such a character as %20"));
    }
    check_spelling(field, path, placeholders)?;
    let rest = placeholders.iter().fold(path.to_owned(), |rest, name| rest.replace(name, ""));
    if rest.contains(['{', '}']) {
        let error = field.error(format!("`{}` has a brace that belongs to no placeholder", field.key()));
        return Err(error.with_hint(match placeholders {
            [] => "nothing is filled in here; a brace itself is written %7B or %7D".to_owned(),
            _ => format!("filled in here: {}; a brace itself is written %7B or %7D", placeholders.join(", ")),
        }));
    }
    Ok(path)
}

pub(super) fn parse_ledger(field: &Field<'_>) -> Result<LedgerRequests, FileError> {
    let table = field.table("[ledger]", &LEDGER_KEYS)?;
    let parse = |key: &'static str, method| {
        let field = table.required(key)?;
        let table = field.table(&format!("`{key}` of [ledger]"), &LEDGER_REQUEST_KEYS)?;
        let request = parse_parts(&table, method, &["{key}", "{value}"])?;
        if !mentions(&request, "{key}") {
            let error = field.error(format!("`{key}` does not mention `{{key}}`"));
            return Err(
                error.with_hint("the key is what the write is found by, as in path = \"/notes/{key}\"")
            );
        }
        Ok((field, Request { expect: StatusSet::range(200..=299), ..request }))
    };
    let (write_field, write) = parse("write", "PUT")?;
    let (read_field, read) = parse("read", "GET")?;
    if !WRITING_METHODS.contains(&write.method.as_str()) {
        let error = write_field.error(format!("`write` is a {}, which writes nothing", write.method));
        return Err(error.with_hint(format!("known here: {}", WRITING_METHODS.join(", "))));
    }
    if !mentions(&write, "{value}") {
        let error = write_field.error("`write` does not mention `{value}`");
        return Err(error.with_hint("the value is what must be read back, as in body = \"{value}\""));
    }
    if mentions(&read, "{value}") {
        let error = read_field.error("`read` mentions `{value}`: an echo would look like a stored write");
        return Err(error.with_hint("read by `{key}` alone"));
    }
    Ok(LedgerRequests { write, read })
}

pub(super) fn mentions(request: &Request, placeholder: &str) -> bool {
    let in_headers = request.headers.iter().any(|(_, value)| value.contains(placeholder));
    request.path.contains(placeholder)
        || in_headers
        || String::from_utf8_lossy(&request.body).contains(placeholder)
}
