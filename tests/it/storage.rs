//! State directories and databases that cannot be used, and disks that are full or busy.

use std::fs;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::process::Command;

use signalbox_test_support::everyday::{House, Said, eventually};

/// Checks that everything which opens the database refuses, says what to do, and leaves the file as it is.
#[track_caller]
fn is_refused_and_untouched(house: &House, needles: &[&str]) {
    let database = house.state().join("signalbox.db");
    let before = fs::read(&database).expect("a database");
    for arguments in [&["shell", "-c", "/status"][..], &["serve"], &["session", "list"], &["outbox", "list"]] {
        let said = house.run(arguments);
        assert!(said.code == 1 && said.out.is_empty(), "{said:#?}");
        let path = database.display().to_string();
        assert!(needles.iter().chain([&path.as_str()]).all(|needle| said.err.contains(needle)), "{said:#?}");
    }
    assert!(fs::read(&database).expect("a database") == before, "the bytes are unchanged");
}

const DAMAGED: [&str; 2] = ["is damaged and was left untouched", "move it away (with its -wal and -shm files)"];

/// A house with a history, whose log is copied back into the database file.
fn lived_in() -> House {
    let house = House::new("");
    for number in 1..=3 {
        house.say(&format!("/session --name s-{number} prompt {}", "x".repeat(8000))).was(0, "turn 1");
    }
    let database = rusqlite::Connection::open(house.state().join("signalbox.db")).expect("the database opens");
    database.pragma_update(None, "journal_mode", "DELETE").expect("the log is copied back");
    house
}

#[test]
fn a_database_of_random_bytes_is_refused() {
    let house = House::new("");
    fs::create_dir(house.state()).expect("a directory");
    let noise: Vec<u8> = (0..50_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    fs::write(house.state().join("signalbox.db"), noise).expect("written");
    is_refused_and_untouched(&house, &DAMAGED);
}

#[test]
fn a_truncated_database_is_refused() {
    let house = lived_in();
    let file = fs::OpenOptions::new().write(true).open(house.state().join("signalbox.db")).expect("a database");
    let length = file.metadata().expect("a length").len();
    file.set_len(length / 2).expect("cut");
    is_refused_and_untouched(&house, &DAMAGED);
}

#[test]
fn a_database_with_a_scribbled_page_is_refused() {
    let house = lived_in();
    let file = fs::OpenOptions::new().write(true).open(house.state().join("signalbox.db")).expect("a database");
    let pages = file.metadata().expect("a length").len() / 4096;
    for page in 1..pages {
        file.write_all_at(&[0xa5; 512], page * 4096).expect("scribbled");
    }
    is_refused_and_untouched(&house, &DAMAGED);
}

#[test]
fn the_database_of_another_program_is_refused() {
    let house = House::new("");
    fs::create_dir(house.state()).expect("a directory");
    let other = rusqlite::Connection::open(house.state().join("signalbox.db")).expect("the database opens");
    other.execute_batch("CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup')").expect("filled");
    drop(other);
    is_refused_and_untouched(&house, &["it was not made by signalbox", "left untouched"]);
}

#[test]
fn the_database_of_a_newer_version_is_refused() {
    let house = lived_in();
    let database = rusqlite::Connection::open(house.state().join("signalbox.db")).expect("the database opens");
    database.pragma_update(None, "user_version", 999).expect("written");
    drop(database);
    is_refused_and_untouched(&house, &["has schema 999", "use the newer signalbox again, or another --state-dir"]);
}

#[track_caller]
fn names_the_path(said: &Said, path: &str) {
    assert!(said.code == 1 && said.out.is_empty(), "{said:#?}");
    assert!(said.err.contains(path) && said.err.contains("--state-dir"), "{said:#?}");
}

#[test]
fn a_state_directory_that_cannot_be_made_is_named() {
    let house = House::new("");
    fs::write(house.path("file"), "").expect("written");
    let below = house.text("file/state");
    names_the_path(&house.run(&["--state-dir", &below, "shell", "-c", "/status"]), &below);
    names_the_path(&house.run(&["--state-dir", "/proc/nowhere", "session", "list"]), "/proc/nowhere");
    fs::create_dir_all(house.state().join("signalbox.db")).expect("a directory in the way");
    names_the_path(&house.say("/status"), &house.text("state/signalbox.db"));
}

#[test]
fn a_state_directory_may_have_a_path_longer_than_a_sockets_address() {
    let house = House::new("");
    let deep = house.text(&["a-long-name-for-a-directory"; 8].join("/"));
    assert!(deep.len() > 200);
    let mut serve = house.command(&["serve"]);
    serve.env("SIGNALBOX_STATE_DIR", &deep);
    let serving = house.start(serve);
    serving.until("serving");
    house.run(&["--state-dir", &deep, "shell", "-c", "/session hello"]).was(0, "turn 1: hello");
    let talk = house.start(house.command(&["--state-dir", &deep, "shell", "-c", "/session --name docs script: hang"]));
    talk.until("[docs] Started");
    house.run(&["--state-dir", &deep, "shell", "-c", "/stop"]).was(0, "Stopping docs");
    talk.end().was(130, "[docs] Cancelled");
}

#[test]
fn everything_in_the_state_directory_is_private() {
    let house = House::new("");
    fs::create_dir(house.state()).expect("a directory");
    fs::set_permissions(house.state(), fs::Permissions::from_mode(0o755)).expect("a mode");
    house.say("/session hello").was(0, "turn 1");
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&house.state()), 0o700);
    for entry in fs::read_dir(house.state()).expect("readable").flatten() {
        assert_eq!(mode(&entry.path()) & 0o077, 0, "{:?}", entry.path());
    }
}

#[test]
fn a_database_that_another_process_holds_for_a_while_is_waited_for() {
    let house = House::new("");
    house.say("/session --name docs one").was(0, "turn 1");
    let other = rusqlite::Connection::open(house.state().join("signalbox.db")).expect("the database opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let talk = house.begin("@docs two");
    let held = std::time::Instant::now();
    eventually("a second passes", || held.elapsed().as_secs() >= 1);
    other.execute_batch("ROLLBACK").expect("free");
    talk.end().was(0, "turn 2: two");
}

#[test]
fn strange_files_among_the_runs_are_no_obstacle() {
    let house = House::new("");
    let runs = house.state().join("runs");
    fs::create_dir_all(runs.join("deadbeef-1")).expect("a directory");
    fs::write(runs.join("deadbeef-1/exit.json"), b"{\"version\": \xff").expect("written");
    fs::create_dir_all(runs.join("..-weird name-1/nested")).expect("a directory");
    fs::write(runs.join("a-file"), "x").expect("written");
    std::os::unix::fs::symlink("/etc", runs.join("elsewhere-1")).expect("a link");
    house.say("/session hello").was(0, "turn 1: hello");
    assert!(std::path::Path::new("/etc/passwd").exists());
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost_once_there_is_room() {
    let house = House::new("");
    fs::create_dir(house.state()).expect("a directory");
    // A small disk of its own, where the system lets us have one; else a limit on the size of files stands for it.
    let own_disk = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs"]).arg(house.state()).status();
    let own_disk = own_disk.is_ok_and(|status| status.success());
    let (small, fill, clear) = if own_disk {
        ("mount -t tmpfs -o size=2m tmpfs state", "dd if=/dev/zero of=state/filler bs=4k 2> dd.log", "rm state/filler")
    } else {
        (":", "trap '' XFSZ; ulimit -S -f 8", "ulimit -S -f unlimited")
    };
    let long = "x".repeat(100_000);
    let script = format!(
        "{small}; $SIGNALBOX shell -c '/session --name docs one'; echo \"code $?\"\n{fill}\n\
         $SIGNALBOX shell -c '/session --name web two {long}' > full.out 2> full.err; echo \"code $?\"\n{clear}\n\
         $SIGNALBOX session list; $SIGNALBOX shell -c '@docs three'; echo \"code $?\""
    );
    let mut shell = Command::new(if own_disk { "unshare" } else { "env" });
    shell.args(if own_disk { &["-rm", "sh", "-c"][..] } else { &["sh", "-c"] }).arg(script);
    let house_command = house.command(&[""; 0]);
    shell.env_clear().envs(house_command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
        .env("SIGNALBOX", env!("CARGO_BIN_EXE_signalbox"))
        .current_dir(house.path(""))
        .stdin(std::process::Stdio::null());
    let said = house.start(shell).end();
    let codes: Vec<&str> = said.out.lines().filter(|line| line.starts_with("code ")).collect();
    assert_eq!(codes, ["code 0", "code 1", "code 0"], "{said:#?}");
    let full = fs::read_to_string(house.path("full.err")).expect("readable");
    assert!(full.contains("is full; free some space and try again"), "{full}");
    assert_eq!(fs::read_to_string(house.path("full.out")).expect("readable"), "");
    assert!(said.out.contains("docs") && !said.out.contains("web"), "{said:#?}");
    assert!(said.out.contains("turn 2: three"), "{said:#?}");
}

#[test]
fn the_write_ahead_log_is_gone_after_a_stop() {
    let house = House::new("");
    let log = house.state().join("signalbox.db-wal");
    let serving = house.serve();
    house.say("/session --name docs one").was(0, "turn 1: one");
    assert!(log.exists(), "a terminal that leaves does not take it away");
    serving.signal(nix::sys::signal::Signal::SIGTERM);
    serving.end().was(0, "");
    assert!(!log.exists());
    house.say("@docs two").was(0, "turn 2: two");
    assert!(!log.exists(), "a terminal that ran by itself");
    house.run(&["session", "list"]).was(0, "docs");
    assert!(!log.exists(), "a command");
}

#[test]
fn a_message_that_cannot_be_read_holds_up_no_other() {
    let house = lived_in();
    let database = rusqlite::Connection::open(house.state().join("signalbox.db")).expect("the database opens");
    let spoil =
        "UPDATE inbox SET state = 'open', outcome = NULL, incoming = '{\"of\":\"a later version\"}' WHERE id = 1";
    assert_eq!(database.execute(spoil, []).expect("spoilt"), 1);
    drop(database);
    house.say("/session --name after prompt").was(0, "turn 1");
    house.say("/id").was(0, "console:local");
}
