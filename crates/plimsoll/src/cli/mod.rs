//! What may be typed.

mod again;
pub(crate) mod cert;
pub(crate) mod certify;
mod ci;
pub(crate) mod claims;
mod columns;
pub(crate) mod demo_service;
mod http_url;
pub(crate) mod journal;
pub(crate) mod keys;
pub(crate) mod load;
pub(crate) mod oracle;
mod progress;
pub(crate) mod serve;
mod standing;
pub(crate) mod stowaway;
mod table;
mod values;
mod verified;
pub(crate) mod verify;

use clap::{Parser, Subcommand};

/// Measures what a service can carry, and proves it with evidence that a stranger can re-check.
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Examples:
  plimsoll certify --demo               see it work on the demo service
  plimsoll keys new acme                the keys that sign your certificates
  plimsoll certify subject.toml         measure your service, judge it, sign
  plimsoll verify certificates/FOLDER   re-check offline, from the raw data
  plimsoll cert show DIR                what a certificate says
  plimsoll claims CERTIFICATION.md      what contradicts itself in a document
  plimsoll load --rate 100 http://127.0.0.1:8080/
  plimsoll serve                        the server: API, reference, audit trail

Exit: 0 yes, 1 the answer is no, 2 usage or configuration, 3 inconclusive or
evidence missing, 4 denied, not found or conflict, 5 busy or a dependency
unavailable, 6 stored data corrupt, 70 a bug in Plimsoll"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Certify(certify::Arguments),
    Verify(verify::Arguments),
    Cert(cert::Arguments),
    Claims(claims::Arguments),
    Serve(serve::Arguments),
    Load(Box<load::Arguments>),
    Keys(keys::Arguments),
    Journal(journal::Arguments),
    #[command(hide = true)]
    DemoService(demo_service::Arguments),
    #[command(hide = true)]
    Oracle(oracle::Arguments),
    #[command(hide = true)]
    Stowaway(stowaway::Arguments),
}
