//! Memory that other programs of the same user cannot look into: it holds tokens.

use nix::sys::prctl::set_dumpable;

/// Keeps other programs of this user out of this process: they can neither read its memory and environment nor trace it,
/// and no core is dumped. Whoever is root still can; a program that this one starts is as open as any.
pub fn close() {
    // The kernel refuses nothing but a number that is none.
    let _ = set_dumpable(false);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_process_cannot_be_dumped() {
        close();
        assert_eq!(nix::sys::prctl::get_dumpable(), Ok(false));
    }
}
