//! The register without its runner: commands, rules, the planner, the fold, what is told and what lies in the folder.

mod certificates;
mod commands;
mod events;
mod fold;
mod planner;
mod progress;
mod recovery;
mod rules;
mod world;
