//! A server's register over a journal on SQLite, with certifications that are really made.
#![cfg(test)]

mod coverage;
mod runner;
mod whole;
mod world;
