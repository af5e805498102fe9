//! What is said about files, voice notes, edits and groups.

use signalbox_adapter::{Block, Document, Inline, one_line};

use super::{line, span};
use crate::voice::Unheard;

/// Longest words of a transcription program that are shown, in characters.
const MAX_WORDS_CHARS: usize = 300;

/// Names something that came with a message and could not be taken.
#[must_use]
pub fn not_taken(why: &str) -> Block {
    let end = if why.ends_with(['.', '!', '?']) { "" } else { "." };
    Block::text(format!("Not taken: {why}{end}"))
}

/// Tells that a message could not be handled through a fault of the program.
#[must_use]
pub fn our_fault() -> Document {
    line(
        "This message could not be handled because signalbox itself failed. Nothing was started; the bot's log says more.",
    )
}

/// Tells how to have voice notes transcribed, by the section of the configuration that names the program.
#[must_use]
pub fn no_program(section: Option<&str>) -> Document {
    let Some(section) = section else { return line("I cannot understand voice notes here.") };
    let mut document = line(
        "I cannot understand voice notes yet. The bot's owner can name a transcription program in the configuration:",
    );
    let text = format!("[{section}]\ntranscribe = [\"whisper-to-text\", \"{{file}}\"]");
    document.blocks.push(Block::Code { language: Some("toml".into()), text });
    document
}

/// Tells that a voice note could not be transcribed, and why.
#[must_use]
pub fn not_heard(why: &Unheard) -> Document {
    let mut content = vec![Inline::Text("This voice note could not be transcribed: ".into())];
    let code = |text: &str| Inline::Code(one_line(text, MAX_WORDS_CHARS));
    match why {
        Unheard::Path => content.push(Inline::Text("the path of its file is not valid text.".into())),
        Unheard::NoProgram => content.push(Inline::Text("no transcription program is configured.".into())),
        Unheard::NotStarted { program, error } => {
            let why = format!(" could not be started ({}).", one_line(error, MAX_WORDS_CHARS));
            content.extend([code(program), Inline::Text(why)]);
        }
        Unheard::Late { program, within } => {
            content.extend([code(program), Inline::Text(format!(" took longer than {}.", span(*within)))]);
        }
        Unheard::Said { program, words } => {
            content.extend([code(program), Inline::Text(" failed: ".into()), code(words)]);
        }
        Unheard::Nothing { program } => content.extend([code(program), Inline::Text(" found no words in it.".into())]),
        Unheard::Failed { program, status } => {
            let why = format!(" failed ({}).", one_line(status, MAX_WORDS_CHARS));
            content.extend([code(program), Inline::Text(why)]);
        }
        Unheard::Ours => {
            content.push(Inline::Text("signalbox itself failed. The bot's log says more.".into()));
        }
    }
    Document { blocks: vec![Block::Paragraph(content)] }
}

/// Who has cancelled a task whose message was taken away, as its trace says it.
pub const TAKEN_AWAY: &str = "its message was taken away";

/// Who has cancelled a task that is asked for once more together with what was forwarded behind its message, as its trace
/// says it.
pub const JOINED: &str = "it is asked again with what was forwarded";

/// Tells in place of a task's status that its run goes on in another, which knows what was forwarded.
#[must_use]
pub fn joined(name: &str) -> Document {
    line(&format!("`{name}` begins again, with what was forwarded."))
}

/// Tells that a waiting task has another prompt now.
#[must_use]
pub fn reworded(name: &str) -> Document {
    line(&format!("`{name}` will run the edited prompt."))
}

/// Tells that an edit came too late.
#[must_use]
pub fn edited_too_late(name: &str) -> Document {
    line(&format!("Too late: `{name}` already works on the first version. Reply to add to it."))
}

/// Tells that a prompt cannot become a command.
#[must_use]
pub fn edited_to_a_command(name: &str) -> Document {
    line(&format!("`{name}` keeps its prompt: an edit can change the prompt, but cannot turn it into a command."))
}

/// Tells a group how to reach the bot, where the provider does not show it all that is said there.
#[must_use]
pub fn group_hint() -> Document {
    line(
        "In a group I may see only commands, mentions and replies. To follow up, reply to one of my messages, mention \
         me, or send `/session @name …`.",
    )
}

/// Tells somebody who only called the bot how to begin.
#[must_use]
pub fn how_to_start() -> Document {
    line("Say behind the mention what is to be done, or send `/session <prompt>`; `/help` tells the rest.")
}
