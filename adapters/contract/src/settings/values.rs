//! The values of a section, each of the kind that was stated for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

/// What a key holds.
#[derive(Debug, Clone)]
pub enum Value {
    /// Of a text, an address or a choice.
    Text(String),
    /// Of a token or password.
    Secret(SecretString),
    /// Of a port.
    Port(u16),
    /// Of a duration.
    Duration(Duration),
    /// Of a list or program.
    List(Vec<String>),
    /// Of a path.
    Path(PathBuf),
}

/// The values of a section by key; a key that has neither value nor default is not there.
#[derive(Debug, Clone, Default)]
pub struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// No values.
    pub const NONE: Self = Self(BTreeMap::new());

    /// Sets a key.
    pub fn set(&mut self, key: &'static str, value: Value) {
        self.0.insert(key, value);
    }

    /// Returns what a key holds.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Returns every key and what it holds.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    /// Returns every secret.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.0.keys().filter_map(|key| self.secret(key))
    }

    /// Returns a text, an address or a choice that is not empty.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        let Some(Value::Text(text)) = self.get(key) else { return None };
        (!text.is_empty()).then_some(text)
    }

    /// Returns a token or password.
    #[must_use]
    pub fn secret(&self, key: &str) -> Option<&SecretString> {
        let Some(Value::Secret(secret)) = self.get(key) else { return None };
        Some(secret)
    }

    /// Returns a port other than 0.
    #[must_use]
    pub fn port(&self, key: &str) -> Option<u16> {
        let Some(Value::Port(port)) = self.get(key) else { return None };
        (*port > 0).then_some(*port)
    }

    /// Returns a duration.
    #[must_use]
    pub fn duration(&self, key: &str) -> Option<Duration> {
        let Some(Value::Duration(duration)) = self.get(key) else { return None };
        Some(*duration)
    }

    /// Returns a list or a program, empty where it is not set.
    #[must_use]
    pub fn list(&self, key: &str) -> &[String] {
        let Some(Value::List(list)) = self.get(key) else { return &[] };
        list
    }

    /// Returns a path.
    #[must_use]
    pub fn path(&self, key: &str) -> Option<&Path> {
        let Some(Value::Path(path)) = self.get(key) else { return None };
        Some(path)
    }
}
