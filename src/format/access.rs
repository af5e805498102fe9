//! What is said about rights and identity.

use signalbox_adapter::{Document, Incoming, Inline, one_line};

use super::{facts, line};
use crate::command::Need;
use crate::config::Role;
use crate::store::ChatKey;

/// Tells a stranger that they are not allowed, and which ids to allow.
#[must_use]
pub fn stranger(incoming: &Incoming) -> Document {
    let mut document = line("You are not allowed to use this bot. Its owner can allow these ids in `[allow]`:");
    document.blocks.push(ids(incoming));
    document.blocks.extend(
        line("Or the owner runs `signalbox pair` and gives you the code. Send it to me in a direct chat.").blocks,
    );
    document
}

/// Welcomes somebody who may use the bot.
#[must_use]
pub fn welcome() -> Document {
    let mut document = line("I run agents for you, show their progress, and post the answer here.");
    document.blocks.extend(line("Start with `/session <prompt>`. In a direct chat, just type.").blocks);
    document.blocks.extend(line("Reply to an answer to go on with it. `/help` lists the commands.").blocks);
    document
}

/// Tells that somebody is paired.
#[must_use]
pub fn paired(role: Role) -> Document {
    let mut document = line(&format!("You are paired. Your role is {}.", role.as_str()));
    document.blocks.extend(welcome().blocks);
    document
}

/// Tells somebody who is allowed already that a code of theirs, such as one they have used, changes nothing.
#[must_use]
pub fn let_in_already(role: Role) -> Document {
    line(&format!("You can use this bot already; your role is {}. That code is used or has expired.", role.as_str()))
}

/// Tells that a pairing code is not right.
#[must_use]
pub fn wrong_code(left: usize) -> Document {
    let tries = super::count(left, "try").replace("trys", "tries");
    line(&format!("That code is not right, or it has expired. You have {tries} left this hour."))
}

/// Tells that somebody has tried too many codes.
#[must_use]
pub fn too_many_codes() -> Document {
    line("Too many wrong codes. Try again in an hour, with a new code.")
}

/// Tells who sits at the machine itself that a pairing code is for somebody else.
#[must_use]
pub fn code_at_home(code: &str) -> Document {
    let code = one_line(&code.replace('`', "'"), 40);
    line(&format!(
        "Not taken, and still good: this terminal may do everything already. Whoever is to be let in sends `{code}` to the \
         bot in a direct chat."
    ))
}

/// Tells that a pairing code which was said in a group is good for nothing any more.
#[must_use]
pub fn burnt_code() -> Document {
    let mut document = line("That code is void now: everybody here could read it.");
    document.blocks.extend(line("Make a new one with `signalbox pair`, and send it to me in a direct chat.").blocks);
    document
}

/// Tells that a pairing code does not belong in a group.
#[must_use]
pub fn code_in_group() -> Document {
    line("Not taken: everybody here can read that code. Send pairing codes to me in a direct chat.")
}

/// Tells somebody that their role does not suffice.
#[must_use]
pub fn not_enough(role: Role, need: Need) -> Document {
    let need = match need {
        Need::Viewer => Role::Viewer,
        Need::Operator => Role::Operator,
        Need::Admin => Role::Admin,
    };
    line(&format!("This needs the role {}. Yours is {}.", need.as_str(), role.as_str()))
}

/// Tells somebody that their role does not suffice for an agent.
#[must_use]
pub fn not_your_agent(agent: &str, need: Role, role: Role) -> Document {
    line(&format!("`{agent}` needs the role {} here. Yours is {}.", need.as_str(), role.as_str()))
}

/// Says in a few words why files were not taken.
#[must_use]
pub fn no_files(role: Role) -> String {
    format!("files need the role {}. Yours is {}.", Role::Operator.as_str(), role.as_str())
}

/// Tells the user's id, role and the chat's address.
#[must_use]
pub fn identity(incoming: &Incoming, role: Role, by_pairing: bool) -> Document {
    let how = if by_pairing { " You were paired." } else { "" };
    let mut document = line(&format!("Your role here is {}.{how}", role.as_str()));
    document.blocks.insert(0, ids(incoming));
    document
}

fn ids(incoming: &Incoming) -> signalbox_adapter::Block {
    let code = |text: String| vec![Inline::Code(text)];
    let mut pairs = vec![
        ("Your id", code(incoming.sender.id.to_string())),
        ("This chat", code(ChatKey::of(&incoming.address).to_string())),
    ];
    if let Some(thread) = &incoming.address.thread {
        pairs.push(("This thread", code(thread.to_string())));
    }
    facts(pairs)
}

/// Tells a stranger in one line that a button is not theirs to press.
#[must_use]
pub fn no_button(incoming: &Incoming) -> String {
    format!("This button is not yours to press. Your id is {}.", one_line(incoming.sender.id.as_str(), 40))
}
