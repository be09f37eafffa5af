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
    /// File of those who are known: lines of name, role (editor or writer) and token
    #[arg(long)]
    tokens: Option<PathBuf>,
    /// How many notes a client may post in two seconds
    #[arg(long)]
    posts: Option<u32>,
}

pub(crate) fn run(arguments: Arguments) -> Result<Answer, Failure> {
    let mut options = plimsoll_notes::Options::new(arguments.listen, arguments.data);
    (options.tokens, options.posts) = (arguments.tokens, arguments.posts);
    plimsoll_notes::serve(options).map_err(|error| Failure::new(Kind::Unavailable, error.to_string()))?;
    Ok(Answer::Yes)
}
