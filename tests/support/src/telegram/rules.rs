//! What the Bot API checks of a text, its entities and its buttons. Pure.

use serde_json::Value;

/// Why a call is refused, in the real server's words.
pub(crate) type Refusal = &'static str;

/// Most entities in one message.
const MAX_ENTITIES: usize = 100;

/// Counts UTF-16 code units.
pub(crate) fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Checks a text and its entities; returns both as the server keeps them, without white space at the ends.
pub(crate) fn text(text: &str, entities: &[Value], limit: usize) -> Result<(String, Vec<Value>), Refusal> {
    if text.len() > 32_768 {
        return Err("Bad Request: message is too long");
    }
    if entities.len() > MAX_ENTITIES {
        return Err("Bad Request: too many entities");
    }
    check(text, entities)?;
    let kept = text.trim_end().len();
    let end = utf16_len(&text[..kept]);
    let first = entities.iter().map(offset).min().unwrap_or(usize::MAX);
    let leading = text.chars().take_while(|c| matches!(c, ' ' | '\n')).take(first).count().min(kept);
    let trimmed = text[leading..kept].to_owned();
    if utf16_len(&trimmed) > limit {
        return Err("Bad Request: message is too long");
    }
    let mut shifted = Vec::new();
    for entity in entities {
        let length = length(entity).min(end.saturating_sub(offset(entity)));
        if length > 0 {
            let mut entity = entity.clone();
            entity["offset"] = (offset(&entity) - leading).into();
            entity["length"] = length.into();
            shifted.push(entity);
        }
    }
    Ok((trimmed, shifted))
}

fn offset(entity: &Value) -> usize {
    number(entity, "offset").unwrap_or(usize::MAX)
}

fn length(entity: &Value) -> usize {
    number(entity, "length").unwrap_or(0)
}

fn number(entity: &Value, name: &str) -> Option<usize> {
    entity[name].as_u64().and_then(|number| usize::try_from(number).ok())
}

fn check(text: &str, entities: &[Value]) -> Result<(), Refusal> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let is_cut = |at: usize| units.get(at).is_some_and(|unit| (0xdc00..0xe000).contains(unit));
    let mut outer: Vec<(usize, &str)> = Vec::new();
    let mut last = 0;
    for entity in entities {
        let (Some(offset), Some(length)) = (number(entity, "offset"), number(entity, "length")) else {
            return Err("Bad Request: can't parse MessageEntity");
        };
        let kind = entity["type"].as_str().ok_or("Bad Request: can't parse MessageEntity")?;
        let end = offset.checked_add(length).ok_or("Bad Request: entity is outside of the text")?;
        if length == 0 || end > units.len() {
            return Err("Bad Request: entity is outside of the text");
        }
        if is_cut(offset) || is_cut(end) {
            return Err("Bad Request: entity splits a surrogate pair");
        }
        if offset < last {
            return Err("Bad Request: entities are out of order");
        }
        last = offset;
        outer.retain(|(outer_end, _)| *outer_end > offset);
        for (outer_end, outer_kind) in &outer {
            if end > *outer_end {
                return Err("Bad Request: entities overlap");
            }
            if !may_hold(outer_kind, kind) {
                return Err("Bad Request: entity cannot hold another");
            }
        }
        check_kind(kind, entity)?;
        outer.push((end, kind));
    }
    Ok(())
}

/// Says what may stand within what.
/// Source: <https://core.telegram.org/bots/api#formatting-options>, read 2026-11.
fn may_hold(outer: &str, inner: &str) -> bool {
    let is_look = |kind| matches!(kind, "bold" | "italic" | "underline" | "strikethrough" | "spoiler");
    match (outer, inner) {
        ("pre" | "code", _) => false,
        ("blockquote" | "expandable_blockquote", "blockquote" | "expandable_blockquote") => false,
        ("blockquote" | "expandable_blockquote", _) => true,
        (_, "pre" | "code" | "blockquote" | "expandable_blockquote") => false,
        (outer, inner) if outer == inner => false,
        (outer, inner) => is_look(outer) || is_look(inner),
    }
}

fn check_kind(kind: &str, entity: &Value) -> Result<(), Refusal> {
    match kind {
        "bold" | "italic" | "underline" | "strikethrough" | "spoiler" | "code" | "pre" => Ok(()),
        "blockquote" | "expandable_blockquote" => Ok(()),
        "text_link" => {
            let url = entity["url"].as_str().unwrap_or_default();
            if is_web_address(url) { Ok(()) } else { Err("Bad Request: entity URL is invalid: Wrong HTTP URL") }
        }
        _ => Err("Bad Request: unsupported entity type"),
    }
}

/// Checks a picture: a PNG of bounded size and shape.
/// Source: <https://core.telegram.org/bots/api#sendphoto>, read 2026-11.
pub(crate) fn photo(content: &[u8]) -> Result<(), Refusal> {
    if content.len() > 10 * 1024 * 1024 {
        return Err("Bad Request: photo is too big");
    }
    let (width, height) = crate::wire::png_size(content).ok_or("Bad Request: IMAGE_PROCESS_FAILED")?;
    let (long, short) = (width.max(height), width.min(height));
    if short == 0 || width + height > 10_000 || long > 20 * short {
        return Err("Bad Request: PHOTO_INVALID_DIMENSIONS");
    }
    Ok(())
}

/// Checks an address behind words.
/// Source: `parse_url` and `LinkManager::check_link` of <https://github.com/tdlib/td>, read 2026-11.
fn is_web_address(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match host_and_port.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse::<u16>().ok().filter(|port| *port > 0)),
        Some(_) | None => (host_and_port, Some(80)),
    };
    let is_ipv6 = host.starts_with('[') && host.ends_with(']');
    let may_stand = |c: char| c.is_alphanumeric() || ".-_!$,~*'();&+=%".contains(c);
    let is_name = host.contains('.') && host != "." && host.chars().all(may_stand);
    ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) && port.is_some() && (is_ipv6 || is_name)
}

/// Checks an inline keyboard; returns its buttons as label and data.
pub(crate) fn keyboard(markup: Option<&Value>) -> Result<Vec<(String, String)>, Refusal> {
    let Some(markup) = markup else { return Ok(Vec::new()) };
    let rows = markup["inline_keyboard"].as_array().ok_or("Bad Request: object expected as reply markup")?;
    let mut buttons = Vec::new();
    for button in rows.iter().flat_map(|row| row.as_array().into_iter().flatten()) {
        let label = button["text"].as_str().unwrap_or_default();
        let data = button["callback_data"].as_str().unwrap_or_default();
        if label.trim().is_empty() {
            return Err("Bad Request: text of an inline keyboard button must be non-empty");
        }
        if !(1..=64).contains(&data.len()) {
            return Err("Bad Request: BUTTON_DATA_INVALID");
        }
        buttons.push((label.to_owned(), data.to_owned()));
    }
    Ok(buttons)
}

/// Checks one command of a menu.
pub(crate) fn command(command: &Value) -> Result<(), Refusal> {
    let name = command["command"].as_str().unwrap_or_default();
    let description = command["description"].as_str().unwrap_or_default();
    let is_name = (1..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !is_name {
        return Err("Bad Request: BOT_COMMAND_INVALID");
    }
    if !(1..=256).contains(&description.chars().count()) {
        return Err("Bad Request: BOT_COMMAND_DESCRIPTION_INVALID");
    }
    Ok(())
}
