//! The badge of a server: for those who may see certifications, and good of nothing that does not hold.

use crate::serve_certify::{calibrated, keep_calibration, put_toml, start};
use crate::server::until;
use crate::world::profile;

const GREY: &str = "#5f666b";

#[test]
fn what_is_not_known_is_grey_and_nobody_learns_of_it_who_may_not() {
    let server = calibrated();
    let ada = server.administrator();
    let vera = server.user(&ada, "vera", &["viewer"]);
    server.anybody().get("/badge/notes/test.svg").expect(401);
    let badge = vera.get("/badge/notes/test.svg").expect(200);
    assert_eq!(
        (badge.header("content-type"), badge.header("cache-control")),
        ("image/svg+xml", "private, max-age=300")
    );
    assert!(badge.body.contains("test: unknown") && badge.body.contains(GREY), "{}", badge.body);
    vera.get("/badge/notes/test").expect(404);
}

#[test]
fn timing_a_badge_says_what_the_certificate_says_until_it_is_stale() {
    let server = calibrated();
    let ada = server.administrator();
    let olga = server.user(&ada, "olga", &["operator", "certifier"]);
    let service = crate::serve_certify::Service::start(&server.world);
    put_toml(&olga, "/api/v1/subjects/notes", &service.subject()).expect(204);
    let text = profile(&[("answers", "errors", "10%")]).replace("severity", "ttl = \"60s\"\nseverity");
    put_toml(&olga, "/api/v1/profiles/test", &text).expect(204);
    let id = start(&olga, "notes", "test");
    let made = until(|| {
        let found = olga.get(&format!("/api/v1/certifications/{id}")).expect(200).json();
        ["done", "failed"].contains(&found["state"].as_str().unwrap()).then_some(found)
    });
    keep_calibration(&server);
    assert_eq!(made["certificate"]["status"], "preliminary", "{made}");
    let badge = olga.get("/badge/notes/test.svg").expect(200);
    assert!(badge.body.contains("test: preliminary until ") && !badge.body.contains(GREY), "{}", badge.body);
    let kept =
        badge.header("cache-control").strip_prefix("private, max-age=").unwrap().parse::<u64>().unwrap();
    assert!(kept <= 60, "kept for {kept} s, longer than the certificate holds");
    let changed = service.subject().replace("name = \"notes\"\n", "name = \"notes\"\nversion = \"2\"\n");
    put_toml(&olga, "/api/v1/subjects/notes", &changed).expect(204);
    let stale = until(|| {
        Some(olga.get("/badge/notes/test.svg").expect(200)).filter(|badge| badge.body.contains("test: stale"))
    });
    assert!(stale.body.contains(GREY), "{}", stale.body);
}
