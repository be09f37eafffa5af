//! People over a journal on SQLite: restarts, races, acts whose end nobody saw.
#![cfg(test)]

mod doubt;
mod race;
mod restart;
mod world;
