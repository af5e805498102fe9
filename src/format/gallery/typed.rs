//! A command that a sentence names can be typed where the sentence is read, also where a provider has commands of its own and
//! takes only some of ours.

use signalbox_adapter::{Document, ReadAt};

use crate::command::{definition, menu};
use crate::wiring;

/// The provider that takes only commands which its app names.
const CHOOSY: &str = "slack";

/// The sentences that are said in a terminal.
const AT_HOME: &str = "terminal";
/// Said by a function that is told how commands are typed, here as everywhere else.
const IS_TOLD: &str = "instead_of_buttons";
/// Stands in the gallery before what a button does, which nobody types.
const DOES: &str = " → /";

/// Checks every command in a sentence.
pub(super) fn check(wall: &str, name: &str, document: &Document) {
    let said = document.visible_text();
    if wall == AT_HOME || name == IS_TOLD || said.contains(DOES) {
        return;
    }
    // What is put together of several pieces is marked at last.
    let document = &if said.contains('`') { crate::format::line(&said) } else { document.clone() };
    let Some(manifest) = wiring::manifest(CHOOSY, &menu()) else { return };
    let manifest: serde_json::Value = serde_json::from_str(&manifest.text).expect("JSON");
    let taken = manifest["features"]["slash_commands"].as_array().expect("a list");
    let is_taken = |word: &str| taken.iter().any(|one| one["command"].as_str() == Some(word));
    let transports = wiring::transports(&crate::config::Config::default());
    let address = "slack:C0123".parse().expect("an address");
    let read = ReadAt { address: &address, is_reply: false, bot_name: Some("signalbox") };
    let text = document.clone().typed(&|command| transports[CHOOSY].render.command(command, &read)).visible_text();
    for word in text.split(|c: char| c.is_whitespace() || "`,;.()·".contains(c)) {
        if word.strip_prefix('/').is_some_and(|own| definition(own).is_some()) {
            assert!(is_taken(word), "{name} names {word}, which cannot be typed: {text}");
        }
    }
    let thread = "slack:C0123/1720000000.000100".parse().expect("an address");
    let read = ReadAt { address: &thread, ..read };
    let text = document.clone().typed(&|command| transports[CHOOSY].render.command(command, &read));
    let mut before = String::new();
    for word in text.visible_text().split_whitespace() {
        if word.strip_prefix('/').is_some_and(|own| definition(own).is_some()) {
            assert_eq!(before, "@signalbox", "{name} names {word}, which cannot be typed in a thread: {text:?}");
        }
        before = word.to_owned();
    }
}
