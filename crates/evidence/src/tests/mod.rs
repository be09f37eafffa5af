//! Whole certifications, made up and judged.

mod composing;
mod controls;
mod entries;
pub(crate) mod fixture;
mod inspected;
mod line;
pub(crate) mod profile;
mod properties;
mod reading;
mod repeating;
mod restored;
mod sentences;
mod tampered;
mod whole;
mod words;
