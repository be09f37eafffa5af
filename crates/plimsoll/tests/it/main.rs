//! Everything through the shipped binary, as its users meet it.
#![cfg(test)]

mod authenticator;
mod bench;
mod browser;
mod certify;
mod certify_checks;
mod claims;
mod golden;
mod help;
mod input;
mod issuer;
mod journal;
mod keys;
mod load;
mod mutants;
mod pages;
mod prompt;
mod readme;
mod report;
mod schema;
mod script;
mod serve_account;
mod serve_certify;
mod serve_faults;
mod serve_first;
mod serve_fuzzed;
mod serve_guard;
mod serve_process;
mod serve_requests;
mod serve_roles;
mod serve_shares;
mod serve_tls;
mod server;
mod verify;
mod whole;
mod world;
