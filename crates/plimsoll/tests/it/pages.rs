//! The pages in a real browser, against the shipped binary. The pictures lie in the folder that the test names; look
//! at them when you change a page.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::authenticator::code;
use crate::browser::Browser;
use crate::server::{PASSWORD, Server};

fn url(server: &Server, path: &str) -> String {
    format!("http://{}{path}", server.address)
}

/// A browser that has come in as the administrator by typing.
fn signed_in(server: &Server) -> Browser {
    server.administrator();
    let mut browser = Browser::start();
    browser.open(&url(server, "/"));
    browser.wait("document.querySelector('form[aria-label=\"Sign in\"]') !== null");
    sign_in(&mut browser, PASSWORD);
    browser.wait_for("Is anything wrong?");
    browser
}

fn sign_in(browser: &mut Browser, password: &str) {
    browser.fill("#name", "ada");
    browser.fill("#password", password);
    browser.click("form button");
}

/// Every operation of the document, as the page names it.
fn operations(document: &Value) -> Vec<String> {
    let paths = document["paths"].as_object().unwrap();
    let named = paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    let mut named: Vec<_> = named.collect();
    named.sort();
    named
}

#[test]
fn the_first_administrator_is_set_up_by_the_link_and_comes_in_and_out() {
    let server = Server::start();
    let link = server.link.clone().unwrap();
    let mut browser = Browser::start();
    browser.open(&url(&server, "/"));
    browser.wait_for("Nobody has been set up yet");
    browser.wait_for("Ready");
    browser.open(&url(&server, "/set-up"));
    browser.wait_for("Open the whole link");

    browser.open(&url(&server, &format!("/set-up#{link}")));
    browser.wait("!document.querySelector('#form-part').hidden");
    assert_eq!(
        browser.look("location.href"),
        url(&server, "/set-up"),
        "the text of the link stays in the address"
    );
    browser.fill("#name", "ada");
    browser.fill("#password", "plimsoll plimsoll");
    browser.click("#set-up-form button");
    browser.wait("document.querySelector('[role=alert] .detail')?.innerText.length > 0");
    browser.wait_for("Four or five words");
    browser.fill("#password", PASSWORD);
    browser.press("Enter", 0);
    // It goes on in the console, where who comes for the first time signs in and learns what comes next.
    browser.wait_for("An administrator lets people in");
    // The link has done its work.
    browser.open(&url(&server, &format!("/set-up#{link}")));
    browser.wait_for("It is set up already");
    assert_eq!(browser.look("document.querySelectorAll('form').length"), 0);
    browser.click("main a");
    browser.wait_for("An administrator lets people in");
    assert_eq!(browser.complaints, Vec::<String>::new());
    let told: Vec<_> = browser.asked.iter().filter(|asked| asked.contains(&link)).collect();
    assert_eq!(told, Vec::<&String>::new(), "the text of the link is in an address that was asked");
}

#[test]
fn a_code_is_asked_for_when_the_password_is_not_enough() {
    let server = Server::start();
    let ada = server.administrator();
    let offered =
        ada.post("/api/v1/account/second-factor", &json!({ "current": PASSWORD })).expect(201).json();
    let confirmed = json!({ "code": code(offered["secret"].as_str().unwrap(), 0) });
    let given = ada.put("/api/v1/account/second-factor", &confirmed).expect(201).json();

    let mut browser = Browser::start();
    browser.open(&url(&server, "/"));
    browser.wait("document.querySelector('form[aria-label=\"Sign in\"]') !== null");
    assert_eq!(browser.look("document.querySelector('#code')"), Value::Null);
    sign_in(&mut browser, PASSWORD);
    browser.wait("document.activeElement.id === 'code'");
    browser.type_text("000000");
    browser.press("Enter", 0);
    browser.wait("document.querySelector('[role=alert] .detail') !== null");
    browser.fill("#code", given["recovery_codes"][0].as_str().unwrap());
    browser.press("Enter", 0);
    browser.wait_for("Is anything wrong?");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn the_reference_lists_every_call_and_shows_each_without_a_complaint() {
    let server = Server::start();
    let document = server.anybody().get("/openapi.json").expect(200).json();
    let mut browser = Browser::start();
    browser.open(&url(&server, "/reference"));
    browser.wait("document.querySelectorAll('details.call').length > 0");
    let shown = "[...document.querySelectorAll('details.call')].map(call => \
                 call.querySelector('.method').textContent + ' ' + call.querySelector('.path').textContent).sort()";
    assert_eq!(browser.look(shown), json!(operations(&document)));
    browser.look("document.querySelectorAll('details').forEach(call => { call.open = true })");
    browser.wait(
        "document.querySelectorAll('form.try').length === document.querySelectorAll('details.call').length",
    );
    let unnamed =
        "[...document.querySelectorAll('input, textarea')].filter(field => field.labels.length === 0).length";
    assert_eq!(browser.look(unnamed), 0);
    let doubled = "(() => { const ids = [...document.querySelectorAll('[id]')].map(element => element.id); \
                   return ids.filter((id, index) => ids.indexOf(id) !== index) })()";
    assert_eq!(browser.look(doubled), json!([]));
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn a_call_is_found_by_keys_filled_in_and_sent() {
    let server = Server::start();
    let mut browser = signed_in(&server);
    browser.open(&url(&server, "/reference"));
    browser.wait_for("Calls are sent as ada");
    browser.press("/", 0);
    browser.type_text("post users");
    browser
        .wait("[...document.querySelectorAll('.call')].filter(call => call.checkVisibility()).length === 3");
    browser.press("Escape", 0);
    browser.type_text("creates a user");
    browser.press("ArrowDown", 0);
    browser.press("Enter", 0);
    browser.wait("location.hash === '#create_user' && document.querySelector('#create_user form') !== null");

    // The example is nearly enough.
    let example = browser.look("JSON.parse(document.querySelector('#create_user textarea').value)");
    assert_eq!(example, json!({ "name": "grace", "password": "", "roles": ["viewer"] }));
    browser.click("#create_user textarea");
    browser.press("Enter", 2);
    browser
        .wait("document.querySelector('#create_user [role=status]').innerText.includes('400 Bad Request')");
    let body = json!({ "name": "grace", "password": PASSWORD, "roles": ["viewer"] });
    browser.fill("#create_user textarea", &body.to_string());
    browser.press("Enter", 2);
    browser.wait("document.querySelector('#create_user [role=status]').innerText.includes('201 Created')");
    browser.wait("document.querySelector('#create_user .headers').innerText.includes('/api/v1/users/grace')");
    server.sign_in("grace");

    // A session only: what the page says of curl must not name a token that would be refused.
    let curl = browser.look("document.querySelector('#create_user .curl').innerText");
    let curl = curl.as_str().unwrap();
    assert!(curl.contains("$PLIMSOLL_COOKIE") && curl.contains("--request POST"), "{curl}");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn a_token_takes_the_place_of_the_session_and_stays_in_its_field() {
    let server = Server::start();
    let ada = server.administrator();
    let wanted = json!({ "label": "test", "scopes": ["audit.list"], "days": 1 });
    let token =
        ada.post("/api/v1/account/tokens", &wanted).expect(201).json()["token"].as_str().unwrap().to_owned();
    let mut browser = Browser::start();
    browser.open(&url(&server, "/reference#list_audit"));
    browser.wait("document.querySelector('#list_audit form') !== null");
    browser.click("#list_audit form button");
    browser
        .wait("document.querySelector('#list_audit [role=status]').innerText.includes('401 Unauthorized')");
    browser.fill("#token", &token);
    browser.click("#list_audit form button");
    browser.wait("document.querySelector('#list_audit [role=status]').innerText.includes('200 OK')");
    browser.wait("document.querySelector('#list_audit .answer-body').innerText.includes('own_token.create')");
    let whole = browser.look(
        "document.documentElement.outerHTML + JSON.stringify(localStorage) + \
                              JSON.stringify(sessionStorage) + document.cookie + location.href",
    );
    assert!(!whole.as_str().unwrap().contains(&token), "the token is somewhere else than in its field");
    let told: Vec<_> = browser.asked.iter().filter(|asked| asked.contains(&token)).collect();
    assert_eq!(told, Vec::<&String>::new());
}

#[test]
fn what_never_ends_is_shown_as_it_comes_and_is_stopped() {
    let server = Server::start();
    let mut browser = signed_in(&server);
    browser.open(&url(&server, "/reference#follow_audit"));
    browser.wait("document.querySelector('#follow_audit form') !== null");
    browser.click("#follow_audit form button");
    browser.wait("document.querySelector('#follow_audit .answer-body').innerText.includes('sign_in')");
    browser.click("#follow_audit button.quiet");
    browser.wait("document.querySelector('#follow_audit [role=status]').innerText.includes('stopped')");
}

/// A name of a field comes back in the refusal.
#[test]
fn what_the_server_says_is_text_and_never_html() {
    let server = Server::start();
    let mut browser = signed_in(&server);
    browser.open(&url(&server, "/reference#create_own_token"));
    browser.wait("document.querySelector('#create_own_token form') !== null");
    browser.fill("#create_own_token textarea", r#"{"<img id=planted>": 1}"#);
    browser.click("#create_own_token form button");
    browser
        .wait("document.querySelector('#create_own_token .answer-body').innerText.includes('unknown field')");
    assert_eq!(browser.look("document.querySelector('#planted')"), Value::Null);
    let said = browser.look("document.querySelector('#create_own_token .answer-body').innerText");
    assert!(said.as_str().unwrap().contains("<img id=planted>"), "{said}");

    let server = Server::start();
    let mut browser = Browser::start();
    browser.open(&url(&server, "/set-up#<img id=planted>"));
    browser.wait("!document.querySelector('#form-part').hidden");
    browser.fill("#name", "ada");
    browser.fill("#password", PASSWORD);
    browser.press("Enter", 0);
    browser.wait("document.querySelector('#set-up-problem .detail') !== null");
    assert_eq!(browser.look("document.querySelector('#planted')"), Value::Null);
}

/// WCAG 2.2, 1.4.3: the least contrast of a text on the page to what is behind it, and which text that is.
const LEAST_CONTRAST: &str = "(() => {
  const light = (channel) => channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  const parts = (color) => color.match(/[0-9.]+/g).map(Number);
  const luminance = (color) => {
    const [red, green, blue] = parts(color).map((value) => light(value / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (parts(color)[3] !== 0) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  let least = [22, ''];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (own.length === 0 || !element.checkVisibility()) continue;
    const [one, other] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < least[0]) least = [contrast, own[0].data];
  }
  return least;
})()";

fn paint(browser: &mut Browser, name: &str) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(&folder).unwrap();
    let mut painted = Vec::new();
    for (width, height) in [(1200, 900), (390, 844)] {
        for scheme in ["light", "dark"] {
            browser.size(width, height);
            browser.prefer(scheme);
            let overflow =
                browser.look("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(overflow, 0, "{name} is wider than {width} pixels");
            let least = browser.look(LEAST_CONTRAST);
            assert!(least[0].as_f64().unwrap() >= 4.5, "{name} in {scheme}: {least}");
            let picture = browser.picture();
            let path = folder.join(format!("{name}-{width}-{scheme}.png"));
            println!("look at {}", path.display());
            fs::write(path, &picture).unwrap();
            assert!(!painted.contains(&picture), "{name} does not know {scheme} at {width}");
            painted.push(picture);
        }
    }
    browser.size(1200, 900);
}

#[test]
fn every_page_is_painted_in_light_dark_and_on_a_phone() {
    let server = Server::start();
    let link = server.link.clone().unwrap();
    let mut browser = Browser::start();
    browser.open(&url(&server, "/"));
    browser.wait_for("Ready");
    paint(&mut browser, "nobody");
    browser.open(&url(&server, "/set-up"));
    browser.wait_for("Open the whole link");
    paint(&mut browser, "no-link");
    browser.open(&url(&server, &format!("/set-up#{link}")));
    browser.wait("!document.querySelector('#form-part').hidden");
    browser.fill("#name", "ada");
    browser.fill("#password", "plimsoll plimsoll");
    browser.press("Enter", 0);
    browser.wait("document.querySelector('[role=alert] .detail') !== null");
    paint(&mut browser, "set-up");
    server.administrator();
    browser.open(&url(&server, "/"));
    browser.wait("document.querySelector('form[aria-label=\"Sign in\"]') !== null");
    sign_in(&mut browser, PASSWORD);
    browser.wait_for("Is anything wrong?");
    browser.open(&url(&server, "/set-up"));
    browser.wait_for("It is set up already");
    paint(&mut browser, "set-up-done");
    browser.open(&url(&server, "/reference"));
    browser.wait_for("Calls are sent as ada");
    paint(&mut browser, "reference");
    browser.open(&url(&server, "/reference#create_user"));
    browser.wait("document.querySelector('#create_user form') !== null");
    browser.click("#create_user form button");
    browser.wait("document.querySelector('#create_user .answer-body').innerText.length > 0");
    paint(&mut browser, "call");
    browser.look("document.querySelectorAll('details').forEach(call => { call.open = true })");
    browser.wait(
        "document.querySelectorAll('form.try').length === document.querySelectorAll('details.call').length",
    );
    paint(&mut browser, "all");
}
