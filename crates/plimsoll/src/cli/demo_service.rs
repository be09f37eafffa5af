//! The demo subject as a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use plimsoll_base::Kind;

use crate::exit::Answer;
use crate::failure::Failure;

/// Run the demo subject: a small service that keeps notes in SQLite
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where to listen
    #[arg(long)]
    listen: SocketAddr,
    /// File of the database
    #[arg(long)]
    data: PathBuf,
}

pub(crate) fn run(arguments: Arguments) -> Result<Answer, Failure> {
    let options = plimsoll_notes::Options::new(arguments.listen, arguments.data);
    plimsoll_notes::serve(options).map_err(|error| Failure::new(Kind::Unavailable, error.to_string()))?;
    Ok(Answer::Yes)
}
