//! What is said about files, voice notes, edits and groups.

use signalbox_adapter::{Block, Document, Inline};

use super::{line, one_line};

/// Names something that came with a message and could not be taken.
#[must_use]
pub fn not_taken(why: &str) -> Block {
    Block::text(format!("Not taken: {why}"))
}

/// Tells how to have voice notes written down.
#[must_use]
pub fn no_program() -> Document {
    let mut document = line(
        "I cannot hear voice notes here. Whoever runs this bot can name a program that writes them down, in the \
         configuration:",
    );
    let text = "[telegram]\ntranscribe = [\"whisper-to-text\", \"{file}\"]".to_owned();
    document.blocks.push(Block::Code { language: Some("toml".into()), text });
    document
}

/// Tells that a voice note could not be written down, and why.
#[must_use]
pub fn not_heard(why: &str) -> Document {
    let content =
        vec![Inline::Text("This voice note could not be written down: ".into()), Inline::Code(one_line(why, 300))];
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Tells that a waiting task has another prompt now.
#[must_use]
pub fn reworded(name: &str) -> Document {
    line(&format!("`{name}` will run the edited prompt."))
}

/// Tells that an edit came too late.
#[must_use]
pub fn edited_too_late(name: &str) -> Document {
    line(&format!("`{name}` had begun with the first version; the edit was not taken. A reply goes on from it."))
}

/// Tells that a prompt cannot become a command.
#[must_use]
pub fn edited_to_a_command(name: &str) -> Document {
    line(&format!("`{name}` keeps its prompt: an edit can change it, but not make a command of it."))
}

/// Tells a group how to reach the bot.
#[must_use]
pub fn group_hint() -> Document {
    line(
        "In a group I may only be shown commands, mentions and replies: reply to one of my messages, mention me, or use \
         `/session @name …` to follow up.",
    )
}
