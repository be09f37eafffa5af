//! From what was typed to a plan that can be run.

use std::fmt;
use std::path::Path;

use plimsoll_base::{Kind, Quantity, Unit};
use plimsoll_certify::{Subject, parse_subject};
use plimsoll_evidence::Arrivals;
use plimsoll_load::{CONNECTIONS_DEFAULT, Pacing, Plan, Request, Schedule, Threshold, is_this_machine};
use plimsoll_proof::Digest;

use super::target::{Target, host_header, resolve};
use super::{ArrivalsArgument, RunArguments, fresh_seed};
use crate::cli::http_url::HttpUrl;
use crate::failure::Failure;
use crate::input::{folder_of, read_at_most, read_text};

/// Longer than anybody waits for a page.
const TIMEOUT_NS_DEFAULT: u64 = 5_000_000_000;
/// A larger request would be refused anyway; so much and one byte is read to find out.
const BODY_BYTES_MAX: u64 = 16 << 20;

/// A run of load that may be started.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) plan: Plan,
    pub(super) thresholds: Vec<Threshold>,
    /// What is asked, for people.
    what: String,
}

/// What is asked where, and how, if nothing else is said.
struct Asked {
    target: Target,
    requests: Vec<Request>,
    what: String,
    /// A URL alone tells no rate.
    rate_per_ks: Option<u64>,
    arrivals: ArrivalsArgument,
    timeout_ns: u64,
    connections: usize,
}

impl Order {
    /// Checks everything that can be checked before anything is sent.
    pub(super) fn new(arguments: &RunArguments) -> Result<Self, Failure> {
        let asked = match (&arguments.subject, &arguments.url) {
            (Some(path), _) => from_subject(path)?,
            (None, Some(url)) => from_url(url, arguments)?,
            (None, None) => {
                return Err(Failure::new(Kind::Invalid, "there is nothing to send load to")
                    .hint("give a URL, or --subject SUBJECT.toml"));
            }
        };
        let thresholds = thresholds(arguments)?;
        let pacing = pacing(arguments, &asked)?;
        let rate_per_ks = match pacing {
            Pacing::Constant { rate_per_ks } | Pacing::Poisson { rate_per_ks } => Some(rate_per_ks),
            Pacing::Closed => None,
        };
        asked.target.check(is_this_machine(&asked.target.address), rate_per_ks)?;
        let seed = arguments.seed.map_or_else(fresh_seed, |seed| Ok(*seed.as_bytes()))?;
        let plan = Plan {
            address: asked.target.address,
            host: asked.target.host,
            requests: asked.requests,
            schedule: Schedule { pacing, duration_ns: arguments.duration, seed },
            warm_up_ns: arguments.warm_up,
            timeout_ns: arguments.timeout.unwrap_or(asked.timeout_ns),
            connections_max: arguments.closed.or(arguments.connections).unwrap_or(asked.connections),
        };
        plan.check()?;
        Ok(Self { plan, thresholds, what: asked.what })
    }

    /// Where the schedule came from, so that a run can be repeated.
    pub(super) fn seed(&self) -> Digest {
        Digest::from_bytes(self.plan.schedule.seed)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.plan.schedule.pacing == Pacing::Closed
    }
}

impl fmt::Display for Order {
    /// What is about to be done.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |amount| Quantity { amount, unit: Unit::Ns };
        let rate = |amount| Quantity { amount, unit: Unit::PerKs };
        let Plan { schedule, connections_max, .. } = &self.plan;
        write!(f, "{}: ", self.what)?;
        match schedule.pacing {
            Pacing::Constant { rate_per_ks } => write!(f, "{} in equal gaps", rate(rate_per_ks))?,
            Pacing::Poisson { rate_per_ks } => write!(f, "{} (poisson)", rate(rate_per_ks))?,
            Pacing::Closed => write!(f, "{connections_max} connections in a closed loop")?,
        }
        write!(f, " for {}", time(schedule.duration_ns))?;
        match self.plan.warm_up_ns {
            0 => Ok(()),
            warm_up_ns => write!(f, " after {} of warm-up", time(warm_up_ns)),
        }
    }
}

fn pacing(arguments: &RunArguments, asked: &Asked) -> Result<Pacing, Failure> {
    if arguments.closed.is_some() {
        return Ok(Pacing::Closed);
    }
    let Some(rate_per_ks) = arguments.rate.or(asked.rate_per_ks) else {
        return Err(Failure::new(Kind::Invalid, "how much load is not said").hint("give a rate: --rate 100"));
    };
    Ok(match arguments.arrivals.unwrap_or(asked.arrivals) {
        ArrivalsArgument::Poisson => Pacing::Poisson { rate_per_ks },
        ArrivalsArgument::Constant => Pacing::Constant { rate_per_ks },
    })
}

fn from_url(url: &str, arguments: &RunArguments) -> Result<Asked, Failure> {
    let url = HttpUrl::parse(url)?;
    let body = arguments.body.as_deref().map(body).transpose()?;
    let usual = if body.is_some() { "POST" } else { "GET" };
    let request = Request {
        method: arguments.method.clone().unwrap_or_else(|| usual.to_owned()),
        headers: arguments.header.iter().map(|header| split_header(header)).collect::<Result<_, _>>()?,
        body: body.unwrap_or_default(),
        expect: arguments.expect.unwrap_or_default(),
        ..Request::get(url.path.clone())
    };
    let target = Target::of_url(&url)?;
    Ok(Asked {
        what: format!("{} http://{}{}", request.method, target.host, request.path),
        target,
        requests: vec![request],
        rate_per_ks: None,
        arrivals: ArrivalsArgument::Poisson,
        timeout_ns: TIMEOUT_NS_DEFAULT,
        connections: CONNECTIONS_DEFAULT,
    })
}

fn from_subject(path: &Path) -> Result<Asked, Failure> {
    let subject = parse_subject(&path.display().to_string(), &read_text(path)?, folder_of(path))?;
    let target = subject_target(&subject, path)?;
    Ok(Asked {
        what: format!("{} at http://{}", subject.name, target.host),
        target,
        requests: subject.requests,
        rate_per_ks: Some(subject.load.rate_per_ks),
        arrivals: match subject.load.arrivals {
            Arrivals::Poisson => ArrivalsArgument::Poisson,
            Arrivals::Constant => ArrivalsArgument::Constant,
        },
        timeout_ns: subject.load.timeout_ns,
        connections: subject.load.connections,
    })
}

fn subject_target(subject: &Subject, path: &Path) -> Result<Target, Failure> {
    let target = &subject.target;
    let Some(port) = target.port else {
        let problem =
            format!("{}: the port is drawn when `plimsoll certify` starts the subject", path.display());
        return Err(Failure::new(Kind::Invalid, problem)
            .hint("start it yourself and write its port in `url` of [target], or give its URL instead"));
    };
    Ok(Target {
        address: resolve(&target.host, port)?,
        host: host_header(&target.host, port),
        is_authorised: target.authorised_by.is_some(),
        rate_cap_per_ks: target.rate_cap_per_ks,
    })
}

/// A body is the text itself, or with `@` in front the file that holds it.
fn body(text: &str) -> Result<Vec<u8>, Failure> {
    match text.strip_prefix('@') {
        Some(path) => read_at_most(Path::new(path), BODY_BYTES_MAX),
        None => Ok(text.as_bytes().to_vec()),
    }
}

fn split_header(header: &str) -> Result<(String, String), Failure> {
    let Some((name, value)) = header.split_once(':') else {
        return Err(Failure::new(Kind::Invalid, format!("`{header}` is not a header"))
            .hint("write it as 'name: value'"));
    };
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// Those that are looked at in the end, and after them those that can end the run.
fn thresholds(arguments: &RunArguments) -> Result<Vec<Threshold>, Failure> {
    let delay_abort_eval_ns = arguments.delay_abort_eval;
    let mut thresholds = Vec::new();
    for text in &arguments.threshold {
        thresholds.push(threshold(text)?);
    }
    for text in &arguments.abort_on_fail {
        let mut threshold = threshold(text)?;
        threshold.abort_on_fail = true;
        threshold.delay_abort_eval_ns = delay_abort_eval_ns;
        thresholds.push(threshold);
    }
    Ok(thresholds)
}

fn threshold(text: &str) -> Result<Threshold, Failure> {
    let Some((metric, expression)) = text.split_once(':') else {
        return Err(Failure::new(Kind::Invalid, format!("threshold `{text}` names no metric"))
            .hint("write it as 'http_req_duration: p(99)<500' or 'http_req_failed: rate<0.01'"));
    };
    Ok(Threshold::parse(metric.trim(), expression.trim())?)
}

#[cfg(test)]
mod tests;
