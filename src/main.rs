//! The program: what each process of it is, decided by its first argument.

use std::process::ExitCode;

use signalbox::agent::kinds::host::SUBCOMMAND as HOST_SUBCOMMAND;
use signalbox::agent::supervisor;
use signalbox::cli::{self, Cli};
use signalbox::host;
use signalbox::lifecycle::{self, room};

fn main() -> ExitCode {
    // The hidden ones come first: no runtime, no configuration, as small as can be.
    match std::env::args_os().nth(1) {
        Some(word) if word == supervisor::SUBCOMMAND => return supervisor::main(),
        Some(word) if word == HOST_SUBCOMMAND => return host::main(),
        Some(_) | None => {}
    }
    room::fit();
    lifecycle::close();
    match Cli::read(std::env::args_os()).run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("signalbox: {}", cli::told(&error));
            ExitCode::FAILURE
        }
    }
}
