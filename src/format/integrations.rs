//! What `signalbox setup` and `signalbox integrations` say.

use std::path::Path;
use std::time::Duration;

use signalbox_adapter::{ChatAddress, Document, Inline, one_line};

use super::{cell, span, table};

/// Longest words of a provider, in characters.
const MAX_WHY_CHARS: usize = 300;

/// Asked before an answer is kept that could not be tried.
pub const KEEP_ANYWAY: &str = "  Keep it all the same? [y/N] ";
/// Asks for the role of the person who is let in.
pub const WHICH_ROLE: &str = "  Their role: viewer, operator, admin, or none for no link [operator]: ";

/// Where the keys of one integration come from.
#[derive(Debug)]
pub struct KeySource {
    /// The integration.
    pub name: &'static str,
    /// Whether all that it needs is set.
    pub is_set: bool,
    /// Keys that are kept in the integration store.
    pub kept: Vec<String>,
    /// Those among them that the configuration file or the environment sets too.
    pub shadowed: Vec<String>,
}

/// Why the keys of an integration are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadKeys<'a> {
    /// A word is not of the form `key=value`.
    Form,
    /// Two values are to be read from standard input.
    TwoFromInput,
    /// A key stands there twice.
    Twice,
    /// Nothing came on standard input for this path, as in `telegram.token`.
    NoValue(&'a str),
    /// An empty value takes its key away, and of this path nothing is kept.
    Empty(&'a str),
    /// A value is not one line of at most so many bytes.
    Value(usize),
}

/// Says what to do with a manifest, which stands above.
#[must_use]
pub fn new_app(address: &str) -> String {
    format!(
        "Open this address to make the app, install it to your workspace, and make an app-level token with the scope \
         connections:write on its page \"Basic Information\":\n{address}"
    )
}

/// Says that there is no manifest.
#[must_use]
pub fn no_manifest() -> String {
    "Slack is left out of this build".to_owned()
}

/// Lists the integrations, and where their keys come from.
#[must_use]
pub fn origins(origins: &[KeySource]) -> Document {
    let rows = origins.iter().map(|one| {
        let from = match (one.is_set, one.kept.is_empty()) {
            (_, false) => "integration store",
            (true, true) => "configuration file or environment",
            (false, true) => "",
        };
        vec![cell(one.name), cell(if one.is_set { "set" } else { "not set" }), cell(from), cell(one.kept.join(", "))]
    });
    Document { blocks: vec![table(&["integration", "", "from", "kept keys"], rows.collect::<Vec<Vec<Vec<Inline>>>>())] }
}

/// Says that a kept key has no effect.
#[must_use]
pub fn kept_in_vain(path: &str) -> String {
    format!("{path} is kept in vain: the configuration file or the environment sets it too, and takes precedence")
}

/// Says that there is no such integration, and which there are.
#[must_use]
pub fn unknown(name: &str, known: &[&str]) -> String {
    format!("there is no integration {name:?}; there are: {}", known.join(", "))
}

/// Says why keys are not taken.
#[must_use]
pub fn bad_keys(why: BadKeys<'_>) -> String {
    match why {
        BadKeys::Form => "write each key as key=value, as in token=- (and then the token on standard input)".to_owned(),
        BadKeys::TwoFromInput => "only one value can be read from standard input".to_owned(),
        BadKeys::Twice => "each key can be given once".to_owned(),
        BadKeys::NoValue(path) => format!("no value for {path} came on standard input"),
        BadKeys::Empty(path) => {
            format!("{path} is empty; that takes a key away that is kept, and this one is not. Was a variable not set?")
        }
        BadKeys::Value(most_bytes) => format!("a value is one line of at most {most_bytes} bytes"),
    }
}

/// Asks for a value that is not shown while it is typed.
#[must_use]
pub fn secret(path: &str) -> String {
    format!("{path} (not shown): ")
}

/// Says where keys are kept.
#[must_use]
pub fn kept(path: &Path) -> String {
    format!("Kept in {}.", path.display())
}

/// Says what to do once keys are kept.
#[must_use]
pub fn kept_next(name: &str) -> String {
    format!("`signalbox integrations verify {name}` tries it. A bot that is running takes it when it is restarted.")
}

/// Says that nothing is kept any more.
#[must_use]
pub fn forgotten(name: &str) -> String {
    format!("Nothing is kept for {name} any more.")
}

/// Says that nothing was kept.
#[must_use]
pub fn nothing_kept(name: &str) -> String {
    format!("nothing is kept for {name}")
}

/// Says that an integration works, how long the check took, and what the check found: a name, or steps below.
#[must_use]
pub fn good(name: &str, who: Option<&str>, took: Duration, steps: &str) -> String {
    let (who, steps) = (who.map(|who| format!(": {who}")).unwrap_or_default(), steps.trim_end());
    let below = if steps.is_empty() { String::new() } else { format!("\n{steps}") };
    format!("{name}: good{who}, {} ms{below}", took.as_millis())
}

/// Says that a place of alerts cannot be written to, in the provider's words.
#[must_use]
pub fn closed(name: &str, place: &ChatAddress, why: &str) -> String {
    format!("{name}: {place}, where alerts are to be shown, cannot be written to: {}", one_line(why, MAX_WHY_CHARS))
}

/// Says that an integration is not set; `asked` when it was named.
#[must_use]
pub fn not_set(name: &str, asked: bool) -> String {
    let next = if asked { "; `signalbox setup` asks for what it needs" } else { "" };
    format!("{name}: not set{next}")
}

/// Opens the setup.
#[must_use]
pub fn setup(path: &Path) -> String {
    format!(
        "Your answers are kept in {}, which only you can read. An empty answer leaves a setting as it is.",
        path.display()
    )
}

/// Says that the answers ended too early.
#[must_use]
pub fn setup_ended() -> &'static str {
    "the answers ended before the setup was done; what was tried and works is kept"
}

/// Closes the setup.
#[must_use]
pub fn setup_next() -> &'static str {
    "Next: `signalbox serve`, and keep it running; deploy/ in the sources has a systemd unit."
}

/// Says who the bot is.
#[must_use]
pub fn setup_bot(who: &str) -> String {
    format!("  It is {who}.")
}

/// Says that an integration works, and shows the steps of the check.
#[must_use]
pub fn setup_works(steps: &str) -> String {
    format!("  It works.\n{steps}")
}

/// Says that an answer is kept and has no effect.
#[must_use]
pub fn setup_shadowed(path: &str) -> String {
    format!("  Kept, but the configuration file or the environment sets {path} too, and takes precedence.")
}

/// Says who can use a bot.
#[must_use]
pub fn setup_people() -> &'static str {
    "  Only people you let in can use it. A link lets in the first person who opens it."
}

/// Says that a word is not a role.
#[must_use]
pub fn setup_no_role(word: &str) -> String {
    format!("  {word:?} is none of these.")
}

/// Says what to do with the link below, and how long it can be used.
#[must_use]
pub fn setup_link(within: Duration) -> String {
    format!("  Once `signalbox serve` runs, and within {}, open this and press Start:", span(within))
}

/// Says what to do with the words below it, which hold a code, and how long they can be used.
#[must_use]
pub fn setup_code(within: Duration) -> String {
    format!("  Once `signalbox serve` runs, and within {}, send this to the bot in a direct chat:", span(within))
}
