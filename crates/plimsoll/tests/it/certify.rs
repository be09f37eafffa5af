//! Certifying services that have a defect, made by programs that are not ours, and services that have none.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::world::{PLIMSOLL, Ran, World, notes_started_by, profile, verdict};

const LATENCY: (&str, &str, &str) = ("latency", "latency", "250ms");
const ERRORS: (&str, &str, &str) = ("errors", "errors", "5%");
const THROUGHPUT: (&str, &str, &str) = ("throughput", "throughput", "120/s");
const START_UP: (&str, &str, &str) = ("start-up", "start-up", "1500ms");
const GRACEFUL_STOP: (&str, &str, &str) = ("graceful-stop", "graceful-stop", "0");
const CRASH_RECOVERY: (&str, &str, &str) = ("crash-recovery", "crash-recovery", "1500ms");
const WRITES: (&str, &str, &str) = ("writes", "acknowledged-writes", "0");

/// nginx with `server`, the inside of its server block.
pub(crate) fn nginx(world: &World, server: &str, stop: &str) -> String {
    assert!(Path::new("/usr/sbin/nginx").exists(), "nginx is missing: apt-get install nginx-light");
    fs::create_dir_all(world.path("site")).unwrap();
    world.write("site/index.html", "<p>hello</p>");
    let user = if rustix::process::getuid().is_root() { "user root root;" } else { "" };
    world.write(
        "nginx.conf",
        &format!(
            "daemon off; {user} worker_processes 1; pid @dir@/pid; error_log stderr warn;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; client_body_temp_path @dir@/a; proxy_temp_path @dir@/b;\n\
             fastcgi_temp_path @dir@/c; uwsgi_temp_path @dir@/d; scgi_temp_path @dir@/e;\n\
             split_clients $request_id $unlucky {{ 50% 1; * 0; }}\n\
             server {{ listen 127.0.0.1:@port@; root @site@;\n{server}\n}} }}\n"
        ),
    );
    format!(
        "name = \"nginx\"\n[start]\ncommand = [\"sh\", \"-c\", '''\n\
         sed -e \"s|@port@|{{port}}|g\" -e \"s|@dir@|{{dir}}|g\" -e \"s|@site@|$PWD/site|g\" nginx.conf > {{dir}}/nginx.conf &&\n\
         exec /usr/sbin/nginx -e stderr -p {{dir}} -c {{dir}}/nginx.conf''']\nstop = \"{stop}\"\nstop_within = \"2s\"\n\
         [target]\nurl = \"http://127.0.0.1:{{port}}\"\nhealth = \"/health\"\n[[request]]\npath = \"/index.html\"\n"
    )
}

pub(crate) const HEALTH: &str = "location = /health { return 200 ok; }";

/// The subject was refused, because of `criterion`, whose probe was seen red and green in the same session, and
/// the certificate that says so verifies.
fn assert_denied(world: &World, ran: &Ran, criterion: &str) {
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    let result = ran.json();
    assert_eq!(result["status"], "denied");
    assert_eq!(verdict(&result, criterion), "FAIL");
    let verified = world.run(&["verify", "certificate"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.stdout, verified.stderr);
}

#[test]
fn timing_a_service_that_is_stopped_now_and_then_is_too_slow() {
    let world = World::with_key();
    // Requests that wait for the same stop are worth one: two seconds hold too few for a bound, and enough to see.
    let by_value =
        profile(&[LATENCY]).replace("quantile = \"p95\"\n", "quantile = \"p95\"\nrule = \"simple\"\n");
    let mut certify = world.certifying(&notes_started_by("exec $SERVE"), &by_value);
    let child = certify.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    // SIGSTOP for 0.4 s out of 0.7 s: one request in five waits for more than 0.25 s.
    let stopper = std::thread::spawn(move || {
        while is_alive(pid) {
            signal_subjects(pid, "-STOP");
            std::thread::sleep(Duration::from_millis(400));
            signal_subjects(pid, "-CONT");
            std::thread::sleep(Duration::from_millis(300));
        }
    });
    let ran: Ran = child.wait_with_output().unwrap().into();
    stopper.join().unwrap();
    world.keep_calibration();
    assert_denied(&world, &ran, "latency");
}

fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

/// Sends a signal to the demo services that this process has started.
fn signal_subjects(parent: u32, signal: &str) {
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let is_child =
            stat.rsplit(')').next().unwrap_or("").split_whitespace().nth(1) == Some(&parent.to_string());
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if is_child && String::from_utf8_lossy(&command).contains("demo-service") {
            let pid = entry.file_name().to_string_lossy().into_owned();
            // It may have ended in the meantime.
            let _ = Command::new("kill").args([signal, &pid]).stderr(Stdio::null()).status();
        }
    }
}

#[test]
fn timing_a_service_that_fails_half_of_its_requests_is_refused() {
    let world = World::with_key();
    let subject =
        nginx(&world, &format!("{HEALTH} location / {{ if ($unlucky) {{ return 503; }} }}"), "SIGQUIT");
    // Half of 200/s is served, in luck and bad luck: asked is more than luck can make of it.
    let ran = world.certify(&subject, &profile(&[ERRORS, ("throughput", "throughput", "170/s")]));
    assert_denied(&world, &ran, "errors");
    assert_eq!(verdict(&ran.json(), "throughput"), "FAIL");
}

#[test]
fn timing_a_service_that_refuses_everything_never_passes() {
    let world = World::with_key();
    let subject = nginx(&world, &format!("{HEALTH} location / {{ return 503; }}"), "SIGQUIT");
    let ran = world.certify(&subject, &profile(&[LATENCY, ERRORS, THROUGHPUT]));
    assert_denied(&world, &ran, "latency");
    let result = ran.json();
    assert_eq!(result["criteria"][0]["value"], "inf");
    assert_eq!((verdict(&result, "errors"), verdict(&result, "throughput")), ("FAIL", "FAIL"));
}

#[test]
fn timing_a_service_that_sleeps_before_it_starts_is_refused() {
    let world = World::with_key();
    // It is waited for beyond its limit, whatever its file says of when it is ready.
    let subject =
        notes_started_by("sleep 2; exec $SERVE").replace("[target]", "ready_within = \"1s\"\n[target]");
    let ran = world.certify(&subject, &profile(&[START_UP]));
    assert_denied(&world, &ran, "start-up");
}

#[test]
fn nginx_drops_requests_on_sigterm_and_not_on_sigquit() {
    let world = World::with_key();
    let ran = world.certify(&nginx(&world, HEALTH, "SIGTERM"), &profile(&[GRACEFUL_STOP]));
    assert_denied(&world, &ran, "graceful-stop");
    fs::remove_dir_all(world.path("certificate")).unwrap();
    let ran = world.certify(&nginx(&world, HEALTH, "SIGQUIT"), &profile(&[GRACEFUL_STOP]));
    assert_eq!(ran.json()["status"], "preliminary", "{}", ran.stderr);
}

#[test]
fn timing_a_service_that_sleeps_before_it_recovers_is_refused() {
    let world = World::with_key();
    let start = "test -e {dir}/notes.db && sleep 2; exec $SERVE";
    let ran = world.certify(&notes_started_by(start), &profile(&[CRASH_RECOVERY]));
    assert_denied(&world, &ran, "crash-recovery");
}

#[test]
fn a_service_that_never_comes_back_from_a_crash_is_refused() {
    let world = World::with_key();
    let subject = notes_started_by("test -e {dir}/notes.db && exit 1; exec $SERVE");
    let ran = world.certify(&subject, &profile(&[CRASH_RECOVERY, WRITES]));
    assert_denied(&world, &ran, "crash-recovery");
    let result = ran.json();
    assert_eq!((verdict(&result, "writes"), &result["criteria"][0]["value"]), ("FAIL", &"inf".into()));
    let report = std::fs::read_to_string(world.path("certificate/report.html")).unwrap();
    assert!(report.contains(" → –"), "nobody came after the one that was killed");
}

/// A service of `examples/broken`, which is told its port and `data`.
fn broken(script: &str, data: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken").join(script);
    notes_started_by(&format!("exec python3 {} {{port}} {data}", script.display()))
}

/// What it answered before is no excuse, and that it could not be under load after no doubt.
#[test]
fn a_service_that_dies_under_load_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&broken("mortal.py", "150"), &profile(&[LATENCY, ERRORS]));
    assert_denied(&world, &ran, "latency");
    let result = ran.json();
    assert_eq!(verdict(&result, "errors"), "FAIL");
    let report = std::fs::read_to_string(world.path("certificate/report.html")).unwrap();
    assert!(report.contains(", it ended by itself in 1 of 1 trial"), "{report}");
}

/// A service of `examples/broken` is denied a certificate for the writes that it acknowledged and lost.
fn assert_loses_writes(script: &str) {
    let world = World::with_key();
    let ran = world.certify(&broken(script, "{dir}/notes.json"), &profile(&[WRITES]));
    assert_denied(&world, &ran, "writes");
}

/// What it is still being sent when the signal comes, it answers: only what it works on is lost.
#[test]
fn a_service_that_gives_up_the_requests_that_it_works_on_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&broken("abandoning.py", ""), &profile(&[GRACEFUL_STOP]));
    assert_denied(&world, &ran, "graceful-stop");
    let lost = ran.json()["criteria"][0]["value"].as_u64().unwrap();
    assert!((1..=16).contains(&lost), "{lost} requests were lost");
}

/// Neither is its green health check taken for service, nor its silence for loss.
#[test]
fn timing_a_service_that_is_healthy_and_serves_nobody_after_a_crash_is_refused_for_that() {
    let world = World::with_key();
    let ran = world.certify(&broken("waking.py", "{dir}"), &profile(&[CRASH_RECOVERY, WRITES]));
    assert_denied(&world, &ran, "crash-recovery");
    let result = ran.json();
    assert_eq!(verdict(&result, "writes"), "PASS", "{result:#}");
    let recovered_ns = result["criteria"][0]["value"].as_u64().unwrap();
    assert!((2_500_000_000..3_000_000_000).contains(&recovered_ns), "{recovered_ns} ns");
}

#[test]
fn a_service_that_acknowledges_before_it_writes_is_refused() {
    assert_loses_writes("forgetful.py");
}

/// Its writes are on disk a quarter of a second later: they are lost if, and only if, it is killed while it is written to.
#[test]
fn a_service_that_writes_behind_is_refused() {
    assert_loses_writes("write_behind.py");
}

#[test]
fn timing_needs_netns_connections_reset_by_the_kernel_are_refused() {
    let world = World::with_key();
    let subject = nginx(&world, HEALTH, "SIGQUIT").replace("{port}", "8080");
    world.write("subject.toml", &subject);
    world.write("profile.toml", &profile(&[ERRORS]));
    // Every third request to the subject is reset.
    let script = format!(
        "ip link set lo up && nft add table inet t && \
         nft 'add chain inet t in {{ type filter hook input priority 0; }}' && \
         nft 'add rule inet t in tcp dport 8080 tcp flags & (syn | psh) == psh numgen inc mod 3 == 2 reject with tcp reset' && \
         exec {PLIMSOLL} certify subject.toml --profile profile.toml --out certificate --json --passphrase-file passphrase"
    );
    let mut command = Command::new("unshare");
    command.args(["-n", "sh", "-c", &script]).current_dir(world.folder()).stdin(Stdio::null());
    command.env("XDG_STATE_HOME", world.path("state"));
    let ran: Ran = command.output().unwrap().into();
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(verdict(&ran.json(), "errors"), "FAIL");
}

#[test]
fn timing_nginx_from_debian_is_certified() {
    let world = World::with_key();
    let subject = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/subjects/nginx.toml");
    // A machine that is busy with something else leaves a certification pending, never anything worse.
    let attempt = |attempt: u64| {
        let ran = world.run(&[
            "certify",
            subject,
            "--profile",
            "quick",
            "--out",
            "certificate",
            "--json",
            "--passphrase-file",
            "passphrase",
        ]);
        let result = ran.json();
        if result["status"] == "preliminary" {
            assert_eq!(ran.code, 0);
            return Some((attempt, result));
        }
        assert_eq!((ran.code, &result["status"]), (3, &"pending".into()), "{}\n{}", ran.stdout, ran.stderr);
        fs::remove_dir_all(world.path("certificate")).unwrap();
        None
    };
    let (earlier, result) = (0..3).find_map(attempt).expect("three certifications were left pending");
    assert_eq!(verdict(&result, "acknowledged-writes"), "NOT_APPLICABLE");
    assert_eq!(world.run(&["verify", "certificate"]).code, 0);
    let shown = world.run(&["verify", "certificate"]).stdout;
    assert!(
        shown.contains(&format!("registered before the first trial; {earlier} earlier attempts")),
        "{shown}"
    );
    let artifact = world.run(&["verify", "certificate", "--subject", "/usr/sbin/nginx", "--json"]);
    assert_eq!(artifact.code, 0, "{}", artifact.stdout);
    let other = world.run(&["verify", "certificate", "--subject", "/bin/sh"]);
    assert_eq!(other.code, 1, "{}", other.stdout);
}

#[test]
fn a_subject_that_does_not_start_is_an_error_with_its_last_words() {
    let world = World::with_key();
    let ran = world.certify(
        &notes_started_by("echo cannot open the database of {port}, password=hunter2; exit 3"),
        &profile(&[START_UP]),
    );
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("ended before it was ready"), "{}", ran.stderr);
    assert!(ran.stderr.contains("cannot open the database of"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("hunter2"), "a secret was shown: {}", ran.stderr);
    assert!(!world.path("certificate").exists());
}

/// The types of the entries in the issuer's log, in order.
fn logged(world: &World) -> Vec<String> {
    let logs = fs::read_dir(world.path("state/plimsoll/logs")).into_iter().flatten().flatten();
    let Some(log) = logs.map(|entry| entry.path().join("entries")).next() else { return Vec::new() };
    let entry = |index| fs::read(log.join(format!("{index}.json"))).ok();
    let entries = (0..).map_while(entry).map(|bytes| serde_json::from_slice(&bytes).unwrap());
    entries.map(|entry: serde_json::Value| entry["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_place_where_no_certificate_can_be_made_is_an_error_before_anything_is_started() {
    let world = World::with_key();
    let marker = world.path("started");
    let subject = notes_started_by(&format!("echo > {}; exec $SERVE", marker.display()));
    world.write("subject.toml", &subject);
    let arguments = ["certify", "subject.toml", "--profile", "quick", "--out", "/proc/nowhere/certificate"];
    let ran: Ran =
        world.command(&arguments).args(["--passphrase-file", "passphrase"]).output().unwrap().into();
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("making /proc/nowhere"), "{}", ran.stderr);
    assert!(!marker.exists(), "the subject was started");
    assert_eq!(logged(&world), [""; 0]);
}

#[test]
fn a_certificate_that_cannot_be_published_is_no_result() {
    let world = World::with_key();
    // While it is measured, the subject takes the certificate's place.
    let out = world.path("certificate");
    let subject = notes_started_by(&format!("mkdir -p {}; exec $SERVE", out.display()));
    let ran = world.certify(&subject, &profile(&[START_UP]));
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("certificate exists already"), "{}", ran.stderr);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
    assert_eq!(logged(&world), ["registered", "no-result"]);
}

/// A subject at a port of its own that runs `start` and never listens there.
fn silent_subject_at(port: u16, start: &str) -> String {
    notes_started_by(&format!("{start}; exec sleep 60"))
        .replace("127.0.0.1:{port}", &format!("127.0.0.1:{port}"))
}

fn assert_address_taken(world: &World, ran: &Ran, port: u16) {
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    let problem = format!("something else listens at 127.0.0.1:{port}");
    assert!(ran.stderr.contains(&problem) && ran.stderr.contains("hint: end it"), "{}", ran.stderr);
    assert!(!world.path("certificate").exists());
}

/// A web server that is nobody's subject.
fn stranger(port: u16) -> std::process::Child {
    let port = port.to_string();
    let mut command = Command::new("python3");
    command.args(["-m", "http.server", &port, "--bind", "127.0.0.1"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn timing_a_stranger_at_the_subjects_address_is_not_certified_in_its_place() {
    let world = World::with_key();
    let port = plimsoll_process::free_port().unwrap().port();
    let mut stranger = stranger(port);
    let mut tries = 0..600;
    while tries.next().is_some() && std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(Duration::from_millis(50));
    }
    let subject = silent_subject_at(port, "true").replace("/health", "/");
    let ran = world.certify(&subject, &profile(&[START_UP]));
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert_address_taken(&world, &ran, port);
}

#[test]
fn timing_a_stranger_that_comes_after_the_start_is_not_certified_either() {
    let world = World::with_key();
    let port = plimsoll_process::free_port().unwrap().port();
    let started = world.path("started");
    let subject = silent_subject_at(port, &format!("echo > {}", started.display())).replace("/health", "/");
    let certify = world.certifying(&subject, &profile(&[START_UP])).stderr(Stdio::piped()).spawn().unwrap();
    let is_started = (0..1_800).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        started.exists()
    });
    let mut stranger = stranger(port);
    let ran: Ran = certify.wait_with_output().unwrap().into();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert!(is_started, "the subject was never started: {}", ran.stderr);
    assert_address_taken(&world, &ran, port);
}

/// A profile that asks for nothing under load has no criterion that would say so.
#[test]
fn timing_a_subject_that_dies_where_no_criterion_tells_it_is_an_error() {
    let world = World::with_key();
    let start = "$SERVE & service=$!; sleep 1.2; kill -KILL $service; wait";
    let ran = world.certify(&notes_started_by(start), &profile(&[START_UP]));
    assert_eq!(ran.code, 5, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("ended by itself in the midst of a trial"), "{}", ran.stderr);
    assert!(!world.path("certificate").exists());
}

#[test]
fn a_subject_that_leaves_children_behind_is_an_error_and_they_are_ended() {
    let world = World::with_key();
    let start = "setsid sleep 86399 & exec $SERVE";
    let ran = world.certify(&notes_started_by(start), &profile(&[LATENCY]));
    assert_eq!(ran.code, 5, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("left processes behind"), "{}", ran.stderr);
    assert!(!is_running("86399"), "the child is still there");
}

/// Whether a process has this word among its arguments.
fn is_running(word: &str) -> bool {
    fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        arguments.split(|byte| *byte == 0).any(|argument| argument == word.as_bytes())
    })
}

#[test]
fn timing_ctrl_c_at_any_moment_leaves_no_process_and_no_certificate() {
    let world = World::with_key();
    let marker = world.path("marker.db").to_string_lossy().into_owned();
    let subject = notes_started_by("exec $SERVE").replace("{dir}/notes.db", &marker);
    let subject = subject.replace("sh\", \"-c\", '''", "sh\", \"-c\", ''': {dir}; ");
    world.write("subject.toml", &subject);
    world.write("profile.toml", &profile(&[LATENCY]));
    // As the subject starts; within the trial; between it and the controls; within a control.
    for moment_ms in [0, 600, 2_000, 5_000] {
        interrupted_after(&world, &marker, Duration::from_millis(moment_ms));
    }
}

/// Certifies, and is asked to stop so long after the subject was first seen.
fn interrupted_after(world: &World, marker: &str, moment: Duration) {
    let arguments = ["certify", "subject.toml", "--profile", "profile.toml", "--out", "certificate"];
    let mut child = world
        .command(&arguments)
        .args(["--passphrase-file", "passphrase"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Keys, then perhaps three calibrations, come before the subject is started.
    let is_started = (0..1_800).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        is_running(marker)
    });
    assert!(is_started, "the subject was never started");
    std::thread::sleep(moment);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(5), "after {moment:?}");
    assert!(!is_running(marker), "the subject is still there after {moment:?}");
    assert!(!world.path("certificate").exists());
    let left: Vec<_> =
        fs::read_dir(world.folder()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".plimsoll")), "{left:?}");
    assert!(logged(world).ends_with(&["registered".into(), "no-result".into()]), "{:?}", logged(world));
}

#[test]
fn a_target_without_requests_is_refused_before_anything_is_started() {
    let world = World::with_key();
    let subject = notes_started_by("exec $SERVE").replace("[[request]]\npath = \"/notes\"\n", "");
    let ran = world.certify(&subject, &profile(&[LATENCY]));
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(!world.path("certificate").exists());
}

#[test]
fn without_a_key_nothing_is_started() {
    let world = World::new();
    let ran = world.certify(&notes_started_by("exec $SERVE"), &profile(&[LATENCY]));
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: make one: plimsoll keys new NAME"), "{}", ran.stderr);
}

#[test]
fn a_silent_port_and_a_closed_port_never_pass() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let world = World::with_key();
    let url = format!("http://127.0.0.1:{port}/");
    let arguments = ["certify", "--url", &url, "--out", "certificate", "--passphrase-file", "passphrase"];
    assert_eq!(world.run(&arguments).code, 5);
    drop(silent);
    assert_eq!(world.run(&arguments).code, 5);
    assert!(!world.path("certificate").exists());
}

#[test]
fn an_empty_folder_is_no_certificate() {
    let world = World::new();
    fs::create_dir(world.path("certificate")).unwrap();
    assert_eq!(world.run(&["verify", "certificate"]).code, 2);
    assert_eq!(world.run(&["verify", "nowhere"]).code, 2);
}

#[test]
fn timing_the_planted_defects_of_the_demo_are_all_caught() {
    let world = World::new();
    let ran = world.run(&["certify", "--demo", "--sabotage", "--json"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let result = ran.json();
    assert_eq!(result["caught"], true);
    assert_eq!(result["criteria"].as_array().unwrap().len(), 8);
    // Off a terminal nobody sees a live line: what takes long is told before, and the end is.
    let (begun, ended) =
        (ran.stderr.find("calibrating the load generator, unless"), ran.stderr.find(" s  done\n"));
    assert!(begun.is_some() && begun < ended, "{}", ran.stderr);
}

#[test]
fn timing_needs_tmpfs_a_full_disk_is_an_error_and_leaves_no_certificate() {
    let world = World::with_key();
    world.write("subject.toml", &notes_started_by("exec $SERVE"));
    world.write("profile.toml", &profile(&[START_UP]));
    fs::create_dir(world.path("small")).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=32k tmpfs small && {{ {PLIMSOLL} certify subject.toml --profile profile.toml \
         --out small/certificate --json --passphrase-file passphrase; code=$?; ls -A small; exit $code; }}"
    );
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &script]).current_dir(world.folder()).stdin(Stdio::null());
    let ran: Ran = command.env("XDG_STATE_HOME", world.path("state")).output().unwrap().into();
    assert_eq!(ran.code, 5, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("No space left on device"), "{}", ran.stderr);
    assert_eq!(ran.stdout.trim(), "", "something was left on the full disk");
    assert_eq!(logged(&world), ["registered", "no-result"]);
}
