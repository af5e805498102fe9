//! A room of its own for an agent, made by bubblewrap: it sees no other process, and of our state and configuration nothing
//! but what is its session's.
//!
//! The network, the home directory and the projects are as they are: an agent needs its log-in and its work. So this keeps
//! agents and the bot apart, not an agent from its user.
//!
//! # What is hidden
//! Other processes with their memory and environment, the sockets and files of all runs, the database, the configuration,
//! and the run-time directory with the service manager's socket, through which a program could be started outside.

use std::path::{Path, PathBuf};

/// The program that makes the room.
pub const PROGRAM: &str = "bwrap";

/// What is hidden, and what is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Room {
    /// Directories that are empty in it. Each exists.
    pub hidden: Vec<PathBuf>,
    /// Files of which nothing can be read in it. Each exists.
    pub blanked: Vec<PathBuf>,
    /// Directories and sockets within hidden directories that are there all the same.
    pub kept: Vec<PathBuf>,
    /// The same, to be read only.
    pub readable: Vec<PathBuf>,
    /// Where it begins to work.
    pub directory: PathBuf,
}

impl Room {
    /// Returns the command that runs another in the room; `program` is bubblewrap.
    #[must_use]
    pub fn around(&self, program: &Path, command: Vec<String>) -> Vec<String> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut argv = vec![text(program)];
        let mut add = |words: &[&str]| argv.extend(words.iter().map(|&word| word.to_owned()));
        // It ends with its supervisor, and no process of it outlives the first one.
        add(&["--die-with-parent", "--unshare-pid", "--unshare-ipc", "--cap-drop", "ALL"]);
        add(&["--bind", "/", "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc"]);
        for hidden in &self.hidden {
            add(&["--tmpfs", &text(hidden)]);
        }
        for blanked in &self.blanked {
            add(&["--ro-bind", "/dev/null", &text(blanked)]);
        }
        // What lies above a hidden directory, or is one, would show it again.
        let is_within = |path: &&PathBuf| self.hidden.iter().any(|hidden| path.starts_with(hidden) && *path != hidden);
        for kept in self.kept.iter().filter(is_within) {
            add(&["--bind", &text(kept), &text(kept)]);
        }
        for readable in self.readable.iter().filter(is_within) {
            add(&["--ro-bind", &text(readable), &text(readable)]);
        }
        add(&["--chdir", &text(&self.directory), "--"]);
        argv.extend(command);
        argv
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_hides_all_but_what_is_the_sessions() {
        let room = Room {
            hidden: vec!["/state".into(), "/home/kim/.config/signalbox".into()],
            blanked: vec!["/etc/signalbox.toml".into()],
            kept: vec!["/state/work/1".into(), "/state/scratch/1".into()],
            readable: vec!["/state/files/telegram/7".into()],
            directory: "/state/work/1".into(),
        };
        let argv = room.around(Path::new("/usr/bin/bwrap"), vec!["claude".into(), "--model=opus".into()]);
        let expected = "/usr/bin/bwrap --die-with-parent --unshare-pid --unshare-ipc --cap-drop ALL --bind / / --dev-bind \
                        /dev /dev --proc /proc --tmpfs /state --tmpfs /home/kim/.config/signalbox --ro-bind /dev/null \
                        /etc/signalbox.toml --bind /state/work/1 /state/work/1 --bind /state/scratch/1 /state/scratch/1 \
                        --ro-bind /state/files/telegram/7 /state/files/telegram/7 --chdir /state/work/1 -- claude \
                        --model=opus";
        assert_eq!(argv.join(" "), expected);
    }

    #[test]
    fn a_directory_above_a_hidden_one_does_not_show_it_again() {
        let room = Room {
            hidden: vec!["/home/kim/.state".into()],
            kept: vec!["/home/kim".into(), "/home/kim/.state".into(), "/srv/web".into(), "/home/kim/.state2".into()],
            directory: "/home/kim".into(),
            ..Room::default()
        };
        let argv = room.around(Path::new("bwrap"), vec!["claude".into()]);
        assert_eq!(argv.iter().filter(|word| *word == "--bind").count(), 1, "{argv:?}");
    }
}
