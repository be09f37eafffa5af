//! The console: what it is built from says what the server says, and its own tests drive the shipped binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::server::Server;
use crate::world::PLIMSOLL;

/// What is loaded before the first page shows anything, compressed: a second over a poor connection.
const FIRST_LOAD_BYTES_MAX: usize = 60_000;

fn console() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console")
}

/// The types of the console are made from this file, so that a field which is called otherwise here is an error there.
#[test]
fn the_reference_from_which_the_console_is_built_is_that_of_the_server() {
    let server = Server::start();
    let said = server.anybody().get("/openapi.json").expect(200).json();
    let path = console().join("openapi.json");
    if std::env::var_os("PLIMSOLL_WRITE_OPENAPI").is_some() {
        fs::write(&path, format!("{said:#}\n")).unwrap();
    }
    let kept: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert!(kept == said, "write it anew with PLIMSOLL_WRITE_OPENAPI=1, and build the console again");
}

#[test]
fn the_console_is_small_is_kept_for_good_and_is_never_mistaken_for_a_script() {
    let server = Server::start();
    let anybody = server.anybody();
    let page = anybody.get("/console").expect(200);
    assert!(page.body.contains("/console/_app/"), "it is not built: cd console && npm ci && npm run build");
    assert_eq!(page.header("cache-control"), "no-cache");
    assert_eq!(anybody.get("/console/certificates/1").expect(200).body, page.body);
    let parts = page.body.split('"').filter(|part| part.starts_with("/console/_app/"));
    let mut bytes = 0;
    for part in parts {
        let whole = anybody.get(part).expect(200);
        assert_eq!(whole.header("cache-control"), "public, max-age=31536000, immutable", "{part}");
        assert_eq!(whole.header("content-encoding"), "");
        let compressed = anybody.with("Accept-Encoding", "gzip, br").get(part).expect(200);
        assert_eq!(compressed.header("content-encoding"), "br", "{part}");
        bytes += compressed.header("content-length").parse::<usize>().unwrap();
    }
    assert!((20_000..=FIRST_LOAD_BYTES_MAX).contains(&bytes), "{bytes} bytes");
    anybody.get("/console/_app/immutable/bundle.gone.js").expect(404);
}

/// The tests of the console itself: `console/tests`, by Playwright in Debian's Chromium. The pictures lie in the folder
/// that is named below; look at them when you change a page.
#[test]
fn the_console_keeps_its_promises_in_a_browser() {
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("console");
    println!("look at {}", pictures.display());
    let results = tempfile::tempdir().unwrap();
    let ran = Command::new("node")
        .args(["node_modules/@playwright/test/cli.js", "test", "--output"])
        .arg(results.path())
        .current_dir(console())
        .env("PLIMSOLL", PLIMSOLL)
        .env("PICTURES", pictures)
        // What it has translated it keeps in the temporary folder, which is to be as it was.
        .env("TMPDIR", results.path())
        .env_remove("FORCE_COLOR")
        .output()
        .expect("Node is missing: ./scripts/test brings it");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains(" passed"), "{said}");
}
