//! Memory of this process that is free and still held: glibc keeps what is freed for whoever asks next, for ever.

/// Pieces of this size go back to the system as soon as they are freed, in bytes. glibc would begin with 128 KiB and
/// raise the bound to the largest piece that was ever freed: after the hash of one password, 19 MiB, it would keep
/// twice as much.
#[cfg(target_env = "gnu")]
const GIVEN_BACK_BYTES_MIN: libc::c_int = 1 << 20;

/// Has large pieces of memory given back when they are freed. Meant to be called once, before there are threads.
#[expect(unsafe_code, reason = "a setting of the C library's allocator")]
pub fn hold_little_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes two numbers and changes a setting of the allocator, under the allocator's own lock. What it
    // refuses stays as it was.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, GIVEN_BACK_BYTES_MIN);
    }
}

/// Gives back to the system what is free. Takes some milliseconds where much is free.
#[expect(unsafe_code, reason = "a call of the C library's allocator")]
pub fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes a number, and hands to the system whole pages that the allocator holds and nobody uses, under
    // the allocator's own locks.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    /// proc(5): the second number of `statm` counts resident pages.
    fn resident_bytes() -> usize {
        let text = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages: usize = text.split(' ').nth(1).unwrap().parse().unwrap();
        pages * rustix::param::page_size()
    }

    #[test]
    fn a_large_piece_is_given_back_when_it_is_freed() {
        hold_little_memory();
        let before = resident_bytes();
        for _ in 0..3 {
            let piece = std::hint::black_box(vec![1u8; 19 * MIB]);
            assert!(resident_bytes() > before + 18 * MIB);
            drop(piece);
        }
        assert!(resident_bytes() < before + 4 * MIB, "{} of {before}", resident_bytes());
    }

    #[test]
    fn what_is_free_between_what_is_used_is_given_back() {
        let before = resident_bytes();
        let mut pieces: Vec<Box<[u8]>> = (0..32 * 1024).map(|_| vec![1u8; 1024].into()).collect();
        // The last one keeps the heap from shrinking by itself.
        let last = pieces.pop();
        drop(pieces);
        assert!(resident_bytes() > before + 24 * MIB, "{} of {before}", resident_bytes());
        give_back_memory();
        assert!(resident_bytes() < before + 8 * MIB, "{} of {before}", resident_bytes());
        drop(std::hint::black_box(last));
    }
}
