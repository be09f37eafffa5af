//! `plimsoll keys`: made on one machine, believed on another.

use std::fs;
use std::process::Stdio;

use crate::world::World;

/// The fingerprints in a text for people: sixteen groups of four hex digits each, over two lines.
fn fingerprints(text: &str) -> Vec<String> {
    let is_group = |word: &&str| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let groups = |line: &str| line.split_whitespace().filter(is_group).collect::<Vec<_>>().join(" ");
    let halves: Vec<String> = text.lines().map(groups).filter(|found| found.len() == 39).collect();
    halves.chunks_exact(2).map(|halves| halves.join(" ")).collect()
}

#[test]
fn keys_made_here_are_believed_elsewhere_after_export_and_trust() {
    let here = World::new();
    let made = here.run(&["keys", "new", "acme", "--passphrase-file", "passphrase"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let [certificate, log] = <[String; 2]>::try_from(fingerprints(&made.stdout)).unwrap();
    assert_ne!(certificate, log);
    assert!(made.stdout.contains("plimsoll keys export acme"), "{}", made.stdout);

    let exported = here.run(&["keys", "export", "acme"]);
    assert_eq!((exported.code, exported.stdout.lines().count()), (0, 2), "{}", exported.stderr);

    let there = World::new();
    there.write("acme.keys", &exported.stdout);
    let trusted = there.run(&["keys", "trust", "acme.keys"]);
    assert_eq!(trusted.code, 0, "{}", trusted.stderr);
    assert_eq!(fingerprints(&trusted.stdout), [certificate.clone(), log.clone()], "{}", trusted.stdout);
    let again = there.run(&["keys", "trust", "acme.keys"]);
    assert_eq!(again.code, 0);
    assert!(again.stdout.contains("already"), "{}", again.stdout);

    let listed = there.run(&["keys", "list", "--json"]).json();
    assert_eq!(listed["issuers"], serde_json::json!([]));
    let pinned: Vec<_> =
        listed["trusted"].as_array().unwrap().iter().map(|entry| &entry["fingerprint"]).collect();
    assert_eq!(pinned, [&serde_json::json!(certificate), &serde_json::json!(log)]);
    assert!(there.run(&["keys", "list"]).stdout.contains("made elsewhere"));
    let own = here.run(&["keys", "list"]);
    assert_eq!(fingerprints(&own.stdout), [certificate, log]);
    assert!(!own.stdout.contains("made elsewhere"), "{}", own.stdout);
}

#[test]
fn one_line_is_believed_quoted_or_not() {
    let (here, there) = (World::with_key(), World::new());
    let exported = here.run(&["keys", "export", "tester"]).stdout;
    let [certificate, log] = <[&str; 2]>::try_from(exported.lines().collect::<Vec<_>>()).unwrap();
    assert_eq!(there.run(&["keys", "trust", certificate]).code, 0);
    let words: Vec<&str> = ["keys", "trust"].into_iter().chain(log.split(' ')).collect();
    assert_eq!(there.run(&words).code, 0);
    assert_eq!(fs::read_to_string(there.path("state/plimsoll/keys/trusted.keys")).unwrap(), exported);
}

#[test]
fn the_pem_is_one_that_openssl_reads() {
    let world = World::with_key();
    for arguments in [["--pem", "--purpose", "certificate"], ["--pem", "--purpose", "log"]] {
        let pem = world.run(&[["keys", "export", "tester"].as_slice(), &arguments].concat()).stdout;
        world.write("key.pem", &pem);
        let mut openssl = std::process::Command::new("openssl");
        let text =
            openssl.args(["pkey", "-pubin", "-noout", "-text", "-in"]).arg(world.path("key.pem")).output();
        let text = text.unwrap();
        assert!(
            String::from_utf8_lossy(&text.stdout).contains("ED25519 Public-Key"),
            "{arguments:?}: {text:?}"
        );
    }
}

#[test]
fn private_keys_are_sealed_and_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::with_key();
    for name in ["certificate.key", "log.key"] {
        let path = world.path("state/plimsoll/keys/tester").join(name);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = world.run(&["keys", "new", "tester", "--passphrase-file", "passphrase"]);
    assert_eq!((again.code, again.stdout.as_str()), (4, ""), "{}", again.stderr);
}

#[test]
fn a_wrong_passphrase_is_exit_4_and_measures_nothing() {
    let world = World::with_key();
    world.write("wrong", "another passphrase altogether\n");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let ran = world.run(&["certify", "--url", &url, "--profile", "quick", "--passphrase-file", "wrong"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (4, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("does not open") && ran.stderr.contains("hint:"), "{}", ran.stderr);
    assert!(listener.accept().is_err(), "the subject was asked");
}

#[test]
fn what_is_wrong_is_said_and_changes_nothing() {
    let world = World::new();
    world.write("short", "short\n");
    world.write("bad.keys", "# mine\ncertificate nonsense\n");
    world.write("empty.keys", "# nothing\n\n");
    for (arguments, code, told) in [
        (["keys", "new", "acme", "--passphrase-file", "short"].as_slice(), 2, "hint:"),
        (&["keys", "new", "No Name", "--passphrase-file", "passphrase"], 2, "NAME"),
        (&["keys", "new", "acme", "--passphrase-file", "missing"], 2, "missing"),
        (&["keys", "trust", "bad.keys"], 2, "bad.keys: line 2, column 13"),
        (&["keys", "trust", "empty.keys"], 2, "holds no key"),
        (&["keys", "trust", "missing.keys"], 2, "hint:"),
        (&["keys", "trust", "log", "nonsense"], 2, "column 5"),
        (&["keys", "export", "nobody"], 4, "plimsoll keys new"),
        (&["keys", "lst"], 2, "'list'"),
    ] {
        let ran = world.run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(told), "{arguments:?}: {}", ran.stderr);
    }
    let listed = world.run(&["keys", "list"]);
    assert!(listed.stdout.contains("no keys yet"), "{}", listed.stdout);
}

#[test]
fn without_a_terminal_a_passphrase_is_not_waited_for() {
    let world = World::new();
    // In a session of its own there is no terminal to be asked at, wherever the test was started.
    let mut setsid = std::process::Command::new("setsid");
    setsid.args(["--wait", crate::world::PLIMSOLL, "keys", "new", "acme"]).stdin(Stdio::null());
    let ran = setsid.env("XDG_STATE_HOME", world.path("state")).output().unwrap();
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    assert!(String::from_utf8_lossy(&ran.stderr).contains("--passphrase-file"), "{ran:?}");
}

#[test]
fn a_passphrase_comes_through_a_descriptor() {
    let world = World::new();
    let mut shell = std::process::Command::new("sh");
    let line =
        format!("exec {} keys new acme --json --passphrase-fd 5 5< passphrase", crate::world::PLIMSOLL);
    let ran =
        shell.args(["-c", &line]).current_dir(world.folder()).env("XDG_STATE_HOME", world.path("state"));
    let ran = ran.output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let made: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!((&made["name"], &made["keys"][1]["purpose"]), (&"acme".into(), &"log".into()));
}
