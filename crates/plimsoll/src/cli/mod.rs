//! What may be typed.

pub(crate) mod certify;
pub(crate) mod demo_service;
mod progress;
mod table;
pub(crate) mod verify;

use clap::{Parser, Subcommand};

/// Measures what a service can carry, and proves it with evidence that a stranger can re-check.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Certify(certify::Arguments),
    Verify(verify::Arguments),
    #[command(hide = true)]
    DemoService(demo_service::Arguments),
}
