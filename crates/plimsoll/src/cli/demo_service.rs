//! The demo subject as a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use plimsoll_base::Kind;

use crate::exit::Answer;
use crate::failure::Failure;

/// Run the demo subject: a small service that keeps notes in SQLite
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    of_data: Option<OfData>,
    #[command(flatten)]
    serve: Option<Serve>,
}

/// What is done to its notes, beside serving them.
#[derive(Debug, clap::Subcommand)]
enum OfData {
    /// Write a backup of all notes, also while they are served
    Backup {
        /// File of the database
        #[arg(long)]
        data: PathBuf,
        /// Folder of the backup
        #[arg(long)]
        to: PathBuf,
    },
    /// Make a database of a backup
    Restore {
        /// Folder of the backup
        #[arg(long)]
        from: PathBuf,
        /// File of the database, not there yet
        #[arg(long)]
        data: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct Serve {
    /// Where to listen
    #[arg(long)]
    listen: SocketAddr,
    /// File of the database
    #[arg(long, required_unless_present = "collector")]
    data: Option<PathBuf>,
    /// File of those who are known: lines of name, role (editor or writer) and token
    #[arg(long)]
    tokens: Option<PathBuf>,
    /// How many notes a client may post in two seconds
    #[arg(long)]
    posts: Option<u32>,
    /// Who collects a line for each write
    #[arg(long, value_name = "ADDRESS")]
    audit: Option<SocketAddr>,
    /// Be who collects the lines of another one
    #[arg(long, conflicts_with_all = ["data", "tokens", "posts", "audit"])]
    collector: bool,
}

pub(crate) fn run(arguments: Arguments) -> Result<Answer, Failure> {
    let done = match (arguments.of_data, arguments.serve) {
        (Some(OfData::Backup { data, to }), _) => plimsoll_notes::back_up(&data, &to),
        (Some(OfData::Restore { from, data }), _) => plimsoll_notes::restore(&from, &data),
        (None, Some(serve)) => match serve.data {
            Some(data) => {
                let mut options = plimsoll_notes::Options::new(serve.listen, data);
                (options.tokens, options.posts, options.audit) = (serve.tokens, serve.posts, serve.audit);
                plimsoll_notes::serve(options)
            }
            None => plimsoll_notes::collect(serve.listen),
        },
        (None, None) => return Err(Failure::new(Kind::Invalid, "say where to listen: --listen and --data")),
    };
    done.map_err(|error| Failure::new(Kind::Unavailable, error.to_string()))?;
    Ok(Answer::Yes)
}
