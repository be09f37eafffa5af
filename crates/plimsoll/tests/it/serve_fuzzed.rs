//! Every route is asked what its own reference allows, and what it does not, by a fuzzer that reads the reference:
//! schemathesis, from `./scripts/test`. What it finds wrong is a fault of the server or of the reference.

use std::path::Path;
use std::process::Command;

use plimsoll_policy::Action;
use serde_json::{Value, json};

use crate::golden::golden;
use crate::serve_certify::{calibrated, keep_calibration, put_toml, start};
use crate::server::{Actor, Server};
use crate::world::profile;

/// Most random cases for a route and a phase: a quarter of a minute for all. What the schemas' borders demand is beside
/// it.
const CASES: u32 = 10;
/// The same for the long sweep: some minutes for all.
const CASES_FULL: u32 = 300;
/// A certificate that is there from the start, of which the register knows nothing.
const CERTIFICATE: &str = "00000000000100000001";
/// It would end the session by which all the others are asked.
const SIGN_OUT: &str = "sign_out";

/// One of those who ask.
type Who = fn(&Cast) -> Actor;

/// Those who ask, all on one server.
struct Cast {
    server: Server,
    ada: Actor,
    otto: Actor,
    token: Actor,
    /// Nobody comes upon their names by chance.
    certificates: Vec<String>,
}

impl Cast {
    fn new() -> Self {
        Self::on(Server::start())
    }

    fn on(server: Server) -> Self {
        // It is listed, shown, downloaded and verified as any other.
        let folder = server.world.path("state/plimsoll/data/certificates").join(CERTIFICATE);
        let copied = Command::new("cp").arg("-r").args([golden("v1"), folder]).status().unwrap();
        assert!(copied.success());
        let ada = server.administrator();
        let otto = server.user(&ada, "otto", &["operator", "certifier"]);
        let toni = server.user(&ada, "toni", &["administrator", "operator", "certifier", "reviewer"]);
        let actions = Action::ALL.iter().filter(|action| !action.needs_session());
        let token = toni.token(&actions.map(|action| action.name()).collect::<Vec<_>>());
        Self { server, ada, otto, token, certificates: vec![String::from(CERTIFICATE)] }
    }

    /// With a certification that is done, and one that is under way.
    fn certifying() -> Self {
        let mut cast = Self::on(calibrated());
        let criteria = [("answers", "errors", "10%"), ("quick", "latency", "100ms")];
        put_toml(&cast.otto, "/api/v1/profiles/test", &profile(&criteria)).expect(204);
        let done = start(&cast.otto, "demo", "test");
        let last = cast.otto.follow(&format!("/api/v1/certifications/{done}/events"), None).last().unwrap();
        assert_eq!(last.1, "certification.done", "{last:?}");
        keep_calibration(&cast.server);
        cast.certificates.push(done);
        start(&cast.otto, "demo", "quick");
        cast
    }

    /// What must not be ended: the names of those who ask, and what they are known by.
    fn kept(&self) -> String {
        let mut kept: Vec<String> = ["ada", "otto", "toni"].map(String::from).into();
        for (name, what) in
            [("ada", "sessions"), ("otto", "sessions"), ("toni", "sessions"), ("toni", "tokens")]
        {
            let listed = self.ada.get(&format!("/api/v1/users/{name}/{what}")).expect(200).json();
            let items = listed["items"].as_array().unwrap();
            assert!(!items.is_empty(), "{name} has no {what}");
            kept.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        }
        kept.join(" ")
    }

    /// Asks every route as somebody, but for the operations that are left out, and ends the server.
    fn fuzz(self, who: Who, cases: u32, left_out: &[&str]) {
        let report = self.server.world.path("report.json");
        let account = who(&self).get("/api/v1/account").body;
        let may_have_certificates = account.contains("\"certification.download\"");
        let mut command = self.schemathesis(cases, &report);
        for (name, value) in who(&self).headers {
            // It looks for them by their usual spelling when it asks without.
            let (first, rest) = name.split_at(1);
            command.arg("--header").arg(format!("{}{rest}: {value}", first.to_uppercase()));
        }
        for operation in left_out {
            command.args(["--exclude-operation-id", operation]);
        }
        let ran = command.output().expect("schemathesis is installed by ./scripts/test");
        let told = [ran.stdout, ran.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert_eq!(ran.status.code(), Some(0), "{told}");
        let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
        for phase in ["coverage", "fuzzing", "stateful"] {
            assert_eq!(report["phases"][phase]["status"], "success", "{told}");
        }
        // It reads the reference from where it is, and takes that for no operation.
        let tested = operations(&self.server).len() - 1 - left_out.len();
        assert_eq!(report["operations"]["tested"], tested, "{told}");
        assert_eq!(unasked(&self.server), left_out);
        if may_have_certificates {
            assert_eq!(never_done(&self.server, "/api/v1/certificates"), Vec::<String>::new());
        }
        let (code, world) = self.server.stop();
        assert_eq!(code, Some(0), "{}", std::fs::read_to_string(world.path("log")).unwrap());
    }

    fn schemathesis(&self, cases: u32, report: &Path) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzzed");
        let config = std::fs::read_to_string(folder.join("schemathesis.toml")).unwrap();
        let with_names = config.replace("\"{certificates}\"", &json!(self.certificates).to_string());
        let mut command = Command::new("schemathesis");
        command.current_dir(self.server.world.folder()).env("PLIMSOLL_KEPT", self.kept());
        command
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONPATH", &folder)
            .env("SCHEMATHESIS_HOOKS", "hooks");
        assert_ne!(with_names, config);
        std::fs::write(self.server.world.path("schemathesis.toml"), with_names).unwrap();
        command.args(["--config-file", "schemathesis.toml", "--no-color"]);
        command.arg("run").arg(format!("http://{}/openapi.json", self.server.address));
        command.arg(format!("--max-examples={cases}")).arg("--report-json-path").arg(report);
        command
    }
}

/// Method, path and name of every operation in the reference.
fn operations(server: &Server) -> Vec<(String, String, String)> {
    let document = server.anybody().get("/openapi.json").expect(200).json();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, operations)| {
        operations.as_object().unwrap().iter().map(move |(method, operation)| {
            (method.to_uppercase(), path.clone(), operation["operationId"].as_str().unwrap().to_owned())
        })
    });
    operations.collect()
}

/// The operations that were never asked for, as the server has counted; and it counts no fault of its own.
fn unasked(server: &Server) -> Vec<String> {
    let metrics = server.anybody().get("/metrics").expect(200).body.replace("{*", "{");
    assert_eq!(metrics.lines().find(|line| line.contains("status=\"5xx\"")), None);
    let is_unasked = |(method, path, _): &(String, String, String)| {
        !metrics.contains(&format!("plimsoll_http_requests_total{{method=\"{method}\",route=\"{path}\","))
    };
    operations(server).into_iter().filter(is_unasked).map(|(_, _, name)| name).collect()
}

/// The operations below a path of which none was answered with what was asked for.
fn never_done(server: &Server, below: &str) -> Vec<String> {
    let metrics = server.anybody().get("/metrics").expect(200).body.replace("{*", "{");
    let is_undone = |(method, path, _): &(String, String, String)| {
        let done = format!("{{method=\"{method}\",route=\"{path}\",status=\"2xx\"}} ");
        path.starts_with(below) && !metrics.contains(&done)
    };
    operations(server).into_iter().filter(is_undone).map(|(_, _, name)| name).collect()
}

fn nobody(cast: &Cast) -> Actor {
    cast.server.anybody()
}

fn ada(cast: &Cast) -> Actor {
    cast.ada.clone()
}

fn otto(cast: &Cast) -> Actor {
    cast.otto.clone()
}

fn token(cast: &Cast) -> Actor {
    cast.token.clone()
}

#[test]
fn a_stranger_who_tries_everything_meets_what_the_reference_says() {
    Cast::new().fuzz(nobody, CASES, &[]);
}

#[test]
fn an_administrator_who_tries_everything_meets_what_the_reference_says() {
    Cast::new().fuzz(ada, CASES, &[SIGN_OUT]);
}

#[test]
fn an_operator_who_tries_everything_meets_what_the_reference_says() {
    Cast::new().fuzz(otto, CASES, &[SIGN_OUT]);
}

#[test]
fn a_token_that_is_tried_for_everything_meets_what_the_reference_says() {
    Cast::new().fuzz(token, CASES, &[]);
}

#[test]
fn full_timing_whoever_tries_everything_for_long_meets_what_the_reference_says() {
    let asking: [(Who, &[&str]); 4] = [(nobody, &[]), (ada, &[SIGN_OUT]), (otto, &[SIGN_OUT]), (token, &[])];
    for (who, left_out) in asking {
        Cast::certifying().fuzz(who, CASES_FULL, left_out);
    }
}
