//! What the agent asks its user through the permission channel: questions with choices, and a plan to be accepted.
//!
//! No permission answers these: they are for a person.

use serde_json::{Map, Value, json};

use super::line::text;
use crate::agent::event::{Alternative, Question, Wants};

/// The tool that asks questions.
const ASK: &str = "AskUserQuestion";
/// The tool that shows a plan.
const PLAN: &str = "ExitPlanMode";

/// Most questions of one request; the program's own tool has four.
const MAX_QUESTIONS: usize = 8;
/// Most choices of one question; the program's own tool has four.
const MAX_CHOICES: usize = 12;
/// Longest question, choice and explanation of a choice, each, in bytes; what is longer could not be shown whole.
const MAX_TEXT_BYTES: usize = 8 * 1024;
/// Longest plan, in bytes.
const MAX_PLAN_BYTES: usize = 64 * 1024;

/// Returns what a request wants of a person; `None` where the tool's input is not understood.
pub(super) fn wants(tool: &str, input: &Value) -> Option<Wants> {
    match tool {
        ASK => questions(input).map(Wants::Answers),
        PLAN => {
            // Without a plan file there is none in it.
            let plan = text(input, "plan").unwrap_or_default();
            (plan.len() <= MAX_PLAN_BYTES).then(|| Wants::Plan(plan.to_owned()))
        }
        _ => Some(Wants::Permission),
    }
}

/// Returns what a person is shown of a tool's input beside what it wants: of a plan, all that is accepted with it.
pub(super) fn beside(tool: &str, input: &Value) -> Value {
    let mut beside = input.clone();
    if let Some(fields) = beside.as_object_mut().filter(|_| tool == PLAN && text(input, "plan").is_some()) {
        fields.remove("plan");
    }
    beside
}

/// Whether only a person may answer, whatever the run may do by itself.
pub(super) fn is_for_a_person(tool: &str, request: &Value) -> bool {
    let says_so = request.get("requires_user_interaction").and_then(Value::as_bool) == Some(true);
    says_so || tool == ASK || tool == PLAN
}

/// Returns the input with the answers to its questions, in order: of the input what a person was shown, and nothing that stood
/// beside it.
pub(super) fn answered(input: &Value, words: &[String]) -> Value {
    let asked: Vec<&Value> = input.get("questions").and_then(Value::as_array).into_iter().flatten().collect();
    let texts = asked.iter().filter_map(|question| text(question, "question"));
    let answers: Map<String, Value> =
        texts.zip(words).map(|(question, words)| (question.to_owned(), Value::String(words.clone()))).collect();
    json!({"questions": asked.into_iter().map(shown).collect::<Vec<_>>(), "answers": answers})
}

/// Returns of a question what a person was shown.
fn shown(asked: &Value) -> Value {
    let only = |value: &Value, keys: &[&str]| {
        let kept = keys.iter().filter_map(|key| Some(((*key).to_owned(), Value::from(text(value, key)?))));
        Value::Object(kept.collect())
    };
    let mut shown = only(asked, &["question", "header"]);
    if let Some(several) = asked.get("multiSelect").and_then(Value::as_bool) {
        shown["multiSelect"] = several.into();
    }
    if let Some(options) = asked.get("options").and_then(Value::as_array) {
        shown["options"] = options.iter().map(|option| only(option, &["label", "description"])).collect();
    }
    shown
}

/// Reads a text that can be shown whole; one that is not there is empty.
fn whole<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    Some(text(value, key).unwrap_or_default()).filter(|text| text.len() <= MAX_TEXT_BYTES)
}

/// Reads all questions, or none: half of them cannot be answered for the rest.
fn questions(input: &Value) -> Option<Vec<Question>> {
    let asked = input.get("questions")?.as_array()?;
    let fits = (1..=MAX_QUESTIONS).contains(&asked.len());
    asked.iter().map(question).collect::<Option<Vec<_>>>().filter(|_| fits)
}

fn question(asked: &Value) -> Option<Question> {
    let options = asked.get("options").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let choice = |option: &Value| {
        let label = whole(option, "label").filter(|label| !label.trim().is_empty())?;
        Some(Alternative { label: label.to_owned(), about: whole(option, "description")?.to_owned() })
    };
    let question = whole(asked, "question").filter(|text| !text.trim().is_empty())?;
    let heading = whole(asked, "header")?;
    // Most say nothing that the question does not say.
    let text = match question.to_lowercase().contains(&heading.to_lowercase()) {
        true => question.to_owned(),
        false => format!("{heading}: {question}"),
    };
    Some(Question {
        text,
        several: asked.get("multiSelect").and_then(Value::as_bool) == Some(true),
        choices: options.iter().map(choice).collect::<Option<Vec<_>>>().filter(|all| all.len() <= MAX_CHOICES)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Value {
        json!({"questions": [
            {"question": "Which environment shall I deploy to?", "header": "Env", "multiSelect": false,
             "options": [{"label": "staging", "description": "safe"}, {"label": "production", "description": "live"}]},
            {"question": "Which checks?", "header": "Checks", "multiSelect": true, "options": [{"label": "unit"}, {"label": "load"}]},
        ]})
    }

    #[test]
    fn questions_are_read_with_their_choices_and_answered_by_their_texts() {
        let Some(Wants::Answers(questions)) = wants(ASK, &asked()) else { panic!("questions") };
        assert_eq!(questions[0].choices[1], Alternative { label: "production".into(), about: "live".into() });
        assert_eq!((questions[0].several, questions[1].several), (false, true));
        let answered = answered(&asked(), &["staging".into(), "unit, load".into()]);
        let expected = json!({"Which environment shall I deploy to?": "staging", "Which checks?": "unit, load"});
        assert_eq!((&answered["answers"], &answered["questions"]), (&expected, &asked()["questions"]));
    }

    #[test]
    fn nothing_goes_back_to_the_agent_that_was_not_shown() {
        let mut hiding = asked();
        hiding["run"] = json!("rm -rf ~/work");
        hiding["answers"] = json!({"Which checks?": "none"});
        hiding["questions"][0]["header"] = json!("Danger");
        hiding["questions"][0]["then"] = json!({"command": "rm -rf ~/work"});
        hiding["questions"][0]["options"][1]["preview"] = json!("rm -rf ~/work");
        hiding["questions"][1]["options"][0]["description"] = json!(["rm -rf ~/work"]);
        let Some(Wants::Answers(questions)) = wants(ASK, &hiding) else { panic!("questions") };
        assert_eq!(questions[0].text, "Danger: Which environment shall I deploy to?");
        let answered = answered(&hiding, &["staging".into(), "unit".into()]);
        assert!(!answered.to_string().contains("rm -rf") && !answered.to_string().contains("none"), "{answered}");
    }

    #[test]
    fn what_is_not_understood_is_no_question() {
        for broken in [
            json!({}),
            json!({"questions": []}),
            json!({"questions": "x"}),
            json!({"questions": [{"question": " "}]}),
            json!({"questions": [{"question": "a", "options": [{"label": ""}]}]}),
            json!({"questions": [{"question": "a"}, 7]}),
            json!({"questions": vec![json!({"question": "a"}); MAX_QUESTIONS + 1]}),
            json!({"questions": [{"question": "a".repeat(MAX_TEXT_BYTES + 1)}]}),
            json!({"questions": [{"question": "a", "options": [{"label": "b", "description": "c".repeat(MAX_TEXT_BYTES + 1)}]}]}),
        ] {
            assert_eq!(wants(ASK, &broken), None, "{broken}");
        }
        assert_eq!(wants(PLAN, &json!({})), Some(Wants::Plan(String::new())));
        assert_eq!(wants(PLAN, &json!({"plan": "x".repeat(MAX_PLAN_BYTES + 1)})), None, "it could not be read whole");
        assert_eq!(wants("Bash", &json!({"command": "ls"})), Some(Wants::Permission));
    }
}
