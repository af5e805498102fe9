//! Where the programs of a story are: our own, and the scripted agent.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

/// The name of the example of the root package that is the scripted agent.
const AGENT: &str = "scripted-agent";

/// Returns our own program, which cargo builds before the tests and benches of its package.
///
/// # Panics
/// Where it is not there, as in the tests of another package.
#[must_use]
pub fn signalbox() -> PathBuf {
    // Cargo says where it is; a test that is started by hand lies in `deps` below it.
    let told = env::var_os("CARGO_BIN_EXE_signalbox").map(PathBuf::from);
    let beside = || Some(env::current_exe().ok()?.parent()?.parent()?.join("signalbox"));
    let program = told.or_else(beside).expect("a test has a file");
    assert!(program.exists(), "{} is not there: cargo test -p signalbox builds it", program.display());
    program
}

/// Returns the scripted agent.
///
/// `cargo test` builds it with the other examples. Where only some tests were asked for, it is built here, as it is where
/// its source is newer.
#[must_use]
pub fn scripted_agent() -> PathBuf {
    static BUILT: Once = Once::new();
    let program = signalbox();
    let agent = program.with_file_name("examples").join(AGENT);
    let sources = ["src/agent.rs", "src/codex.rs"].map(|source| Path::new(env!("CARGO_MANIFEST_DIR")).join(source));
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    BUILT.call_once(|| {
        if sources.iter().any(|source| modified(&agent) < modified(source)) {
            build(&program);
        }
    });
    agent
}

/// Builds the scripted agent in the folder and by the profile of the program.
fn build(program: &Path) {
    let folder = program.parent().expect("it lies in a folder");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => "dev",
        Some(other) => other,
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("it is two folders below the root");
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "--locked", "--example", AGENT, "--profile", profile, "--target-dir"]);
    build.args([folder.parent().expect("in the target directory"), Path::new("--manifest-path")]);
    let status = build.arg(root.join("Cargo.toml")).status().expect("cargo runs");
    assert!(status.success(), "the scripted agent builds");
}
