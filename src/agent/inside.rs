//! Whether what a call names lies inside of the agent's own directory: one rule for every agent.
//!
//! Inside, "Allow for this session" is for the first word of a command; what leads outside is allowed only in the very same
//! form. Paths are resolved, so that neither `..` nor a link leads out unseen; what is not clear counts as outside.

use std::path::{Path, PathBuf};

/// Signs that part a word into names: `--file=a`, `host:a`, `a,b`, `@a`.
const PARTING: [char; 7] = ['=', ':', ',', '@', '%', '+', '^'];

/// Whether a path lies in a directory, or is it; a relative one is looked up from there.
pub(super) fn is_inside(path: &Path, directory: &Path) -> bool {
    let both = resolved(directory).zip(resolved(&directory.join(path)));
    both.is_some_and(|(directory, path)| path.starts_with(directory))
}

/// Whether nothing behind the first word of a plain command names a place outside of a directory.
pub(super) fn stays_inside(command: &str, directory: &Path) -> bool {
    let unquoted = command.replace(['\'', '"'], "");
    let mut words = unquoted.split(' ').filter(|word| !word.is_empty()).skip(1);
    words.all(|word| names(word).iter().all(|name| is_inside(Path::new(name), directory)))
}

/// Returns what a word may name. Of an option without `=` that is what stands behind its letter, and from its first `/` on.
fn names(word: &str) -> Vec<&str> {
    let Some(option) = word.strip_prefix('-') else { return parts(word) };
    match option.split_once('=') {
        Some((_, value)) => parts(value),
        None => {
            let glued = option.char_indices().nth(1).map(|(at, _)| &option[at..]);
            let rooted = option.find('/').map(|at| &option[at..]);
            [glued, rooted].into_iter().flatten().flat_map(parts).collect()
        }
    }
}

fn parts(word: &str) -> Vec<&str> {
    word.split(PARTING).filter(|part| !part.is_empty()).collect()
}

/// Returns where a path leads; of what is not there, where its nearest folder does. `None` where that cannot be told.
fn resolved(path: &Path) -> Option<PathBuf> {
    let (mut at, mut missing) = (path.to_owned(), Vec::new());
    loop {
        match at.canonicalize() {
            Ok(real) => return Some(missing.iter().rev().fold(real, |path, name| path.join(name))),
            // A link to what is not there leads there once that is made.
            Err(_) if at.is_symlink() => return None,
            Err(_) => {
                missing.push(at.file_name()?.to_owned());
                if !at.pop() {
                    return None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_out_of_the_directory_is_outside_however_it_is_written() {
        let scratch = tempfile::tempdir().expect("a directory");
        let directory = scratch.path().join("project");
        std::fs::create_dir_all(directory.join("notes")).expect("directories");
        std::os::unix::fs::symlink("/etc", directory.join("out")).expect("a link");
        std::os::unix::fs::symlink("/nowhere/at/all", directory.join("dangling")).expect("a link");
        std::os::unix::fs::symlink("notes", directory.join("in")).expect("a link");
        let own = directory.to_str().expect("a plain path");
        for inside in [
            "touch x",
            "touch new/deep/x",
            "touch ./notes/../x",
            "touch in/x",
            "rm -rf target",
            "cargo test --test=it outbox",
            "git commit -m 'a/b c'",
            "sed -n 1,5p notes/a",
            &format!("touch {own}/x"),
            &format!("cp a --target-directory={own}/notes"),
            "ls",
        ] {
            assert!(stays_inside(inside, &directory), "{inside}");
        }
        for outside in [
            "touch /etc/x",
            "touch ../x",
            "touch new/../x",
            "touch out",
            "touch out/x",
            "touch dangling",
            "touch '/etc/x'",
            "touch /e'tc'/x",
            "tar -xf a.tar -C/etc",
            "tar -xf a.tar -Cout",
            "tar -xf a.tar -C..",
            "cp a --target-directory=/etc",
            "dd if=a of=/dev/sda",
            "scp a host:/etc/x",
            "curl -d @/etc/passwd x",
            "curl https://docs.rs/",
            "ls /",
            &format!("touch {own}/../x"),
            &format!("touch {own}2/x"),
        ] {
            assert!(!stays_inside(outside, &directory), "{outside}");
        }
        assert!(is_inside(&directory, &directory) && !is_inside(scratch.path(), &directory));
    }
}
