//! Log files that were named: how many lines of their end tell of errors, whether they become more, and which.
//!
//! A bounded tail is read and its first half compared with its second: lines, not hours.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::OFlag;

use crate::agent::kinds::host::Scope;
use crate::host::budget;
use crate::host::fact::{Measure, Reading};
use crate::host::root::Root;
use crate::host::shown::{code, name};

use super::clusters::Clusters;

/// Most of a file's end that is read, in bytes.
const TAIL_BYTES: u64 = 256 * 1024;
/// Most templates listed of one file.
const MAX_TEMPLATES: usize = 3;
/// Longest wait for one file.
const BUDGET: Duration = Duration::from_secs(2);
/// Words that make a line one that tells of an error, in lower case.
const WORDS: [&str; 10] =
    ["error", "fatal", "panic", "exception", "critical", "fail", "failed", "failure", "traceback", "segfault"];

/// How the names of errors' types end.
const TYPES: [&str; 2] = ["Error", "Exception"];

/// Looks at each file; those that may not or cannot be read are told as such.
pub(crate) fn read(root: &Root, scope: &Scope, files: &[String]) -> Reading {
    let mut lines = vec![format!("log files named: {}", files.len())];
    let mut all = Reading::default();
    for file in files {
        let (of, may, path) = (root.clone(), scope.clone(), PathBuf::from(file));
        let text = budget::within(BUDGET, move || tail(&of, &may, &path));
        match text.unwrap_or_else(|| Err(format!("no answer within {} s", BUDGET.as_secs()))) {
            Ok(text) => lines.extend(tell(file, &text, &mut all)),
            Err(why) => all.gaps.push(format!("{}: {why}", name(file))),
        }
    }
    lines.extend(all.gaps.iter().cloned());
    let Reading { facts, gaps, measured, .. } = all;
    Reading { facts, gaps, measured, ..Reading::new(lines.join("\n")) }
}

/// Reads the end of a file, when it is a regular one that may be read once all links are resolved.
fn tail(root: &Root, scope: &Scope, file: &Path) -> Result<String, String> {
    let in_words = |error: std::io::Error| error.kind().to_string();
    // Judged before it is opened, since opening a device may do something, and again as opened, since links can change.
    let resolved = root.path(file).canonicalize().map_err(in_words)?;
    check(root, scope, &resolved)?;
    if !resolved.is_file() {
        return Err("not a regular file".into());
    }
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_NOCTTY;
    let mut opened = File::options().read(true).custom_flags(flags.bits()).open(&resolved).map_err(in_words)?;
    let metadata = opened.metadata().map_err(in_words)?;
    check(root, scope, &opened_path(&opened)?)?;
    if !metadata.is_file() {
        return Err("not a regular file".into());
    }
    let start = metadata.len().saturating_sub(TAIL_BYTES);
    opened.seek(SeekFrom::Start(start)).map_err(in_words)?;
    let mut bytes = Vec::new();
    opened.take(TAIL_BYTES).read_to_end(&mut bytes).map_err(in_words)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // The first line may be cut.
    Ok(if start > 0 { text.split_once('\n').map_or(String::new(), |(_, rest)| rest.to_owned()) } else { text })
}

fn opened_path(file: &File) -> Result<PathBuf, String> {
    use std::os::fd::AsRawFd as _;
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    std::fs::read_link(link).map_err(|error| error.kind().to_string())
}

fn check(root: &Root, scope: &Scope, resolved: &Path) -> Result<(), String> {
    let within = root.within(resolved).ok_or("it leads out of the recorded tree")?;
    scope.check_file(&within).map_err(str::to_owned)
}

#[expect(clippy::cast_precision_loss, reason = "a count of lines is small")]
fn tell(file: &str, text: &str, all: &mut Reading) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let halves = lines.split_at(lines.len() / 2);
    let errors = |half: &[&str]| half.iter().filter(|line| is_error(line)).count();
    let (before, after) = (errors(halves.0), errors(halves.1));
    let mut clusters = Clusters::default();
    lines.iter().filter(|line| is_error(line)).for_each(|line| clusters.add(line));
    let summary = format!(
        "{}: {} of the last {} line(s) tell of errors, {before} in their first half and {after} in their second",
        name(file),
        before + after,
        lines.len()
    );
    let mut told = vec![summary.clone()];
    let templates = clusters.by_count();
    let most = templates.first().map_or(String::new(), |(template, _)| format!(" ({})", code(template)));
    let mut fact = |measure, value| {
        all.fact_of(measure, file.to_owned(), format!("{}{most}", code(file)), value, summary.clone());
    };
    fact(Measure::LogErrors, (before + after) as f64);
    fact(Measure::LogRise, after as f64 / before.max(1) as f64);
    told.extend(templates.iter().take(MAX_TEMPLATES).map(|(text, count)| format!("  {count} times: {}", name(text))));
    told
}

/// Tells whether a line has one of the words, or the name of an error's type, such as `TypeError`.
fn is_error(line: &str) -> bool {
    let mut words = line.split(|char: char| !char.is_ascii_alphanumeric());
    words.any(|word| {
        WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)) || TYPES.iter().any(|end| word.ends_with(end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::kinds::host::AskedBy;

    fn tree() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for folder in ["var/log", "state"] {
            std::fs::create_dir_all(directory.path().join(folder)).unwrap();
        }
        std::fs::write(directory.path().join("state/secret"), "ERROR the token is 1\n").unwrap();
        std::fs::write(directory.path().join("var/log/app.log"), "ok\nERROR no 1\n").unwrap();
        directory
    }

    fn read_as(asked_by: AskedBy, directory: &Path, file: &str) -> Reading {
        let scope = Scope {
            asked_by,
            files: vec!["/var/log/*.log".into()],
            off_limits: vec!["/state".into()],
            ..Scope::default()
        };
        read(&Root::at(directory), &scope, &[file.to_owned()])
    }

    #[test]
    fn errors_are_counted_in_both_halves_with_their_kinds() {
        let text = "start\nERROR no 1\nfine\nfine\nERROR no 2\nTypeError: x\nliberror-prone errorless\nreq failed\n";
        let mut all = Reading::default();
        let told = tell("/a", text, &mut all);
        assert_eq!(told[0], "/a: 4 of the last 8 line(s) tell of errors, 1 in their first half and 3 in their second");
        assert_eq!(told[1], "  2 times: ERROR no …");
        assert_eq!(all.facts.iter().map(|fact| fact.value).collect::<Vec<_>>(), [4.0, 3.0]);
    }

    #[test]
    fn links_to_what_is_off_limits_are_not_followed_for_anybody() {
        let directory = tree();
        let link = directory.path().join("var/log/link.log");
        std::os::unix::fs::symlink(directory.path().join("state/secret"), link).unwrap();
        for (asked_by, file) in [
            (AskedBy::Person, "/var/log/link.log"),
            (AskedBy::Person, "/var/log/../../state/secret"),
            (AskedBy::Alert, "/var/log/link.log"),
        ] {
            let reading = read_as(asked_by, directory.path(), file);
            assert!(reading.facts.is_empty() && !reading.text.contains("token"), "{reading:?}");
            assert!(reading.gaps[0].contains("never read"), "{reading:?}");
        }
    }

    #[test]
    fn an_alert_reads_what_is_listed_and_only_regular_files_are_read() {
        let directory = tree();
        assert_eq!(read_as(AskedBy::Alert, directory.path(), "/var/log/app.log").facts.len(), 2);
        nix::unistd::mkfifo(&directory.path().join("var/log/pipe.log"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        for file in ["/var/log/pipe.log", "/var/log", "/var/log/none.log"] {
            let reading = read_as(AskedBy::Person, directory.path(), file);
            assert!(reading.facts.is_empty() && reading.gaps.len() == 1, "{reading:?}");
        }
    }

    #[test]
    fn of_a_long_file_the_end_is_read() {
        let directory = tree();
        let line = "all is well here\n";
        let text = line.repeat(TAIL_BYTES as usize / line.len() * 3);
        std::fs::write(directory.path().join("var/log/app.log"), text).unwrap();
        let text = tail(&Root::at(directory.path()), &Scope::default(), Path::new("/var/log/app.log")).unwrap();
        assert!(text.len() as u64 <= TAIL_BYTES && text.lines().all(|one| one == line.trim()));
    }
}
