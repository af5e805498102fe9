//! What is said of silences at a source: that it is told, that it was, that it refuses or does not answer.

use std::collections::BTreeMap;

use signalbox_adapter::{Document, one_line};

use super::incident::instant;
use super::line;
use crate::clock::Timestamp;
use crate::store::{Incident, Unsilenceable};

/// Longest line of labels, in characters.
const MAX_LABELS_CHARS: usize = 240;
/// Longest words of a source, in characters.
const MAX_WORDS_CHARS: usize = 160;

/// What a silence does beyond the chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtSource {
    /// Alertmanager is being told.
    Asked,
    /// No Alertmanager is named that could be told; holds the hook by which the alert came, or `None` for a post.
    NotNamed(Option<String>),
    /// It cannot be told.
    Cannot(Unsilenceable),
    /// The source knows no silences of ours.
    Unheard,
}

/// What an Alertmanager would not do, or has not done yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsilenced {
    /// None is named any more.
    Unnamed,
    /// It does not know who asks.
    Login,
    /// There is no such API at the address.
    NoApi,
    /// It refuses; holds its status and words.
    Refused(u16, String),
    /// It does not answer, or says that it cannot now; holds what went wrong.
    Away(String),
    /// Its answer cannot be read, so that it may have done what it was asked for.
    Unclear,
}

impl Unsilenced {
    /// Whether it may pass by itself, so that it is tried again.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Away(_) | Self::Unclear => true,
            Self::Unnamed | Self::Login | Self::NoApi | Self::Refused(..) => false,
        }
    }
}

/// Answers who silenced an incident: how long, and whether the source knows. `who` is how people call them.
#[must_use]
pub fn done(incident: &Incident, at_source: &AtSource, who: &str, now: Timestamp) -> Document {
    let id = incident.id;
    let until = incident.silenced_until.map(|until| format!(" until {}", instant(until, now))).unwrap_or_default();
    let until = format!("{until} by {who}");
    let said = match at_source {
        AtSource::Asked => {
            format!("#{id} is silenced{until}. Alertmanager is being told; a line says when it knows.")
        }
        AtSource::NotNamed(Some(hook)) => format!(
            "#{id} is silenced{until}, only here: Alertmanager goes on, for the hook `{hook}` names none in `silences`."
        ),
        AtSource::NotNamed(None) => format!(
            "#{id} is silenced{until}, only here: Alertmanager goes on, for this alert channel names none in `silences`."
        ),
        AtSource::Cannot(Unsilenceable::NoLabels) => {
            format!("#{id} is silenced{until}, only here: without a label Alertmanager would silence everything.")
        }
        AtSource::Cannot(Unsilenceable::CutLabel) => {
            format!("#{id} is silenced{until}, only here: a label of it is too long to be silenced by.")
        }
        AtSource::Cannot(Unsilenceable::MaskedLabel) => {
            format!("#{id} is silenced{until}, only here: a label of it holds a secret, which is not kept.")
        }
        AtSource::Unheard => format!("#{id} is silenced{until}, only here: its source goes on."),
    };
    line(&said)
}

/// Tells the thread that Alertmanager is silent, about which labels and until when.
#[must_use]
pub fn written(matchers: &BTreeMap<String, String>, until: Timestamp, now: Timestamp) -> Document {
    Document::text(format!("Silenced in Alertmanager until {}, where {}", instant(until, now), labels(matchers)))
}

/// Tells the thread that a silence was taken back in Alertmanager, which is loud again unless a later one took its place.
#[must_use]
pub fn taken_back(until: Timestamp, replaced: bool, now: Timestamp) -> Document {
    Document::text(match replaced {
        true => format!("The earlier silence in Alertmanager, until {}, is taken back.", instant(until, now)),
        false => "The silence in Alertmanager is taken back.".to_owned(),
    })
}

/// Tells the thread that Alertmanager did not take a silence, and what to do.
#[must_use]
pub fn not_written(hook: Option<&str>, trouble: &Unsilenced) -> Document {
    let silenced = match trouble {
        Unsilenced::Unclear => "Silenced here, and perhaps in Alertmanager",
        Unsilenced::Unnamed | Unsilenced::Login | Unsilenced::NoApi | Unsilenced::Refused(..) | Unsilenced::Away(_) => {
            "Silenced only here"
        }
    };
    line(&format!("{silenced}: {}", remedy(hook, trouble, "silence it there by hand")))
}

/// Tells the thread that Alertmanager did not take a silence back, and what to do.
#[must_use]
pub fn not_taken_back(hook: Option<&str>, trouble: &Unsilenced) -> Document {
    let silenced = if *trouble == Unsilenced::Unclear { "Perhaps still silenced" } else { "Still silenced" };
    line(&format!("{silenced} in Alertmanager: {}", remedy(hook, trouble, "expire it there by hand")))
}

/// Tells the thread that Alertmanager could not be told in time.
#[must_use]
pub fn too_late() -> Document {
    Document::text("Alertmanager did not answer until the silence was over: it was silenced only here.")
}

fn remedy(hook: Option<&str>, trouble: &Unsilenced, by_hand: &str) -> String {
    let key = match hook {
        Some(hook) => format!("`silences` of the hook `{hook}`"),
        None => "`silences` of this alert channel".to_owned(),
    };
    let cause = cause(trouble);
    match trouble {
        Unsilenced::Unnamed | Unsilenced::Login | Unsilenced::NoApi => format!("{cause}. Mend {key}, or {by_hand}."),
        Unsilenced::Refused(..) => format!("{cause}; {by_hand}."),
        Unsilenced::Away(_) => format!("{cause}. It is tried again."),
        Unsilenced::Unclear => format!("{cause}. It is asked again; if that goes on, mend {key}."),
    }
}

/// Says what is wrong, without an end.
#[must_use]
pub fn cause(trouble: &Unsilenced) -> String {
    match trouble {
        Unsilenced::Unnamed => "no Alertmanager is named any more".to_owned(),
        Unsilenced::Login => "Alertmanager does not let us in".to_owned(),
        Unsilenced::NoApi => "there is no Alertmanager at the address".to_owned(),
        Unsilenced::Refused(status, words) => {
            let words = Some(quiet(words)).filter(|words| !words.is_empty());
            format!("Alertmanager refused ({status}{})", words.map(|words| format!(": {words}")).unwrap_or_default())
        }
        Unsilenced::Away(why) => format!("Alertmanager does not answer ({})", quiet(why)),
        Unsilenced::Unclear => "its answer cannot be read".to_owned(),
    }
}

/// Puts a source's words on one line in which nothing is marked.
fn quiet(words: &str) -> String {
    one_line(&words.replace('`', "'"), MAX_WORDS_CHARS)
}

/// Writes labels as Alertmanager writes matchers.
#[must_use]
pub fn labels(labels: &BTreeMap<String, String>) -> String {
    let labels = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect::<Vec<_>>().join(", ");
    one_line(&labels, MAX_LABELS_CHARS)
}

/// Writes the comment of a silence, which begins with its mark.
#[must_use]
pub fn comment(mark: &str, title: &str) -> String {
    format!("{mark} {}", one_line(title, MAX_WORDS_CHARS))
}
