//! What the `@word` before a prompt means: an agent, a session of the chat, or nothing at all.

use super::model::{ModelWords, agent_of};
use super::nearest::{MIN_CHARS, nearest};
use super::start::Mention;

/// What a person may write before an agent's name to tell that it is a configured one.
const KIND_PREFIXES: [&str; 2] = ["command:", "acp:"];
/// What a model's name may hold besides letters and digits; it goes to the agent as an argument of its own.
const MODEL_MARKS: &str = "-._:/@+[]";

/// The names that a mention may be.
pub struct KnownNames<'a> {
    /// Every agent that has a name, installed or not.
    pub agents: &'a [&'a str],
    /// Whether an agent can be told which model is to answer.
    pub takes_model: &'a dyn Fn(&str) -> bool,
    /// The words that name a model; those of agents that are not in `agents` do not count.
    pub models: &'a [ModelWords<'a>],
    /// Whether a session of this chat has the name, in any case; also one that is archived.
    pub is_session: &'a dyn Fn(&str) -> bool,
    /// Sessions that a mistyped word may have meant.
    pub sessions: &'a [&'a str],
}

/// What a mention means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// An agent.
    Agent {
        /// Its name, as in [`KnownNames::agents`].
        agent: String,
        /// The model, where one was named.
        model: Option<String>,
    },
    /// A session of this chat, as it was typed.
    Session(String),
    /// Plain text: the prompt is the whole text.
    Text,
    /// Probably a mistyped name: better asked than guessed.
    NearMiss {
        /// What was typed.
        word: String,
        /// The name it is nearest to; `None` for an agent that was asked for by its kind and does not exist.
        nearest: Option<String>,
    },
    /// A model of an agent that has none to choose from.
    NoModel {
        /// The agent, as in [`KnownNames::agents`].
        agent: String,
        /// The model.
        model: String,
    },
}

/// Finds out what a mention means. Agents come before models, models before sessions.
#[must_use]
pub fn resolve(mention: &Mention, known: &KnownNames<'_>) -> Resolved {
    let word = mention.word.as_str();
    let (name, model) = word.split_once('/').map_or((word, None), |(name, model)| (name, Some(model)));
    if let Some(agent) = known.agent(name) {
        return match model {
            None | Some("") => Resolved::Agent { agent: agent.to_owned(), model: None },
            Some(model) if is_model(model) && !(known.takes_model)(agent) => {
                Resolved::NoModel { agent: agent.to_owned(), model: model.to_owned() }
            }
            Some(model) if is_model(model) => {
                Resolved::Agent { agent: agent.to_owned(), model: Some(model.to_owned()) }
            }
            Some(_) => Resolved::Text,
        };
    }
    if let Some(explicit) = without_kind(name) {
        return match known.agent(explicit) {
            Some(agent) => resolve(&Mention { word: word.replacen(name, agent, 1) }, known),
            None => Resolved::NearMiss { word: word.to_owned(), nearest: known.nearest_agent(explicit) },
        };
    }
    if let Some(agent) = agent_of(known.models, word).and_then(|agent| known.agent(agent))
        && is_model(word)
    {
        return Resolved::Agent { agent: agent.to_owned(), model: Some(word.to_lowercase()) };
    }
    if (known.is_session)(word) {
        return Resolved::Session(word.to_owned());
    }
    match known.nearest(name) {
        Some(nearest) => Resolved::NearMiss { word: name.to_owned(), nearest: Some(nearest) },
        None => Resolved::Text,
    }
}

fn without_kind(name: &str) -> Option<&str> {
    KIND_PREFIXES.iter().find_map(|prefix| {
        let (kind, rest) = name.split_at_checked(prefix.len())?;
        kind.eq_ignore_ascii_case(prefix).then_some(rest)
    })
}

/// Tells whether a word can be handed on as a model; one that begins with a dash could be taken for an option.
fn is_model(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || MODEL_MARKS.contains(c))
}

impl KnownNames<'_> {
    fn agent(&self, word: &str) -> Option<&str> {
        self.agents.iter().copied().find(|agent| agent.eq_ignore_ascii_case(word))
    }

    fn nearest_agent(&self, word: &str) -> Option<String> {
        nearest(word, self.agents.iter().copied()).map(str::to_owned)
    }

    /// Finds the name that a word of four characters or more may have been meant for.
    fn nearest(&self, word: &str) -> Option<String> {
        if word.chars().count() < MIN_CHARS {
            return None;
        }
        let models = self.models.iter().filter(|models| self.agent(models.agent).is_some());
        let words = models.flat_map(|models| models.words.iter().copied());
        let names = self.agents.iter().copied().chain(words).chain(self.sessions.iter().copied());
        nearest(word, names).filter(|name| !name.eq_ignore_ascii_case(word)).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::MODELS;

    fn resolved(word: &str) -> Resolved {
        let known = KnownNames {
            agents: &["claude", "codex", "host", "notes"],
            takes_model: &|agent| agent != "host",
            models: MODELS,
            is_session: &|word| ["calm-otter", "docs", "old-archive"].iter().any(|s| s.eq_ignore_ascii_case(word)),
            sessions: &["calm-otter", "docs"],
        };
        resolve(&Mention { word: word.into() }, &known)
    }

    fn agent(agent: &str, model: Option<&str>) -> Resolved {
        Resolved::Agent { agent: agent.into(), model: model.map(str::to_owned) }
    }

    fn near(word: &str, nearest: Option<&str>) -> Resolved {
        Resolved::NearMiss { word: word.into(), nearest: nearest.map(str::to_owned) }
    }

    #[test]
    fn agents_and_models_are_found() {
        for (word, expected) in [
            ("claude", agent("claude", None)),
            ("CLAUDE", agent("claude", None)),
            ("claude/opus", agent("claude", Some("opus"))),
            ("claude/", agent("claude", None)),
            ("codex/openai/gpt-5.1", agent("codex", Some("openai/gpt-5.1"))),
            ("opus", agent("claude", Some("opus"))),
            ("Sonnet", agent("claude", Some("sonnet"))),
            ("claude-opus-4-1", agent("claude", Some("claude-opus-4-1"))),
            ("notes", agent("notes", None)),
            ("command:notes", agent("notes", None)),
            ("Command:Notes/x", agent("notes", Some("x"))),
        ] {
            assert_eq!(resolved(word), expected, "{word}");
        }
    }

    #[test]
    fn sessions_are_found_also_when_archived() {
        for word in ["docs", "Calm-Otter", "old-archive"] {
            assert_eq!(resolved(word), Resolved::Session(word.into()));
        }
    }

    #[test]
    fn a_mistyped_name_is_asked_about() {
        for (word, expected) in [
            ("claud", near("claud", Some("claude"))),
            ("cluade/opus", near("cluade", Some("claude"))),
            ("sonet", near("sonet", Some("sonnet"))),
            ("calm-oter", near("calm-oter", Some("calm-otter"))),
            ("command:note", near("command:note", Some("notes"))),
            ("command:unheard-of", near("command:unheard-of", None)),
            ("command:", near("command:", None)),
        ] {
            assert_eq!(resolved(word), expected, "{word}");
        }
    }

    #[test]
    fn an_agent_without_models_is_told_from_one_with_models() {
        for word in ["host/opus", "HOST/gpt-5"] {
            let model = word.split_once('/').unwrap().1;
            assert_eq!(resolved(word), Resolved::NoModel { agent: "host".into(), model: model.into() });
        }
        assert_eq!(resolved("host/"), agent("host", None));
        for person in ["kim", "ada.lovelace", "gem", "opencoder1"] {
            assert_eq!(resolved(person), Resolved::Text, "{person}");
        }
    }

    #[test]
    fn everything_else_is_text() {
        for word in ["Override", "everyone", "doc", "hos", "types/node", "src/main.rs", "💥", "opus/x", "docs/x"] {
            assert_eq!(resolved(word), Resolved::Text, "{word}");
        }
    }

    #[test]
    fn a_model_never_becomes_an_option_of_the_agent() {
        for word in ["claude/--dangerously-skip-permissions", "claude/-x", "claude/a b", "claude/a;b", "claude/$(x)"] {
            assert_eq!(resolved(word), Resolved::Text, "{word}");
        }
    }

    #[test]
    fn a_model_of_an_unknown_agent_is_text() {
        let known = KnownNames {
            agents: &["host"],
            takes_model: &|_| false,
            models: MODELS,
            is_session: &|_| false,
            sessions: &[],
        };
        assert_eq!(resolve(&Mention { word: "opus".into() }, &known), Resolved::Text);
    }
}
