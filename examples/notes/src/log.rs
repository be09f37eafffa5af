//! A line on standard error for each request that was refused or failed.
//!
//! It has the method, the path and the status: neither query, fields nor body, where secrets stand, and of the path nothing
//! that a terminal or a reader of lines could take for more than text.

use std::io::{self, Write};

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

/// Longer paths were made by no client of ours.
const PATH_CHARACTERS_MAX: usize = 200;

/// Writes the line, if there is something to tell.
pub(crate) async fn logged(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), shown(request.uri().path()));
    let response = next.run(request).await;
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        // With standard error gone there is nobody to tell.
        let _ = writeln!(io::stderr().lock(), "{method} {path} {}", status.as_u16());
    }
    response
}

fn shown(path: &str) -> String {
    path.chars().take(PATH_CHARACTERS_MAX).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_in_letters_and_no_longer_than_it_may_be() {
        assert_eq!(shown("/notes/%0Aa"), "/notes/%0Aa");
        assert_eq!(shown("/a\u{2028}b"), "/a\\u{2028}b");
        assert_eq!(shown(&"a".repeat(1_000)).len(), PATH_CHARACTERS_MAX);
    }
}
