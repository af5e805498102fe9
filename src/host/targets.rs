//! What a question names to look at: absolute paths and addresses; and which of them may be looked at.
//!
//! A person who may run work names what is wanted. An alert's text may be anybody's, so that only what the operator has
//! listed is looked at. Some things nobody may have looked at, whoever asks.

use std::path::Path;

use reqwest::Url;

use super::assignment::Assignment;
use crate::agent::kinds::host::{AskedBy, Scope};

/// Most files, and most addresses, looked at for one question.
const MAX_TARGETS: usize = 5;
/// What surrounds a name in a sentence and is no part of it.
const AROUND: [char; 14] = ['"', '\'', '`', '(', ')', '<', '>', '[', ']', '{', '}', ',', ';', '|'];
/// What ends a sentence and no name.
const AFTER: [char; 4] = ['.', ':', '?', '!'];
/// Trees of the kernel's own files, which hold other programs' secrets and no logs.
const NEVER: [&str; 3] = ["/proc", "/sys", "/dev"];

/// What is named, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Targets {
    /// Absolute paths.
    pub(crate) files: Vec<String>,
    /// Addresses.
    pub(crate) urls: Vec<Url>,
}

impl Targets {
    /// Finds what a question names.
    pub(crate) fn of(assignment: &Assignment) -> Self {
        Self::in_text(&assignment.question)
    }

    /// Finds what a text names.
    pub(crate) fn in_text(text: &str) -> Self {
        let mut targets = Self::default();
        for word in text.split(char::is_whitespace) {
            let word = word.trim_matches(AROUND).trim_end_matches(AFTER);
            if word.starts_with('/') && word.len() > 1 && !word.contains('\0') {
                add(&mut targets.files, word.to_owned());
            } else if let Some(url) = word.contains("://").then(|| Url::parse(word).ok()).flatten()
                && matches!(url.scheme(), "http" | "https")
            {
                add(&mut targets.urls, url);
            }
        }
        targets
    }
}

fn add<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if list.len() < MAX_TARGETS && !list.contains(&item) {
        list.push(item);
    }
}

impl Scope {
    /// Judges a path, resolved of all links.
    ///
    /// # Errors
    /// Why it is not read.
    pub(crate) fn check_file(&self, resolved: &Path) -> Result<(), &'static str> {
        if NEVER.iter().any(|tree| resolved.starts_with(tree)) {
            return Err("the kernel's own files are not read by name");
        }
        if self.off_limits.iter().any(|own| resolved.starts_with(own)) {
            return Err("signalbox's own state and configuration are never read");
        }
        let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
        let matches = |pattern: &String| {
            glob::Pattern::new(pattern).is_ok_and(|pattern| pattern.matches_path_with(resolved, options))
        };
        match self.asked_by {
            AskedBy::Person => Ok(()),
            AskedBy::Alert if self.files.iter().any(matches) => Ok(()),
            AskedBy::Alert => Err("an alert named it, and agents.host.files does not list it"),
        }
    }

    /// Judges an address, before anything is asked of it.
    ///
    /// # Errors
    /// Why it is not fetched.
    pub(crate) fn check_url(&self, url: &Url) -> Result<(), &'static str> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address with a password in it is not fetched");
        }
        match self.asked_by {
            AskedBy::Person => Ok(()),
            AskedBy::Alert if self.urls.iter().any(|prefix| begins(url, prefix)) => Ok(()),
            AskedBy::Alert => Err("an alert named it, and agents.host.urls does not list it"),
        }
    }
}

/// Tells whether an address has the prefix's scheme, host and port, and a path that begins like it.
fn begins(url: &Url, prefix: &str) -> bool {
    let Ok(prefix) = Url::parse(prefix) else { return false };
    let place = |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default());
    place(url) == place(&prefix) && url.path().starts_with(prefix.path()) && !climbs(url.path())
}

/// Tells whether a path may lead elsewhere than it looks: a server may take what stands written out in it for a `/` or a `..`.
fn climbs(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.split('/').any(|part| matches!(part, "." | ".."))
        || ["%2e", "%2f", "%5c", "%25", "\\"].iter().any(|sign| path.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(question: &str) -> Targets {
        Targets::of(&Assignment { question: question.into(), ..Assignment::default() })
    }

    fn alert() -> Scope {
        Scope {
            asked_by: AskedBy::Alert,
            files: vec!["/var/log/*.log".into()],
            urls: vec!["http://127.0.0.1:9090/ok".into()],
            ..Scope::default()
        }
    }

    #[test]
    fn paths_and_addresses_are_found_among_words() {
        let targets = asked("why does `/var/log/app.log` grow, and is (https://a.example/x?y=1) up? /tmp/x. and/or /");
        assert_eq!(targets.files, ["/var/log/app.log", "/tmp/x"]);
        assert_eq!(targets.urls.iter().map(Url::as_str).collect::<Vec<_>>(), ["https://a.example/x?y=1"]);
        assert_eq!(asked("file:///etc/passwd ftp://x gopher://y"), Targets::default());
        assert_eq!(asked(&"/a /b /c /d /e /f ".repeat(100)).files.len(), MAX_TARGETS);
    }

    #[test]
    fn an_alert_is_shown_only_the_listed_files() {
        assert_eq!(alert().check_file(Path::new("/var/log/app.log")), Ok(()));
        for path in ["/var/log/deep/app.log", "/etc/passwd", "/var/log/app.txt"] {
            assert!(alert().check_file(Path::new(path)).is_err(), "{path}");
            assert_eq!(Scope::default().check_file(Path::new(path)), Ok(()), "a person may: {path}");
        }
    }

    #[test]
    fn nobody_is_shown_our_own_files_or_the_kernels() {
        let scope = Scope { off_limits: vec!["/home/u/.local/state/signalbox".into()], ..Scope::default() };
        for path in ["/home/u/.local/state/signalbox/store.db", "/proc/1/environ", "/dev/sda", "/sys/x"] {
            assert!(scope.check_file(Path::new(path)).is_err(), "{path}");
        }
        assert_eq!(scope.check_file(Path::new("/home/u/.local/state/signalbox-not")), Ok(()));
    }

    #[test]
    fn an_alert_fetches_only_below_the_listed_beginnings() {
        let url = |text: &str| Url::parse(text).unwrap();
        assert_eq!(alert().check_url(&url("http://127.0.0.1:9090/okay")), Ok(()));
        for wrong in [
            "http://127.0.0.1:9091/ok",
            "http://127.0.0.1:9090/",
            "http://127.0.0.1:9090/ok/../admin",
            "http://127.0.0.1:9090@evil.example/ok",
            "http://127.0.0.1:9090/ok/..%2fadmin",
            "http://127.0.0.1:9090/ok/%2e%2e%2Fadmin",
            "http://127.0.0.1:9090/ok/..%5cadmin",
            "http://127.0.0.1:9090/ok/..%252fadmin",
            "https://127.0.0.1:9090/ok",
        ] {
            assert!(alert().check_url(&url(wrong)).is_err(), "{wrong}");
        }
        assert!(Scope::default().check_url(&url("http://u:p@a.example/")).is_err());
    }
}
