//! A form that an agent wants filled in, as questions in the chat, and the answers as it wants them.

use serde_json::{Map, Value};

use crate::agent::event::{Alternative, Question};
use crate::agent::protocol::cut;

/// Most fields of a form, and most choices of a field, that are asked about in a chat.
const MAX_FIELDS: usize = 8;
const MAX_CHOICES: usize = 12;
/// Longest question, and longest explanation of a choice, in bytes.
const MAX_TEXT_BYTES: usize = 8 * 1024;
/// What a yes and a no are called.
const YES_AND_NO: [&str; 2] = ["yes", "no"];

/// A form.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Questionnaire(Vec<Field>);

#[derive(Debug, Clone, PartialEq)]
struct Field {
    name: String,
    question: Question,
    wants: Type,
    /// The value of each choice, in their order.
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Number,
    Integer,
    Boolean,
    Several,
}

impl Questionnaire {
    /// Reads a request for one; `None` where it is no form, or has a field that could not be asked about.
    pub(super) fn read(request: &Value) -> Option<Self> {
        if request.get("mode").and_then(Value::as_str) != Some("form") {
            return None;
        }
        let fields = request.pointer("/requestedSchema/properties")?.as_object()?;
        let message = text(request, "message").unwrap_or_default();
        let is_one = fields.len() == 1;
        let mut read = fields
            .iter()
            .map(|(name, schema)| field(name, schema))
            .collect::<Option<Vec<_>>>()
            .filter(|all| (1..=MAX_FIELDS).contains(&all.len()))?;
        if let Some(first) = read.first_mut().filter(|_| !message.trim().is_empty()) {
            let question = if is_one && first.question.text == first.name {
                message.to_owned()
            } else {
                format!("{message}\n\n{}", first.question.text)
            };
            first.question.text = cut(&question, MAX_TEXT_BYTES).to_owned();
        }
        Some(Self(read))
    }

    /// Returns its questions.
    pub(super) fn questions(&self) -> Vec<Question> {
        self.0.iter().map(|field| field.question.clone()).collect()
    }

    /// Returns its fields filled in, in the order of the questions; what was not answered is not there.
    pub(super) fn filled(&self, words: &[String]) -> Value {
        let answers = self.0.iter().zip(words).filter(|(_, words)| !words.trim().is_empty());
        Value::Object(
            answers.map(|(field, words)| (field.name.clone(), field.value(words.trim()))).collect::<Map<_, _>>(),
        )
    }
}

impl Field {
    fn value(&self, words: &str) -> Value {
        let chosen = |label: &str| {
            let at = self.question.choices.iter().position(|choice| choice.label == label)?;
            self.values.get(at).cloned()
        };
        let as_said = || Value::String(words.to_owned());
        match self.wants {
            Type::Text => Value::String(chosen(words).unwrap_or_else(|| words.to_owned())),
            Type::Boolean if words.eq_ignore_ascii_case(YES_AND_NO[0]) => Value::Bool(true),
            Type::Boolean if words.eq_ignore_ascii_case(YES_AND_NO[1]) => Value::Bool(false),
            Type::Boolean => as_said(),
            Type::Integer => words.parse::<i64>().map_or_else(|_| as_said(), Value::from),
            Type::Number => words.parse::<f64>().map_or_else(|_| as_said(), Value::from),
            Type::Several => {
                // A label may have a comma of its own.
                let labels = self.question.choices.iter().map(|choice| choice.label.as_str());
                let all = format!(", {words}, ");
                let known: Vec<Value> = labels
                    .filter(|label| all.contains(&format!(", {label}, ")))
                    .filter_map(|label| chosen(label).map(Value::String))
                    .collect();
                if known.is_empty() { Value::Array(vec![as_said()]) } else { Value::Array(known) }
            }
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

fn field(name: &str, schema: &Value) -> Option<Field> {
    let (wants, choices) = match text(schema, "type")? {
        "string" => (Type::Text, choices(schema, "enum", "oneOf")?),
        "number" => (Type::Number, Vec::new()),
        "integer" => (Type::Integer, Vec::new()),
        "boolean" => (Type::Boolean, YES_AND_NO.map(|word| (word.to_owned(), plain_choice(word))).into()),
        "array" => (Type::Several, choices(schema.get("items")?, "enum", "anyOf")?),
        _ => return None,
    };
    let (title, about) = (text(schema, "title"), text(schema, "description"));
    let question = match (title, about) {
        (Some(title), Some(about)) => format!("{title}\n{about}"),
        (Some(only), None) | (None, Some(only)) => only.to_owned(),
        (None, None) => name.to_owned(),
    };
    let (values, choices) = choices.into_iter().unzip();
    let question =
        Question { text: cut(&question, MAX_TEXT_BYTES).to_owned(), several: wants == Type::Several, choices };
    Some(Field { name: name.to_owned(), question, wants, values })
}

fn plain_choice(label: &str) -> Alternative {
    Alternative { label: label.to_owned(), about: String::new() }
}

/// Reads the choices of a field, each with its value; `None` where there are too many, or one that cannot be shown.
fn choices(schema: &Value, plain: &str, titled: &str) -> Option<Vec<(String, Alternative)>> {
    let listed = |key: &str| schema.get(key).and_then(Value::as_array);
    let read: Option<Vec<_>> = match (listed(titled), listed(plain)) {
        (Some(options), _) => options
            .iter()
            .map(|option| {
                let value = text(option, "const")?;
                let about = cut(text(option, "description").unwrap_or_default(), MAX_TEXT_BYTES).to_owned();
                Some((
                    value.to_owned(),
                    Alternative { label: text(option, "title").unwrap_or(value).to_owned(), about },
                ))
            })
            .collect(),
        (None, Some(values)) => {
            values.iter().map(|value| value.as_str().map(|value| (value.to_owned(), plain_choice(value)))).collect()
        }
        (None, None) => Some(Vec::new()),
    };
    let is_shown = |label: &str| !label.trim().is_empty() && label.len() <= MAX_TEXT_BYTES;
    read.filter(|all| all.len() <= MAX_CHOICES && all.iter().all(|(_, choice)| is_shown(&choice.label)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form(properties: &Value) -> Option<Questionnaire> {
        Questionnaire::read(&json!({"mode": "form", "message": "Before I go on:", "sessionId": "s",
            "requestedSchema": {"type": "object", "properties": properties}}))
    }

    #[test]
    fn a_form_is_asked_as_questions_and_filled_in_with_the_answers() {
        let form = form(&json!({
            "env": {"type": "string", "title": "Where to?", "oneOf": [
                {"const": "stg", "title": "staging", "description": "safe"}, {"const": "prd", "title": "production"}]},
            "checks": {"type": "array", "items": {"anyOf": [
                {"const": "u", "title": "unit"}, {"const": "l", "title": "load, long"}, {"const": "x", "title": "none"}]}},
            "count": {"type": "integer"},
            "sure": {"type": "boolean", "title": "Sure?"},
            "note": {"type": "string"},
        }))
        .expect("a form");
        let questions = form.questions();
        assert_eq!(questions.len(), 5);
        let first = &questions[0];
        assert_eq!(first.choices[0], Alternative { label: "staging".into(), about: "safe".into() });
        assert!(questions.iter().any(|question| question.several));
        let by_name = |name: &str| match name {
            "env" => "production",
            "checks" => "unit, load, long",
            "count" => "3",
            "sure" => "Yes",
            _ => "be quick",
        };
        let words: Vec<String> = form.0.iter().map(|field| by_name(&field.name).to_owned()).collect();
        let expected = json!({"env": "prd", "checks": ["u", "l"], "count": 3, "sure": true, "note": "be quick"});
        assert_eq!(form.filled(&words), expected);
    }

    #[test]
    fn the_message_is_the_question_where_there_is_but_one() {
        let one = form(&json!({"answer": {"type": "string"}})).expect("a form");
        assert_eq!(one.questions()[0].text, "Before I go on:");
        let titled = form(&json!({"answer": {"type": "string", "title": "Which?"}})).expect("a form");
        assert_eq!(titled.questions()[0].text, "Before I go on:\n\nWhich?");
        assert_eq!(titled.filled(&["  ".into()]), json!({}), "it was not answered");
    }

    #[test]
    fn what_cannot_be_asked_in_a_chat_is_no_form() {
        let many: Map<String, Value> = (0..9).map(|n| (n.to_string(), json!({"type": "string"}))).collect();
        let choices: Vec<String> = (0..13).map(|n| n.to_string()).collect();
        for properties in [
            json!({}),
            json!(many),
            json!({"a": {"type": "object"}}),
            json!({"a": {"type": "string", "enum": choices}}),
            json!({"a": {"type": "string", "enum": [" "]}}),
            json!({"a": {"type": "string", "enum": [7]}}),
            json!({"a": {"type": "array"}}),
        ] {
            assert_eq!(form(&properties), None, "{properties}");
        }
        assert_eq!(Questionnaire::read(&json!({"mode": "url", "url": "https://x", "message": "m"})), None);
    }
}
