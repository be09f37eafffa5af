//! The demo service as a program of its own: it serves notes, backs them up and restores them, or collects the audit trail of
//! another one.

use std::io::{self, Write};
use std::process::ExitCode;

use plimsoll_notes::{Error, Options, back_up, collect, restore, serve};

const USAGE: &str =
    "usage: notes --listen ADDRESS --data FILE [--tokens FILE] [--posts NUMBER] [--audit ADDRESS]
       notes backup --data FILE --to FOLDER
       notes restore --from FOLDER --data FILE
       notes collector --listen ADDRESS";

/// What the arguments ask for, done; `None` if they make no sense.
fn run(arguments: &[&str]) -> Option<Result<(), Error>> {
    match arguments {
        ["backup", "--data", data, "--to", folder] => Some(back_up(data.as_ref(), folder.as_ref())),
        ["restore", "--from", folder, "--data", data] => Some(restore(folder.as_ref(), data.as_ref())),
        ["collector", "--listen", listen] => Some(collect(listen.parse().ok()?)),
        ["--listen", listen, "--data", data, more @ ..] => {
            let mut options = Options::new(listen.parse().ok()?, data.into());
            for pair in more.chunks(2) {
                match pair {
                    ["--tokens", file] => options.tokens = Some(file.into()),
                    ["--posts", number] => options.posts = Some(number.parse().ok()?),
                    ["--audit", address] => options.audit = Some(address.parse().ok()?),
                    _ => return None,
                }
            }
            Some(serve(options))
        }
        _ => None,
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (code, text) = match run(&arguments) {
        None => (2, USAGE.to_owned()),
        Some(Err(error)) => {
            let cause =
                std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            (1, format!("notes: {error}{cause}"))
        }
        Some(Ok(())) => return ExitCode::SUCCESS,
    };
    // With standard error gone there is nobody to tell.
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::from(code)
}
