//! What sort of trouble an error is: exit codes and HTTP statuses follow from it, each in one table.

/// The sort of trouble an error is. Every crate's error maps to exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request, the command line or a file that a person wrote is wrong.
    Invalid,
    /// The caller may not do this.
    Denied,
    /// The thing asked for does not exist.
    NotFound,
    /// The thing exists in a state that forbids the act.
    Conflict,
    /// A bound is reached; trying later may help.
    Busy,
    /// Something that is needed does not work: a subject, a disk, a port.
    Unavailable,
    /// No answer can be given: evidence is missing or an instrument gate failed.
    Inconclusive,
    /// Stored data is not what was written.
    Corrupt,
    /// A fault of Plimsoll itself.
    Bug,
}
