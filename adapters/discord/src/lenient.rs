//! Reads what Discord tells so that no odd field costs a message, and no odd element its list.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a field leniently: what has another form than is known counts as missing.
pub(crate) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// Reads a list leniently: an element that has another form than is known is left out, and the others stay.
pub(crate) fn lenient_list<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let elements: Vec<Value> = lenient(deserializer)?;
    Ok(elements.into_iter().filter_map(|element| serde_json::from_value(element).ok()).collect())
}

/// Reads a map leniently: an entry that has another form than is known is left out, and the others stay.
pub(crate) fn lenient_map<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<HashMap<String, T>, D::Error> {
    let entries: HashMap<String, Value> = lenient(deserializer)?;
    let read = |(name, entry)| Some((name, serde_json::from_value(entry).ok()?));
    Ok(entries.into_iter().filter_map(read).collect())
}

#[cfg(test)]
mod tests {
    use crate::event::{Guild, Message, Resolved};

    #[test]
    fn a_field_of_another_form_costs_no_message() {
        let odd = r#"{"id":"1","channel_id":"2","content":"hi","type":"new","mentions":{},"nonce":7,"author":[],
            "attachments":[{"filename":9}],"flags":99999999,"member":null}"#;
        let message: Message = serde_json::from_str(odd).expect("it is read");
        assert_eq!((message.content.as_str(), message.kind), ("hi", 0));
        assert!(message.author.is_none());
    }

    #[test]
    fn an_element_of_another_form_costs_no_list() {
        let odd = serde_json::json!({ "id": "1", "channel_id": "2", "mention_roles": ["7", 8], "mentions": [{}, { "id": "3" }],
            "attachments": [1, { "filename": "a.txt" }],
            "embeds": [null, { "title": "Disk fills", "fields": ["x", { "name": "severity" }] }, "x"] });
        let message: Message = serde_json::from_value(odd).expect("it is read");
        assert_eq!((message.embeds.len(), message.embeds[0].title.as_str()), (1, "Disk fills"));
        assert_eq!(message.embeds[0].fields[0].name, "severity");
        assert_eq!((message.attachments.len(), message.mentions.len(), message.mention_roles.len()), (1, 1, 1));
        let guild = serde_json::json!({ "id": "1", "channels": [null, { "id": "7" }], "threads": [{ "name": "x" }] });
        let guild: Guild = serde_json::from_value(guild).expect("it is read");
        assert_eq!((guild.channels.len(), guild.channels[0].id.as_str(), guild.threads.len()), (1, "7", 0));
        let resolved = serde_json::json!({ "messages": { "1": 7, "2": { "id": "2", "channel_id": "3" } } });
        let resolved: Resolved = serde_json::from_value(resolved).expect("it is read");
        assert_eq!(resolved.messages.keys().collect::<Vec<_>>(), ["2"]);
    }
}
