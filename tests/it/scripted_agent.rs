//! The scripted agent as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    signalbox_test_support::agent::main()
}
