//! `plimsoll journal accept-clock`: the one way to go on when something was written while the clock was far ahead.

use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_base::{Clock, Kind, Quantity, Unit};
use plimsoll_certify::{SystemClock, keys_folder};
use plimsoll_keys::{Credential, ServerKeys};
use plimsoll_store::{Batch, Journal, Options, SqliteJournal};

use super::Place;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::Printer;
use crate::record::utc;
use crate::state;

/// Accept the clock as it stands, though the last record was written while it was ahead
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll journal accept-clock
  plimsoll journal accept-clock --data /srv/plimsoll --credential FILE

A journal takes no record that is earlier than its last one, so that its order
is that of time. If the clock was ahead when something was written, a server
could write nothing until that time has come. Set the clock right first, and
end the server. What is accepted here is written as a record of its own, which
is signed as any other. Sessions and tokens that were given out meanwhile last
as long as that clock said.

Exit: 0 accepted, or there was nothing to accept; 4 the server runs, there is
no journal, or the credential opens no keys; 6 damaged")]
pub(super) struct AcceptClock {
    #[command(flatten)]
    place: Place,
    /// What unseals the server's keys [default: as for plimsoll serve]
    #[arg(long, value_name = "FILE")]
    credential: Option<PathBuf>,
}

pub(super) fn run(arguments: AcceptClock, printer: &Printer) -> Result<Answer, Failure> {
    let AcceptClock { place, credential } = arguments;
    let (now_ms, last_ms) = (SystemClock.unix_ms(), place.open()?.last_unix_ms()?);
    if last_ms <= now_ms {
        printer.data(&format!("nothing to accept: the last record is of {}\n", utc(last_ms)))?;
        return Ok(Answer::Yes);
    }
    let credential = credential.map_or_else(state::credential, Ok)?;
    let opened = Credential::load(&credential)?.ok_or_else(|| {
        Failure::new(Kind::Denied, format!("{} is not there", credential.display()))
            .hint("name what unseals the server's keys: --credential FILE")
    })?;
    let key = ServerKeys::open(&keys_folder(&place.data()?), &opened)?.journal;
    let options = Options { folder: place.folder()?, key: Arc::new(key), clock: Arc::new(SystemClock) };
    let journal = SqliteJournal::open(options)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(Failure::io("starting", "the writing of the journal"))?;
    let receipt = runtime.block_on(journal.commit(Batch::accept_clock(last_ms)?))?;
    let ahead = Quantity { amount: (last_ms - now_ms).saturating_mul(1_000_000), unit: Unit::Ns };
    printer.data(&format!(
        "accepted: the record before is of {}, {ahead} ahead of the clock; record {} says so, and time goes on from {}\n",
        utc(last_ms),
        receipt.position,
        utc(now_ms)
    ))?;
    Ok(Answer::Yes)
}
