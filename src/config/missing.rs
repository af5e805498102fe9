//! What a configuration names and this machine does not have. It may come later, as a disk that is not mounted, so that nothing
//! else is held up by it.

use std::path::Path;

use super::keys;
use super::kind::Origin;
use super::whole::Config;

/// Says of each directory and program that is named by its whole path, and is not there, what comes of that; a sentence each.
#[must_use]
pub fn missing(config: &Config) -> Vec<String> {
    let mut missing = Vec::new();
    for (name, project) in &config.projects {
        let key = keys::join("projects", name);
        if !project.path.is_dir() {
            missing.push(format!("{key}: there is no such directory; its sessions fail until there is"));
        } else if project.worktree && !is_in_git(&project.path) {
            missing.push(format!(
                "{key}: is no git repository, which worktree = true needs; run git init there, or set worktree = false"
            ));
        }
    }
    for (name, agent) in config.agents.by_name.iter().filter(|(_, agent)| agent.kind.origin != Origin::BuiltIn) {
        let program = agent.command.first().map(Path::new);
        if program.is_some_and(|program| program.is_absolute() && !program.is_file()) {
            let key = keys::join(&keys::join("agents", name), "command");
            missing.push(format!("{key}: there is no such program; {name} answers nothing until there is"));
        }
    }
    missing
}

/// Whether git takes a directory for one of a repository, or for a bare one. A `.git` without a head is none.
fn is_in_git(directory: &Path) -> bool {
    let is_bare = directory.join("HEAD").is_file() && directory.join("objects").is_dir();
    let is_marked = |git: &Path| git.is_file() || git.join("HEAD").is_file();
    is_bare || directory.ancestors().any(|above| is_marked(&above.join(".git")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, Statements, load};

    #[test]
    fn what_is_named_and_not_there_is_told_with_what_comes_of_it() {
        let home = tempfile::tempdir().expect("a directory");
        let place = |name: &str| home.path().join(name);
        for name in ["plain/.git", "tree/below", "tree/.git", "bare/objects"] {
            std::fs::create_dir_all(place(name)).expect("made");
        }
        for head in ["tree/.git/HEAD", "bare/HEAD"] {
            std::fs::write(place(head), "ref: refs/heads/main\n").expect("written");
        }
        let text = format!(
            "[projects]
            gone = {{ path = '{0}/gone', worktree = true }}
            plain = '{0}/plain'
            grown = {{ path = '{0}/plain', worktree = true }}
            tree = {{ path = '{0}/tree/below', worktree = true }}
            bare = {{ path = '{0}/bare', worktree = true }}
            [agents]
            gone = {{ kind = 'command', command = ['{0}/gone'] }}
            here = {{ kind = 'command', command = ['{0}/bare/HEAD'] }}
            named = {{ kind = 'command', command = ['no-such-program'] }}",
            home.path().display()
        );
        let file = place("config.toml");
        std::fs::write(&file, text).expect("written");
        let statements = Statements { kinds: crate::agent::kinds::statements(), ..Statements::default() };
        let loaded = load(&Sources { explicit: Some(file), statements, ..Sources::default() }).expect("it is good");
        let told = missing(&loaded.config);
        let of: Vec<&str> = told.iter().filter_map(|told| told.split(':').next()).collect();
        assert_eq!(of, ["projects.gone", "projects.grown", "agents.gone.command"], "{told:#?}");
    }
}
