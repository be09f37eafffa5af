use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use plimsoll_evidence::{Arrivals, SubjectPart};
use plimsoll_load::{Request, StatusSet};
use plimsoll_process::Signal;
use plimsoll_proof::from_canonical;
use proptest::prelude::*;

use super::super::{FileError, Subject, parse_subject};
use super::{answers, edited};

const GOOD: &str = r#"name = "notes"
version = "1.2.0"
profile = "web-service"

[source]
git = "."
artifacts = ["target/release/notes"]

[start]
command = ["./notes", "--listen", "127.0.0.1:{port}", "--data", "{dir}/notes.db"]
working_dir = "run"
env = { RUST_LOG = "warn" }
stop = "SIGQUIT"
ready_within = "3s"
stop_within = "4s"

[target]
url = "http://127.0.0.1:{port}"
health = "/health"

[load]
rate = "50/s"
arrivals = "constant"
timeout = "2s"
connections = 64

[[request]]
path = "/notes/{seq}"
headers = { accept = "text/plain" }
weight = 9
expect = ["2xx", "404"]

[[request]]
method = "POST"
path = "/notes?from=test"
body = "{\"n\": {seq}}"

[ledger]
write = { path = "/notes/{key}", body = "{value}" }
read = { path = "/notes/{key}" }
"#;

const SMALLEST: &str = "name = \"x\"\n[target]\nurl = \"http://localhost\"\n[[request]]\npath = \"/\"\n";

fn parse(text: &str) -> Result<Subject, FileError> {
    parse_subject("s.toml", text, Path::new("/base"))
}

fn said(edits: &[(&str, &str)]) -> String {
    answers(GOOD, edits, parse)
}

fn said_of_url(url: &str) -> String {
    let error = parse(&edited(SMALLEST, "http://localhost", url)).unwrap_err();
    format!("{error}\n    hint: {}", error.hint().unwrap_or("none"))
}

#[test]
fn every_field_arrives_in_canonical_units() {
    let subject = parse(GOOD).unwrap();
    assert_eq!((subject.name.as_str(), subject.version.as_deref()), ("notes", Some("1.2.0")));
    assert_eq!(subject.profile.as_deref(), Some("web-service"));
    assert_eq!(subject.source.git, Some(PathBuf::from("/base/.")));
    assert_eq!(subject.source.artifacts, [PathBuf::from("/base/target/release/notes")]);
    let start = subject.start.as_ref().unwrap();
    assert_eq!((start.command.len(), start.working_dir.as_path()), (5, Path::new("/base/run")));
    assert_eq!((start.env["RUST_LOG"].as_str(), start.stop), ("warn", Signal::Quit));
    assert_eq!((start.ready_within_ns, start.stop_within_ns), (3_000_000_000, 4_000_000_000));
    let target = &subject.target;
    assert_eq!((target.host.as_str(), target.port, target.health.as_str()), ("127.0.0.1", None, "/health"));
    assert_eq!(target.address, Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let load = &subject.load;
    assert_eq!(
        (load.rate_per_ks, load.arrivals, load.timeout_ns),
        (50_000, Arrivals::Constant, 2_000_000_000)
    );
    assert_eq!(load.connections, 64);
    let get = Request {
        headers: vec![("accept".into(), "text/plain".into())],
        weight: 9,
        expect: "2xx,404".parse().unwrap(),
        ..Request::get("/notes/{seq}")
    };
    let post =
        Request { method: "POST".into(), body: b"{\"n\": {seq}}".into(), ..Request::get("/notes?from=test") };
    assert_eq!(subject.requests, [get, post]);
    let ledger = subject.ledger.as_ref().unwrap();
    assert_eq!((ledger.write.method.as_str(), ledger.read.method.as_str()), ("PUT", "GET"));
    assert_eq!(
        (ledger.write.body.as_slice(), ledger.read.expect),
        (b"{value}".as_slice(), StatusSet::range(200..=299))
    );
}

#[test]
fn what_is_left_out_has_its_default() {
    let subject = parse(SMALLEST).unwrap();
    assert!(subject.start.is_none() && subject.ledger.is_none() && subject.version.is_none());
    assert_eq!((subject.target.port, subject.target.health.as_str()), (Some(80), "/"));
    assert_eq!((subject.load.rate_per_ks, subject.load.arrivals), (200_000, Arrivals::Poisson));
    assert_eq!((subject.load.timeout_ns, subject.load.connections), (5_000_000_000, 1_024));
    assert_eq!(subject.requests, [Request::get("/")]);
    let started = format!("{SMALLEST}[start]\ncommand = [\"x\"]\n");
    let start = parse(&started).unwrap().start.unwrap();
    assert_eq!((start.stop, start.working_dir.as_path()), (Signal::Term, Path::new("/base")));
    assert_eq!((start.ready_within_ns, start.stop_within_ns), (30_000_000_000, 10_000_000_000));
}

#[test]
fn hosts_and_ports() {
    let target = |url| parse(&edited(SMALLEST, "http://localhost", url)).unwrap().target;
    let v6 = target("http://[::1]:8080/");
    assert_eq!(
        (v6.host.as_str(), v6.port, v6.address),
        ("[::1]", Some(8080), Some(Ipv6Addr::LOCALHOST.into()))
    );
    let bare = target("http://[::1]");
    assert_eq!((bare.host.as_str(), bare.port), ("[::1]", Some(80)));
    let named = target("http://staging.example.com:81");
    assert_eq!((named.host.as_str(), named.port, named.address), ("staging.example.com", Some(81), None));
    assert_eq!(target("http://localhost:1").address, Some(Ipv4Addr::LOCALHOST.into()));
}

#[test]
fn urls_that_lead_nowhere() {
    let urls = [
        "https://127.0.0.1",
        "127.0.0.1:80",
        "http://",
        "http://127.0.0.1:{prt}",
        "http://127.0.0.1:0",
        "http://127.0.0.1:+80",
        "http://127.0.0.1:99999",
        "http://127.0.0.256",
        "http://0.0.0.0:80",
        "http://[::1",
        "http://a b",
        "http://me:pw@127.0.0.1",
        "http://127.0.0.1/api",
        "http://127.0.0.1:{port}",
    ];
    assert_snapshot!(urls.map(said_of_url).join("\n"), @r#"
    s.toml:3:7: `url` is https
        hint: until the next instrument release only http is measured
    s.toml:3:7: `url` is not an http URL
        hint: write it like "http://127.0.0.1:8080", or with {port} for a subject that is started here
    s.toml:3:7: `url` has no host in ""
        hint: write it like "http://127.0.0.1:8080", or with {port} for a subject that is started here
    s.toml:3:7: `url` has no port in `:{prt}`
        hint: write it like "http://127.0.0.1:8080", or with {port} for a subject that is started here
    s.toml:3:7: `url` has no port in `:0`
        hint: write it like "http://127.0.0.1:8080", or with {port} for a subject that is started here
    s.toml:3:7: `url` has no port in `:+80`
        hint: write it like "http://127.0.0.1:8080", or with {port} for a subject that is started here
    s.toml:3:7: `url` has no port in `:99999`
        hint: write it like "http://127.0.0.1:8080", or with {port} for a subject that is started here
    s.toml:3:7: `url` has no host in "127.0.0.256"
        hint: write it like "http://127.0.0.1:8080", or with {port} for a subject that is started here
    s.toml:3:7: `url` names 0.0.0.0, at which one can listen but not call
        hint: write 127.0.0.1 for this machine
    s.toml:3:7: `url` has no host in "[:"
        hint: write it like "http://127.0.0.1:8080", or with {port} for a subject that is started here
    s.toml:3:7: `url` has no host in "a b"
        hint: write it like "http://127.0.0.1:8080", or with {port} for a subject that is started here
    s.toml:3:7: `url` holds a user name
        hint: credentials belong in a header of the requests
    s.toml:3:7: `url` has a path
        hint: paths belong in `health` and in [[request]]
    s.toml:2:1: `{port}` in `url` stands for nothing without [start]
        hint: write the port at which the subject listens, or add [start]
    "#);
}

#[test]
fn keys_and_kinds() {
    assert_snapshot!(said(&[
        ("name = \"notes\"\n", ""),
        ("name = \"notes\"", "name = \"Notes 1\""),
        ("version = \"1.2.0\"", "version = 1.2"),
        ("profile = ", "profil = "),
        ("health = \"/health\"", "helth = \"/health\""),
        ("[ledger]", "[legder]"),
        ("rate = \"50/s\"", "rate = 50"),
        ("rate = \"50/s\"", "rate = \"50ms\""),
        ("rate = \"50/s\"", "rate = \"0.5/s\""),
        ("arrivals = \"constant\"", "arrivals = \"possion\""),
        ("timeout = \"2s\"", "timeout = \"20min\""),
        ("connections = 64", "connections = 0"),
        ("[load]", "[[load]]"),
        ("git = \".\"\nartifacts = [\"target/release/notes\"]", ""),
        ("artifacts = [\"target/release/notes\"]", "artifacts = \"target/release/notes\""),
        ("url = \"http://127.0.0.1:{port}\"\n", ""),
    ]), @r#"
    s.toml:1:1: `name` is missing from the file
    s.toml:1:8: `name` is not a name: "Notes 1"
        hint: one to 40 of a-z, 0-9 and -
    s.toml:2:11: `version` must be text in quotes, not a decimal number
    s.toml:3:1: unknown key `profil` in the file
        hint: did you mean `profile`?
    s.toml:19:1: unknown key `helth` in [target]
        hint: did you mean `health`?
    s.toml:38:2: unknown key `legder` in the file
        hint: did you mean `ledger`?
    s.toml:22:8: `rate` must be text in quotes, not a whole number
        hint: write it like rate = "200/s"
    s.toml:22:8: `rate` must be a rate, not a duration
        hint: write it like rate = "200/s"
    s.toml:22:8: `rate` is 0.5/s: it must lie between 1/s and 200000/s
    s.toml:23:12: unknown arrivals `possion`
        hint: did you mean `poisson`?
    s.toml:24:11: `timeout` is 20 min: it must lie between 1 ms and 10 min
    s.toml:25:15: `connections` is 0: it must lie between 1 and 16384
    s.toml:21:1: `load` must be a table, not a list
    s.toml:5:1: [source] names nothing
        hint: write git = "." or artifacts = ["path"], or remove [source]
    s.toml:7:13: `artifacts` must be a list in square brackets, not text
    s.toml:17:1: `url` is missing from [target]
    "#);
}

#[test]
fn subjects_that_could_not_be_started() {
    assert_snapshot!(said(&[
        ("command = [\"./notes\", \"--listen\", \"127.0.0.1:{port}\", \"--data\", \"{dir}/notes.db\"]", "command = \"./notes --listen 127.0.0.1:{port}\""),
        ("command = [\"./notes\", \"--listen\", \"127.0.0.1:{port}\", \"--data\", \"{dir}/notes.db\"]", "command = []"),
        ("\"./notes\"", "\"\""),
        ("\"./notes\"", "\"a\\u0000b\""),
        ("127.0.0.1:{port}\", \"--data", "127.0.0.1:{prot}\", \"--data"),
        ("{dir}/notes.db", "{DIR}/notes.db"),
        ("127.0.0.1:{port}\", \"--data", "127.0.0.1:80\", \"--data"),
        ("http://127.0.0.1:{port}", "http://127.0.0.1:8080"),
        ("RUST_LOG = \"warn\"", "\"A=B\" = \"warn\""),
        ("RUST_LOG = \"warn\"", "RUST_LOG = 1"),
        ("stop = \"SIGQUIT\"", "stop = \"SIGKILL\""),
        ("stop = \"SIGQUIT\"", "stop = \"SIGTREM\""),
        ("ready_within = \"3s\"", "ready_within = \"0s\""),
        ("ready_within = \"3s\"", "ready_within = \"1h\""),
    ]), @r#"
    s.toml:10:11: `command` must be a list in square brackets, not text
        hint: write program and arguments apart, like ["./notes", "--port", "{port}"]; no shell reads them
    s.toml:10:11: `command` is empty
        hint: write program and arguments apart, like ["./notes", "--port", "{port}"]; no shell reads them
    s.toml:10:11: the program's name is empty
        hint: write program and arguments apart, like ["./notes", "--port", "{port}"]; no shell reads them
    s.toml:10:12: `command` holds a zero byte, which no program can be given
    s.toml:10:35: `{prot}` in `command` stands for nothing
        hint: did you mean `{port}`?
    s.toml:10:65: `{DIR}` in `command` stands for nothing
        hint: did you mean `{dir}`?
    s.toml:9:1: nothing tells the subject `{port}`, at which it will be asked
        hint: use `{port}` in `command` or `env`, or write a fixed port in `url`
    s.toml:17:1: the subject is told `{port}`, but `url` asks at port 8080
        hint: write `{port}` in `url` too
    s.toml:12:17: "A=B" cannot be the name of a variable
    s.toml:12:20: `RUST_LOG` must be text in quotes, not a whole number
    s.toml:13:8: SIGKILL cannot ask a program to end in good order
        hint: write stop = "SIGTERM", or leave it out
    s.toml:13:8: unknown stop `SIGTREM`
        hint: did you mean `SIGTERM`?
    s.toml:14:16: `ready_within` is 0 ns: it must lie between 1 ms and 10 min
    s.toml:14:16: `ready_within` is 60 min: it must lie between 1 ms and 10 min
    "#);
}

#[test]
fn requests_that_could_not_be_sent_or_judged() {
    assert_snapshot!(said(&[
        ("method = \"POST\"", "method = \"post\""),
        ("method = \"POST\"", "method = \"BREW\""),
        ("path = \"/notes?from=test\"\n", ""),
        ("path = \"/notes?from=test\"", "path = \"notes\""),
        ("path = \"/notes?from=test\"", "path = \"/two words\""),
        ("path = \"/notes?from=test\"", "path = \"/notes/{sec}\""),
        ("path = \"/notes?from=test\"", "path = \"/notes/{id}\""),
        ("{\\\"n\\\": {seq}}", "{\\\"n\\\": {Seq}}"),
        ("accept = \"text/plain\"", "\"two words\" = \"x\""),
        ("accept = \"text/plain\"", "Host = \"x\""),
        ("accept = \"text/plain\"", "accept = \"a\\r\\nb: c\""),
        ("accept = \"text/plain\"", "accept = \"a\", Accept = \"b\""),
        ("accept = \"text/plain\"", "accept = \"{seq}\""),
        ("weight = 9", "weight = 0"),
        ("expect = [\"2xx\", \"404\"]", "expect = [200]"),
        ("expect = [\"2xx\", \"404\"]", "expect = []"),
        ("expect = [\"2xx\", \"404\"]", "expect = [\"2yy\"]"),
        ("expect = [\"2xx\", \"404\"]", "expect = [\"5xx\"]"),
        ("health = \"/health\"", "health = \"/health/{seq}\""),
    ]), @r#"
    s.toml:34:10: unknown method `post`
        hint: did you mean `POST`?
    s.toml:34:10: unknown method `BREW`
        hint: known here: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS
    s.toml:33:1: `path` is missing from [[request]]
    s.toml:35:8: `path` does not start with `/`
    s.toml:35:8: `path` has a space or another character that no URL may hold
        hint: write such a character as %20
    s.toml:35:8: `{sec}` in `path` stands for nothing
        hint: did you mean `{seq}`?
    s.toml:35:8: `path` has a brace that belongs to no placeholder
        hint: filled in here: {seq}; a brace itself is written %7B or %7D
    s.toml:36:8: `{Seq}` in `body` stands for nothing
        hint: did you mean `{seq}`?
    s.toml:29:27: header "two words" has a name that HTTP does not know
    s.toml:29:20: header "Host" is written by Plimsoll itself
    s.toml:29:22: header "accept" has a control character in its value
    s.toml:29:22: header "accept" is given twice: capitals make no difference
    s.toml:29:22: header "accept" holds `{seq}`, which is filled in in paths and bodies only
    s.toml:30:10: `weight` is 0: it must lie between 1 and 1000000
    s.toml:31:11: `expect` must be text in quotes, not a whole number
        hint: write it like expect = ["2xx", "404"]
    s.toml:31:10: `expect` is empty
        hint: write it like expect = ["2xx", "404"]
    s.toml:31:11: `2yy` is not a status
        hint: write it like expect = ["2xx", "404"]
    s.toml:31:11: `5xx` takes 503 as good: planted errors could not be seen
        hint: expect the statuses of good replies only
    s.toml:19:10: `health` has a brace that belongs to no placeholder
        hint: nothing is filled in here; a brace itself is written %7B or %7D
    "#);
    let nothing = &GOOD[..GOOD.find("[[request]]").unwrap()];
    assert_snapshot!(parse(nothing).unwrap_err(), @"s.toml:1:1: the subject has no request: a target that is asked nothing never passes");
    assert_snapshot!(parse(&format!("request = []\n{nothing}")).unwrap_err(), @"s.toml:1:11: `request` is empty");
}

#[test]
fn ledgers_that_would_prove_nothing() {
    let write = "write = { path = \"/notes/{key}\", body = \"{value}\" }";
    let read = "read = { path = \"/notes/{key}\" }";
    assert_snapshot!(said(&[
        (write, ""),
        (read, ""),
        (write, "write = { path = \"/notes/1\", body = \"{value}\" }"),
        (write, "write = { path = \"/notes/{key}\" }"),
        (write, "write = { method = \"GET\", path = \"/notes/{key}/{value}\" }"),
        (write, "write = { path = \"/notes/{kye}\", body = \"{value}\" }"),
        (write, "write = { path = \"/notes/{key}\", body = \"{value}\", expect = [\"2xx\"] }"),
        (read, "read = { path = \"/notes\" }"),
        (read, "read = { path = \"/notes/{key}?echo={value}\" }"),
    ]), @r#"
    s.toml:38:1: `write` is missing from [ledger]
    s.toml:38:1: `read` is missing from [ledger]
    s.toml:39:9: `write` does not mention `{key}`
        hint: the key is what the write is found by, as in path = "/notes/{key}"
    s.toml:39:9: `write` does not mention `{value}`
        hint: the value is what must be read back, as in body = "{value}"
    s.toml:39:9: `write` is a GET, which writes nothing
        hint: known here: POST, PUT, PATCH, DELETE
    s.toml:39:18: `{kye}` in `path` stands for nothing
        hint: did you mean `{key}`?
    s.toml:39:52: unknown key `expect` in `write` of [ledger]
        hint: known here: method, path, headers, body
    s.toml:40:8: `read` does not mention `{key}`
        hint: the key is what the write is found by, as in path = "/notes/{key}"
    s.toml:40:8: `read` mentions `{value}`: an echo would look like a stored write
        hint: read by `{key}` alone
    "#);
}

#[test]
fn load_elsewhere_needs_a_name_and_a_cap() {
    let at = |lines: &str| {
        edited(SMALLEST, "url = \"http://localhost\"", &format!("url = \"http://example.com\"\n{lines}"))
    };
    let target = parse(&at("authorised_by = \"Jane Doe, 2026-11-20\"\nrate_cap = \"200/s\"")).unwrap().target;
    assert_eq!(
        (target.authorised_by.as_deref(), target.rate_cap_per_ks),
        (Some("Jane Doe, 2026-11-20"), Some(200_000))
    );
    let error = |lines| parse(&at(lines)).unwrap_err();
    assert_snapshot!(error("authorised_by = \"Jane\""), @"s.toml:4:17: `authorised_by` needs a `rate_cap`");
    assert_snapshot!(error("rate_cap = \"50/s\""), @"s.toml:4:12: `rate_cap` is given, but nobody is named who set it");
    assert_snapshot!(error("authorised_by = \"Jane\"\nrate_cap = \"50/s\""), @"s.toml:2:1: the rate lies above the `rate_cap` of [target]");
    assert_snapshot!(error("authorised_by = \"\"\nrate_cap = \"200/s\""), @"s.toml:4:17: `authorised_by` is empty");
}

const SECRETIVE: &str = r#"name = "x"
[start]
command = ["./x", "--port", "{port}", "--password", "c4n4ryV4lue9Xy7Qw2Z", "--api-token=c4n4ryV4lue9Xy7Qw2Z"]
env = { API_KEY = "c4n4ryV4lue9Xy7Qw2Z", DB = "postgres://me:c4n4ryV4lue9Xy7Qw2Z@db/x", LEVEL = "warn" }
[target]
url = "http://127.0.0.1:{port}"
health = "/health?token=c4n4ryV4lue9Xy7Qw2Z"
[[request]]
path = "/?token=c4n4ryV4lue9Xy7Qw2Z&page=1"
headers = { Authorization = "Bearer c4n4ryV4lue9Xy7Qw2Z", X-Session-Secret = "c4n4ryV4lue9Xy7Qw2Z", accept = "a/b" }
body = "password=c4n4ryV4lue9Xy7Qw2Z"
"#;

/// The good subject with a store that is started and a cache that runs.
const DEPENDENT: &str = r#"name = "notes"
[start]
command = ["./notes", "{port}", "{dependency.store}"]
env = { CACHE = "tcp://{dependency.cache}/0" }
[target]
url = "http://127.0.0.1:{port}"
[[request]]
path = "/"
[[dependency]]
name = "store"
command = ["./store", "--port", "{port}", "--data", "{dir}/store", "--password", "c4n4ry"]
[[dependency]]
name = "cache"
address = "127.0.0.1:6379"
[health]
notices_within = "2s"
live = "/live"
"#;

#[test]
fn dependencies_are_read_and_described() {
    let subject = parse(DEPENDENT).unwrap();
    assert_eq!(subject.parts(), [SubjectPart::Dependency]);
    assert_eq!(subject.health.notices_within_ns, 2_000_000_000);
    assert_eq!(subject.health.live.as_deref(), Some("/live"));
    let description = subject.description();
    assert!(!description.contains("c4n4ry"), "{description}");
    for (from, to) in
        [("6379", "6380"), ("{dir}/store", "{dir}/other"), ("\"2s\"", "\"3s\""), ("/live", "/up")]
    {
        assert_ne!(parse(&edited(DEPENDENT, from, to)).unwrap().description(), description, "{to}");
    }
    let without = parse(GOOD).unwrap();
    assert!(without.dependencies.is_empty() && without.health.notices_within_ns == 5_000_000_000);
}

#[test]
fn mistakes_in_dependencies_are_located() {
    let address = "address = \"127.0.0.1:6379\"";
    for (from, to, said) in [
        ("\"{dependency.store}\"", "\"store\"", "nothing tells the subject `{dependency.store}`"),
        (
            "\"{dependency.store}\"",
            "\"{dependency.store}{dependency.queue}\"",
            "`{dependency.queue}` stands for nothing",
        ),
        ("name = \"cache\"", "name = \"store\"", "dependency `store` stands twice"),
        (
            "\"--port\", \"{port}\"",
            "\"--port\", \"1\"",
            "s.toml:11:11: nothing tells the dependency `{port}`",
        ),
        (
            address,
            "address = \"cache:6379\"",
            "s.toml:14:11: `address` is \"cache:6379\", which is no address",
        ),
        (address, "address = \"0.0.0.0:6379\"", "s.toml:14:11: `address` is \"0.0.0.0:6379\""),
        (address, "", "a dependency has either an `address` or a `command`"),
        (address, "adress = \"127.0.0.1:6379\"", "s.toml:14:1: unknown key `adress` in [[dependency]]"),
        ("\"2s\"", "\"61s\"", "s.toml:16:18: `notices_within` is 61 s: it must lie between"),
        ("\"/live\"", "\"live\"", "s.toml:17:8: `live` does not start with `/`"),
    ] {
        let told = answers(DEPENDENT, &[(from, to)], parse);
        assert!(told.contains(said), "{to}: {told}");
    }
    let promise = format!("{SMALLEST}[health]\nlive = \"/live\"\n");
    assert!(parse(&promise).unwrap_err().to_string().contains("and none is named"));
}

#[test]
fn the_description_is_canonical_and_tells_no_secret() {
    let subject = parse(SECRETIVE).unwrap();
    let description = subject.description();
    assert!(!description.contains("c4n4ry") && !format!("{subject:?}").contains("c4n4ry"), "{description}");
    from_canonical::<serde_json::Value>(description.as_bytes()).unwrap();
    assert_snapshot!(description, @r#"{"ledger":null,"load":{"arrivals":"poisson","connections":1024,"rate_per_ks":200000,"timeout_ns":5000000000},"name":"x","profile":null,"requests":[{"body":"password=[redacted]","expect":"200-399","headers":{"Authorization":"[redacted]","X-Session-Secret":"[redacted]","accept":"a/b"},"method":"GET","path":"/?token=[redacted]&page=1","weight":1}],"source":{"artifacts":[],"git":null},"start":{"command":["./x","--port","{port}","--password","[redacted]","--api-token=[redacted]"],"env":{"API_KEY":"[redacted]","DB":"postgres://me:[redacted]@db/x","LEVEL":"warn"},"ready_within_ns":30000000000,"stop":"SIGTERM","stop_within_ns":10000000000,"working_dir":"."},"target":{"authorised_by":null,"health":"/health?token=[redacted]","host":"127.0.0.1","port":null,"rate_cap_per_ks":null},"version":null}"#);
    assert!(
        subject.start.unwrap().env["API_KEY"].contains("c4n4ry"),
        "the subject itself is given its secret"
    );
}

#[test]
fn the_description_changes_with_what_is_measured_and_not_with_where_the_file_lies() {
    let describe =
        |text: &str, base: &str| parse_subject("s.toml", text, Path::new(base)).unwrap().description();
    assert_eq!(describe(GOOD, "/base"), describe(GOOD, "/elsewhere/far"));
    assert_eq!(describe(GOOD, "/base"), describe(&format!("# a comment\n{GOOD}"), ""));
    let changes = [
        ("name = \"notes\"", "name = \"other\""),
        ("\"--data\"", "\"--file\""),
        ("working_dir = \"run\"", "working_dir = \"..\""),
        ("stop = \"SIGQUIT\"", "stop = \"SIGINT\""),
        ("RUST_LOG = \"warn\"", "RUST_LOG = \"info\""),
        ("health = \"/health\"", "health = \"/\""),
        ("rate = \"50/s\"", "rate = \"51/s\""),
        ("arrivals = \"constant\"", "arrivals = \"poisson\""),
        ("timeout = \"2s\"", "timeout = \"3s\""),
        ("connections = 64", "connections = 65"),
        ("weight = 9", "weight = 8"),
        ("\"404\"", "\"403\""),
        ("body = \"{value}\"", "body = \"v={value}\""),
        ("accept = \"text/plain\"", "accept = \"text/html\""),
        ("artifacts = [\"target/release/notes\"]", "artifacts = [\"target/debug/notes\"]"),
    ];
    for (from, to) in changes {
        assert_ne!(describe(GOOD, ""), describe(&edited(GOOD, from, to), ""), "{to}");
    }
}

#[test]
fn example_subjects_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/subjects");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let subject = parse_subject(&path.to_string_lossy(), &text, &folder).unwrap();
            assert!(subject.start.is_some_and(|start| start.working_dir.is_dir()), "{path:?}");
            names.push(subject.name);
        }
    }
    names.sort();
    assert_eq!(names, ["nginx", "notes", "radicale", "registry"]);
}

proptest! {
    #[test]
    fn never_panics_on_any_text(text in "\\PC{0,200}") {
        prop_assert!(parse(&text).is_err());
    }

    /// Whole lines of a good file lost, doubled, cut or in another order.
    #[test]
    fn never_panics_on_mangled_lines(picks in prop::collection::vec((0usize..60, 0usize..80), 0..60)) {
        let lines: Vec<&str> = GOOD.lines().collect();
        let cut = |(line, at): &(usize, usize)| {
            lines[line % lines.len()].chars().take(*at).collect::<String>()
        };
        let text: Vec<String> = picks.iter().map(cut).collect();
        if let Err(error) = parse(&text.join("\n")) {
            prop_assert!(error.line >= 1 && error.line <= text.len() + 1, "{error}");
        }
    }

    /// What a person writes into a text of the file, whatever it is, is read or refused, and described.
    #[test]
    fn any_text_in_any_place_is_read_or_refused(place in 0usize..12, text in "[^\"\\\\\\p{Cc}]{0,12}") {
        let places = [
            "1.2.0", "web-service", "target/release/notes", "./notes", "run", "warn", "SIGQUIT", "http://127.0.0.1:{port}",
            "/health", "50/s", "text/plain", "POST",
        ];
        if let Ok(subject) = parse(&edited(GOOD, places[place], &text)) {
            prop_assert!(from_canonical::<serde_json::Value>(subject.description().as_bytes()).is_ok());
        }
    }
}
