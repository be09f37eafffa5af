//! `plimsoll`: measures what a service can carry, and proves it with evidence that a stranger can re-check.

mod api;
mod app;
mod cli;
mod exit;
mod failure;
mod input;
mod listen;
mod passphrase;
mod print;
mod record;
mod settings;
mod share;
mod state;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use failure::Failure;
use print::Printer;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let printer = Printer::new();
    let answer = run(cli, &printer);
    exit::code(answer, &printer)
}

fn run(cli: Cli, printer: &Printer) -> Result<exit::Answer, Failure> {
    match cli.command {
        Command::Certify(arguments) => cli::certify::run(arguments, printer),
        Command::Verify(arguments) => cli::verify::run(arguments, printer),
        Command::Cert(arguments) => cli::cert::run(arguments, printer),
        Command::Claims(arguments) => cli::claims::run(arguments, printer),
        Command::Serve(arguments) => cli::serve::run(arguments, printer),
        Command::Load(arguments) => cli::load::run(*arguments, printer),
        Command::Keys(arguments) => cli::keys::run(arguments, printer),
        Command::Journal(arguments) => cli::journal::run(arguments, printer),
        Command::DemoService(arguments) => cli::demo_service::run(arguments),
        Command::Stowaway(arguments) => cli::stowaway::run(&arguments),
        Command::Oracle(arguments) => cli::oracle::run(&arguments, printer),
    }
}
