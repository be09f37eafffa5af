//! `plimsoll serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_base::{Clock, Kind};
use plimsoll_certify::SystemClock;
use plimsoll_tasks::{OnEnd, Scope, Wake};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::api::{behind_layers, routes};
use crate::app::App;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::listen::{Tls, listen};
use crate::print::Printer;
use crate::settings::{Listen, Said, Settings};
use crate::telemetry::{Level, Log};

/// Longest time for what is being answered when the server is asked to end.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// How often the files of the certificate are read again.
const TLS_EVERY: Duration = Duration::from_secs(60);
/// Threads on which waiting is allowed: as many as the journal keeps connections for reading, and two that hash
/// passwords. Each more would keep memory of its own and wait for the same disk.
const WAITING_THREADS_MAX: usize = 10;

/// Run the platform: the API, its reference page, certifications
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll serve                                  on this machine, with nothing set up
  plimsoll serve --config plimsoll.toml           with TLS, for others
  plimsoll serve --listen 127.0.0.1:0 --data /srv/plimsoll

The configuration, all of it optional:
  listen = \"127.0.0.1:7433\"                       or localhost:7433, which is the same
  data = \"/srv/plimsoll\"                          the journal, certificates, sealed keys
  credential = \"/etc/plimsoll/server.credential\"  unseals the keys; made at the first start
  public_url = \"https://plimsoll.example.org\"     if people reach it under another name
  trusted_proxies = [\"10.0.0.0/8\"]                whose X-Forwarded-For is believed
  without_tls = false                             true if something on the way does TLS
  [tls]
  certificate = \"server.pem\"                      read again on SIGHUP, and once a minute
  key = \"server.key\"
  [sign_in]
  second_factor_for = [\"administrator\"]
  idle_minutes = 30
  absolute_hours = 12
  [certify]
  subjects_may_start_programs = false             whoever may write a subject could run programs
  subjects_may_reach_other_machines = false       with their owner's word in the subject

Exit codes:
  0  ended by SIGTERM or SIGINT, with every answer given
  2  the command line, the configuration or a file in it is wrong
  4  the data folder is in use, or a key does not open
  5  the address cannot be listened on, or the disk refuses
  6  the journal is damaged")]
pub(crate) struct Arguments {
    /// Where to listen [default: 127.0.0.1:7433]
    #[arg(long, value_name = "ADDR")]
    listen: Option<Listen>,
    /// Where everything is kept [default: $XDG_STATE_HOME/plimsoll/data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The configuration
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Let other machines in without TLS: something on the way does it
    #[arg(long)]
    without_tls: bool,
}

pub(crate) fn run(arguments: Arguments, printer: &Printer) -> Result<Answer, Failure> {
    // Before anything is unsealed.
    plimsoll_process::keep_memory_private().map_err(Failure::io("shutting out", "core dumps"))?;
    let Arguments { listen, data, config, without_tls } = arguments;
    let settings = Settings::read(Said { config, listen, data, without_tls })?;
    // A server is there for months, and what was needed once is not needed for ever.
    plimsoll_process::hold_little_memory();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().max_blocking_threads(WAITING_THREADS_MAX).build();
    let runtime = runtime.map_err(Failure::io("starting", "the server's threads"))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (log, log_end) = Log::start(Arc::clone(&clock)).map_err(Failure::io("starting", "the log"))?;
    // Every connection is an open file, and many systems begin with 1,024.
    let files_max = plimsoll_process::raise_open_files_limit();
    let served = runtime.block_on(serve(settings, clock, log, printer, files_max));
    // What runs on threads where waiting is allowed ends by itself.
    runtime.shutdown_timeout(Duration::from_secs(1));
    drop(log_end);
    served
}

async fn serve(
    settings: Settings,
    clock: Arc<dyn Clock>,
    log: Log,
    printer: &Printer,
    files_max: u64,
) -> Result<Answer, Failure> {
    let scope = Scope::new();
    let tls = settings.tls.clone().map(Tls::load).transpose()?.map(Arc::new);
    // Before anything is made: where somebody else listens, no keys are left behind.
    let refused = |error| {
        let hint = "choose another address or port with --listen; port 0 takes one that is free";
        Failure::io("listening on", settings.listen)(error).hint(hint)
    };
    let listener = TcpListener::bind(settings.listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let routes = routes();
    let app = App::start(settings, clock, log, scope.clone(), &routes).await?;
    let router = behind_layers(routes, &app);
    watch_signals(&app, tls.clone())?;
    scope.spawn("listener", OnEnd::Stop, listen(listener, tls, router, Arc::clone(&app), files_max));
    greet(&app, address, printer).await?;
    app.log.tell(Level::Info, "ready", json!({ "address": address, "version": env!("CARGO_PKG_VERSION") }));
    scope.stopped().await;
    app.log.tell(Level::Info, "ending", json!({}));
    let stragglers = scope.drain(DRAIN_MAX).await;
    app.finish().await;
    for straggler in &stragglers {
        app.log.tell(Level::Warn, "straggler", json!({ "task": straggler.name }));
    }
    Ok(Answer::Yes)
}

/// SIGTERM and SIGINT end the server; SIGHUP has the certificate read again.
fn watch_signals(app: &Arc<App>, tls: Option<Arc<Tls>>) -> Result<(), Failure> {
    let watched = |kind: SignalKind| signal(kind).map_err(Failure::io("watching for", "signals"));
    let (mut term, mut int) = (watched(SignalKind::terminate())?, watched(SignalKind::interrupt())?);
    let mut hup = watched(SignalKind::hangup())?;
    let (scope, reread) = (app.scope.clone(), Wake::default());
    let wake = reread.clone();
    app.scope.spawn("signals", OnEnd::Stop, async move {
        loop {
            tokio::select! {
                () = scope.stopped() => return,
                _ = term.recv() => return,
                _ = int.recv() => return,
                _ = hup.recv() => wake.wake(),
            }
        }
    });
    let Some(tls) = tls else { return Ok(()) };
    let inner = Arc::clone(app);
    app.scope.repeat("read the certificate", TLS_EVERY, &reread, move || {
        match tls.reload() {
            Ok(true) => inner.log.tell(Level::Info, "certificate", json!({ "read": "anew" })),
            Ok(false) => {}
            Err(failure) => {
                let said = json!({ "doing": "read the certificate", "problem": failure.message });
                inner.log.tell(Level::Warn, "failed", said);
            }
        }
        std::future::ready(())
    });
    Ok(())
}

/// Where it is, how to begin, what to try.
async fn greet(app: &App, address: SocketAddr, printer: &Printer) -> Result<(), Failure> {
    let url = app.settings.url(address);
    let data = app.settings.data.display();
    let mut text = format!(
        "Plimsoll {} is ready at {url}\ndata in {data}\nits keys open with {}: keep a copy of that, elsewhere\n",
        env!("CARGO_PKG_VERSION"),
        app.settings.credential.display(),
    );
    if address.ip().is_unspecified() && app.settings.public_url.is_none() {
        text.push_str(
            "from other machines, at an address of this one; at a name only if the configuration says it: public_url\n",
        );
    }
    let link = match app.set_up_link().await {
        // It starts all the same: whatever is wrong may pass, and /health/ready says what it is.
        Err(failure) if failure.kind == Kind::Unavailable => {
            text.push_str(&format!("\nNot ready yet: {}\n", failure.message));
            None
        }
        link => link?,
    };
    if let Some(link) = link {
        text.push_str(&format!(
            "\nSet up the first administrator within an hour; the link works once:\n  {url}/set-up#{}\n",
            link.expose()
        ));
    }
    text.push_str(&format!(
        "\nThree things to try:\n  curl {url}/health/ready\n  open {url}/reference in a browser: every call, and a form \
         to try it\n  plimsoll journal tail --data {data}\n"
    ));
    printer.data(&text)
}
