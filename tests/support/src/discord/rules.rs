//! What Discord takes, and the words in which it refuses the rest.

use serde_json::{Value, json};

use super::state::State;
use crate::parameters::Parameters;

/// Longest text of a message; counted in UTF-16 code units, which is never more lenient than the real count.
const MAX_CONTENT: usize = 2000;
const MAX_NONCE_CHARS: usize = 25;
const MAX_CUSTOM_ID_CHARS: usize = 100;
const MAX_LABEL_CHARS: usize = 80;
const MAX_ROWS: usize = 5;
const MAX_COMPONENTS: usize = 40;
const MAX_V2_CHARS: usize = 4000;
const MAX_V2_BYTES: usize = 10_170;
/// The flag of a message that is made of components alone; an edit cannot take it off.
pub(crate) const IS_COMPONENTS_V2: u64 = 1 << 15;
/// Longest description of a file.
const MAX_DESCRIPTION_CHARS: usize = 1024;
const MAX_FILE_BYTES: usize = 10 * 1024 * 1024;
/// `SUPPRESS_EMBEDS`, `EPHEMERAL`, `SUPPRESS_NOTIFICATIONS`, `IS_COMPONENTS_V2`.
const FLAGS: u64 = 1 << 2 | 1 << 6 | 1 << 12 | 1 << 15;

/// A refusal: status, and what it says.
pub(crate) type Refusal = (u16, Value);

/// Refuses with a code and words.
pub(crate) fn refusal(status: u16, code: u64, message: &str) -> Refusal {
    (status, json!({ "code": code, "message": message }))
}

/// Refuses the value of a field.
pub(crate) fn invalid(field: &str, code: &str, message: &str) -> Refusal {
    let mut errors = json!({ "_errors": [{ "code": code, "message": message }] });
    for name in field.rsplit('.') {
        errors = json!({ name: errors });
    }
    (400, json!({ "code": 50035, "message": "Invalid Form Body", "errors": errors }))
}

/// Checks the body of a message.
pub(crate) fn check(body: &Value, file: Option<&(String, Vec<u8>)>, is_edit: bool) -> Result<(), Refusal> {
    if is_v2(body) {
        return check_v2(body);
    }
    let content = body["content"].as_str().unwrap_or_default();
    if content.encode_utf16().count() > MAX_CONTENT {
        return Err(invalid("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length."));
    }
    let embeds = body["embeds"].as_array().is_some_and(|embeds| !embeds.is_empty());
    if content.trim().is_empty() && file.is_none() && !embeds && !(is_edit && body.get("content").is_none()) {
        return Err(refusal(400, 50006, "Cannot send an empty message"));
    }
    if let Some(nonce) = body.get("nonce").filter(|nonce| !nonce.is_null()) {
        let is_good = nonce.as_str().map_or(nonce.is_u64(), |nonce| nonce.chars().count() <= MAX_NONCE_CHARS);
        if !is_good {
            return Err(invalid("nonce", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length."));
        }
    }
    if body["flags"].as_u64().is_some_and(|flags| flags & !FLAGS != 0) {
        return Err(invalid("flags", "BASE_TYPE_CHOICES", "Value must be one of the allowed flags."));
    }
    if file.is_some_and(|(_, content)| content.len() > MAX_FILE_BYTES) {
        return Err(refusal(413, 40005, "Request entity too large"));
    }
    check_rows(&body["components"])
}

/// Returns the first file of a call, where what its body says of files and of pictures is true.
/// Source: <https://docs.discord.com/developers/reference#uploading-files>, read 2026-11.
pub(crate) fn files<'p>(body: &Value, parameters: &'p Parameters) -> Result<Option<&'p (String, Vec<u8>)>, Refusal> {
    let wrong = |why: &str| invalid("attachments", "ATTACHMENT_NOT_FOUND", why);
    let named: Vec<&Value> = body["attachments"].as_array().into_iter().flatten().collect();
    let mut names = Vec::new();
    for one in &named {
        let id = one["id"].as_u64().or_else(|| one["id"].as_str()?.parse().ok());
        let place = id.map(|id| format!("files[{id}]")).unwrap_or_default();
        let file = parameters.files.get(&place).ok_or_else(|| wrong("There is no such file."))?;
        if one["filename"].as_str().is_some_and(|name| name != file.0) {
            return Err(wrong("The file has another name."));
        }
        if one["description"].as_str().is_some_and(|words| words.chars().count() > MAX_DESCRIPTION_CHARS) {
            return Err(invalid("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 1024 or fewer in length."));
        }
        names.push(file.0.clone());
    }
    if !named.is_empty() && named.len() != parameters.files.len() {
        return Err(wrong("A file is not named."));
    }
    if let Some(lost) = referred(body).into_iter().find(|name| !names.contains(name)) {
        return Err(invalid(
            "embeds",
            "URL_TYPE_INVALID_URL",
            &format!("attachment://{lost} is no file of this message"),
        ));
    }
    Ok(parameters.files.get("files[0]").or_else(|| parameters.files.values().next()))
}

/// Returns the files that embeds and components refer to.
fn referred(body: &Value) -> Vec<String> {
    match body {
        Value::String(text) => text.strip_prefix("attachment://").map(str::to_owned).into_iter().collect(),
        Value::Array(all) => all.iter().flat_map(referred).collect(),
        Value::Object(fields) => {
            fields.iter().filter(|(name, _)| *name != "content").flat_map(|(_, value)| referred(value)).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a body is made of components alone.
pub(crate) fn is_v2(body: &Value) -> bool {
    body["flags"].as_u64().unwrap_or_default() & IS_COMPONENTS_V2 != 0
}

/// Checks a message of components: nothing else is in it, and all limits hold, also the one that nobody documents.
fn check_v2(body: &Value) -> Result<(), Refusal> {
    let filled = |field: &str| {
        let value = &body[field];
        !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()) && value != ""
    };
    for field in ["content", "embeds", "poll", "sticker_ids"] {
        if filled(field) {
            let why = "The field cannot be used when using MessageFlags.IS_COMPONENTS_V2";
            return Err(invalid(field, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", why));
        }
    }
    let bad = |why: &str| Err(invalid("components.0", "COMPONENT_VALIDATION_FAILED", why));
    let all = nested(&body["components"]);
    if all.is_empty() || all.len() > MAX_COMPONENTS {
        return bad("A message has 1 to 40 components, those within others too.");
    }
    let in_container = [1, 9, 10, 12, 13, 14];
    let texts: Vec<&str> =
        all.iter().filter(|one| one["type"] == 10).filter_map(|one| one["content"].as_str()).collect();
    for one in &all {
        let inner = one["components"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_good = match one["type"].as_u64() {
            Some(17) => {
                one["accent_color"].as_u64().is_none_or(|colour| colour <= 0x00FF_FFFF)
                    && inner.iter().all(|inner| inner["type"].as_u64().is_some_and(|kind| in_container.contains(&kind)))
            }
            Some(1) => check_rows(&json!([one])).is_ok(),
            Some(2 | 14) => true,
            Some(10) => one["content"].as_str().is_some_and(|text| !text.trim().is_empty()),
            _ => false,
        };
        if !is_good {
            return bad("This component is not as it should be.");
        }
    }
    if texts.iter().map(|text| text.chars().count()).sum::<usize>() > MAX_V2_CHARS {
        return bad("The text of all components exceeds 4000 characters.");
    }
    if texts.iter().map(|text| text.len() + 12).sum::<usize>() > MAX_V2_BYTES {
        return Err(refusal(500, 0, "500: Internal Server Error"));
    }
    Ok(())
}

/// Returns components and all that are within them.
fn nested(components: &Value) -> Vec<&Value> {
    let mut all = Vec::new();
    for component in components.as_array().into_iter().flatten() {
        all.push(component);
        all.extend(nested(&component["components"]));
    }
    all
}

/// Returns what a body says: its text, or that of its embeds or components.
pub(crate) fn text_of(body: &Value) -> String {
    let mut texts = vec![body["content"].as_str().unwrap_or_default().trim().to_owned()];
    texts.extend(
        body["embeds"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["description"].as_str())
            .map(str::to_owned),
    );
    texts.extend(nested(&body["components"]).into_iter().filter_map(|one| one["content"].as_str()).map(str::to_owned));
    texts.retain(|text| !text.is_empty());
    texts.join("\n")
}

fn check_rows(rows: &Value) -> Result<(), Refusal> {
    let Some(rows) = rows.as_array() else { return Ok(()) };
    let bad = |why: &str| Err(invalid("components.0", "COMPONENT_VALIDATION_FAILED", why));
    if rows.len() > MAX_ROWS {
        return bad("Must be between 1 and 5 in length.");
    }
    let mut seen = Vec::new();
    for row in rows {
        let buttons = row["components"].as_array().cloned().unwrap_or_default();
        if row["type"] != 1 || !(1..=5).contains(&buttons.len()) {
            return bad("A row holds 1 to 5 buttons.");
        }
        for button in buttons {
            let (label, id) =
                (button["label"].as_str().unwrap_or_default(), button["custom_id"].as_str().unwrap_or_default());
            let is_good = button["type"] == 2
                && (1..=5).contains(&button["style"].as_u64().unwrap_or_default())
                && (1..=MAX_LABEL_CHARS).contains(&label.chars().count())
                && (1..=MAX_CUSTOM_ID_CHARS).contains(&id.chars().count());
            if !is_good {
                return bad("A button has a style, a label of 1 to 80 and a custom_id of 1 to 100 characters.");
            }
            if seen.contains(&id.to_owned()) {
                return bad("Component custom id cannot be duplicated");
            }
            seen.push(id.to_owned());
        }
    }
    Ok(())
}

/// Checks the choices for what is being typed, and returns their names and values.
pub(crate) fn choices(data: &Value) -> Result<Vec<(String, String)>, Refusal> {
    let bad = |why: &str| invalid("data.choices", "BASE_TYPE_BAD_LENGTH", why);
    let choices = data["choices"].as_array().ok_or_else(|| bad("This field is required"))?;
    if choices.len() > 25 {
        return Err(bad("Must be 25 or fewer in length."));
    }
    let text = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        let fits = (1..=100).contains(&text.chars().count());
        fits.then(|| text.to_owned()).ok_or_else(|| bad("Must be between 1 and 100 in length."))
    };
    choices.iter().map(|choice| Ok((text(&choice["name"])?, text(&choice["value"])?))).collect()
}

/// Checks a form.
pub(crate) fn check_form(data: &Value) -> Result<(), Refusal> {
    let bad = |field: &str, why: &str| Err(invalid(field, "BASE_TYPE_BAD_LENGTH", why));
    let is_within = |value: &Value, least: usize, most: usize| {
        (least..=most).contains(&value.as_str().unwrap_or_default().chars().count())
    };
    if !is_within(&data["custom_id"], 1, MAX_CUSTOM_ID_CHARS) {
        return bad("data.custom_id", "Must be between 1 and 100 in length.");
    }
    if !is_within(&data["title"], 1, 45) {
        return bad("data.title", "Must be between 1 and 45 in length.");
    }
    let labels = data["components"].as_array().cloned().unwrap_or_default();
    if !(1..=5).contains(&labels.len()) {
        return bad("data.components", "Must be between 1 and 5 in length.");
    }
    for label in labels {
        let field = &label["component"];
        let is_good = label["type"] == 18
            && is_within(&label["label"], 1, 45)
            && is_within(&label["description"], 0, 100)
            && field["type"] == 4
            && is_within(&field["custom_id"], 1, MAX_CUSTOM_ID_CHARS)
            && matches!(field["style"].as_u64(), Some(1 | 2))
            && is_within(&field["placeholder"], 0, 100)
            && field["max_length"].as_u64().is_none_or(|most| (1..=4000).contains(&most))
            // Only in a row, which is deprecated, does a field have a label of its own.
            && field.get("label").is_none();
        if !is_good {
            return bad("data.components.0", "A label holds one field, and all fit.");
        }
    }
    Ok(())
}

/// Returns the labels and actions of the buttons of a message.
pub(crate) fn buttons(body: &Value) -> Vec<(String, String)> {
    let buttons = nested(&body["components"]).into_iter().filter(|one| one["type"] == 2);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    buttons.map(|button| (text(&button["label"]), text(&button["custom_id"]))).collect()
}

impl State {
    /// Notes whom a message pings: everybody it names, unless it says that nobody is to be.
    pub(crate) fn note_pings(&mut self, body: &Value) {
        let silent = body["allowed_mentions"]["parse"].as_array().is_some_and(Vec::is_empty);
        let content = text_of(body);
        for name in ["@everyone", "@here", "<@"] {
            if !silent && content.contains(name) {
                self.pings.push(name.to_owned());
            }
        }
    }
}
