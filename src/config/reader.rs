//! Reads a section key by key, so that one wrong key hides no other.
//!
//! A section asks for each of its keys by name and type and always gets a usable value; what is wrong goes to the
//! [`Findings`]. Keys that nobody asked for are the unknown ones, and the ones asked for are the schema.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use signalbox_adapter::ChatAddress;

use super::fault::{Fault, MAX_SHOWN_FAULTS};
use super::keys;
use super::tree::{Branch, Node, branch};

/// What a value that is no text must be.
const A_VALUE: &str = "must be a TOML value, such as 4 or [\"a\", \"b\"]";
/// What a string is called, and what is read from one.
const A_STRING: &str = "a string";
pub(super) const A_DURATION: &str = "a duration such as \"30m\"";
const A_SIZE: &str = "a size such as \"256MiB\"";

/// What reading brought to light.
#[derive(Debug, Default)]
pub(super) struct Findings {
    faults: Vec<Fault>,
    warnings: Vec<String>,
    secret_files: Vec<PathBuf>,
    addresses: Vec<(String, ChatAddress)>,
    known: BTreeSet<String>,
    unknown: Vec<(String, Option<String>)>,
}

impl Findings {
    /// Records a fault that concerns no single key.
    pub(super) fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Returns the path of every key that was asked for.
    #[cfg(test)]
    pub(super) fn known(&self) -> &BTreeSet<String> {
        &self.known
    }

    /// Ends the reading and looks up the nearest known key of each unknown one.
    pub(super) fn finish(mut self) -> Remarks {
        for (index, (path, variable)) in self.unknown.into_iter().enumerate() {
            let is_shown = index < MAX_SHOWN_FAULTS;
            let nearest = if is_shown { keys::nearest(&path, &self.known).map(str::to_owned) } else { None };
            self.faults.push(Fault::UnknownKey { path, nearest, variable });
        }
        Remarks { faults: self.faults, warnings: self.warnings, secret_files: self.secret_files }
    }
}

/// What was found in all.
#[derive(Debug)]
pub(super) struct Remarks {
    /// Everything that is wrong.
    pub(super) faults: Vec<Fault>,
    /// What a person should know though nothing is wrong.
    pub(super) warnings: Vec<String>,
    /// Files of secrets that were read.
    pub(super) secret_files: Vec<PathBuf>,
}

/// One table of the configuration, read key by key.
pub(super) struct Section<'a> {
    path: String,
    keys: Branch,
    findings: &'a mut Findings,
}

/// A value and the variable that set it.
struct Held<T> {
    value: T,
    variable: Option<String>,
}

impl<'a> Section<'a> {
    /// Reads the whole tree with `read`; keys that it does not ask for are unknown.
    pub(super) fn root<T>(keys: Branch, findings: &'a mut Findings, read: impl FnOnce(&mut Section) -> T) -> T {
        Section { path: String::new(), keys, findings }.read(read)
    }

    fn read<T>(mut self, read: impl FnOnce(&mut Section) -> T) -> T {
        let value = read(&mut self);
        for (key, node) in &self.keys {
            let unknown = (keys::join(&self.path, key), node.variable().map(str::to_owned));
            self.findings.unknown.push(unknown);
        }
        value
    }

    /// Reads the table at `key`, an empty one where there is none.
    pub(super) fn section<T>(&mut self, key: &str, read: impl FnOnce(&mut Section) -> T) -> T {
        let keys = match self.take(key) {
            None => Branch::new(),
            Some(Node::Table(keys)) => keys,
            Some(Node::Value(value)) => {
                self.fault(key, format!("must be a table, is {}", describe(&value)));
                Branch::new()
            }
            Some(Node::Text { text, variable }) => match text.parse() {
                Ok(toml::Value::Table(table)) => branch(table),
                Ok(_) | Err(_) => {
                    let why = "must be a TOML table, such as { name = \"value\" }";
                    self.fault_of(key, why.to_owned(), Some(variable));
                    Branch::new()
                }
            },
        };
        Section { path: keys::join(&self.path, key), keys, findings: self.findings }.read(read)
    }

    /// Reads a list of tables, each as a section of its own whose path ends with its number.
    pub(super) fn tables<T>(&mut self, key: &str, read: impl Fn(&mut Section) -> T) -> Vec<T> {
        let path = keys::join(&self.path, key);
        if let Some(Node::Table(_)) = self.keys.get(key) {
            self.take(key);
            self.fault(key, format!("must be a list of tables: each begins with [[{path}]], not with [{path}]"));
            return Vec::new();
        }
        let Some(Held { value, variable }) = self.held_value(key, A_VALUE) else { return Vec::new() };
        let toml::Value::Array(entries) = value else {
            self.fault_of(key, format!("must be a list of tables, as [[{path}]], is {}", describe(&value)), variable);
            return Vec::new();
        };
        let mut all = Vec::with_capacity(entries.len());
        for (index, entry) in entries.into_iter().enumerate() {
            let path = format!("{path}[{}]", index + 1);
            match entry {
                toml::Value::Table(table) => {
                    let section = Section { path, keys: branch(table), findings: self.findings };
                    all.push(section.read(&read));
                }
                other => self.findings.faults.push(Fault::Value {
                    path,
                    why: format!("must be a table, is {}", describe(&other)),
                    variable: variable.clone(),
                }),
            }
        }
        all
    }

    /// Notes a key as known without reading it.
    pub(super) fn asked(&mut self, key: &str) {
        self.findings.known.insert(keys::join(&self.path, key));
    }

    /// Tells whether there is a table at a key that is not yet read.
    pub(super) fn is_table(&self, key: &str) -> bool {
        matches!(self.keys.get(key), Some(Node::Table(_)))
    }

    /// Returns the names of the keys that are there and not yet read.
    pub(super) fn names(&self) -> Vec<String> {
        self.keys.keys().cloned().collect()
    }

    /// Tells whether a key is there and not yet read.
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// Drops a key without reading it, and says whether it was there.
    pub(super) fn skip(&mut self, key: &str) -> bool {
        self.take(key).is_some()
    }

    /// Reads a string.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.held_text(key, A_STRING).map(|held| held.value)
    }

    /// Reads a string that `parse` understands; `parse` says what is wrong with it without repeating it.
    pub(super) fn parsed<T>(&mut self, key: &str, default: T, parse: impl FnOnce(&str) -> Result<T, String>) -> T {
        self.parsed_as(A_STRING, key, default, parse)
    }

    /// Reads a string that `parse` understands; `what` is said to be needed where there is no string.
    pub(super) fn parsed_as<T>(
        &mut self,
        what: &str,
        key: &str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        let Some(Held { value, variable }) = self.held_text(key, what) else { return default };
        parse(&value).unwrap_or_else(|why| {
            self.fault_of(key, why, variable);
            default
        })
    }

    /// Reads one of a few words.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, default: T, words: &[(&str, T)]) -> T {
        self.parsed(key, default, |text| {
            words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
                let words: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
                format!("must be one of {}", words.join(", "))
            })
        })
    }

    /// Reads a duration such as `30m` or `1h 30m`.
    pub(super) fn duration(&mut self, key: &str, default: Duration, range: RangeInclusive<Duration>) -> Duration {
        self.parsed_as(A_DURATION, key, default, |text| duration(text, &range))
    }

    /// Reads a size such as `256MiB`, in bytes.
    pub(super) fn size(&mut self, key: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        self.parsed_as(A_SIZE, key, default, |text| {
            let size: bytesize::ByteSize = text.parse().map_err(|_| format!("must be {A_SIZE}"))?;
            if range.contains(&size.as_u64()) {
                return Ok(size.as_u64());
            }
            let [least, most] = [range.start(), range.end()].map(|bytes| bytesize::ByteSize(*bytes).display().iec());
            Err(format!("must be between {least} and {most}, is {}", size.display().iec()))
        })
    }

    /// Reads a whole number.
    pub(super) fn integer(&mut self, key: &str, default: u32, range: RangeInclusive<u32>) -> u32 {
        self.number(key, default, range, 4)
    }

    /// Reads a whole number, of which there is an example.
    pub(super) fn number(&mut self, key: &str, default: u32, range: RangeInclusive<u32>, example: u32) -> u32 {
        let must_be = format!("must be a number, such as {example}");
        let Some(Held { value, variable }) = self.held_value(key, &must_be) else { return default };
        let why = match &value {
            toml::Value::Integer(number) => match u32::try_from(*number) {
                Ok(number) if range.contains(&number) => return number,
                Ok(_) | Err(_) => format!("must be between {} and {}, is {number}", range.start(), range.end()),
            },
            other => format!("must be a whole number, is {}", describe(other)),
        };
        self.fault_of(key, why, variable);
        default
    }

    /// Reads a yes or no.
    pub(super) fn boolean(&mut self, key: &str, default: bool) -> bool {
        let Some(Held { value, variable }) = self.held_value(key, A_VALUE) else { return default };
        value.as_bool().unwrap_or_else(|| {
            self.fault_of(key, format!("must be true or false, is {}", describe(&value)), variable);
            default
        })
    }

    /// Reads a list of strings.
    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        self.list(key, "strings", |value| value.as_str().map(str::to_owned))
    }

    /// Reads a list of strings, which the environment may also write with commas: `a@example.org,b@example.org`.
    pub(super) fn listed(&mut self, key: &str) -> Option<Vec<String>> {
        if let Some(Node::Text { text, .. }) = self.keys.get(key)
            && !text.trim_start().starts_with('[')
        {
            let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
            let words = words.map(str::to_owned).collect();
            self.take(key);
            return Some(words);
        }
        self.texts(key)
    }

    /// Reads a list whose every entry `parse` understands.
    pub(super) fn list<T>(&mut self, key: &str, of: &str, parse: impl Fn(&toml::Value) -> Option<T>) -> Option<Vec<T>> {
        self.entries(key, of, |value| parse(value).ok_or(None))
    }

    /// Reads a list whose every entry `parse` understands, or says what is wrong with, as in "is no id", where it can.
    pub(super) fn entries<T>(
        &mut self,
        key: &str,
        of: &str,
        parse: impl Fn(&toml::Value) -> Result<T, Option<String>>,
    ) -> Option<Vec<T>> {
        let Held { value, variable } = self.held_value(key, A_VALUE)?;
        let toml::Value::Array(values) = value else {
            self.fault_of(key, format!("must be a list of {of}, is {}", describe(&value)), variable);
            return None;
        };
        let mut entries = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let number = index + 1;
            match parse(value) {
                Ok(entry) => entries.push(entry),
                Err(Some(why)) => self.fault_of(key, format!("entry {number} {why}"), variable.clone()),
                Err(None) => {
                    let why = format!("must be a list of {of}; entry {number} is not one");
                    self.fault_of(key, why, variable.clone());
                }
            }
        }
        Some(entries)
    }

    /// Reads every key as a string: a table of names that are not ours.
    pub(super) fn every_text(&mut self) -> BTreeMap<String, String> {
        self.names().into_iter().filter_map(|key| self.text(&key).map(|text| (key, text))).collect()
    }

    /// Records what is wrong with a key that has been read.
    pub(super) fn fault(&mut self, key: &str, why: impl Into<String>) {
        self.fault_of(key, why.into(), None);
    }

    /// Records what is wrong with a key that is named by its whole path.
    pub(super) fn fault_at(&mut self, path: &str, why: String) {
        self.findings.faults.push(Fault::Value { path: path.to_owned(), why, variable: None });
    }

    /// Records what a person should know of a key that is named by its whole path.
    pub(super) fn warn_at(&mut self, path: &str, what: &str) {
        self.findings.warnings.push(format!("{path}: {what}"));
    }

    /// Records what a person should know though nothing is wrong.
    pub(super) fn warn(&mut self, key: &str, what: &str) {
        self.findings.warnings.push(format!("{}: {what}", keys::join(&self.path, key)));
    }

    /// Notes the address at a key, whatever becomes of what it stands in: it is looked at when all is read.
    pub(super) fn note_address(&mut self, key: &str, address: &ChatAddress) {
        self.findings.addresses.push((keys::join(&self.path, key), address.clone()));
    }

    /// Returns the addresses that were noted, each with the path of its key.
    pub(super) fn noted_addresses(&mut self) -> Vec<(String, ChatAddress)> {
        std::mem::take(&mut self.findings.addresses)
    }

    /// Notes that a file holds secrets.
    pub(super) fn note_secret_file(&mut self, path: PathBuf) {
        self.findings.secret_files.push(path);
    }

    fn fault_of(&mut self, key: &str, why: String, variable: Option<String>) {
        self.findings.faults.push(Fault::Value { path: keys::join(&self.path, key), why, variable });
    }

    fn take(&mut self, key: &str) -> Option<Node> {
        self.findings.known.insert(keys::join(&self.path, key));
        self.keys.remove(key)
    }

    fn held_text(&mut self, key: &str, what: &str) -> Option<Held<String>> {
        let is = match self.take(key)? {
            Node::Value(toml::Value::String(value)) => return Some(Held { value, variable: None }),
            Node::Text { text, variable } => return Some(Held { value: text, variable: Some(variable) }),
            Node::Value(other) => describe(&other),
            Node::Table(_) => "a table",
        };
        self.fault(key, format!("must be {what}, is {is}"));
        None
    }

    fn held_value(&mut self, key: &str, must_be: &str) -> Option<Held<toml::Value>> {
        match self.take(key)? {
            Node::Value(value) => Some(Held { value, variable: None }),
            Node::Text { text, variable } => match text.parse() {
                Ok(value) => Some(Held { value, variable: Some(variable) }),
                Err(_) => {
                    self.fault_of(key, must_be.to_owned(), Some(variable));
                    None
                }
            },
            Node::Table(_) => {
                self.fault(key, "must be a value, is a table");
                None
            }
        }
    }
}

/// Reads a duration within a range.
pub(super) fn duration(text: &str, range: &RangeInclusive<Duration>) -> Result<Duration, String> {
    let value = humantime::parse_duration(text).map_err(|_| format!("must be {A_DURATION}"))?;
    if range.contains(&value) {
        return Ok(value);
    }
    let [least, most, is] = [*range.start(), *range.end(), value].map(written);
    Err(format!("must be between {least} and {most}, is {is}"))
}

/// Writes a duration as it is typed: `30d`.
fn written(duration: Duration) -> String {
    humantime::format_duration(duration).to_string().replace("days", "d").replace("day", "d")
}

fn describe(value: &toml::Value) -> &'static str {
    match value {
        toml::Value::String(_) => "a string",
        toml::Value::Integer(_) => "a whole number",
        toml::Value::Float(_) => "a number with a fraction",
        toml::Value::Boolean(_) => "true or false",
        toml::Value::Datetime(_) => "a date",
        toml::Value::Array(_) => "a list",
        toml::Value::Table(_) => "a table",
    }
}
