//! Finding a program: one rule for saying that an agent is installed and for starting it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// A directory that was changed in this time may change again without its own time telling so: file systems count in steps.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// Finds a program as a shell would; the first file of that name that can be executed, else the first of that name.
#[must_use]
pub fn find(name: &str, path: &str, working_directory: &Path) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(working_directory.join(name)).filter(|program| program.exists());
    }
    if name.is_empty() {
        return None;
    }
    let mut first = None;
    for file in directories(path).map(|directory| directory.join(name)) {
        let Some(metadata) = file.metadata().ok().filter(std::fs::Metadata::is_file) else { continue };
        if metadata.permissions().mode() & 0o111 != 0 {
            return Some(file);
        }
        first.get_or_insert(file);
    }
    first
}

fn directories(path: &str) -> impl Iterator<Item = PathBuf> + '_ {
    std::env::split_paths(path).filter(|directory| directory.is_absolute())
}

/// What was found in search paths, good for as long as their directories stay as they are.
///
/// # Why
/// Who is installed is asked with each prompt. Each program that is missing costs a look into each directory; asking the
/// directories themselves whether anything has come or gone costs one look each for all programs together.
#[derive(Default)]
pub struct Finder {
    found: Mutex<BTreeMap<String, Searched>>,
}

/// What was found in one search path.
#[derive(Default)]
struct Searched {
    /// When each directory was last changed; `None` for one that is not there.
    changed: Vec<Option<SystemTime>>,
    programs: BTreeMap<String, Option<PathBuf>>,
}

/// One look at search paths, each of which is asked once for changes.
pub struct Search<'a> {
    found: MutexGuard<'a, BTreeMap<String, Searched>>,
    asked: Vec<String>,
}

impl Finder {
    /// Begins a look; others wait until it is dropped.
    #[must_use]
    pub fn search(&self) -> Search<'_> {
        // What is kept is whole at any time: a look that panicked leaves at most less of it.
        Search { found: self.found.lock().unwrap_or_else(PoisonError::into_inner), asked: Vec::new() }
    }
}

impl Search<'_> {
    /// Finds a program as [`find`] does.
    #[must_use]
    pub fn find(&mut self, name: &str, path: &str, working_directory: &Path) -> Option<PathBuf> {
        if name.contains('/') {
            return find(name, path, working_directory);
        }
        if !self.asked.iter().any(|asked| asked == path) {
            self.asked.push(path.to_owned());
            let changed: Vec<_> = directories(path).map(|directory| changed(&directory)).collect();
            let is_as_it_was = self.found.get(path).is_some_and(|searched| searched.changed == changed);
            if !is_as_it_was {
                self.found.insert(path.to_owned(), Searched { changed, programs: BTreeMap::new() });
            }
        }
        let searched = self.found.entry(path.to_owned()).or_default();
        if let Some(known) = searched.programs.get(name)
            && known.as_ref().is_none_or(|program| program.is_file())
        {
            return known.clone();
        }
        let program = find(name, path, working_directory);
        let is_settled = |changed: &SystemTime| changed.elapsed().is_ok_and(|age| age > SETTLED_AFTER);
        if searched.changed.iter().flatten().all(is_settled) {
            searched.programs.insert(name.to_owned(), program.clone());
        }
        program
    }
}

/// When a directory was last changed: something in it came, went or got another name.
fn changed(directory: &Path) -> Option<SystemTime> {
    directory.metadata().and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, Permissions};

    use super::*;

    #[test]
    fn a_program_is_found_where_the_run_looks_for_it() {
        let here = Path::new("/");
        assert_eq!(find("sh", "/nowhere:/bin", here), Some("/bin/sh".into()));
        assert_eq!(find("sh", "", here), None);
        assert_eq!(find("sh", "bin", here), None, "a relative directory of PATH is not searched");
        assert_eq!(find("./sh", "", Path::new("/bin")), Some("/bin/./sh".into()));
        assert_eq!(find("/no/such", "/bin", here), None);
        assert_eq!(find("", "/bin", here), None);
    }

    /// Two directories of a search path, both long unchanged.
    struct Paths {
        directory: tempfile::TempDir,
        path: String,
        finder: Finder,
    }

    impl Paths {
        fn new() -> Self {
            let directory = tempfile::tempdir().expect("a directory");
            let [one, two] = ["one", "two"].map(|name| directory.path().join(name));
            fs::create_dir(&one).expect("it is made");
            fs::create_dir(&two).expect("it is made");
            let path = format!("{}:{}:{}/three", one.display(), two.display(), directory.path().display());
            let paths = Self { directory, path, finder: Finder::default() };
            paths.age("one", 100);
            paths.age("two", 100);
            paths
        }

        fn at(&self, name: &str) -> PathBuf {
            self.directory.path().join(name)
        }

        fn age(&self, name: &str, seconds: u64) {
            let file = File::open(self.at(name)).expect("a directory");
            let made = self.directory.path().metadata().and_then(|metadata| metadata.modified()).expect("its time");
            file.set_modified(made - Duration::from_secs(seconds)).expect("its time can be set");
        }

        fn install(&self, name: &str) {
            fs::write(self.at(name), "").expect("it is written");
            fs::set_permissions(self.at(name), Permissions::from_mode(0o755)).expect("it can be run");
        }

        fn find(&self, name: &str) -> Option<PathBuf> {
            self.finder.search().find(name, &self.path, Path::new("/"))
        }

        fn kept(&self) -> Option<Option<PathBuf>> {
            self.finder.found.lock().expect("nothing panicked")[&self.path].programs.get("x").cloned()
        }
    }

    #[test]
    fn what_comes_and_goes_is_seen_though_what_was_found_is_kept() {
        let paths = Paths::new();
        assert_eq!(paths.find("x"), None);
        assert_eq!(paths.kept(), Some(None), "that it is missing is known");
        paths.install("two/x");
        assert_eq!(paths.find("x"), Some(paths.at("two/x")), "it has come");
        assert_eq!(paths.kept(), None, "what was changed just now may change once more in the same instant");
        paths.age("two", 50);
        assert_eq!(paths.find("x"), Some(paths.at("two/x")));
        assert_eq!(paths.kept(), Some(Some(paths.at("two/x"))));
        paths.install("one/x");
        assert_eq!(paths.find("x"), Some(paths.at("one/x")), "one that comes first has come");
        fs::remove_file(paths.at("one/x")).expect("it is removed");
        fs::remove_file(paths.at("two/x")).expect("it is removed");
        assert_eq!(paths.find("x"), None);
        fs::create_dir(paths.at("three")).expect("it is made");
        paths.install("three/x");
        assert_eq!(paths.find("x"), Some(paths.at("three/x")), "a directory has come");
    }

    #[test]
    fn a_link_whose_program_is_gone_is_no_program() {
        let paths = Paths::new();
        paths.install("x");
        std::os::unix::fs::symlink(paths.at("x"), paths.at("one/x")).expect("it is linked");
        paths.age("one", 50);
        assert_eq!(paths.find("x"), Some(paths.at("one/x")));
        fs::remove_file(paths.at("x")).expect("it is removed");
        assert_eq!(paths.find("x"), None);
    }
}
