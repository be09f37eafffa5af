//! What this process may have open, and what others may see of its memory.

use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// Raises this process's limit of open files as far as it may, and says where it stands now.
///
/// For the program to call once at its start: a connection is an open file, and many systems begin with 1,024.
pub fn raise_open_files_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // A refusal leaves the old limit, and running out of files is reported when it happens.
    let _ = setrlimit(Resource::Nofile, raised);
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Leaves no core file of this process, and shuts out debuggers of the same user, for the rest of its life. To call
/// before a private key or a passphrase is read. Programs that it starts can be looked into as ever; they begin with a
/// limit of core files of 0, which they may raise.
///
/// # Errors
/// When the system refuses.
pub fn keep_memory_private() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let limit = getrlimit(Resource::Core);
    setrlimit(Resource::Core, Rlimit { current: Some(0), ..limit })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rustix::process::dumpable_behavior;

    use super::*;

    #[test]
    fn the_limit_of_open_files_is_raised_as_far_as_it_may() {
        let before = getrlimit(Resource::Nofile);
        assert_eq!(raise_open_files_limit(), before.maximum.unwrap_or(u64::MAX));
    }

    #[test]
    fn memory_that_is_kept_private_leaves_no_core_file() {
        keep_memory_private().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
    }
}
