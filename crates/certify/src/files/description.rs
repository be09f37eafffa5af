//! A subject as one canonical text, so that the certificate can be bound to it.

use std::path::Path;

use plimsoll_evidence::Arrivals;
use plimsoll_load::Request;
use plimsoll_process::{redact, tells_secret};
use serde_json::{Value, json};

use super::dependency::{Dependency, DependencyPlace};
use super::inspected;
use super::metrics;
use super::promise::ApiUser;
use super::subject::{StartCommand, Subject, Target};

const MASK: &str = "[redacted]";

/// Canonical JSON: serde_json sorts the keys of its maps and writes no white space, and all numbers are integers
/// within 2^53, because files are read so.
pub(super) fn describe(subject: &Subject) -> String {
    let path = |path: &Path| relative(path, &subject.base_dir);
    let source = json!({
        "git": subject.source.git.as_deref().map(path),
        "artifacts": subject.source.artifacts.iter().map(|artifact| path(artifact)).collect::<Vec<_>>(),
    });
    let ledger = subject.ledger.as_ref();
    let mut described = json!({
        "name": subject.name,
        "version": subject.version,
        "profile": subject.profile,
        "source": source,
        "start": subject.start.as_ref().map(|start| describe_start(start, &subject.base_dir)),
        "target": describe_target(&subject.target),
        "load": {
            "rate_per_ks": subject.load.rate_per_ks,
            "arrivals": match subject.load.arrivals {
                Arrivals::Constant => "constant",
                Arrivals::Poisson => "poisson",
            },
            "timeout_ns": subject.load.timeout_ns,
            "connections": subject.load.connections,
        },
        "requests": subject.requests.iter().map(describe_request).collect::<Vec<_>>(),
        "ledger": ledger.map(|ledger| json!({
            "write": describe_request(&ledger.write),
            "read": describe_request(&ledger.read),
        })),
    });
    // Where there is none the text stays as it was before there could be one.
    if let Some(path) = &subject.openapi {
        described["api"] = json!({ "openapi": path });
    }
    if !subject.users.is_empty() {
        described["api"]["users"] = subject.users.iter().map(describe_user).collect();
    }
    if let Some(limit) = &subject.limit {
        let request = describe_request(&limit.request);
        described["limit"] =
            json!({ "request": request, "allow": limit.allow, "window_ns": limit.window_ns });
    }
    if let Some(retry) = &subject.retry {
        let (write, read) = (describe_request(&retry.write), describe_request(&retry.read));
        described["retry"] = json!({ "write": write, "read": read, "count": retry.count });
    }
    if let Some(tls) = &subject.tls {
        described["tls"] = json!({ "name": tls.name, "port": tls.port, "roots": tls.roots });
    }
    if let Some(backup) = &subject.backup {
        let (save, restore) = (describe_command(&backup.save), describe_command(&backup.restore));
        described["backup"] = json!({ "save": save, "restore": restore, "within_ns": backup.within_ns });
    }
    if let Some(metrics) = &subject.metrics {
        described["metrics"] = metrics::describe(metrics);
    }
    if !subject.dependencies.is_empty() {
        let described_one = |it: &Dependency| describe_dependency(it, &subject.base_dir);
        described["dependencies"] = subject.dependencies.iter().map(described_one).collect();
        let health = &subject.health;
        described["health"] = json!({ "notices_within_ns": health.notices_within_ns, "live": health.live });
    }
    if !subject.logs.is_empty() {
        described["logs"] = json!({ "files": subject.logs });
    }
    if let Some(folder) = &subject.source.folder {
        described["source"]["folder"] = json!(path(folder));
    }
    if let Some(described) = described.as_object_mut() {
        inspected::describe(&subject.files, path, described);
    }
    described.to_string()
}

fn describe_user(user: &ApiUser) -> Value {
    let values = user.values.iter().map(|(name, value)| (name.clone(), Value::from(masked(name, value))));
    json!({
        "name": user.name,
        "header": user.header,
        "file": user.file,
        "may": user.may,
        "values": Value::Object(values.collect()),
    })
}

fn describe_dependency(dependency: &Dependency, base_dir: &Path) -> Value {
    match &dependency.place {
        DependencyPlace::Runs(address) => json!({ "name": dependency.name, "address": address.to_string() }),
        DependencyPlace::Starts { command, working_dir } => json!({
            "name": dependency.name,
            "command": describe_command(command),
            "working_dir": relative(working_dir, base_dir),
        }),
    }
}

fn describe_start(start: &StartCommand, base_dir: &Path) -> Value {
    let env = start.env.iter().map(|(name, value)| (name.clone(), Value::from(masked(name, value))));
    json!({
        "command": describe_command(&start.command),
        "working_dir": relative(&start.working_dir, base_dir),
        "env": Value::Object(env.collect()),
        "stop": start.stop.name(),
        "ready_within_ns": start.ready_within_ns,
        "stop_within_ns": start.stop_within_ns,
    })
}

/// The words of a command; the word after an option whose name tells a secret is one.
fn describe_command(command: &[String]) -> Vec<String> {
    let before = std::iter::once("").chain(command.iter().map(String::as_str));
    let is_secret_option = |word: &str| word.starts_with('-') && !word.contains('=') && tells_secret(word);
    let shown = |(before, word): (&str, &String)| match (is_secret_option(before), word.split_once('=')) {
        (true, _) => MASK.into(),
        (false, Some((name, _))) if tells_secret(name) => format!("{name}={MASK}"),
        (false, _) => redact(word),
    };
    before.zip(command).map(shown).collect()
}

fn describe_target(target: &Target) -> Value {
    json!({
        "host": target.host,
        "port": target.port,
        "health": redact(&target.health),
        "authorised_by": target.authorised_by,
        "rate_cap_per_ks": target.rate_cap_per_ks,
    })
}

pub(super) fn describe_request(request: &Request) -> Value {
    let headers =
        request.headers.iter().map(|(name, value)| (name.clone(), Value::from(masked(name, value))));
    json!({
        "method": request.method,
        "path": redact(&request.path),
        "headers": Value::Object(headers.collect()),
        "body": redact(&String::from_utf8_lossy(&request.body)),
        "weight": request.weight,
        "expect": request.expect.to_string(),
    })
}

/// A value by the rule for its name, and then by what it looks like.
fn masked(name: &str, value: &str) -> String {
    if tells_secret(name) { MASK.into() } else { redact(value) }
}

/// The path as the file writes it, so that the text does not depend on where the file lies.
fn relative(path: &Path, base_dir: &Path) -> String {
    let path = path.strip_prefix(base_dir).unwrap_or(path);
    if path.as_os_str().is_empty() { ".".into() } else { path.to_string_lossy().into_owned() }
}
