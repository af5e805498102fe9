//! `[triage]`: what becomes of alerts, and in which channels other bots' messages are some.

use std::ops::RangeInclusive;
use std::time::Duration;

use signalbox_adapter::ChatAddress;

use super::reader::Section;
use super::silencing::Silencing;

const DEFAULT_GROUP_WAIT: Duration = Duration::from_secs(30);
const GROUP_WAIT: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(3600);
const DEFAULT_REOPEN_WINDOW: Duration = Duration::from_secs(24 * 3600);
const REOPEN_WINDOW: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(30 * 24 * 3600);
/// Severities that can be named.
pub(super) const SEVERITIES: [&str; 5] = ["critical", "error", "warning", "info", "unknown"];
/// Farthest that a word may be from a severity that was meant, in edits.
const MAX_EDITS: usize = 2;
/// Most channels.
const MAX_CHANNELS: usize = 1000;

/// What becomes of alerts.
#[derive(Debug, Clone)]
pub struct Triage {
    /// How long a new incident waits for more of its group before its card is shown.
    pub group_wait: Duration,
    /// How long a resolved incident is reopened by the same alerts.
    pub reopen_window: Duration,
    /// Severities that are investigated by themselves.
    pub auto_investigate: Vec<String>,
    /// Severities that get no card of their own.
    pub fold: Vec<String>,
    /// Channels, or threads of them, in which messages of other bots are alerts.
    pub channels: Vec<AlertChannel>,
}

/// A channel, or a thread of one, in which messages of other bots are alerts.
#[derive(Debug, Clone)]
pub struct AlertChannel {
    /// Where.
    pub address: ChatAddress,
    /// The Alertmanager that is told of silences of what is posted there.
    pub silences: Option<Silencing>,
}

impl Default for Triage {
    fn default() -> Self {
        Self {
            group_wait: DEFAULT_GROUP_WAIT,
            reopen_window: DEFAULT_REOPEN_WINDOW,
            auto_investigate: vec!["critical".to_owned()],
            fold: vec!["info".to_owned()],
            channels: Vec::new(),
        }
    }
}

impl Triage {
    pub(super) fn read(section: &mut Section) -> Self {
        let default = Self::default();
        Self {
            group_wait: section.duration("group_wait", default.group_wait, GROUP_WAIT),
            reopen_window: section.duration("reopen_window", default.reopen_window, REOPEN_WINDOW),
            auto_investigate: severities(section, "auto_investigate", default.auto_investigate),
            fold: severities(section, "fold", default.fold),
            channels: channels(section),
        }
    }

    /// Whether messages of other bots at an address are alerts: the channel is named, or the very thread.
    #[must_use]
    pub fn is_channel(&self, address: &ChatAddress) -> bool {
        self.channel(address).is_some()
    }

    /// Returns the channel in which messages of other bots at an address are alerts; the very thread before its chat.
    #[must_use]
    pub fn channel(&self, address: &ChatAddress) -> Option<&AlertChannel> {
        let here = self.channels.iter().filter(|channel| {
            channel.address.provider == address.provider
                && channel.address.chat == address.chat
                && (channel.address.thread.is_none() || channel.address.thread == address.thread)
        });
        here.max_by_key(|channel| channel.address.thread.is_some())
    }
}

fn severities(section: &mut Section, key: &str, default: Vec<String>) -> Vec<String> {
    let Some(words) = section.listed(key) else { return default };
    for wrong in words.iter().filter(|word| !SEVERITIES.contains(&word.as_str())) {
        section.fault(key, no_severity(wrong));
    }
    words
}

/// Says that a word is no severity, which there are, and which was meant.
pub(super) fn no_severity(word: &str) -> String {
    let near = |own: &&&str| strsim::osa_distance(&word.to_lowercase(), own) <= MAX_EDITS;
    let meant = SEVERITIES.iter().find(near).map(|own| format!("; did you mean {own:?}?")).unwrap_or_default();
    format!("{word:?} is no severity; there are {}{meant}", SEVERITIES.join(", "))
}

fn channels(section: &mut Section) -> Vec<AlertChannel> {
    let channels: Vec<AlertChannel> = section.tables("channels", channel).into_iter().flatten().collect();
    if channels.len() > MAX_CHANNELS {
        section.fault("channels", format!("there may be at most {MAX_CHANNELS}"));
    }
    channels
}

fn channel(section: &mut Section) -> Option<AlertChannel> {
    let why = "must be a chat's address, such as \"telegram:-1001234\"";
    if !section.has("address") {
        section.asked("address");
        section.fault("address", why);
    }
    let address: Option<ChatAddress> =
        section.parsed("address", None, |text| text.parse().map(Some).map_err(|_| why.to_owned()));
    address.iter().for_each(|address| section.note_address("address", address));
    let silences = Silencing::read(section);
    Some(AlertChannel { address: address?, silences })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load};

    fn read(text: &str) -> Result<Triage, String> {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("signalbox.toml");
        std::fs::write(&file, text).expect("written");
        let sources = Sources { explicit: Some(file), statements: crate::wiring::statements(), ..Sources::default() };
        load(&sources).map(|loaded| loaded.config.triage).map_err(|faults| faults.to_string())
    }

    #[test]
    fn a_channel_is_named_with_or_without_a_thread() {
        let triage = read(
            "[triage]\ngroup_wait = \"0s\"\nfold = []\n[[triage.channels]]\naddress = \"telegram:-1\"\n\
             [[triage.channels]]\naddress = \"telegram:-2/7\"\n",
        )
        .expect("valid");
        assert_eq!((triage.group_wait, triage.fold.len()), (Duration::ZERO, 0));
        let is_one = |address: &str| triage.is_channel(&address.parse().expect("an address"));
        assert!(is_one("telegram:-1") && is_one("telegram:-1/3") && is_one("telegram:-2/7"));
        assert!(!is_one("telegram:-2") && !is_one("telegram:-2/8") && !is_one("slack:-1"));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_would_be_right() {
        for (text, why) in [
            ("[triage]\nfold = [\"loud\"]", "\"loud\" is no severity; there are critical, error"),
            ("[triage]\nfold = [\"Warnign\"]", "unknown; did you mean \"warning\"?"),
            ("[triage]\nreopen_window = \"40d\"", "must be between"),
            ("[[triage.channels]]\naddress = \"nowhere\"", "channels[1].address: must be a chat's address"),
            (
                "[[triage.channels]]\nsilences = { url = \"http://am\" }",
                "channels[1].address: must be a chat's address",
            ),
            ("[[triage.channels]]\naddress = \"telegram:1\"\nname = \"x\"", "channels[1].name: unknown key"),
            ("[triage]\nchannels = [\"telegram:1\"]", "channels[1]: must be a table"),
        ] {
            let fault = read(text).expect_err(text);
            assert!(fault.contains("triage.") && fault.contains(why), "{fault}");
        }
    }
}
