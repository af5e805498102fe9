//! What `/help` shows, from the table.

use signalbox_adapter::{Block, Document, Inline, Item};

use super::grammar::{Definition, Form, Group, Need};
use super::marked::{code, marked};
use super::words::{COMMANDS, Command, definition};

/// What can be said without a command: how it is written, and what it does.
const TEXT_FORMS: [(&str, &str); 3] = [
    ("<prompt>", "In a direct chat: follow up the session in use, else start one"),
    ("@<session> <prompt>", "Follow up in that session"),
    ("@<agent>[/<model>] <prompt>", "Start a session on that agent and model"),
];

/// What is asked for by most people first, and what it does.
const FIRST: [(&str, &str); 3] = [
    ("/session why is the build red?", "an agent works on it; reply to go on"),
    ("/investigate high-cpu", "the cause of a problem"),
    ("/status", "what runs; `/stop` stops it"),
];

/// Asks for the help on everything.
pub const EVERYTHING: &str = "all";

/// Returns a word by which help on more than one command is asked for, as it is spelt here: a group's, or that for everything.
#[must_use]
pub fn subject(word: &str) -> Option<&'static str> {
    subjects().find(|own| own.eq_ignore_ascii_case(word))
}

/// Returns every word by which help on more than one command is asked for.
pub fn subjects() -> impl Iterator<Item = &'static str> {
    Group::ALL.into_iter().map(Group::word).chain([EVERYTHING])
}

/// Builds the overview, as short as a phone shows it: what comes first, every command by its name, and where more is told.
#[must_use]
pub fn overview() -> Document {
    let first = FIRST.iter().map(|(usage, description)| line(usage, description));
    let groups = Group::ALL.into_iter().map(|group| {
        let own = COMMANDS.iter().filter(|definition| definition.group == group);
        let names: Vec<String> = own.map(|definition| format!("`/{}`", definition.word)).collect();
        let mut content = vec![Inline::strong(group.word()), Inline::Text(": ".to_owned())];
        content.extend(marked(&names.join(" ")));
        item(content)
    });
    Document { blocks: vec![list(first.collect()), list(groups.collect())] }.with(Block::Paragraph(marked(
        "More: `/help session` on a command, `/help work` on a group of them, `/help all`.",
    )))
}

/// Builds the help on a subject: a group of commands, or all of them and what plain text does; `None` if there is no such.
#[must_use]
pub fn about(word: &str) -> Option<Document> {
    let word = subject(word)?;
    let groups = Group::ALL.into_iter().filter(|group| word == EVERYTHING || group.word() == word);
    let groups = groups.flat_map(|group| {
        let items = COMMANDS.iter().filter(|definition| definition.group == group).flat_map(lines);
        [title(group.title()), list(items.collect())]
    });
    let document = Document { blocks: groups.collect() };
    if word != EVERYTHING {
        return Some(document);
    }
    let text = TEXT_FORMS.iter().map(|(usage, description)| line(usage, description));
    let reply = item(marked("A reply to a message of a session: follow up in that session"));
    let document = document
        .with(title("Without a command"))
        .with(list(text.chain([reply]).collect()))
        .with(Block::Paragraph(marked(
            "Where a group shows me only commands and replies, `/session @<session> <prompt>` and replies are the way.",
        )))
        .with(Block::Paragraph(marked("`/help <command>` tells more, for example `/help session`.")));
    Some(document)
}

/// Builds the help of one command, given by its word with or without the slash; `None` if there is no such command.
#[must_use]
pub fn detail(topic: &str) -> Option<Document> {
    let definition = definition(topic.trim_start_matches('/'))?;
    let forms = definition.forms.iter().map(|form| {
        let right = match form.need {
            Need::Viewer => "",
            Need::Operator => " (operator)",
            Need::Admin => " (admin)",
        };
        line(&form.usage(), &format!("{}{right}", form.description))
    });
    let examples = definition.examples.iter().map(|example| line(example.text, example.does));
    let mut document = Document::default()
        .with(Block::Paragraph(vec![
            code(&format!("/{}", definition.word)),
            Inline::Text(format!(": {}", definition.description)),
        ]))
        .with(list(forms.collect()));
    if let Some(options) = definition.forms.iter().find_map(Form::options) {
        let each = options.each.iter().map(|(option, takes)| line(option, takes));
        document = document.with(title("Options")).with(list(each.collect()));
    }
    Some(document.with(title("Examples")).with(list(examples.collect())))
}

/// Builds a command's lines of the overview: one, and one more for its subcommands.
fn lines(definition: &Definition<Command>) -> Vec<Item> {
    let first = &definition.forms[0];
    let head = if first.subcommand().is_some() { format!("/{}", definition.word) } else { first.usage() };
    let mut items = vec![line(&head, definition.description)];
    let is_own = |form: &&Form<Command>| form.subcommand().is_some() && !definition.is_short(form);
    let subcommands = definition.forms.iter().filter(is_own);
    let usages: Vec<_> = subcommands.map(|form| format!("`{}`", form.usage())).collect();
    if !usages.is_empty() {
        items.push(item(marked(&usages.join(" · "))));
    }
    items
}

fn line(usage: &str, description: &str) -> Item {
    let mut content = vec![code(usage), Inline::Text(": ".to_owned())];
    content.extend(marked(description));
    item(content)
}

fn item(content: Vec<Inline>) -> Item {
    Item { checked: None, blocks: vec![Block::Paragraph(content)] }
}

fn list(items: Vec<Item>) -> Block {
    Block::List { start: None, items }
}

fn title(text: &str) -> Block {
    Block::Paragraph(vec![Inline::strong(text)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a help document as lines of plain text.
    fn plain(document: &Document) -> String {
        document.blocks.iter().map(plain_block).collect()
    }

    fn plain_block(block: &Block) -> String {
        match block {
            Block::Paragraph(content) => format!("{}\n", plain_inlines(content)),
            Block::List { items, .. } => {
                items.iter().flat_map(|item| &item.blocks).map(|block| format!("- {}", plain_block(block))).collect()
            }
            other => panic!("help has no {other:?}"),
        }
    }

    fn plain_inlines(content: &[Inline]) -> String {
        let write = |inline: &Inline| match inline {
            Inline::Text(text) => text.clone(),
            Inline::Code(code) | Inline::Command(code) => format!("`{code}`"),
            Inline::Strong(content) => format!("**{}**", plain_inlines(content)),
            other => panic!("help has no {other:?}"),
        };
        content.iter().map(write).collect()
    }

    /// Most lines of the overview, and columns of a phone.
    const MOST_LINES: usize = 15;
    const PHONE_COLUMNS: usize = 40;

    #[test]
    fn the_overview_names_every_command_and_fits_a_phone() {
        let shown = plain(&overview());
        for definition in COMMANDS {
            assert!(shown.contains(&format!("`/{}`", definition.word)), "{}", definition.word);
        }
        let columns = |line: &str| line.chars().filter(|c| !matches!(c, '`' | '*')).count();
        let lines: usize = shown.lines().map(|line| columns(line).div_ceil(PHONE_COLUMNS)).sum();
        assert!(lines <= MOST_LINES, "{lines} lines:\n{shown}");
        for word in subjects() {
            assert!(definition(word).is_none(), "{word} is a command, too");
        }
    }

    #[test]
    fn each_group_is_told_by_its_word_and_nothing_of_the_others() {
        for group in Group::ALL {
            let shown = plain(&about(group.word()).expect("a subject"));
            for definition in COMMANDS {
                let own = shown.contains(definition.description);
                assert_eq!(own, definition.group == group, "{} in {}", definition.word, group.word());
            }
        }
        assert_eq!(about("deploy"), None);
    }

    #[test]
    fn all_of_it_names_every_command_and_what_plain_text_does() {
        let shown = plain(&about("ALL").expect("a subject"));
        for definition in COMMANDS {
            assert!(shown.contains(&format!("- `/{}", definition.word)), "{}", definition.word);
            assert!(shown.contains(definition.description), "{}", definition.word);
        }
        for (usage, description) in TEXT_FORMS {
            assert!(shown.contains(&format!("- `{usage}`: {description}\n")), "{usage}");
        }
    }

    #[test]
    fn the_help_of_a_command_shows_its_forms_and_examples() {
        insta::assert_snapshot!(plain(&detail("/Session").unwrap()), @r"
        `/session`: Start agent work in a named session, follow it up, or look after sessions
        - `/session <prompt>`: start a session on the default agent (operator)
        - `/session @<agent>[/<model>] <prompt>`: start it on that agent and model; a model alone is enough (operator)
        - `/session @<session> <prompt>`: follow up in that session (operator)
        - `/session --name <name> <prompt>`: start it under a name of your choice (operator)
        - `/session --project <name> <prompt>`: start it in the directory of that project (operator)
        - `/session -- <prompt>`: take everything after `--` as the prompt (operator)
        - `/session list`: list the sessions of this chat
        - `/session`: the same as `/session list`
        - `/session show [name]`: show one: last prompt, agent, tasks, cost, how to resume it in a terminal
        - `/session use <name>`: make it the one that plain text follows up (operator)
        - `/session cancel <name>`: stop its running task; the session stays (operator)
        - `/session end [name]`: close it (operator)
        - `/session revoke <name>`: take back what was allowed for it; its agent asks again (operator)
        - `/session rename <old> <new>`: give it another name (operator)
        - `/session retry <name>`: run its last prompt again (operator)
        **Examples**
        - `/session fix the flaky test`: starts a session and answers with its name
        - `/session @claude/opus review the last commit`: names agent and model
        - `/session @opus review the last commit`: the same: the model tells the agent
        - `/session --name docs @claude update the README`: chooses the session's name
        - `/session --project web why does the build fail?`: works in the project `web`
        - `/session @docs now shorten it`: follows up in the session `docs`
        - `/session -- list`: sends the word `list` as a prompt
        - `/session rename docs readme`: renames the session `docs`
        ");
        insta::assert_snapshot!(plain(&detail("why").unwrap()), @r"
        `/why`: Trace a task or message from arrival to receipt
        - `/why <task or message>`: trace it from arrival to receipt
        **Examples**
        - `/why 42`: shows what became of task 42
        ");
        assert_eq!(detail("deploy"), None);
    }
}
