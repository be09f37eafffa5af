//! The console: files that `console/` was built into, compiled in. A build without them says how to make them.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;

use super::problem::Problem;
use super::reply::{Answer, Reply};
use super::route::{Call, Nothing};

/// A file of the console.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConsoleFile {
    /// Its address below `/console/`.
    path: &'static str,
    bytes: &'static [u8],
    /// The same, compressed by Brotli, where that is smaller.
    brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/console_files.rs"));

/// What every page of the console begins with.
const PAGE: &str = "index.html";
const UNBUILT: ConsoleFile =
    ConsoleFile { path: PAGE, bytes: include_bytes!("web/unbuilt.html"), brotli: None };

/// Files whose names change with what is in them.
const IMMUTABLE: &str = "_app/immutable/";

/// What all pages may do, and the one style that the router of the console writes into a tag: of the box, which nobody
/// sees, in which it tells those who read by ear where they are.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      style-src-attr 'unsafe-hashes' 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='; \
                      img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page or a file of the console in the path.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByPath {
    /// Its address below `/console/`.
    #[schemars(example = &"certificates")]
    path: String,
}

/// What a page shows stands in its address, which is the page's own affair.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct AsThePageLikes {}

/// A file as it is sent.
pub(crate) struct Sent {
    file: ConsoleFile,
    compressed: bool,
}

/// Every page of the console begins with the same file, which finds out by the address what to show.
fn page(headers: &HeaderMap) -> Sent {
    let file = CONSOLE_FILES.iter().find(|file| file.path == PAGE).unwrap_or(&UNBUILT);
    Sent::new(*file, headers)
}

pub(crate) async fn show_console(call: Call<Nothing, AsThePageLikes>) -> Result<Sent, Problem> {
    Ok(page(&call.headers))
}

pub(crate) async fn console_file(call: Call<ByPath, AsThePageLikes>) -> Result<Sent, Problem> {
    let found = CONSOLE_FILES.iter().find(|file| file.path == call.path.path);
    if let Some(file) = found {
        return Ok(Sent::new(*file, &call.headers));
    }
    // A page of a build that is gone asks for files of that build: they are nowhere, and a page in their place would be
    // read as a script.
    match call.path.path.starts_with("_app/") {
        true => Err(Problem::new(StatusCode::NOT_FOUND, "this build of the console has no such file")
            .hint("load the page again")),
        false => Ok(page(&call.headers)),
    }
}

impl Sent {
    fn new(file: ConsoleFile, headers: &HeaderMap) -> Self {
        Self { file, compressed: file.brotli.is_some() && takes_brotli(headers) }
    }
}

/// RFC 9110, 12.5.3, as far as browsers use it: a coding that is named and not ruled out.
fn takes_brotli(headers: &HeaderMap) -> bool {
    let named = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        name.trim().eq_ignore_ascii_case("br")
            && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

impl Reply for Sent {
    fn describe(_: &mut SchemaGenerator) -> Answer {
        let schema = schemars::json_schema!({ "type": "string" });
        Answer::new(StatusCode::OK, "A part of the console").body("*/*", schema)
    }
}

impl IntoResponse for Sent {
    fn into_response(self) -> Response {
        let Self { file, compressed } = self;
        let body = file.brotli.filter(|_| compressed).unwrap_or(file.bytes);
        let lasts = file.path.starts_with(IMMUTABLE);
        let mut response = (
            [
                (header::CONTENT_TYPE, media_type(file.path)),
                (
                    header::CACHE_CONTROL,
                    if lasts { "public, max-age=31536000, immutable" } else { "no-cache" },
                ),
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::VARY, "accept-encoding"),
            ],
            body,
        )
            .into_response();
        if compressed {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::ACCEPT_ENCODING, HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn brotli_is_sent_to_those_who_take_it() {
        for takes in [&["gzip, deflate, br, zstd"][..], &["gzip", "BR"], &["br;q=0.5"]] {
            assert!(takes_brotli(&accepting(takes)), "{takes:?}");
        }
        for takes in [&[][..], &["gzip"], &["br;q=0"], &["brotli, xbr"], &["br; q=0.0, gzip"], &[""]] {
            assert!(!takes_brotli(&accepting(takes)), "{takes:?}");
        }
    }

    #[test]
    fn each_file_has_its_type_and_none_is_larger_compressed() {
        for file in CONSOLE_FILES {
            assert_ne!(media_type(file.path), "application/octet-stream", "{}", file.path);
            assert!(file.brotli.is_none_or(|brotli| brotli.len() < file.bytes.len()), "{}", file.path);
        }
    }
}
