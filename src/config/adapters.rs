//! The sections of adapters, read by what each has stated of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use signalbox_adapter::settings::{FILE_SUFFIX, Kind, Section as Stated, Setting, Value, Values};

use super::reader::Section;
use super::statements::Statements;
use super::{projects, secret_file, source};

/// Longest address, in bytes.
const MAX_URL_BYTES: usize = 2048;

/// The values of the adapters' sections.
#[derive(Debug, Clone, Default)]
pub struct Adapters(BTreeMap<&'static str, Values>);

impl Adapters {
    pub(super) fn read(root: &mut Section, statements: &Statements) -> Self {
        let sections = statements.sections.iter();
        Self(sections.map(|stated| (stated.name, root.section(stated.name, |section| read(section, stated)))).collect())
    }

    /// Returns the values of a section; none where it was not read.
    #[must_use]
    pub fn of(&self, section: &str) -> &Values {
        static NONE: Values = Values::NONE;
        self.0.get(section).unwrap_or(&NONE)
    }

    /// Replaces values of a section by others, for the keys that the filter takes.
    pub(super) fn replace(&mut self, section: &str, by: &Values, wanted: impl Fn(&str) -> bool) {
        let Some(values) = self.0.get_mut(section) else { return };
        for (key, value) in by.iter().filter(|(key, _)| wanted(key)) {
            values.set(key, value.clone());
        }
    }

    /// Returns every section and its values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Values)> {
        self.0.iter().map(|(name, values)| (*name, values))
    }

    /// Whether a section has what is needed to connect by it.
    #[must_use]
    pub fn is_set(&self, section: &Stated) -> bool {
        self.of(section.name).get(section.needs).is_some()
    }

    /// Returns every secret.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.0.values().flat_map(Values::secrets)
    }
}

fn read(section: &mut Section, stated: &Stated) -> Values {
    let mut values = Values::NONE;
    for setting in stated.settings {
        if let Some(value) = value(section, setting) {
            values.set(setting.key, value);
        }
    }
    for wrong in (stated.check)(&values) {
        match wrong.may_be_right {
            true => section.warn(wrong.key, &wrong.why),
            false => section.fault(wrong.key, wrong.why),
        }
    }
    values
}

fn value(section: &mut Section, setting: &Setting) -> Option<Value> {
    let key = setting.key;
    let has_default = setting.example.is_empty();
    match &setting.kind {
        Kind::Text => {
            let text = section.text(key).unwrap_or_default().trim().to_owned();
            (has_default || !text.is_empty()).then_some(Value::Text(text))
        }
        Kind::Token => secret(section, key, |text| text.trim().to_owned()),
        Kind::Password => secret(section, key, str::to_owned),
        Kind::Url { default } => Some(Value::Text(section.parsed(key, (*default).to_owned(), address))),
        Kind::Port => {
            let port = section.number(key, 0, 0..=u32::from(u16::MAX), 587);
            Some(Value::Port(u16::try_from(port).unwrap_or_default()))
        }
        Kind::Duration { default, range } => {
            let range: std::ops::RangeInclusive<Duration> = range.clone();
            Some(Value::Duration(section.duration(key, *default, range)))
        }
        Kind::Choice(words) => {
            let pairs: Vec<(&str, &str)> = words.iter().map(|word| (*word, *word)).collect();
            let default = words.first().copied().unwrap_or_default();
            Some(Value::Text(section.choice(key, default, &pairs).to_owned()))
        }
        Kind::List => Some(Value::List(section.listed(key).unwrap_or_default())),
        Kind::Program => {
            let program = section.texts(key).unwrap_or_default();
            if program.first().is_some_and(String::is_empty) {
                section.fault(key, "must begin with the name of a program");
            }
            Some(Value::List(program))
        }
        Kind::Path => section.parsed(key, None, |path| projects::absolute(path).map(Some)).map(Value::Path),
    }
}

/// Reads a secret, which may stand in a file of its own.
fn secret(section: &mut Section, key: &str, as_given: impl Fn(&str) -> String) -> Option<Value> {
    let given = section.text(key).map(|text| as_given(&text)).filter(|text| !text.is_empty());
    let file_key = format!("{key}{FILE_SUFFIX}");
    let from_file = secret_file::read(section, &file_key, None, |path| source::read_secret(path).map(Some));
    if given.is_some() && from_file.is_some() {
        section.fault(&file_key, format!("is given beside {key}; one of them is enough"));
    }
    given.map(SecretString::from).or(from_file).map(Value::Secret)
}

fn address(text: &str) -> Result<String, String> {
    let is_address = text.starts_with("https://") || text.starts_with("http://");
    let fits = is_address && text.len() <= MAX_URL_BYTES;
    fits.then(|| text.to_owned()).ok_or_else(|| "must begin with https:// (http:// for loopback)".to_owned())
}

#[cfg(test)]
mod tests {
    use signalbox_adapter::settings::{Access, Ids, Setup, Wrong};

    use super::*;
    use crate::config::{Loaded, Sources, load, show};

    static PIGEON: Stated = Stated {
        name: "pigeon",
        about: "",
        needs: "ring",
        access: Some(Access { provider: "pigeon", users: Ids::ANY, chats: Ids::ANY, roles: Some(Ids::ANY) }),
        setup: Setup { title: "Pigeons", how: "", again: "" },
        settings: &[
            Setting::new("ring", Kind::Token, "").example("NL-1").variable("PIGEON_RING"),
            Setting::new("word", Kind::Password, "").example("..."),
            Setting::new("loft", Kind::Url { default: "https://loft.example" }, ""),
            Setting::new("door", Kind::Port, ""),
            Setting::new(
                "rest",
                Kind::Duration {
                    default: Duration::from_secs(60),
                    range: Duration::from_secs(1)..=Duration::from_secs(90),
                },
                "",
            ),
            Setting::new("speed", Kind::Choice(&["fast", "slow"]), ""),
            Setting::new("seed", Kind::List, ""),
            Setting::new("call", Kind::Program, ""),
            Setting::new("map", Kind::Path, "").example("/srv/map"),
            Setting::new("motto", Kind::Text, ""),
        ],
        check: |values| match values.list("seed").len() {
            0..3 => Vec::new(),
            _ => vec![Wrong::new("seed", "is too much")],
        },
    };

    fn loaded(text: &str, env: &[(&str, &str)], statements: Statements) -> Result<Loaded, String> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        let env = env.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let explicit = Some(file.path().to_owned());
        load(&Sources { explicit, env, statements }).map_err(|faults| faults.to_string())
    }

    fn with_pigeon() -> Statements {
        Statements { sections: vec![&PIGEON], kinds: crate::agent::kinds::statements(), ..Statements::default() }
    }

    #[test]
    fn a_section_is_read_as_it_is_stated() {
        let text = "
            allow.pigeon = { users = ['1'], roles = ['racer'] }
            [pigeon]
            ring = ' NL-7 '
            word = ' two words '
            rest = '75s'
            seed = ['oats']
            map = '/m'";
        let config = loaded(text, &[("SIGNALBOX__PIGEON__SEED", "oats, rye")], with_pigeon()).expect("good").config;
        let values = config.adapters.of("pigeon");
        assert_eq!(values.text("loft"), Some("https://loft.example"));
        assert_eq!((values.text("speed"), values.text("motto"), values.port("door")), (Some("fast"), None, None));
        assert_eq!(values.duration("rest"), Some(Duration::from_secs(75)));
        assert_eq!((values.list("seed").len(), values.list("call").len()), (2, 0));
        assert!(config.adapters.is_set(&PIGEON) && config.secrets().count() == 2);
        let shown = show(&config);
        assert!(!shown.contains("NL-7") && !shown.contains("two words") && shown.contains("ring = \"***\""), "{shown}");
        assert!(shown.contains("motto = \"\"") && shown.contains("map = \"/m\""), "{shown}");
    }

    #[test]
    fn all_that_is_wrong_with_a_section_is_told_at_once() {
        let text = "
            [pigeon]
            rings = 'x'
            loft = 'ftp://x'
            door = 70000
            rest = '2m'
            speed = 'idle'
            seed = ['a', 'b', 'c']
            call = ['']
            map = 'here'
            word = 'x'
            word_file = '/nowhere/at/all'";
        let told = loaded(text, &[], with_pigeon()).expect_err("faulty");
        for fault in [
            "pigeon.rings: unknown key; did you mean pigeon.ring?",
            "pigeon.loft: must begin with https://",
            "pigeon.door: must be between 0 and 65535",
            "pigeon.rest: must be between 1s and 1m 30s",
            "pigeon.speed: must be one of \"fast\", \"slow\"",
            "pigeon.seed: is too much",
            "pigeon.call: must begin with the name of a program",
            "pigeon.map: must be an absolute path",
            "pigeon.word_file: cannot be read",
        ] {
            assert!(told.contains(fault), "{fault:?} in {told}");
        }
    }

    #[test]
    fn a_stated_variable_serves_where_no_key_does_and_reaches_no_agent() {
        use secrecy::ExposeSecret as _;
        let ring = |text: &str| {
            let config = loaded(text, &[("PIGEON_RING", " of-a-variable ")], with_pigeon()).expect("good").config;
            config.adapters.of("pigeon").secret("ring").map(|ring| ring.expose_secret().to_owned())
        };
        assert_eq!(ring("").as_deref(), Some("of-a-variable"));
        assert_eq!(ring("pigeon.ring = ' '").as_deref(), Some("of-a-variable"));
        assert_eq!(ring("pigeon.ring = 'of-the-file'").as_deref(), Some("of-the-file"));
        for text in ["pass_env = ['pigeon_ring']", "env = { PIGEON_RING = 'x' }"] {
            let told = loaded(&format!("[agents.claude]\n{text}"), &[], with_pigeon()).expect_err("a secret of ours");
            assert!(told.contains("holds a secret of signalbox"), "{told}");
        }
    }

    #[test]
    fn a_section_that_is_left_out_of_a_build_is_passed_over_with_a_warning() {
        let left_out = || Statements { left_out: vec!["pigeon"], ..Statements::default() };
        let text = "allow.pigeon = { users = ['1'] }\n[pigeon]\nring = 3";
        let found = loaded(text, &[], left_out()).expect("known");
        assert!(
            found.warnings.iter().any(|warning| warning.starts_with("pigeon: this build has nothing")),
            "{found:?}"
        );
        let told = loaded(text, &[], Statements::default()).expect_err("unknown");
        assert!(told.contains("pigeon: unknown key") && told.contains("allow.pigeon: unknown key"), "{told}");
    }
}
