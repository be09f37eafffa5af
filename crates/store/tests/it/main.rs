//! What every adapter must do, and what the one on SQLite must survive.
#![cfg(test)]

mod conformance;
mod crash;
mod damage;
mod folded;
mod simulation;
mod trouble;
mod world;
