//! Everything through the shipped binary, as its users meet it.
#![cfg(test)]

mod bench;
mod certify;
mod help;
mod keys;
mod load;
mod readme;
mod report;
mod world;
