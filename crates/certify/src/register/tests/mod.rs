//! The register without its runner: commands, rules, the planner, the fold.

mod commands;
mod events;
mod fold;
mod planner;
mod rules;
mod world;
