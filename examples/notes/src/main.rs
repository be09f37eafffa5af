//! `notes --listen ADDRESS --data FILE [--tokens FILE] [--posts NUMBER]`: the demo service as a program of its own.

use std::io::{self, Write};
use std::process::ExitCode;

use plimsoll_notes::{Options, serve};

const USAGE: &str = "usage: notes --listen ADDRESS --data FILE [--tokens FILE] [--posts NUMBER]";

fn options() -> Option<Options> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen_flag, listen, data_flag, data, more @ ..] = arguments.as_slice() else { return None };
    if listen_flag != "--listen" || data_flag != "--data" {
        return None;
    }
    let mut options = Options::new(listen.parse().ok()?, data.into());
    for pair in more.chunks(2) {
        match pair {
            [flag, file] if flag == "--tokens" => options.tokens = Some(file.into()),
            [flag, number] if flag == "--posts" => options.posts = Some(number.parse().ok()?),
            _ => return None,
        }
    }
    Some(options)
}

fn main() -> ExitCode {
    let (code, text) = match options().map(serve) {
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
