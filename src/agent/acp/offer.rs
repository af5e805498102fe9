//! What an agent offers with a session: modes and models, and which of them are set before the first prompt.
//!
//! # Why
//! What an agent does unasked is its mode's business, and several start in one in which a model decides. So the mode in
//! which it asks is set by us, always; what may pass without a person is then our own [policy](crate::agent::policy).

use serde_json::{Value, json};

use crate::agent::names::{MAX_MODELS, is_plain};
use crate::config::Permission;

/// Modes in which agents ask before they act, the best first, by the last part of their ids.
const ASKING: [&str; 7] = ["default", "ask", "manual", "read-only", "build", "agent", "code"];
/// Modes in which they act without asking, by parts of their ids; an agent whose mode has no such name keeps it.
const UNASKED: [&str; 8] = ["auto", "yolo", "bypass", "full", "accept", "danger", "never", "dontask"];

/// One thing that is set in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    /// The request that sets it.
    pub(super) method: &'static str,
    /// Its parameters, besides the session.
    pub(super) params: Value,
    /// What it is.
    pub(super) what: What,
}

/// What is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The mode.
    Mode,
    /// The model.
    Model,
}

/// The mode in which an agent asks before it acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AskingMode {
    /// Its id.
    pub(super) mode: String,
    /// What sets it.
    pub(super) setting: Setting,
    /// Whether the session is in it.
    pub(super) is_current: bool,
}

/// What is on offer in a session.
#[derive(Debug, Default)]
pub(super) struct Offer {
    mode: Option<Choice>,
    model: Option<Choice>,
}

/// Something that has one of several values.
#[derive(Debug)]
struct Choice {
    current: String,
    /// Each value, and what it is called.
    values: Vec<(String, String)>,
    /// The option that it is, where it is one; modes and models also have requests of their own.
    option: Option<String>,
}

impl Offer {
    /// Reads the answer to `session/new`, `session/load` or `session/resume`; what is not understood is not there.
    pub(super) fn read(answer: &Value) -> Self {
        Self {
            mode: of_request(answer, "/modes", ["currentModeId", "availableModes", "id"])
                .or_else(|| of_option(answer, "mode")),
            model: of_option(answer, "model")
                .or_else(|| of_request(answer, "/models", ["currentModelId", "availableModels", "modelId"])),
        }
    }

    /// Returns the model that answers.
    pub(super) fn current_model(&self) -> Option<&str> {
        self.model.as_ref().map(|model| model.current.as_str()).filter(|model| !model.is_empty())
    }

    /// Returns the models that there are.
    pub(super) fn models(&self) -> Vec<String> {
        let values = self.model.iter().flat_map(|model| &model.values);
        values.map(|(id, _)| id.clone()).filter(|id| is_plain(id)).take(MAX_MODELS).collect()
    }

    /// Returns the mode in which it asks; `None` where it has none, and is not known to act without asking.
    ///
    /// # Errors
    /// The names of all modes, where it would ask in none of them.
    pub(super) fn asking_mode(&self, permission: Permission) -> Result<Option<AskingMode>, String> {
        let Some(mode) = &self.mode else { return Ok(None) };
        let last = |id: &str| id.rsplit(['#', '/']).next().unwrap_or(id).to_ascii_lowercase();
        let asks = ASKING.iter().find_map(|name| mode.values.iter().find(|(id, _)| last(id) == *name));
        let acts = |id: &str| UNASKED.iter().any(|part| last(id).contains(part));
        match asks {
            Some((id, _)) => {
                let params = mode.params("modeId", id);
                let setting = Setting { method: mode.method("session/set_mode"), params, what: What::Mode };
                Ok(Some(AskingMode { mode: id.clone(), setting, is_current: *id == mode.current }))
            }
            None if permission == Permission::All || !acts(&mode.current) => Ok(None),
            None => Err(mode.values.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join(", ")),
        }
    }

    /// Returns what sets the model that was asked for.
    ///
    /// # Errors
    /// The models there are, where it is none of them; none where the agent lets nobody choose.
    pub(super) fn asked_model(&self, asked: &str) -> Result<Option<Setting>, Vec<String>> {
        let Some(model) = &self.model else { return Err(Vec::new()) };
        let is_it = |(id, name): &&(String, String)| {
            id == asked || name.eq_ignore_ascii_case(asked) || id.rsplit('/').next() == Some(asked)
        };
        match model.values.iter().find(is_it) {
            Some((id, _)) if *id == model.current => Ok(None),
            Some((id, _)) => {
                let params = model.params("modelId", id);
                Ok(Some(Setting { method: model.method("session/set_model"), params, what: What::Model }))
            }
            None => Err(model.values.iter().map(|(id, _)| id.clone()).collect()),
        }
    }
}

impl Choice {
    fn method(&self, of_its_own: &'static str) -> &'static str {
        if self.option.is_some() { "session/set_config_option" } else { of_its_own }
    }

    fn params(&self, key: &str, value: &str) -> Value {
        match &self.option {
            Some(option) => json!({"configId": option, "value": value}),
            None => json!({ key: value }),
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

/// Reads a choice that has a request of its own.
fn of_request(answer: &Value, place: &str, [current, values, id]: [&str; 3]) -> Option<Choice> {
    let state = answer.pointer(place)?;
    let value = |value: &Value| {
        let id = text(value, id)?;
        Some((id.to_owned(), text(value, "name").unwrap_or(id).to_owned()))
    };
    Some(Choice {
        current: text(state, current).unwrap_or_default().to_owned(),
        values: state.get(values)?.as_array()?.iter().filter_map(value).collect(),
        option: None,
    })
}

/// Reads a choice that is an option of a category; its values may stand in groups.
fn of_option(answer: &Value, category: &str) -> Option<Choice> {
    let options = answer.get("configOptions")?.as_array()?;
    let option = options.iter().find(|option| text(option, "category") == Some(category))?;
    let given = option.get("options").and_then(Value::as_array)?;
    let flat = given.iter().flat_map(|entry| match entry.get("options").and_then(Value::as_array) {
        Some(group) => group.as_slice(),
        None => std::slice::from_ref(entry),
    });
    let value = |value: &Value| {
        let id = text(value, "value")?;
        Some((id.to_owned(), text(value, "name").unwrap_or(id).to_owned()))
    };
    Some(Choice {
        current: text(option, "currentValue").unwrap_or_default().to_owned(),
        values: flat.filter_map(value).collect(),
        option: Some(text(option, "id")?.to_owned()),
    })
}

/// Returns the mode that a session has been put into by its agent.
pub(super) fn left_for(update: &Value) -> Option<&str> {
    match update.get("sessionUpdate")?.as_str()? {
        "current_mode_update" => update.get("currentModeId")?.as_str(),
        "config_option_update" => {
            let options = update.get("configOptions")?.as_array()?;
            let is_mode = |option: &&Value| option.get("category").and_then(Value::as_str) == Some("mode");
            options.iter().find(is_mode)?.get("currentValue")?.as_str()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes(current: &str, ids: &[&str]) -> Value {
        let modes: Vec<Value> = ids.iter().map(|id| json!({"id": id, "name": id})).collect();
        json!({"modes": {"currentModeId": current, "availableModes": modes}})
    }

    fn set(answer: &Value) -> Option<Value> {
        let asking = Offer::read(answer).asking_mode(Permission::Ask).expect("no fault");
        asking.filter(|asking| !asking.is_current).map(|asking| asking.setting.params)
    }

    #[test]
    fn the_mode_in_which_it_asks_is_set_whatever_it_starts_in() {
        let claude = ["default", "acceptEdits", "plan", "auto", "bypassPermissions"];
        assert_eq!(set(&modes("auto", &claude)), Some(json!({"modeId": "default"})));
        assert_eq!(set(&modes("default", &claude)), None);
        assert_eq!(set(&modes("auto", &["read-only", "auto", "full-access"])), Some(json!({"modeId": "read-only"})));
        assert_eq!(set(&json!({})), None, "it has no modes");
        let url = |mode: &str| json!({"value": format!("https://example.org/session-modes#{mode}"), "name": mode});
        let copilot = json!({"configOptions": [{"id": "mode", "category": "mode", "type": "select",
            "currentValue": "https://example.org/session-modes#autopilot",
            "options": [url("plan"), url("autopilot"), url("agent")]}]});
        let expected = json!({"configId": "mode", "value": "https://example.org/session-modes#agent"});
        assert_eq!(set(&copilot), Some(expected));
    }

    #[test]
    fn an_agent_that_would_ask_in_no_mode_is_not_used_unless_it_may_do_all() {
        let offer = Offer::read(&modes("autopilot", &["autopilot", "yolo"]));
        assert_eq!(offer.asking_mode(Permission::Ask), Err("autopilot, yolo".into()));
        assert_eq!(offer.asking_mode(Permission::Read), Err("autopilot, yolo".into()));
        assert_eq!(offer.asking_mode(Permission::All), Ok(None));
        let odd = Offer::read(&modes("interactive", &["interactive", "yolo"]));
        assert_eq!(odd.asking_mode(Permission::Ask), Ok(None), "it is not known to act unasked");
    }

    #[test]
    fn a_model_is_found_by_its_id_its_name_or_the_end_of_its_id() {
        let group = json!({"name": "free", "options": [{"value": "fake/fake-small", "name": "Small"}]});
        let answer = json!({"configOptions": [{"id": "m", "category": "model", "currentValue": "fake/fake-model",
            "options": [{"value": "fake/fake-model", "name": "Fake"}, group]}]});
        let offer = Offer::read(&answer);
        assert_eq!(offer.current_model(), Some("fake/fake-model"));
        assert_eq!(offer.models(), ["fake/fake-model", "fake/fake-small"]);
        for asked in ["fake/fake-small", "small", "fake-small"] {
            let setting = offer.asked_model(asked).expect("known").expect("another");
            assert_eq!(setting.params, json!({"configId": "m", "value": "fake/fake-small"}), "{asked}");
        }
        assert_eq!(offer.asked_model("fake-model"), Ok(None));
        assert_eq!(offer.asked_model("huge"), Err(vec!["fake/fake-model".into(), "fake/fake-small".into()]));
        let models =
            json!({"models": {"currentModelId": "a", "availableModels": [{"modelId": "a"}, {"modelId": "b"}]}});
        let setting = Offer::read(&models).asked_model("b").expect("known").expect("another");
        assert_eq!((setting.method, setting.params), ("session/set_model", json!({"modelId": "b"})));
        assert_eq!(Offer::default().asked_model("b"), Err(Vec::new()));
    }
}
