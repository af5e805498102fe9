//! The scripted agent as a program; in the place of codex or opensre where it is called so.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first() {
        Some((name, args)) if name == "codex" => signalbox_test_support::codex::main(args),
        Some((name, args)) if name == "opensre" => signalbox_test_support::opensre::main(args),
        _ => signalbox_test_support::agent::main(),
    }
}
