//! A whole certification with the profile that is meant for real services: some ten minutes.

use std::fs;

use crate::script::run_script;
use crate::world::{World, notes_started_by};

#[test]
fn full_timing_a_service_is_certified() {
    let world = World::with_key();
    world.write("subject.toml", &notes_started_by("exec $SERVE"));
    let certify = ["certify", "subject.toml", "--profile", "web-service", "--json", "--out", "certificate"];
    let ran = world.run(&[&certify[..], &["--passphrase-file", "passphrase"]].concat());
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let result = ran.json();
    assert_eq!(result["status"], "certified", "{result:#}");
    for criterion in result["criteria"].as_array().unwrap() {
        assert_eq!(criterion["verdict"], "PASS", "{criterion:#}");
        assert_eq!(criterion["control"]["seen_red"], true, "{criterion:#}");
    }
    let verified = world.run(&["verify", "certificate"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.stdout, verified.stderr);
    // Whoever does not trust the binary comes to the same answer.
    fs::write(world.path("issuer.keys"), world.run(&["keys", "export", "tester"]).stdout).unwrap();
    let [certificate, keys] = ["certificate", "issuer.keys"].map(|name| world.path(name));
    let script = run_script(&[certificate.to_str().unwrap(), keys.to_str().unwrap()]);
    assert_eq!(script.code, 0, "{}\n{}", script.stdout, script.stderr);
}
