//! Everything that is said about commands, and what is made of what people type, as snapshots: help, menus, completion,
//! and each line's canonical text, right and form, or its fault.
//!
//! The lines are made of the table, so that a new command is in the gallery by being in the table.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::*;

/// Lines that the table does not lead to.
const LINES: &[&str] = &[
    "",
    "/",
    "/etc/hosts looks odd",
    "/sesion fix it",
    "/stat",
    "/status@Bot",
    "/status@Other",
    "/help /Session",
    "/help statsu",
    "/session list my files",
    "/session rename a b c",
    "/session retry it please",
    "/session --nmae docs x",
    "/session --name a --name b x",
    "/session --name",
    "/session --name= x",
    "/session —name docs –project web @claude fix it",
    "/session @claude --name docs --project=web fix it",
    "/session -- -- x",
    "/session --name docs -- --project",
    "/session @claude",
    "/session --verbose is ignored",
    "/session fix\u{3000}it\n\nnow",
    "/investigate --name docs x",
    "/investigate -- x",
    "/investigate @host",
    "/bg",
    "/BG Notify SET email,chat",
    "/cron help",
    "/cron export",
    "/background notify",
    "/background notify set",
    "/background notify set email chat",
    "/start AB12cd34",
    "/why\u{0}",
    "@Bot /status",
    "@Bot, what runs?",
    "@fox go on",
    "@fox",
    "-- @claud is my cat",
];

const WORDS: Words<'static> = Words {
    agents: &["claude", "host"],
    models: MODELS,
    sessions: &[Named { name: "calm-otter", about: "session" }, Named { name: "docs", about: "session" }],
    projects: &["web"],
    tasks: &[Named { name: "42", about: "task" }],
    incidents: &[],
    schedules: &[Named { name: "3", about: "Daily summary" }],
    templates: &[],
    requests: &["7"],
    readers: &["email"],
    may: None,
};

/// Every form of the table with its blanks filled in, and every example.
fn lines() -> BTreeSet<String> {
    let filled = COMMANDS.iter().flat_map(|definition| definition.forms.iter().map(Form::usage));
    let filled = filled.map(|usage| usage.replace("task or message", "task").replace("[command]", "help"));
    let filled = filled.map(|usage| usage.replace(['<', '>', '[', ']'], ""));
    let examples = COMMANDS.iter().flat_map(|definition| definition.examples).map(|example| example.text.to_owned());
    filled.chain(examples).collect()
}

/// The lines, and what becomes of each when it is cut off, goes on, is mistyped or shouted.
fn spoilt() -> BTreeSet<String> {
    let mut all: BTreeSet<String> = LINES.iter().map(|line| (*line).to_owned()).collect();
    for line in lines() {
        let words: Vec<&str> = line.split(' ').collect();
        for count in 1..words.len() {
            all.insert(words[..count].join(" "));
        }
        for (index, word) in words.iter().enumerate() {
            let mut mistyped = words.clone();
            mistyped[index] = &word[..word.len() - 1];
            all.insert(mistyped.join(" "));
        }
        all.insert(format!("{line} more"));
        all.insert(line.to_uppercase());
        all.insert(line);
    }
    all
}

fn understood(line: &str) -> String {
    match parse(line, Some("Bot")) {
        Ok(Parsed::Command(command)) => {
            let usage = command.form().usage();
            format!("{:?} needs {:?}, as {usage}", command.to_string(), command.need())
        }
        Ok(Parsed::FreeText(text)) => format!("{text:?}"),
        Ok(Parsed::Nothing) => "nothing".to_owned(),
        Err(Misunderstood { fault, command, usage, nearest, guide }) => {
            let about = if command { "command" } else { "text" };
            let guide = if guide.is_none() { "" } else { "; with a guide" };
            format!("wrong {about}: {fault}; usage {usage}; nearest {nearest:?}{guide}")
        }
    }
}

#[test]
fn what_help_and_menus_show() {
    let mut shown = help::overview().to_markdown();
    for subject in help::subjects() {
        write!(shown, "\n\n# {subject}\n\n{}", help::about(subject).expect("a subject").to_markdown()).unwrap();
    }
    for definition in COMMANDS {
        let names = definition.aliases.iter().chain([&definition.word]);
        let details = names.map(|name| help::detail(name).expect("a command").to_markdown());
        write!(shown, "\n\n# {}\n\n{}", definition.word, details.collect::<Vec<_>>().join("\n\n")).unwrap();
    }
    for entry in menu() {
        write!(shown, "\n{entry:?}").unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn what_is_offered_while_typing() {
    let mut typed = BTreeSet::from(["".to_owned(), "/".to_owned(), "@".to_owned(), "@claude/".to_owned()]);
    for line in lines() {
        let starts = line.match_indices(' ').map(|(space, _)| space + 1);
        for start in starts {
            typed.insert(line[..start].to_owned());
            typed.extend(line[start..].chars().next().map(|first| format!("{}{first}", &line[..start])));
        }
    }
    let mut offered = String::new();
    for line in typed {
        let candidates = complete(&line, line.len(), &WORDS);
        let texts = candidates.iter().map(|offer| format!("\n    {}  {}", offer.text, offer.description));
        writeln!(offered, "{line}|{}", texts.collect::<String>()).unwrap();
    }
    insta::assert_snapshot!(offered);
}

#[test]
fn what_is_made_of_each_line() {
    let read = spoilt().into_iter().map(|line| format!("{line:?}\n    {}\n", understood(&line)));
    insta::assert_snapshot!(read.collect::<String>());
}
