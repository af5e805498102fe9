//! The built-in investigator on this very machine.

use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::everyday::{House, PATIENCE};

/// A process that does nothing but work; ended by its id.
struct Hog(Child);

impl Drop for Hog {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_process_that_burns_a_core_is_found_with_nothing_installed() {
    let house = House::bare();
    let hog = Command::new("sh").args(["-c", "while :; do :; done"]).stdin(Stdio::null()).spawn().expect("a hog");
    let hog = Hog(hog);
    let pid = format!("(pid {})", hog.0.id());
    let started = Instant::now();
    // Other tests take the processors too; asked again, the hog is still there.
    loop {
        let said = house.say("/session why is the cpu busy?").was(0, "· host ·");
        if said.out.contains(&pid) || said.out.contains(&hog.0.id().to_string()) {
            assert!(said.out.contains("CPU"), "{said:#?}");
            return;
        }
        assert!(started.elapsed() < PATIENCE, "in time, {pid} in {said:#?}");
    }
}
