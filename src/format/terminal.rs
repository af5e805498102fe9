//! What subcommands print: tables, and lines on standard error.

use std::path::Path;
use std::time::Duration;

use signalbox_adapter::{Button, Document, Inline, one_line};

use super::{ago, cell, instant, line, span, table};
use crate::agent::words::quoted;
use crate::clock::Timestamp;
use crate::config::Role;
use crate::store::pairing::Paired;
use crate::store::{Delivery, RoleError, Task};

/// Longest reason shown for a delivery that was given up, in characters.
const MAX_REASON_CHARS: usize = 80;

/// Longest label shown of what a command answers, in characters.
const MAX_LABEL_CHARS: usize = 60;

/// Answers `signalbox outbox list`; each row with why it is not delivered, where that is known.
#[must_use]
pub fn deliveries(rows: &[(Delivery, Option<String>)], now: Timestamp) -> Document {
    if rows.is_empty() {
        return line("Nothing here.");
    }
    let rows = rows.iter().map(|(row, why)| {
        vec![
            vec![Inline::Code(row.key.to_string())],
            cell(row.standing()),
            cell(row.address.to_string()),
            cell(ago(row.created_at, now)),
            cell(row.attempts.to_string()),
            cell(one_line(why.as_deref().unwrap_or_default(), MAX_REASON_CHARS)),
        ]
    });
    Document { blocks: vec![table(&["key", "state", "to", "written", "tries", "why"], rows.collect())] }
}

/// Answers `signalbox pair --list`.
#[must_use]
pub fn paired(people: &[Paired]) -> Document {
    if people.is_empty() {
        return line("Nobody is paired. `signalbox pair` makes a code.");
    }
    let rows = people.iter().map(|one| {
        vec![
            cell(format!("{}:{}", one.provider, one.user)),
            cell(one.name.clone()),
            cell(one.role.as_str()),
            cell(instant(one.since)),
        ]
    });
    Document { blocks: vec![table(&["who", "name", "role", "since"], rows.collect())] }
}

/// Answers `signalbox config check`: the file is good, or there is none where it was looked for.
#[must_use]
pub fn good_config(file: Option<&Path>, looked_for: Option<&Path>) -> String {
    match (file, looked_for) {
        (Some(file), _) => format!("{}: good", file.display()),
        (None, Some(place)) => {
            format!("there is no file {}; the defaults and the environment are good", place.display())
        }
        (None, None) => "no file; the defaults and the environment are good".to_owned(),
    }
}

/// Names who sits at a terminal so that people elsewhere know who that is, also in what is written to other programs.
#[must_use]
pub fn who_sits_here(user: Option<&String>, host: Option<&str>) -> String {
    let user = user.map(String::as_str).filter(|user| !user.is_empty());
    match (user, host.filter(|host| !host.is_empty())) {
        (Some(user), Some(host)) => format!("{user}@{host}"),
        (Some(user), None) => user.to_owned(),
        (None, _) => "signalbox console".to_owned(),
    }
}

/// Says that no dead letter has a key.
#[must_use]
pub fn no_dead_letter(key: &str) -> String {
    format!("no dead letter has the key {key:?}; `signalbox outbox list` shows them")
}

/// Says that no session has a name.
#[must_use]
pub fn no_session(name: &str) -> String {
    format!("no session is called {name:?}; `signalbox session list` shows them")
}

/// Says that sessions of several chats have a name.
#[must_use]
pub fn several_sessions(name: &str, chats: &[String]) -> String {
    format!("{} chats have a session called {name:?}; name one: --chat {}", chats.len(), chats.join(", --chat "))
}

/// Says what to do with a pairing code, and how long it can be used.
#[must_use]
pub fn pairing_code(within: Duration, role: Role) -> String {
    format!(
        "Send this code to the bot in a direct chat within {}. The role of the first person who sends it becomes {}.",
        span(within),
        role.as_str()
    )
}

/// Shows how a provider's bot is told a pairing code: a link, or what is typed.
#[must_use]
pub fn pairing_way(title: &str, way: &str) -> String {
    format!("In {title}: {way}")
}

/// Says when there is a link that opens a provider's bot, where the provider has not said yet what the bot is called.
#[must_use]
pub fn pairing_link_later(title: &str) -> String {
    format!("{title} did not answer, so there is no link yet: `signalbox pair` prints one once `signalbox serve` runs.")
}

/// Says how a person is named.
#[must_use]
pub fn not_a_person() -> &'static str {
    "name the person as provider:user, as in telegram:1001; `signalbox pair --list` shows them"
}

/// Says that a person is not paired.
#[must_use]
pub fn not_paired(person: &str) -> String {
    format!("{person} is not paired; `signalbox pair --list` shows who is")
}

/// Confirms that a person is no longer paired.
#[must_use]
pub fn unpaired(person: &str) -> String {
    format!("{person} is no longer paired.")
}

/// Says that another process serves, and how to wait for it.
#[must_use]
pub fn served_already(error: &RoleError) -> String {
    format!("{error}; `serve --standby` waits for it")
}

/// Says that a process does not hand the core role over.
#[must_use]
pub fn not_handed_over(holder: Option<u32>) -> String {
    let holder = holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    format!(
        "{holder} holds this state directory and does not hand it over; if it is a terminal (`signalbox shell`), leave it \
         with /quit"
    )
}

/// Says in a terminal that it does the work of a program that served and is gone.
#[must_use]
pub fn took_over() -> Document {
    line(
        "`signalbox serve` has ended. This terminal does its work now, without HTTP: no hooks, no `/readyz`. It hands \
         it back when `signalbox serve` starts.",
    )
}

/// Says in a terminal that a program that serves does its work from now on.
#[must_use]
pub fn handed_over() -> Document {
    line("`signalbox serve` does the work from now on; this terminal stays.")
}

/// Says that the agent of a task could not be ended.
#[must_use]
pub fn not_stopped(task: &Task) -> String {
    format!("the agent of {} ({}) could not be ended", task.id, task.agent)
}

/// Says that an agent which was kept for a next prompt could not be ended.
#[must_use]
pub fn not_let_go(pid: i32) -> String {
    format!("an agent that was kept for a next prompt (process {pid}) could not be ended")
}

/// Says how many agents were ended.
#[must_use]
pub fn stopped(agents: usize) -> String {
    format!("{agents} ended.")
}

/// Says that a command is empty.
#[must_use]
pub fn nothing_said() -> &'static str {
    "there is nothing to say after -c"
}

/// Says how what an agent asks is answered where nobody sits who could press a button: by a command for each.
#[must_use]
pub fn answered_elsewhere(buttons: &[Button]) -> String {
    let mut told = "To answer, run in another terminal:".to_owned();
    for button in buttons {
        let command = quoted(&format!("/{}", button.action));
        told.push_str(&format!("\n  signalbox shell -c {command}   # {}", one_line(&button.label, MAX_LABEL_CHARS)));
    }
    if buttons.iter().any(|button| button.action.starts_with("answer ")) {
        told.push_str("\n  signalbox shell -c 'your own words'");
    }
    told
}

/// Says that a command of chats is none of the command line, and how it is given there; it comes quoted for a shell.
#[must_use]
pub fn command_of_chats(line: &str) -> String {
    format!("that is a command of chats; from here: signalbox shell -c {line}")
}

/// Names what checks that all is as it should be.
#[must_use]
pub fn checks() -> &'static str {
    "three commands check it: `signalbox config check` the configuration, `signalbox integrations verify all` the connections, \
     `signalbox agents` the agents"
}

/// Says that the output has lost its reader.
#[must_use]
pub fn nobody_reads() -> &'static str {
    "nobody reads the output any more; `signalbox shell` shows the rest"
}

/// Says how to come back to tasks that go on.
#[must_use]
pub fn going_on(tasks: usize) -> String {
    let tasks = if tasks == 1 { "1 task goes".to_owned() } else { format!("{tasks} tasks go") };
    format!("{tasks} on without this terminal. `signalbox shell` shows the results; `/status` there tells more.")
}
