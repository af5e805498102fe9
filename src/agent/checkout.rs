//! Git: what a directory stands at, and work trees that sessions have for themselves.
//!
//! Git is run as its own program, without hooks, monitors and pagers. What a repository's own configuration names is run
//! by it all the same, so that nothing is asked of the directory of an agent that is kept apart.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use super::{environment, program};

/// Longest that git may take to tell how things stand.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest that it may take to write a work tree, or to remove one.
const WRITE_TIMEOUT: Duration = Duration::from_secs(120);
/// Most that is read of what it says, in bytes.
const MAX_OUTPUT_BYTES: u64 = 1024 * 1024;
/// Most of its words that are told, in bytes.
const MAX_WORDS_BYTES: usize = 512;
/// Changed files that are named.
const MAX_NAMED: usize = 5;

/// How a checkout stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkout {
    /// The branch; `None` on none.
    pub branch: Option<String>,
    /// The first files that differ from what is committed, new ones and folders of such included.
    pub changed: Vec<String>,
    /// How many there are in all.
    pub changes: usize,
    /// Whether the branch has commits that no other has; `None` where nobody has asked, or git did not tell.
    pub has_own: Option<bool>,
}

/// Why git has not done something.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// It is not installed.
    #[error("git is not installed")]
    Missing,
    /// It could not be run.
    #[error("git could not be run: {0}")]
    Run(#[from] std::io::Error),
    /// It has taken too long.
    #[error("git took longer than {} s", .0.as_secs())]
    Late(Duration),
    /// Its own words.
    #[error("{0}")]
    Said(String),
}

/// Git, for one environment.
#[derive(Debug, Clone)]
pub struct Git {
    variables: BTreeMap<String, String>,
}

impl Git {
    /// Makes one that runs with what every program gets of our own environment.
    #[must_use]
    pub fn new(ours: &BTreeMap<String, String>) -> Self {
        Self { variables: environment::bare(ours) }
    }

    /// Tells how the checkout that a directory lies in stands; `None` where there is none, or no telling.
    pub async fn look(&self, directory: &Path) -> Option<Checkout> {
        if !directory.is_dir() {
            return None;
        }
        let told = self.run(directory, &["status", "--porcelain=v2", "--branch", "-z"], LOOK_TIMEOUT).await;
        told.inspect_err(|error| tracing::debug!(%error, "git does not tell how a directory stands"))
            .ok()
            .map(|told| read(&told))
    }

    /// Makes a work tree of a project on a new branch; one that is there already is left as it is.
    ///
    /// # Errors
    /// [`GitError`]; nothing is left behind then.
    pub async fn add(&self, project: &Path, directory: &Path, branch: &str) -> Result<(), GitError> {
        if directory.join(".git").exists() {
            return Ok(());
        }
        let path = directory.to_string_lossy();
        // What was there before a kill is known to the repository, but not on the disk.
        self.run(project, &["worktree", "prune"], WRITE_TIMEOUT).await?;
        let new = self.run(project, &["worktree", "add", "--quiet", "-b", branch, "--", &path], WRITE_TIMEOUT).await;
        match new {
            // The branch is left of a time before.
            Err(GitError::Said(words)) if words.contains("already exists") => {
                self.run(project, &["worktree", "add", "--quiet", "--", &path, branch], WRITE_TIMEOUT).await?;
            }
            other => {
                other?;
            }
        }
        Ok(())
    }

    /// Removes a work tree in which all is committed, and its branch where that has no commits of its own; returns whether
    /// it is gone.
    ///
    /// # Errors
    /// [`GitError`].
    pub async fn remove(&self, project: &Path, directory: &Path, branch: &str) -> Result<bool, GitError> {
        if directory.exists() {
            let path = directory.to_string_lossy();
            // Without force git itself refuses where something would be lost.
            match self.run(project, &["worktree", "remove", "--", &path], WRITE_TIMEOUT).await {
                Err(GitError::Said(_)) => return Ok(false),
                other => other?,
            };
        }
        if self.has_own(project, branch).await == Some(false) {
            self.run(project, &["branch", "--quiet", "-D", "--", branch], LOOK_TIMEOUT).await?;
        }
        Ok(true)
    }

    /// Tells whether a branch has commits that no other has; `None` where git does not tell.
    pub async fn has_own(&self, directory: &Path, branch: &str) -> Option<bool> {
        let beside = ["rev-list", "--max-count=1", branch, "--not", "--exclude", branch, "--branches", "--remotes"];
        let own = self.run(directory, &beside, LOOK_TIMEOUT).await;
        own.ok().map(|commits| !commits.trim_ascii().is_empty())
    }

    async fn run(&self, directory: &Path, arguments: &[&str], limit: Duration) -> Result<Vec<u8>, GitError> {
        let path = self.variables.get("PATH").map(String::as_str).unwrap_or_default();
        let git = program::find("git", path, directory).ok_or(GitError::Missing)?;
        let mut child = Command::new(git)
            .args([
                "-c",
                "core.fsmonitor=false",
                "-c",
                "core.hooksPath=/dev/null",
                "--no-optional-locks",
                "--no-pager",
                "-C",
            ])
            .arg(directory)
            .args(arguments)
            .env_clear()
            .envs(&self.variables)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let work = async {
            let (told, words) = tokio::join!(whole(out), whole(err));
            let (told, words) = (told?, words?);
            Ok::<_, std::io::Error>((child.wait().await?, told, words))
        };
        let (status, told, words) = tokio::time::timeout(limit, work).await.map_err(|_| GitError::Late(limit))??;
        if status.success() {
            return Ok(told);
        }
        let words = String::from_utf8_lossy(&words).trim().to_owned();
        Err(GitError::Said(super::protocol::cut(&words, MAX_WORDS_BYTES).to_owned()))
    }
}

/// Reads what a program says, within the bound; more than that ends it, since nobody reads on.
async fn whole(from: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(MAX_OUTPUT_BYTES).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// Reads `git status --porcelain=v2 --branch -z`.
fn read(told: &[u8]) -> Checkout {
    let mut checkout = Checkout::default();
    let mut entries = told.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    while let Some(entry) = entries.next() {
        // How many words stand before the path.
        let before = match entry.as_bytes().first() {
            Some(b'#') => {
                let branch = entry.strip_prefix("# branch.head ").filter(|branch| *branch != "(detached)");
                checkout.branch = branch.map(str::to_owned).or(checkout.branch);
                continue;
            }
            Some(b'1') => 8,
            Some(b'2') => {
                // The name that it had.
                entries.next();
                9
            }
            Some(b'u') => 10,
            Some(b'?') => 1,
            _ => continue,
        };
        checkout.changes += 1;
        if let Some(path) = entry.splitn(before + 1, ' ').nth(before).filter(|_| checkout.changed.len() < MAX_NAMED) {
            checkout.changed.push(path.to_owned());
        }
    }
    checkout
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git() -> Git {
        Git::new(&std::env::vars().collect())
    }

    async fn project(directory: &Path) {
        let git = git();
        std::fs::create_dir(directory).unwrap();
        for arguments in [
            &["init", "--quiet", "--initial-branch=main"][..],
            &[
                "-c",
                "user.name=Kim",
                "-c",
                "user.email=kim@example.org",
                "commit",
                "--quiet",
                "--allow-empty",
                "-m",
                "one",
            ],
        ] {
            git.run(directory, arguments, WRITE_TIMEOUT).await.unwrap();
        }
    }

    #[test]
    fn a_status_is_read_with_odd_names_renames_and_conflicts() {
        let told = b"# branch.oid abc\0# branch.head fix/a b\x001 .M N... 100644 100644 100644 a a src/with space.rs\0\
            2 R. N... 100644 100644 100644 a a R100 new.rs\0old.rs\0u UU N... 1 1 1 1 a a a both.rs\0? new\nline/\0! ignored\0";
        let checkout = read(told);
        assert_eq!(checkout.branch.as_deref(), Some("fix/a b"));
        assert_eq!(checkout.changed, ["src/with space.rs", "new.rs", "both.rs", "new\nline/"]);
        assert_eq!(checkout.changes, 4);
        assert_eq!(read(b"# branch.head (detached)\0"), Checkout::default());
    }

    #[tokio::test]
    async fn a_work_tree_goes_with_its_branch_unless_something_would_be_lost() {
        let room = tempfile::tempdir().unwrap();
        let (home, tree) = (room.path().join("project"), room.path().join("tree"));
        project(&home).await;
        let git = git();
        git.add(&home, &tree, "signalbox/calm-otter-1").await.unwrap();
        git.add(&home, &tree, "signalbox/calm-otter-1").await.unwrap();
        assert_eq!(git.look(&tree).await.unwrap().branch.as_deref(), Some("signalbox/calm-otter-1"));
        std::fs::write(tree.join("new.txt"), "new").unwrap();
        let dirty = git.look(&tree).await.unwrap();
        assert_eq!((dirty.changes, dirty.changed), (1, vec!["new.txt".to_owned()]));
        assert!(!git.remove(&home, &tree, "signalbox/calm-otter-1").await.unwrap(), "something would be lost");
        std::fs::remove_file(tree.join("new.txt")).unwrap();
        assert!(git.remove(&home, &tree, "signalbox/calm-otter-1").await.unwrap());
        assert!(!tree.exists());
        let branches = git.run(&home, &["branch", "--format=%(refname:short)"], LOOK_TIMEOUT).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&branches).trim(), "main");
    }

    #[tokio::test]
    async fn a_branch_with_commits_of_its_own_stays() {
        let room = tempfile::tempdir().unwrap();
        let (home, tree) = (room.path().join("project"), room.path().join("tree"));
        project(&home).await;
        let git = git();
        git.add(&home, &tree, "own").await.unwrap();
        let commit = [
            "-c",
            "user.name=Kim",
            "-c",
            "user.email=kim@example.org",
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "two",
        ];
        assert_eq!(git.has_own(&tree, "own").await, Some(false));
        git.run(&tree, &commit, WRITE_TIMEOUT).await.unwrap();
        assert_eq!(git.has_own(&tree, "own").await, Some(true));
        assert!(git.remove(&home, &tree, "own").await.unwrap());
        let branches = git.run(&home, &["branch", "--format=%(refname:short)"], LOOK_TIMEOUT).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&branches).trim(), "main\nown");
        // A session that goes on has its branch again.
        git.add(&home, &tree, "own").await.unwrap();
        assert_eq!(git.look(&tree).await.unwrap().branch.as_deref(), Some("own"));
    }

    #[tokio::test]
    async fn what_is_no_repository_is_told_in_gits_own_words() {
        let room = tempfile::tempdir().unwrap();
        assert_eq!(git().look(room.path()).await, None);
        assert_eq!(git().look(&room.path().join("gone")).await, None);
        let error = git().add(room.path(), &room.path().join("tree"), "own").await.unwrap_err();
        assert!(error.to_string().contains("not a git repository"), "{error}");
    }

    #[tokio::test]
    async fn no_hook_of_a_project_is_run() {
        use std::os::unix::fs::PermissionsExt as _;
        let room = tempfile::tempdir().unwrap();
        let (home, tree, mark) = (room.path().join("project"), room.path().join("tree"), room.path().join("mark"));
        project(&home).await;
        let hook = home.join(".git/hooks/post-checkout");
        std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
        std::fs::write(&hook, format!("#!/bin/sh\ntouch {}\n", mark.display())).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        git().add(&home, &tree, "own").await.unwrap();
        assert!(tree.exists() && !mark.exists());
    }
}
