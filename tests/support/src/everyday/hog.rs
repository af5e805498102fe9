//! A machine that is busy.

use std::process::{Child, Command, Stdio};

/// A process that does nothing but work.
pub struct Hog(Child);

impl Hog {
    /// Starts one, which ends when this is dropped.
    pub fn start() -> Self {
        let hog = Command::new("sh").args(["-c", "while :; do :; done"]).stdin(Stdio::null()).spawn();
        Self(hog.expect("a hog"))
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
