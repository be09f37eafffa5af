//! Checks of the repository itself, as tests.
