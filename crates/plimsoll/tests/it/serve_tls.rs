//! TLS: 1.3 and nothing older, and a new certificate without a restart. Asked with OpenSSL.

use std::process::{Command, Stdio};

use crate::server::{Server, signal, until};
use crate::world::World;

fn new_certificate(world: &World, name: &str) {
    let key = world.path("server.key");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", &format!("/CN={name}"), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(world.path("new.pem"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::rename(world.path("new.pem"), world.path("server.pem")).unwrap();
}

/// What OpenSSL says of a connection, with a request sent through it.
fn connect(server: &Server, arguments: &[&str]) -> String {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &server.address.to_string(), "-ign_eof"]).args(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let request = "GET /health/live HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
    // A handshake that failed takes no request.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), request.as_bytes());
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn tls_is_1_3_and_a_new_certificate_is_shown_without_a_restart() {
    let world = World::new();
    new_certificate(&world, "first");
    world.write("plimsoll.toml", "[tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\n");
    let server = Server::start_in(world, &["--config", "plimsoll.toml"]);
    assert!(server.greeting.contains(&format!("https://{}", server.address)), "{}", server.greeting);
    let said = connect(&server, &[]);
    assert!(said.contains("CN = first") || said.contains("CN=first"), "{said}");
    assert!(said.contains("TLSv1.3") && said.contains("200 OK"), "{said}");
    assert!(said.contains("strict-transport-security: max-age=31536000"), "{said}");
    assert!(!connect(&server, &["-tls1_2"]).contains("200 OK"));

    new_certificate(&server.world, "second");
    signal(server.pid(), "HUP");
    until(|| {
        let said = connect(&server, &[]);
        (said.contains("CN = second") || said.contains("CN=second")).then_some(())
    });
    // One that cannot be used changes nothing.
    server.world.write("server.pem", "not a certificate");
    signal(server.pid(), "HUP");
    until(|| server.log().iter().any(|line| line["doing"] == "read the certificate").then_some(()));
    assert!(connect(&server, &[]).contains("200 OK"));
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused_at_the_start() {
    let world = World::new();
    new_certificate(&world, "first");
    world.write("plimsoll.toml", "[tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\n");
    world.write("server.key", "nothing");
    let ran = world.run(&["serve", "--config", "plimsoll.toml", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("server.key: there is no private key in PEM in it"), "{}", ran.stderr);
}
