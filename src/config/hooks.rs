//! `[[hooks]]`: addresses at which monitoring systems tell of their alerts, each with its secret and the chat that is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use signalbox_adapter::ChatAddress;

use super::hook_fields::HookFields;
use super::reader::Section;
use super::silencing::Silencing;
use super::triage::{SEVERITIES, no_severity};
use super::{secret_file, source};

/// Most hooks of a file.
const MAX_HOOKS: usize = 1000;
/// Longest id, in characters.
pub const MAX_HOOK_ID_CHARS: usize = 64;
/// Shortest secret, in bytes; one that somebody has thought of is shorter, and can be guessed.
pub const MIN_HOOK_SECRET_BYTES: usize = 16;
/// Longest secret, in bytes.
pub const MAX_HOOK_SECRET_BYTES: usize = 512;
/// Longest name of a header, in characters.
const MAX_HEADER_CHARS: usize = 64;
/// How old an alert may be when nothing else is said; what is older makes no card.
pub const DEFAULT_HOOK_MAX_AGE: Duration = Duration::from_secs(24 * 3600);
/// Longest age that can be set.
const LONGEST_MAX_AGE: Duration = Duration::from_secs(366 * 24 * 3600);

/// Who sends to a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HookSource {
    /// Prometheus Alertmanager.
    Alertmanager,
    /// Grafana's alerting.
    Grafana,
    /// PagerDuty.
    PagerDuty,
    /// Datadog.
    Datadog,
    /// Sentry.
    Sentry,
    /// GitHub.
    GitHub,
    /// Uptime Kuma.
    UptimeKuma,
    /// Healthchecks.
    Healthchecks,
    /// Any other program.
    Generic,
}

impl HookSource {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 9] = [
        Self::Alertmanager,
        Self::Grafana,
        Self::PagerDuty,
        Self::Datadog,
        Self::Sentry,
        Self::GitHub,
        Self::UptimeKuma,
        Self::Healthchecks,
        Self::Generic,
    ];

    /// Returns the word for it in configuration and addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alertmanager => "alertmanager",
            Self::Grafana => "grafana",
            Self::PagerDuty => "pagerduty",
            Self::Datadog => "datadog",
            Self::Sentry => "sentry",
            Self::GitHub => "github",
            Self::UptimeKuma => "uptime-kuma",
            Self::Healthchecks => "healthchecks",
            Self::Generic => "generic",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == word)
    }
}

/// A hook.
#[derive(Debug, Clone)]
pub struct Hook {
    /// What tells it from the others; the last part of its address.
    pub id: String,
    /// Who sends to it.
    pub source: HookSource,
    /// The chat, or thread of it, that is told.
    pub target: ChatAddress,
    /// What proves that it is they.
    pub secret: SecretString,
    /// The header that holds the secret or the signature, where it is not the usual one.
    pub header: Option<String>,
    /// The header that holds the signed time; only Grafana has one. Named, it must be there.
    pub timestamp_header: Option<String>,
    /// Severities by the words that the sender uses for them, in lower case.
    pub severity: BTreeMap<String, String>,
    /// Where things stand in what a program of one's own sends.
    pub fields: Option<HookFields>,
    /// How old an alert may be that makes a card; `None` for any age.
    pub max_age: Option<Duration>,
    /// The Alertmanager that is told of silences; only its own hooks have one.
    pub silences: Option<Silencing>,
}

impl Hook {
    /// A hook with nothing special about it.
    #[must_use]
    pub fn plain(id: String, source: HookSource, target: ChatAddress, secret: SecretString) -> Self {
        Self {
            id,
            source,
            target,
            secret,
            header: None,
            timestamp_header: None,
            severity: BTreeMap::new(),
            fields: None,
            max_age: Some(DEFAULT_HOOK_MAX_AGE),
            silences: None,
        }
    }

    /// Returns its secrets: what proves its sender, and what its Alertmanager is shown.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        std::iter::once(&self.secret).chain(self.silences.as_ref().and_then(Silencing::secret))
    }

    /// Checks an id.
    ///
    /// # Errors
    /// What an id is.
    pub fn check_id(id: &str) -> Result<(), String> {
        let starts_well = id.starts_with(|c: char| c.is_ascii_alphanumeric());
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if starts_well && id.len() <= MAX_HOOK_ID_CHARS && id.chars().all(allowed) {
            return Ok(());
        }
        Err(format!("must be 1 to {MAX_HOOK_ID_CHARS} letters, digits, '-' or '_', beginning with a letter or digit"))
    }

    /// Checks a secret.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it.
    pub fn check_secret(secret: &str) -> Result<(), String> {
        let fits = (MIN_HOOK_SECRET_BYTES..=MAX_HOOK_SECRET_BYTES).contains(&secret.len());
        if fits && secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(());
        }
        Err(format!(
            "must be {MIN_HOOK_SECRET_BYTES} to {MAX_HOOK_SECRET_BYTES} letters, digits and signs without white space"
        ))
    }
}

/// Reads the list at the top of the configuration.
pub(super) fn read(root: &mut Section) -> Vec<Hook> {
    let hooks: Vec<Hook> = root.tables("hooks", read_one).into_iter().flatten().collect();
    if hooks.len() > MAX_HOOKS {
        root.fault("hooks", format!("there may be at most {MAX_HOOKS}"));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = hooks.iter().find(|hook| !seen.insert(&hook.id)) {
        root.fault("hooks", format!("two have the id {:?}; each needs its own", twice.id));
    }
    hooks
}

fn read_one(section: &mut Section) -> Option<Hook> {
    let id = needed(section, "id", |text| Hook::check_id(text).map(|()| text.to_owned()));
    let source = needed(section, "source", |text| {
        let all = HookSource::ALL.map(HookSource::as_str).join(", ");
        HookSource::from_word(text).ok_or_else(|| format!("must be one of {all}"))
    });
    let target = needed(section, "target", |text| {
        text.parse::<ChatAddress>().map_err(|_| "must be a chat's address, such as \"telegram:-1001234\"".to_owned())
    });
    target.iter().for_each(|target| section.note_address("target", target));
    let secret = secret(section);
    let (header, timestamp_header) = (header(section, "header"), header(section, "timestamp_header"));
    let severity = severities(section);
    let max_age = section.duration("max_age", DEFAULT_HOOK_MAX_AGE, Duration::ZERO..=LONGEST_MAX_AGE);
    let has_fields = section.has("fields");
    let fields = section.section("fields", HookFields::read);
    let has_silences = section.has("silences");
    let silences = Silencing::read(section);
    let source_word = source.map(HookSource::as_str).unwrap_or_default();
    let unfit = [
        ("fields", has_fields && source.is_some_and(|source| source != HookSource::Generic)),
        ("silences", has_silences && source.is_some_and(|source| source != HookSource::Alertmanager)),
        ("timestamp_header", timestamp_header.is_some() && source.is_some_and(|source| source != HookSource::Grafana)),
    ];
    for (key, _) in unfit.into_iter().filter(|(_, unfit)| *unfit) {
        section.fault(key, format!("a hook of {source_word} has none"));
    }
    Some(Hook {
        id: id?,
        source: source?,
        target: target?,
        secret: secret?,
        header,
        timestamp_header,
        severity,
        fields: has_fields.then_some(fields),
        max_age: Some(max_age).filter(|age| !age.is_zero()),
        silences,
    })
}

fn needed<T>(section: &mut Section, key: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
    if !section.has(key) {
        section.asked(key);
        section.fault(key, "is missing");
        return None;
    }
    section.parsed(key, None, |text| parse(text).map(Some))
}

fn secret(section: &mut Section) -> Option<SecretString> {
    let check = |secret: SecretString| Hook::check_secret(secret.expose_secret()).map(|()| Some(secret));
    let is_there = section.has("secret") || section.has("secret_file");
    let both = section.has("secret") && section.has("secret_file");
    let own = section.parsed("secret", None, |text| check(text.to_owned().into()));
    let filed = secret_file::read(section, "secret_file", None, |path| source::read_secret(path).and_then(check));
    if !is_there {
        section.fault("secret", "is missing; set it, or secret_file");
    } else if both {
        section.fault("secret", "is set twice: here and as secret_file");
    }
    own.or(filed)
}

fn header(section: &mut Section, key: &str) -> Option<String> {
    section.parsed(key, None, |text| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if (1..=MAX_HEADER_CHARS).contains(&text.len()) && text.chars().all(is_name) {
            return Ok(Some(text.to_lowercase()));
        }
        Err("must be the name of a header, such as \"X-Signalbox-Secret\"".to_owned())
    })
}

fn severities(section: &mut Section) -> BTreeMap<String, String> {
    section.section("severity", |section| {
        let words = section.every_text();
        for (word, severity) in &words {
            if !SEVERITIES.contains(&severity.as_str()) {
                section.fault(word, no_severity(severity));
            }
        }
        words.into_iter().map(|(word, severity)| (word.to_lowercase(), severity)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources, load, show};

    fn read(text: &str) -> Result<Config, String> {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("signalbox.toml");
        std::fs::write(&file, text).expect("written");
        let sources = Sources { explicit: Some(file), statements: crate::wiring::statements(), ..Sources::default() };
        load(&sources).map(|loaded| loaded.config).map_err(|faults| faults.to_string())
    }

    fn warnings(text: &str) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        let explicit = Some(file.path().to_owned());
        let sources = Sources { explicit, statements: crate::wiring::statements(), ..Sources::default() };
        load(&sources).expect("valid").warnings
    }

    const OPS: &str =
        "[[hooks]]\nid = 'ops'\nsource = 'generic'\ntarget = 'telegram:-1/7'\nsecret = '0123456789abcdef'\n";

    #[test]
    fn a_hook_has_what_it_needs_and_what_it_may() {
        let more = "max_age = '0s'\nseverity = { Ticket = 'info' }\n\
                    fields = { title = 'alert.na/me', labels = { host = '/host' }, links = ['url'] }\n";
        let config = read(&format!("{OPS}{more}")).expect("valid");
        let hook = &config.hooks[0];
        assert_eq!((hook.id.as_str(), hook.source, hook.max_age), ("ops", HookSource::Generic, None));
        assert_eq!(hook.severity["ticket"], "info");
        let fields = hook.fields.as_ref().expect("fields");
        assert_eq!(fields.title.as_deref(), Some("/alert/na~1me"));
        assert_eq!(fields.labels["host"], "/host");
        let shown = show(&config);
        assert!(shown.contains("secret = \"***\"") && !shown.contains("0123456789abcdef"), "{shown}");
        assert_eq!(config.secrets().count(), 1);
    }

    #[test]
    fn a_chat_that_nothing_is_connected_to_is_warned_of() {
        for (address, set, why) in [
            (
                "telegram:-1",
                "",
                Some("telegram is not connected: `signalbox integrations set telegram token=-` or `signalbox setup`"),
            ),
            ("telegram:-1", "telegram.token = '1:abcdefghijklmnopqrstuvwxyz012345678'", None),
            ("matrix:x", "", Some("matrix is not connected: this build cannot connect it")),
            ("console:local", "", None),
        ] {
            let hook = OPS.replace("telegram:-1/7", address);
            let channel = format!("[[triage.channels]]\naddress = '{address}'\n");
            for (text, at) in [(hook, "hooks[1].target: "), (channel, "triage.channels[1].address: ")] {
                let warnings = warnings(&format!("{set}\n{text}"));
                let told = warnings.iter().find(|warning| warning.contains("reaches nobody"));
                assert_eq!(told.is_some(), why.is_some(), "{address}: {warnings:?}");
                let is_right = |told: &String| why.is_some_and(|why| told.starts_with(at) && told.contains(why));
                assert!(told.is_none_or(is_right), "{told:?}");
            }
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_the_nearest_key_and_without_the_secret() {
        for (text, why) in [
            ("hooks = 3".to_owned(), "hooks: must be a list of tables"),
            (OPS.replace("id =", "idd ="), "hooks[1].idd: unknown key; did you mean hooks[1].id?"),
            (OPS.replace("id = 'ops'", "id = 'a b'"), "hooks[1].id: must be 1 to 64 letters"),
            (OPS.replace("'generic'", "'nagios'"), "hooks[1].source: must be one of alertmanager, grafana"),
            (OPS.replace("'telegram:-1/7'", "'nowhere'"), "hooks[1].target: must be a chat's address"),
            (OPS.replace("0123456789abcdef", "hunter2"), "hooks[1].secret: must be 16 to 512"),
            (OPS.replace("secret =", "target2 ="), "hooks[1].secret: is missing; set it, or secret_file"),
            (format!("{OPS}secret_file = '/nowhere'"), "hooks[1].secret_file: cannot be read"),
            (format!("{OPS}{OPS}"), "two have the id \"ops\""),
            (format!("{OPS}severity = {{ x = 'loud' }}"), "hooks[1].severity.x: \"loud\" is no severity"),
            (format!("{OPS}severity = {{ x = 'critcal' }}"), "did you mean \"critical\"?"),
            ("[hooks]\n".to_owned(), "hooks: must be a list of tables: each begins with [[hooks]], not with [hooks]"),
            ("[hooks.ops]\nsource = 'generic'".to_owned(), "each begins with [[hooks]], not with [hooks]"),
            (format!("{OPS}timestamp_header = 'X-T'"), "hooks[1].timestamp_header: a hook of generic has none"),
            (format!("{OPS}silences = {{ url = 'http://am:9093' }}"), "hooks[1].silences: a hook of generic has none"),
            (format!("{OPS}fields = {{ titel = 'a' }}"), "did you mean hooks[1].fields.title?"),
            (
                OPS.replace("telegram:", "telegam:"),
                "hooks[1].target: telegam:-1/7 reaches nobody: there is no provider \"telegam\"; did you mean telegram?",
            ),
            (OPS.replace("telegram:", "pager:"), "there is no provider \"pager\""),
            (format!("{OPS}fields = {{ title = 'a..b' }}"), "hooks[1].fields.title: must be a path such as"),
        ] {
            let fault = read(&text).expect_err(&text);
            assert!(fault.contains(why) && !fault.contains("hunter2"), "{why}: {fault}");
        }
    }
}
