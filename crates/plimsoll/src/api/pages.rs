//! The pages that ship with the server: small, written by hand, without anything from elsewhere.
//!
//! They ask the server by the API that everybody uses. Scripts and style are files, because the policy that the layers
//! send forbids them in a page, and scripts make text of whatever the server says, never HTML.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;

use super::problem::Problem;
use super::reply::{Answer, Asset, Content, Html, OpenApi, Reply};
use super::route::Call;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const ICON: &str = "image/svg+xml";

/// What the pages are made of beside their HTML.
const FILES: &[(&str, Asset)] = &[
    ("form.js", Asset { media_type: SCRIPT, text: include_str!("web/form.js") }),
    ("pages.css", Asset { media_type: STYLE, text: include_str!("web/pages.css") }),
    ("pages.js", Asset { media_type: SCRIPT, text: include_str!("web/pages.js") }),
    ("ready.js", Asset { media_type: SCRIPT, text: include_str!("web/ready.js") }),
    ("reference.js", Asset { media_type: SCRIPT, text: include_str!("web/reference.js") }),
    ("request.js", Asset { media_type: SCRIPT, text: include_str!("web/request.js") }),
    ("schema.js", Asset { media_type: SCRIPT, text: include_str!("web/schema.js") }),
    ("set-up.js", Asset { media_type: SCRIPT, text: include_str!("web/set-up.js") }),
];

/// What is at the first address.
pub(crate) enum Start {
    /// The page for whoever has to set the server up.
    Nobody(&'static str),
    /// It goes on in the console.
    Console,
}

impl Reply for Start {
    fn describe(generator: &mut SchemaGenerator) -> Answer {
        Content::<Html>::describe(generator).or(StatusCode::SEE_OTHER, "The console is at `/console`")
    }
}

impl IntoResponse for Start {
    fn into_response(self) -> Response {
        match self {
            Self::Nobody(page) => Content::<Html>::new(page).into_response(),
            Self::Console => Redirect::to("/console").into_response(),
        }
    }
}

/// A file in the path.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByFile {
    /// Its name.
    #[schemars(example = &"pages.css")]
    file: String,
}

/// The first page: how to begin, as long as there is nobody who could sign in; then the console.
pub(crate) async fn show_start(call: Call) -> Result<Start, Problem> {
    Ok(if is_set_up(&call) { Start::Console } else { Start::Nobody(include_str!("web/nobody.html")) })
}

/// The page behind the link. Whoever follows it a second time is not shown a form that can only be refused.
pub(crate) async fn show_set_up(call: Call) -> Result<Content<Html>, Problem> {
    let [before, after] = [include_str!("web/set-up.html"), include_str!("web/set-up-done.html")];
    Ok(Content::new(if is_set_up(&call) { after } else { before }))
}

fn is_set_up(call: &Call) -> bool {
    call.app.identity.read(|directory| directory.users().next().is_some())
}

pub(crate) async fn show_reference(_: Call) -> Result<Content<Html>, Problem> {
    Ok(Content::new(include_str!("web/reference.html")))
}

pub(crate) async fn page_file(call: Call<ByFile>) -> Result<Asset, Problem> {
    let found = FILES.iter().find(|(name, _)| *name == call.path.file);
    let missing = || Problem::new(StatusCode::NOT_FOUND, "the pages have no such file");
    found.map(|(_, asset)| *asset).ok_or_else(missing)
}

pub(crate) async fn page_icon(_: Call) -> Result<Asset, Problem> {
    Ok(Asset { media_type: ICON, text: include_str!("web/icon.svg") })
}

pub(crate) async fn openapi_document(call: Call) -> Result<Content<OpenApi>, Problem> {
    Ok(Content::new(call.app.reference.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGES: &[&str] = &[
        include_str!("web/nobody.html"),
        include_str!("web/reference.html"),
        include_str!("web/set-up.html"),
        include_str!("web/set-up-done.html"),
        include_str!("web/unbuilt.html"),
    ];
    /// Together: what a telephone loads in a second over a poor connection.
    const BYTES_MAX: usize = 60 << 10;

    #[test]
    fn the_pages_are_small() {
        let files: usize = FILES.iter().map(|(_, asset)| asset.text.len()).sum();
        let pages: usize = PAGES.iter().map(|page| page.len()).sum();
        assert!(files + pages <= BYTES_MAX, "{} bytes", files + pages);
    }

    /// The browser's policy forbids most of it too; this says it before a browser does.
    #[test]
    fn no_script_makes_html_of_a_text() {
        const MAKERS: [&str; 7] =
            ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "DOMParser", "eval(", "Function("];
        let scripts = FILES.iter().filter(|(_, asset)| asset.media_type == SCRIPT);
        for (name, asset) in scripts {
            let found = MAKERS.iter().find(|maker| asset.text.contains(**maker));
            assert_eq!(found, None, "{name}");
        }
    }

    #[test]
    fn nothing_comes_from_elsewhere_and_nothing_stands_inline() {
        for page in PAGES {
            let foreign =
                ["src=\"http", "href=\"http", "href=\"//", "src=\"//", " style=", "<style", " onclick="];
            let found = foreign.iter().find(|word| page.contains(**word));
            assert_eq!(found, None);
            for script in page.split("<script").skip(1) {
                let name = script.split("src=\"/pages/").nth(1).and_then(|rest| rest.split('"').next());
                assert!(FILES.iter().any(|(known, _)| Some(*known) == name), "{script}");
                assert!(
                    script.split('>').nth(1).is_some_and(|body| body.starts_with("</script")),
                    "{script}"
                );
            }
        }
    }
}
