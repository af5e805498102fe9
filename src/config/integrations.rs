//! The integration store: what `signalbox integrations set` and `signalbox setup` keep, in `integrations.json`.
//!
//! It holds keys of the sections that connect signalbox to something, as texts. The configuration file and the
//! environment go first, key by key; a secret's own file (`token_file`) goes before a secret that is kept here.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use signalbox_adapter::settings::FILE_SUFFIX;

use super::env;
use super::fault::{Fault, Faults};
use super::keys;
use super::reader::Findings;
use super::source::{self, Sources};
use super::statements::Statements;
use super::tree::{Branch, Node};
use super::whole::Config;

/// The store's file name.
const FILE: &str = "integrations.json";
/// The only version there is of the file.
const VERSION: u32 = 1;
/// Longest value, in bytes.
pub const MAX_VALUE_BYTES: usize = 4096;
/// The directory is its owner's alone.
const DIRECTORY_MODE: u32 = 0o700;

/// Keys of one integration.
pub type Keys = BTreeMap<String, String>;

/// What could not be done with the store.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// There is no home to keep it in.
    #[error("there is no configuration directory; set HOME or XDG_CONFIG_HOME")]
    NoHome,
    /// The keys are not what this integration takes.
    #[error("{0}")]
    Faults(Faults),
    /// The file cannot be read.
    #[error("{0}")]
    Unreadable(Fault),
    /// The file cannot be written.
    #[error("{}: cannot be written: {why}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
}

/// The integration store's content.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integrations {
    version: u32,
    integrations: BTreeMap<String, Keys>,
}

impl Integrations {
    /// Reads the store; an empty one where there is no file.
    ///
    /// # Errors
    /// [`Fault::File`] when the file cannot be read or is none of ours; a value is never repeated.
    pub fn read(sources: &Sources) -> Result<Self, Fault> {
        file(sources).map_or_else(|| Ok(Self::default()), |path| read(&path))
    }

    /// Returns the keys that are kept for an integration.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&Keys> {
        self.integrations.get(name)
    }

    /// Adds keys to those of an integration; an empty value takes its key away.
    fn add(&mut self, name: &str, keys: Keys) {
        let kept = self.integrations.entry(name.to_owned()).or_default();
        kept.extend(keys);
        kept.retain(|_, text| !text.is_empty());
        if kept.is_empty() {
            self.integrations.remove(name);
        }
    }

    /// Lays what is kept under the tree of file and environment; returns the paths of the keys that did not come to it.
    pub(super) fn underlay(&self, root: &mut Branch) -> Vec<String> {
        let mut shadowed = Vec::new();
        for (name, kept) in &self.integrations {
            let Some(section) = env::table(root, name) else {
                shadowed.extend(kept.keys().map(|key| keys::join(name, key)));
                continue;
            };
            let before = section.clone();
            for (key, text) in kept {
                let base = key.strip_suffix(FILE_SUFFIX).unwrap_or(key);
                if before.contains_key(base) || before.contains_key(&format!("{base}{FILE_SUFFIX}")) {
                    shadowed.push(keys::join(name, key));
                } else {
                    section.insert(key.clone(), Node::Text { text: text.clone(), variable: FILE.to_owned() });
                }
            }
        }
        shadowed
    }

    /// Checks the kept keys of one integration as if nothing else were configured.
    fn check(&self, name: &str, statements: &Statements) -> Result<Config, KeepError> {
        let one = Self {
            version: VERSION,
            integrations: self.of(name).map(|keys| (name.to_owned(), keys.clone())).into_iter().collect(),
        };
        let (mut root, mut findings) = (Branch::new(), Findings::default());
        one.underlay(&mut root);
        let config = Config::read(root, statements, &mut findings);
        match findings.finish().faults {
            none if none.is_empty() => Ok(config),
            faults => Err(KeepError::Faults(Faults(faults))),
        }
    }
}

/// Returns the store's file, where there is a configuration directory.
#[must_use]
pub fn file(sources: &Sources) -> Option<PathBuf> {
    Some(source::directory(&sources.env)?.join(FILE))
}

/// Keeps keys of an integration beside those it has; an empty value takes its key away.
///
/// # Errors
/// [`KeepError`]; nothing is changed then.
pub fn keep(sources: &Sources, name: &str, keys: Keys) -> Result<PathBuf, KeepError> {
    change(sources, |store| {
        let unlike = unlike(&sources.statements, name, &keys);
        store.add(name, keys);
        store.check(name, &sources.statements)?;
        unlike
    })
}

/// Finds what does not look like what it is to be; an empty value takes its key away.
fn unlike(statements: &Statements, name: &str, keys: &Keys) -> Result<(), KeepError> {
    let settings = statements.section(name).map(|section| section.settings).unwrap_or_default();
    let faults: Vec<Fault> = settings
        .iter()
        .filter_map(|setting| {
            let (form, value) = (setting.form?, keys.get(setting.key).filter(|value| !value.is_empty())?);
            let why = format!("must be {}", form.form);
            let fault = Fault::Value { path: keys::join(name, setting.key), why, variable: None };
            (!(form.is_one)(value.trim())).then_some(fault)
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(KeepError::Faults(Faults(faults))) }
}

/// Returns what an integration would be told if keys were kept, before they are; they go before file and environment.
///
/// # Errors
/// [`KeepError`] as [`keep`] would have it.
pub fn plan(sources: &Sources, current: &Config, name: &str, keys: &Keys) -> Result<Config, KeepError> {
    let mut store = Integrations::read(sources).map_err(KeepError::Unreadable)?;
    store.add(name, keys.clone());
    let kept = store.check(name, &sources.statements)?;
    unlike(&sources.statements, name, keys)?;
    let mut config = current.clone();
    config.adapters.replace(name, kept.adapters.of(name), |key| keys.contains_key(key));
    Ok(config)
}

/// Forgets an integration; says whether anything was kept.
///
/// # Errors
/// [`KeepError`]; nothing is changed then.
pub fn forget(sources: &Sources, name: &str) -> Result<bool, KeepError> {
    let mut had = false;
    change(sources, |store| {
        had = store.integrations.remove(name).is_some();
        Ok(())
    })?;
    Ok(had)
}

/// Changes the store as one of any number of processes: readers see the old file or the new one, whole.
fn change(
    sources: &Sources,
    how: impl FnOnce(&mut Integrations) -> Result<(), KeepError>,
) -> Result<PathBuf, KeepError> {
    let path = file(sources).ok_or(KeepError::NoHome)?;
    let directory = path.parent().ok_or(KeepError::NoHome)?;
    let unwritable = |why| KeepError::Unwritable { path: path.clone(), why };
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(directory).map_err(unwritable)?;
    let lock = File::open(directory).map_err(unwritable)?;
    lock.lock().map_err(unwritable)?;
    let mut store = read(&path).map_err(KeepError::Unreadable)?;
    how(&mut store)?;
    store.version = VERSION;
    write(&path, directory, &store).and_then(|()| lock.sync_all()).map_err(unwritable)?;
    Ok(path)
}

fn read(path: &Path) -> Result<Integrations, Fault> {
    let fault = |why: String| Fault::File { path: path.to_owned(), why };
    match fs::metadata(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Integrations::default());
        }
        Ok(_) | Err(_) => {}
    }
    let text = source::read_text(path).map_err(fault)?;
    // The parser's own words could repeat a value.
    let unreadable = |error: serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        fault(format!("is no integration store (line {line}, column {column}); mend or remove it"))
    };
    let store: Integrations = serde_json::from_str(&text).map_err(unreadable)?;
    if store.version != VERSION {
        return Err(fault(format!("has version {}; this program reads {VERSION}", store.version)));
    }
    Ok(store)
}

fn write(path: &Path, directory: &Path, store: &Integrations) -> std::io::Result<()> {
    let mut draft = tempfile::NamedTempFile::new_in(directory)?;
    serde_json::to_writer_pretty(&mut draft, store)?;
    draft.write_all(b"\n")?;
    draft.as_file().sync_all()?;
    draft.persist(path)?;
    Ok(())
}

#[cfg(all(test, feature = "telegram"))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::config::load;

    /// A token of the form that is kept.
    const KEPT: &str = "42:a-token-of-thirty-five-characters-x";

    fn sources(home: &tempfile::TempDir, more: &[(&str, &str)]) -> Sources {
        let home = home.path().to_str().expect("a path of text");
        let own = [("HOME", home)];
        let env = own.iter().chain(more).map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Sources { explicit: None, env, statements: crate::wiring::statements() }
    }

    fn keys(pairs: &[(&str, &str)]) -> Keys {
        pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
    }

    fn token(sources: &Sources) -> Option<String> {
        let loaded = load(sources).expect("good");
        loaded.config.adapters.of("telegram").secret("token").map(|token| token.expose_secret().to_owned())
    }

    #[test]
    fn what_is_kept_is_used_unless_file_or_environment_say_otherwise() {
        let home = tempfile::tempdir().expect("a directory");
        let own = sources(&home, &[("TELEGRAM_BOT_TOKEN", "last")]);
        assert_eq!(token(&own).as_deref(), Some("last"));
        let path = keep(&own, "telegram", keys(&[("token", KEPT)])).expect("kept");
        assert_eq!(token(&own).as_deref(), Some(KEPT));
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        let with = sources(&home, &[("SIGNALBOX__TELEGRAM__TOKEN", "first")]);
        assert_eq!(token(&with).as_deref(), Some("first"));
        assert_eq!(load(&with).expect("good").shadowed, ["telegram.token"]);
        let with = sources(&home, &[("SIGNALBOX__TELEGRAM", "{ token = 'first' }")]);
        assert_eq!(token(&with).as_deref(), Some("first"));
        fs::write(home.path().join("own"), " of a file\n").expect("written");
        let file = home.path().join("own");
        let with = sources(&home, &[("SIGNALBOX__TELEGRAM__TOKEN_FILE", file.to_str().expect("text"))]);
        assert_eq!(token(&with).as_deref(), Some("of a file"));
        assert!(forget(&own, "telegram").expect("forgotten"));
        assert!(!forget(&own, "telegram").expect("forgotten"));
        assert_eq!(token(&own).as_deref(), Some("last"));
    }

    #[test]
    fn keys_that_an_integration_does_not_take_change_nothing() {
        let home = tempfile::tempdir().expect("a directory");
        let own = sources(&home, &[]);
        let error = keep(&own, "telegram", keys(&[("tokn", "secret-in-a-slip")])).expect_err("unknown").to_string();
        assert!(error.contains("telegram.tokn: unknown key; did you mean telegram.token?"), "{error}");
        assert!(!error.contains("secret-in-a-slip"), "{error}");
        assert!(!file(&own).expect("a path").exists());
        keep(&own, "telegram", keys(&[("token", KEPT), ("api_url", "https://b.example")])).expect("kept");
        keep(&own, "telegram", keys(&[("api_url", "")])).expect("kept");
        assert_eq!(Integrations::read(&own).expect("read").of("telegram"), Some(&keys(&[("token", KEPT)])));
    }

    #[test]
    fn what_cannot_be_a_token_is_not_kept_and_not_repeated() {
        let home = tempfile::tempdir().expect("a directory");
        let own = sources(&home, &[]);
        for junk in ["sEcReT", "42:sEcReT", " "] {
            let error = keep(&own, "telegram", keys(&[("token", junk)])).expect_err("junk").to_string();
            assert!(error.contains("telegram.token: must be as 123456789:AAE"), "{error}");
            assert!(!error.contains("sEcReT") && !file(&own).expect("a path").exists(), "{error}");
        }
    }

    #[test]
    fn a_spoilt_store_is_told_without_its_content_and_left_as_it_is() {
        let home = tempfile::tempdir().expect("a directory");
        let own = sources(&home, &[]);
        let path = keep(&own, "telegram", keys(&[("token", KEPT)])).expect("kept");
        for spoilt in ["{\"version\":1,\"integrations\":{\"telegram\":{\"token\":\"half-a-sec", "", "[\"secret\"]"] {
            fs::write(&path, spoilt).expect("written");
            let error = load(&own).expect_err("refused").to_string();
            assert!(error.contains("integrations.json: is no integration store"), "{error}");
            assert!(!error.contains("sec") || spoilt.is_empty(), "{error}");
            keep(&own, "telegram", keys(&[("token", "new")])).expect_err("refused");
            assert_eq!(fs::read_to_string(&path).expect("readable"), spoilt);
        }
    }

    #[test]
    fn many_who_keep_at_once_lose_nothing() {
        let home = tempfile::tempdir().expect("a directory");
        let own = sources(&home, &[]);
        std::thread::scope(|scope| {
            for index in 0..8 {
                let own = own.clone();
                scope.spawn(move || {
                    let name = format!("telegram{index}");
                    change(&own, |store| {
                        store.integrations.insert(name, Keys::new());
                        Ok(())
                    })
                    .expect("kept");
                });
            }
        });
        assert_eq!(Integrations::read(&own).expect("read").integrations.len(), 8);
    }
}
