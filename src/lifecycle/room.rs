//! Room in a bounded address space, as `ulimit -v` bounds it.
//!
//! The C library reserves 64 MiB of address space for each thread that allocates, up to eight times as often as there are
//! processors, whether they are used or not. Where the address space is small that alone fills it, and the next long
//! answer ends the process: the same again at the next start, for the answer is still there. How much is reserved can only
//! be said in the environment that a program is started with.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::sys::resource::{Resource, getrlimit};

/// Address space below which one reserve must do, in bytes.
const SMALL_BYTES: u64 = 4 << 30;
/// Tells the C library how many reserves it may have.
const VARIABLE: &str = "MALLOC_ARENA_MAX";

/// Makes the most of a small address space: starts this program anew in its own place, with one reserve for all threads.
///
/// Does nothing where there is room enough, where the number is set already, and where it cannot be done. To be called
/// first, while nothing is open.
pub fn fit() {
    let is_small = getrlimit(Resource::RLIMIT_AS).is_ok_and(|(soft, _)| soft < SMALL_BYTES);
    if !is_small || std::env::var_os(VARIABLE).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut again = Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    // It comes back only where it failed, and then all is as it was.
    let error = again.args(arguments).env(VARIABLE, "1").exec();
    eprintln!("signalbox: could not make the most of a small address space: {error}");
}
