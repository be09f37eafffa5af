//! What is spoken where TLS is: nginx as it is set up today, and as nobody should leave it.

use std::process::Command;

use crate::certify_api::wrongs;
use crate::world::{Ran, World, profile, verdict};

const TLS: (&str, &str, &str) = ("tls", "tls", "0");

fn openssl(world: &World, arguments: &str) {
    let mut command = Command::new("openssl");
    let made = command.args(arguments.split(' ')).current_dir(world.path(".")).output().unwrap();
    assert!(made.status.success(), "{arguments}: {}", String::from_utf8_lossy(&made.stderr));
}

/// Somebody who is trusted, and a certificate for a name by him.
fn make_certificate(world: &World, name: &str, days: u32) {
    world.write("names", &format!("subjectAltName=DNS:{name}\nbasicConstraints=CA:FALSE\n"));
    openssl(
        world,
        "req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=root -keyout root.key -out root.pem",
    );
    openssl(world, "req -newkey rsa:2048 -nodes -subj /CN=server -keyout server.key -out server.csr");
    let sign = "x509 -req -in server.csr -CA root.pem -CAkey root.key -CAcreateserial -out server.pem";
    openssl(world, &format!("{sign} -days {days} -extfile names"));
}

/// nginx that serves a folder with and without TLS, told more about TLS. Who is not root may not be another, and is not.
fn subject(world: &World, told: &str) -> String {
    std::fs::create_dir(world.path("site")).unwrap();
    world.write("site/index.html", "<p>hello</p>");
    let config = "daemon off; worker_processes 1; pid DIR/pid; error_log stderr; user root;
        events { }
        http {
            access_log off; root SITE;
            client_body_temp_path DIR/a; proxy_temp_path DIR/b; fastcgi_temp_path DIR/c;
            uwsgi_temp_path DIR/d; scgi_temp_path DIR/e;
            ssl_certificate CERTIFICATES/server.pem; ssl_certificate_key CERTIFICATES/server.key;
            server { listen 127.0.0.1:PORT; }
            server { listen 127.0.0.1:TLS ssl; TOLD }
        }";
    world.write("nginx.conf", &config.replace("TOLD", told));
    "name = \"site\"
[start]
command = [\"sh\", \"-c\", '''
sed -e \"s|PORT|{port}|\" -e \"s|TLS|{tls_port}|\" -e \"s|DIR|{dir}|g\" -e \"s|SITE|$PWD/site|\" -e \"s|CERTIFICATES|$PWD|g\" nginx.conf >\"{dir}/nginx.conf\" &&
exec nginx -e stderr -p \"{dir}\" -c \"{dir}/nginx.conf\"
''']
stop = \"SIGQUIT\"
[target]
url = \"http://127.0.0.1:{port}\"
[load]
rate = \"50/s\"
[[request]]
path = \"/index.html\"
[tls]
name = \"localhost\"
roots = \"root.pem\"
"
    .to_owned()
}

/// What the report of a certificate that verifies says was wrong.
fn verified_wrongs(world: &World, ran: &Ran) -> Vec<String> {
    let verified = world.run(&["verify", "certificate"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.stderr, ran.stderr);
    wrongs(world)
}

#[test]
fn a_server_as_it_is_set_up_today_speaks_nothing_that_is_outdated() {
    let world = World::with_key();
    make_certificate(&world, "localhost", 60);
    let ran = world.certify(&subject(&world, ""), &profile(&[TLS]));
    let wrongs = verified_wrongs(&world, &ran);
    assert_eq!(verdict(&ran.json(), "tls"), "PASS", "{wrongs:#?}");
}

#[test]
fn a_server_that_nobody_looked_after_is_refused() {
    let world = World::with_key();
    make_certificate(&world, "elsewhere", 5);
    let old = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ALL:eNULL:@SECLEVEL=0; error_page 497 =200 /index.html;";
    let ran = world.certify(&subject(&world, old), &profile(&[TLS]));
    let wrongs = verified_wrongs(&world, &ran);
    assert_eq!((ran.code, verdict(&ran.json(), "tls")), (1, "FAIL"));
    let expected = [
        "offered TLS 1.0",
        "offered TLS 1.1",
        "offered TLS 1.2 without encryption",
        "offered TLS 1.2 without a certificate",
        "asked without TLS",
        "its certificate now",
        "its certificate in 14 days",
    ];
    for case in expected {
        assert!(wrongs.iter().any(|row| row.contains(case)), "{case}\n{wrongs:#?}");
    }
    assert_eq!(wrongs.len(), expected.len(), "{wrongs:#?}");
    assert!(wrongs.iter().any(|row| row.contains("not valid for name")), "{wrongs:#?}");
}

#[test]
fn a_port_that_nobody_is_told_is_no_port() {
    let world = World::with_key();
    let whole = subject(&world, "");
    let tls = whole.find("[tls]").unwrap();
    for (text, said) in [
        (whole[..tls].to_owned(), "`{tls_port}` stands for nothing"),
        (whole.replace("{tls_port}", "8443"), "nothing says at which port TLS is spoken"),
        (whole.replace("{tls_port}", "{tls_prt}"), "did you mean `{tls_port}`?"),
        (whole.replace("roots = \"root.pem\"\n", ""), "roots"),
    ] {
        let ran = world.certify(&text, &profile(&[TLS]));
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{said}\n{}", ran.stderr);
    }
}
