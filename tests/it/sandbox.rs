//! Agents that are kept apart by bubblewrap.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use signalbox_test_support::everyday::House;

/// Stands in for bubblewrap: notes what it is told, and runs what it is to run, in no room at all.
const STAND_IN: &str =
    "#!/bin/sh\nprintf '%s\\n' \"$@\" > {noted}\nwhile [ \"$1\" != -- ]; do shift; done\nshift\nexec \"$@\"\n";

/// A house whose claude is to have a sandbox, on a machine that has no programs but a shell.
fn house() -> House {
    let mut house = House::new("");
    fs::create_dir(house.path("bin")).expect("a directory");
    symlink("/bin/sh", house.path("bin/sh")).expect("a shell");
    house.set("PATH", &house.text("bin"));
    house.set("SIGNALBOX__AGENTS__CLAUDE__SANDBOX", "bwrap");
    house
}

#[test]
fn without_bubblewrap_an_agent_that_is_to_be_kept_apart_does_not_run() {
    let house = house();
    let said = house.say("/session --name docs script: answer done");
    assert_ne!(said.code, 0, "{said:#?}");
    assert!(format!("{}{}", said.err, said.out).contains("bubblewrap is not installed"), "{said:#?}");
    assert!(house.runs().is_empty(), "it has not begun");
    house.say("/agents").was(0, "claude does not run: it is to have a sandbox, and bubblewrap is not installed");
}

#[test]
fn an_agent_that_is_kept_apart_sees_of_our_state_what_is_its_sessions() {
    let house = house();
    let bwrap = house.path("bin/bwrap");
    fs::write(&bwrap, STAND_IN.replace("{noted}", &house.text("noted"))).expect("written");
    fs::set_permissions(&bwrap, Permissions::from_mode(0o755)).expect("a program");
    house.say("/agents").was(0, "claude runs in a sandbox (bubblewrap).");
    house.say("/session --name docs script: answer done").was(0, "done");
    let noted = fs::read_to_string(house.path("noted")).expect("it was called");
    let words: Vec<&str> = noted.lines().collect();
    let state = house.state().canonicalize().expect("it is there");
    let state = state.to_str().expect("text");
    let at = |pair: [&str; 2]| words.windows(2).position(|two| two == pair);
    for word in ["--die-with-parent", "--unshare-pid", "--unshare-ipc"] {
        assert!(words.contains(&word), "{word} in {words:?}");
    }
    let hidden = at(["--tmpfs", state]).expect("the state is hidden");
    let shown: Vec<&str> =
        words.windows(2).filter(|two| two[0] == "--bind" && two[1] != "/").map(|two| two[1]).collect();
    assert!(!shown.is_empty() && shown.iter().all(|path| path.starts_with(&format!("{state}/"))), "{shown:?}");
    assert!(shown.iter().all(|path| at(["--bind", path]) > Some(hidden)), "{words:?}");
    assert!(!shown.iter().any(|path| path.contains("/runs")), "{shown:?}");
    assert!(at(["/dev/null", &house.text("config.toml")]).is_some(), "the configuration is hidden: {words:?}");
    assert!(at(["--proc", "/proc"]).is_some() && words.contains(&"--cap-drop"));
}
