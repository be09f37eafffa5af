//! `plimsoll certify`.

use std::path::{Path, PathBuf};

use plimsoll_base::{Clock, Kind, Quantity, Unit, inert};
use plimsoll_certify::{
    Issued, Order, Repetition, State, Subject, SystemClock, builtin_profiles, check_named, check_room,
    check_target, expected_ns, identify, least_rates_per_ks, make_plan, parse_profile, parse_subject,
};
use plimsoll_evidence::{Issuance, Plan, Profile, Status};
use plimsoll_keys::{IssuerKeys, IssuerName, Keyring};
use plimsoll_process::Interrupt;
use serde_json::json;

use super::again::{self, Unchanged};
use super::ci::{Cache, Reader};
use super::http_url::HttpUrl;
use super::{progress::Progress, table};
use crate::exit::Answer;
use crate::failure::Failure;
use crate::input::{folder_of, read_text};
use crate::passphrase::PassphraseArguments;
use crate::print::Printer;
use crate::state;

/// The profile of a demonstration, and of a subject file that names none.
const DEMO_PROFILE: &str = "quick";
const SUBJECT_PROFILE: &str = "web-service";

/// Measure a subject, judge it, and sign what was found
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll certify --demo                   a small service that ships with it
  plimsoll certify subject.toml             yours; needs `plimsoll keys new ME`
  plimsoll certify --url http://127.0.0.1:8080/
  plimsoll certify subject.toml --plan      what would be run, and for how long
  plimsoll certify subject.toml --sabotage  only the planted defects
  plimsoll certify --list                   every criterion, profile by profile
  plimsoll certify --profile quick --list   those of one profile
  plimsoll certify subject.toml --repeat DIR       measure a certificate again
  plimsoll certify subject.toml --only-stale DIR   only if something changed
  plimsoll certify subject.toml --ci --cache DIR   in CI, with JUnit beside it

Exit codes:
  0  certified, or preliminary
  1  denied, or conditional
  2  the command line or a file is wrong
  3  pending: no decision, or a planted defect that no probe caught
  4  the issuer's key is missing, is open to others or does not open
  5  the subject is not available, or the work was interrupted
  6  a file in the state folder is damaged
With --repeat they say whether the same came of it: 0 reproduced, 1 not
reproduced, 3 not comparable. A certificate that stands answers as it did.")]
pub(crate) struct Arguments {
    /// The subject's description
    #[arg(value_name = "SUBJECT.toml", conflicts_with_all = ["url", "demo"])]
    subject: Option<PathBuf>,
    /// A subject that runs already, known by its URL only
    #[arg(long, conflicts_with = "demo")]
    url: Option<String>,
    /// The demo subject, signed with a throw-away key
    #[arg(long)]
    demo: bool,
    /// Profile: a built-in one or a file [default: the subject file's, else web-service; quick for --demo and --url]
    #[arg(long)]
    profile: Option<String>,
    /// Measure this certificate again: same profile, load and seed, on this machine, by this issuer
    #[arg(long, value_name = "DIR", conflicts_with_all = ["url", "demo", "profile", "only_stale", "sabotage", "list", "plan"])]
    repeat: Option<PathBuf>,
    /// Measure nothing if this certificate stands: it is valid here, and nothing in it is stale
    #[arg(long, value_name = "DIR", conflicts_with_all = ["url", "demo", "sabotage", "list", "plan"])]
    only_stale: Option<PathBuf>,
    /// For CI: JUnit beside the certificate, annotations and a summary where GitHub asks for them
    #[arg(long, requires = "cache", conflicts_with_all = ["demo", "sabotage", "list", "plan"])]
    ci: bool,
    /// What is kept from one run in CI to the next: state, calibration, certificates; the last one stands if it can
    #[arg(long, value_name = "DIR", requires = "ci")]
    cache: Option<PathBuf>,
    /// Where to put the certificate's folder [default: certificates/SUBJECT-PROFILE-TIME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The issuer whose key signs [default: the only one]
    #[arg(long, value_name = "ISSUER")]
    key: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArguments,
    /// Where keys and logs are kept [default: $XDG_STATE_HOME/plimsoll]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Run only the planted defects and print which criterion caught what
    #[arg(long, conflicts_with_all = ["plan", "list"])]
    sabotage: bool,
    /// Print the criteria of the profile and stop
    #[arg(long, conflicts_with = "plan")]
    list: bool,
    /// Print what would be run, and how long it takes, and stop
    #[arg(long)]
    plan: bool,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: Arguments, printer: &Printer) -> Result<Answer, Failure> {
    if arguments.list && arguments.subject.is_none() && arguments.url.is_none() && !arguments.demo {
        let built_in = || builtin_profiles().iter().map(|(id, _)| *id).collect();
        let names: Vec<&str> = arguments.profile.as_deref().map_or_else(built_in, |name| vec![name]);
        let profiles =
            names.into_iter().map(|name| profile(name, Path::new("."))).collect::<Result<Vec<_>, _>>()?;
        return list(&profiles, &arguments, printer);
    }
    let (subject, base) = subject(&arguments)?;
    if let Some(folder) = &arguments.repeat {
        let repetition = again::repetition(folder, &subject, arguments.state_folder())?;
        return certify(&arguments, &subject, &repetition.plan.profile, Some(&repetition), printer);
    }
    let usual = if arguments.subject.is_some() { SUBJECT_PROFILE } else { DEMO_PROFILE };
    // Who types a path means it from where he stands; who wrote one into a file, from there.
    let profile = match &arguments.profile {
        Some(name) => profile(name, Path::new(""))?,
        None => profile(subject.profile.as_deref().unwrap_or(usual), &base)?,
    };
    if arguments.list {
        return list(&[profile], &arguments, printer);
    }
    if arguments.plan {
        // Nothing is drawn from the seed of a plan that is only shown, but the order of its controls.
        let plan = make_plan(&subject, identify(&subject)?, &profile, [0; 32], 0)?;
        check_named(&subject)?;
        check_room(&profile)?;
        return show_plan(&plan, &arguments, printer);
    }
    let last = || arguments.cache().and_then(|cache| cache.last(&subject, &profile));
    if let Some(folder) = arguments.only_stale.clone().or_else(last) {
        match again::standing(&folder, &subject, &profile, arguments.state_folder())? {
            Ok(standing) => return stand(&folder, &standing, &arguments, printer),
            Err(why) => printer.status(&inert(&format!("measured anew: {why}"))),
        }
    }
    certify(&arguments, &subject, &profile, None, printer)
}

/// A certificate that stands answers as it did.
fn stand(
    folder: &Path,
    standing: &Unchanged,
    arguments: &Arguments,
    printer: &Printer,
) -> Result<Answer, Failure> {
    let certificate = standing.verified.report.certificate.as_ref();
    let not_after = certificate.map(|certificate| certificate.not_after);
    let until = not_after.map_or_else(String::new, |time| time.to_string());
    if arguments.json {
        let (folder, status) = (folder.display().to_string(), standing.status.name());
        let told = json!({"folder": folder, "status": status, "not_after": until, "measured": false});
        printer.data(&table::pretty(&told)?)?;
    } else {
        let status = standing.status.name();
        printer.data(&format!(
            "nothing is stale: nothing was measured\nstatus       {status} until {until}\ncertificate  {}\n",
            folder.display()
        ))?;
    }
    hand_on(folder, arguments, printer)?;
    Ok(answer(standing.status))
}

/// Leaves what CI reads, in CI.
fn hand_on(folder: &Path, arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    if !arguments.ci {
        return Ok(());
    }
    let file = arguments.subject.as_ref().map_or_else(|| "--url".into(), |path| path.display().to_string());
    Reader::of_environment().hand_on(folder, &file, arguments.state_folder(), printer)
}

impl Arguments {
    fn cache(&self) -> Option<Cache> {
        self.cache.as_deref().map(Cache::new)
    }

    /// Where keys and logs are kept, if somebody says so.
    fn state_folder(&self) -> Option<PathBuf> {
        self.state.clone().or_else(|| self.cache().map(|cache| cache.state()))
    }
}

fn certify(
    arguments: &Arguments,
    subject: &Subject,
    profile: &Profile,
    repetition: Option<&Repetition>,
    printer: &Printer,
) -> Result<Answer, Failure> {
    check_target(subject)?;
    let interrupt = Interrupt::install()?;
    plimsoll_process::adopt_orphans()?;
    let state = State::open(&state::folder(arguments.state_folder())?)?;
    let keys = keys(arguments, &state)?;
    let clock = SystemClock;
    let out = out(arguments, subject, profile, &clock);
    let order = Order {
        subject,
        profile,
        repetition,
        keys: &keys,
        issuance: if arguments.demo { Issuance::Demo } else { Issuance::Issued },
        state: &state,
        out: &out,
        version: env!("CARGO_PKG_VERSION"),
        clock: &clock,
        stop: interrupt.flag(),
    };
    announce(&order, printer)?;
    let mut progress = Progress::new(printer, clock.monotonic_ns());
    if arguments.sabotage {
        let judgement =
            plimsoll_certify::sabotage(&order, &mut |event| progress.show(event, clock.monotonic_ns()))?;
        progress.end(clock.monotonic_ns());
        printer.data(&table::sabotage(&judgement, arguments.json, printer)?)?;
        return Ok(if table::all_caught(&judgement) { Answer::Yes } else { Answer::No });
    }
    let issued = plimsoll_certify::certify(&order, &mut |event| progress.show(event, clock.monotonic_ns()))?;
    progress.end(clock.monotonic_ns());
    if arguments.demo {
        Keyring::open(&state.keys())?.trust_demo(&keys)?;
    }
    show(&issued, profile, arguments, printer)?;
    if let Some(cache) = arguments.cache() {
        cache.remember(subject, profile, &issued.folder)?;
    }
    hand_on(&issued.folder, arguments, printer)?;
    let Some(repetition) = repetition else { return Ok(answer(issued.certificate.status)) };
    if !arguments.json {
        printer.data(&again::compared(&issued, repetition))?;
    }
    Ok(again::answer(&issued, repetition))
}

/// What a status answers: `CERTIFICATE.md`, "From verdicts to status and exit".
fn answer(status: Status) -> Answer {
    match status {
        Status::Certified | Status::Preliminary => Answer::Yes,
        Status::Conditional | Status::Denied => Answer::No,
        Status::Pending => Answer::Inconclusive,
    }
}

fn show(issued: &Issued, profile: &Profile, arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    if arguments.json {
        return printer.data(&table::issued_json(issued)?);
    }
    let mut text = format!("\n{}", table::judgement(&issued.certificate, &issued.judgement, printer));
    text.push_str(&table::to_be_signed(profile));
    text.push_str(&format!("certificate  {}\n", issued.folder.display()));
    text.push_str(&format!("report       {}\n", issued.folder.join("report.html").display()));
    text.push_str(&format!("re-check     plimsoll verify {}\n", issued.folder.display()));
    printer.data(&text)
}

/// Says what is about to be done, and for how long.
fn announce(order: &Order<'_>, printer: &Printer) -> Result<(), Failure> {
    let plan = make_plan(order.subject, identify(order.subject)?, order.profile, [0; 32], 0)?;
    let expected = Quantity { amount: expected_ns(&plan), unit: Unit::Ns };
    printer.status(&format!(
        "{} against {}: {} criteria, {} trials, {} planted defects and shams, about {expected}; once a day some 30 s \
         more to calibrate the load generator",
        order.subject.name,
        order.profile.id,
        order.profile.criteria.len(),
        order.profile.trials,
        plan.scenes.len(),
    ));
    for (criterion, least_per_ks) in least_rates_per_ks(&plan) {
        let [rate, least] =
            [plan.rate_per_ks, least_per_ks].map(|amount| Quantity { amount, unit: Unit::PerKs });
        printer.status(&format!(
            "{criterion}: at {rate} too few requests come for a PASS, however good the subject is; from {least} on there \
             are enough, or with longer trials"
        ));
    }
    Ok(())
}

fn out(arguments: &Arguments, subject: &Subject, profile: &Profile, clock: &dyn Clock) -> PathBuf {
    arguments.out.clone().unwrap_or_else(|| {
        let time: String = clock.now().to_string().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let name = format!("{}-{}-{}", subject.name, profile.id, time.to_lowercase());
        arguments
            .cache()
            .map_or_else(|| Path::new("certificates").join(&name), |cache| cache.certificate(&name))
    })
}

/// The keys that sign: made for a demonstration, unsealed for the rest. `--sabotage` signs nothing.
fn keys(arguments: &Arguments, state: &State) -> Result<IssuerKeys, Failure> {
    if arguments.demo || arguments.sabotage {
        return Ok(IssuerKeys::generate()?);
    }
    let keyring = Keyring::open(&state.keys())?;
    let name = issuer(arguments, &keyring)?;
    let passphrase = arguments.passphrase.read(name.as_str(), false)?;
    Ok(IssuerKeys {
        certificate: keyring.load_certificate_key(&name, &passphrase)?,
        log: keyring.load_log_key(&name, &passphrase)?,
    })
}

fn issuer(arguments: &Arguments, keyring: &Keyring) -> Result<IssuerName, Failure> {
    if let Some(name) = &arguments.key {
        return Ok(name.parse::<IssuerName>()?);
    }
    match keyring.list()?.as_slice() {
        [] => Err(Failure::new(Kind::Invalid, "there is no key to sign with")
            .hint("make one: plimsoll keys new NAME")),
        [only] => Ok(only.name.clone()),
        several => {
            let names: Vec<&str> = several.iter().map(|issuer| issuer.name.as_str()).collect();
            Err(Failure::new(Kind::Invalid, "there is more than one key to sign with")
                .hint(format!("choose one with --key: {}", names.join(", "))))
        }
    }
}

/// The subject, and the folder to which its paths are relative.
fn subject(arguments: &Arguments) -> Result<(Subject, PathBuf), Failure> {
    if let Some(path) = &arguments.subject {
        let (text, base) = (read_text(path)?, folder_of(path));
        return Ok((parse_subject(&path.display().to_string(), &text, base)?, base.to_owned()));
    }
    let base = PathBuf::from(".");
    let subject = match &arguments.url {
        // Nobody wrote the lines of the file that a URL stands for: their numbers would mislead.
        Some(url) => parse_subject("--url", &url_subject(&HttpUrl::parse(url)?), &base).map_err(|error| {
            let failure = Failure::new(error.kind(), error.problem).of("--url");
            match error.hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })?,
        None if arguments.demo => parse_subject("--demo", &demo_subject()?, &base)?,
        None => {
            return Err(Failure::new(Kind::Invalid, "there is nothing to certify")
                .hint("give a SUBJECT.toml, --url URL, or --demo"));
        }
    };
    Ok((subject, base))
}

/// A TOML string that holds any text.
fn quoted(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

fn url_subject(url: &HttpUrl<'_>) -> String {
    format!(
        "name = \"url\"\n[target]\nurl = {}\nhealth = {path}\n[[request]]\npath = {path}\n",
        quoted(&format!("http://{}:{}", url.host, url.port)),
        path = quoted(&url.path),
    )
}

/// The subject that ships with Plimsoll: this program, as a small service.
pub(crate) fn demo_subject() -> Result<String, Failure> {
    let program = std::env::current_exe().map_err(Failure::io("finding", "the running program"))?;
    Ok(include_str!("demo.toml").replace("\"PROGRAM\"", &quoted(&program.to_string_lossy())))
}

fn profile(name: &str, base: &Path) -> Result<Profile, Failure> {
    if let Some((id, text)) = builtin_profiles().iter().find(|(id, _)| *id == name) {
        return Ok(parse_profile(&format!("{id}.toml"), text)?);
    }
    let path = base.join(name);
    let text = read_text(&path).map_err(|failure| {
        let names: Vec<&str> = builtin_profiles().iter().map(|(id, _)| *id).collect();
        failure.of(&format!("profile `{name}`")).hint(format!("built in: {}", names.join(", ")))
    })?;
    Ok(parse_profile(&path.display().to_string(), &text)?)
}

fn list(profiles: &[Profile], arguments: &Arguments, printer: &Printer) -> Result<Answer, Failure> {
    printer.data(&table::criteria(profiles, arguments.json)?)?;
    Ok(Answer::Yes)
}

fn show_plan(plan: &Plan, arguments: &Arguments, printer: &Printer) -> Result<Answer, Failure> {
    printer.data(&table::plan(plan, arguments.json)?)?;
    Ok(Answer::Yes)
}
