//! Everything through the shipped binary, as its users meet it.
#![cfg(test)]

mod bench;
mod certify;
mod golden;
mod help;
mod input;
mod issuer;
mod journal;
mod keys;
mod load;
mod mutants;
mod prompt;
mod readme;
mod report;
mod schema;
mod script;
mod verify;
mod whole;
mod world;
