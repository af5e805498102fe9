//! What it has at work in the background: subagents and commands that go on after the answer to the prompt, and whose ends it
//! tells in answers of their own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use signalbox_adapter::one_line;

use super::line::text;
use crate::agent::describe::MAX_SUMMARY_CHARS;
use crate::agent::event::Event;

/// Most tasks that are kept apart; further ones are not waited for.
const MAX_TASKS: usize = 256;
/// Most tasks that are named.
const MAX_NAMED: usize = 8;

/// The tasks of one process.
#[derive(Debug, Default)]
pub(super) struct Background {
    /// What is at work, by its id, in a few words.
    open: BTreeMap<String, String>,
    /// Whether whole lists of them come, so that nothing else is to be believed.
    is_listed: bool,
    /// Which of them have ended by their own notice; a list without them follows.
    noticed: BTreeSet<String>,
    /// How many have ended within a turn: it may have spoken of them in it, or speaks of them after it.
    untold: usize,
    /// How many have ended outside of its turns: it speaks of each.
    owed: usize,
    /// What was ended before it was done.
    cut: Vec<String>,
}

impl Background {
    /// Takes a line of the system about tasks, which comes within a turn of the agent or between two; returns what people are
    /// shown, where that has changed.
    pub(super) fn take(&mut self, line: &Value, in_turn: bool) -> Option<Event> {
        let before = self.named();
        match text(line, "subtype")? {
            "background_tasks_changed" => self.list(line, in_turn),
            "task_started" if line.get("is_backgrounded").and_then(Value::as_bool) == Some(true) => self.started(line),
            "task_notification" => self.ended(line, in_turn),
            _ => return None,
        }
        let now = self.named();
        (now != before).then_some(Event::Background { tasks: now })
    }

    /// Returns what is still at work, for a next run of the same process.
    pub(super) fn carried(&mut self) -> Self {
        let Self { open, is_listed, noticed, .. } = std::mem::take(self);
        Self { open, is_listed, noticed, ..Self::default() }
    }

    /// Whether something is at work.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether something has ended that it may still speak of.
    pub(super) fn is_untold(&self) -> bool {
        self.untold > 0 || self.is_owed()
    }

    /// Whether something has ended that it is still to speak of.
    pub(super) fn is_owed(&self) -> bool {
        self.owed > 0
    }

    /// Notes that it has spoken of an end; `queued` is how many turns are still to follow, where it says so.
    pub(super) fn told(&mut self, queued: Option<u64>) {
        let which = if self.owed > 0 { &mut self.owed } else { &mut self.untold };
        *which = which.saturating_sub(1);
        // One turn may tell of several.
        let queued = queued.map_or(usize::MAX, |queued| usize::try_from(queued).unwrap_or(usize::MAX));
        self.owed = self.owed.min(queued);
    }

    /// Returns what was not done at the end: still at work, or ended before.
    pub(super) fn unfinished(&self) -> Vec<String> {
        let mut all = self.cut.clone();
        all.extend(self.named());
        all.truncate(MAX_NAMED);
        all
    }

    fn named(&self) -> Vec<String> {
        self.open.values().take(MAX_NAMED).cloned().collect()
    }

    fn list(&mut self, line: &Value, in_turn: bool) {
        let Some(tasks) = line.get("tasks").and_then(Value::as_array) else { return };
        self.is_listed = true;
        let before = std::mem::replace(&mut self.open, tasks.iter().filter_map(named).take(MAX_TASKS).collect());
        let gone = before.into_keys().filter(|id| !self.open.contains_key(id));
        // What is gone without a notice is told of all the same; within a turn it may have been ended by the agent itself.
        let unnoticed = gone.filter(|id| !self.noticed.contains(id)).count();
        self.noticed.retain(|id| self.open.contains_key(id));
        if !in_turn {
            self.owed += unnoticed;
        }
    }

    fn started(&mut self, line: &Value) {
        let Some((id, name)) = named(line).filter(|_| !self.is_listed && self.open.len() < MAX_TASKS) else { return };
        self.open.insert(id, name);
    }

    /// What an earlier process has left is none of ours.
    fn ended(&mut self, line: &Value, in_turn: bool) {
        let Some((id, name)) = text(line, "task_id").and_then(|id| self.open.get_key_value(id)) else { return };
        if self.noticed.contains(id) {
            return;
        }
        match text(line, "status") {
            Some("stopped" | "killed") if self.cut.len() < MAX_NAMED => self.cut.push(name.clone()),
            Some("stopped" | "killed") => {}
            _ if in_turn => self.untold += 1,
            _ => self.owed += 1,
        }
        let id = id.clone();
        if self.is_listed {
            self.noticed.insert(id);
        } else {
            self.open.remove(&id);
        }
    }
}

/// Reads a task's id, and what it does in a few words.
fn named(task: &Value) -> Option<(String, String)> {
    let id = text(task, "task_id")?.to_owned();
    let words = ["description", "task_type"].iter().find_map(|key| text(task, key).filter(|it| !it.trim().is_empty()));
    Some((id, one_line(words.unwrap_or("work"), MAX_SUMMARY_CHARS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn list(tasks: &[&str]) -> Value {
        let tasks: Vec<Value> =
            tasks.iter().map(|id| json!({"task_id": id, "description": format!("do {id}")})).collect();
        json!({"subtype": "background_tasks_changed", "tasks": tasks})
    }

    fn end(id: &str, status: &str) -> Value {
        json!({"subtype": "task_notification", "task_id": id, "status": status})
    }

    #[test]
    fn the_whole_list_is_believed() {
        let mut background = Background::default();
        assert_eq!(
            background.take(&list(&["a", "b"]), false),
            Some(Event::Background { tasks: vec!["do a".into(), "do b".into()] })
        );
        assert_eq!(background.take(&list(&["a", "b"]), false), None);
        assert_eq!(
            background.take(&json!({"subtype": "task_started", "task_id": "c", "is_backgrounded": true}), false),
            None
        );
        background.take(&end("a", "completed"), true);
        assert!(background.is_open() && background.is_untold());
        assert_eq!(background.take(&list(&[]), true), Some(Event::Background { tasks: vec![] }));
        background.told(None);
        assert!(!background.is_open() && !background.is_untold());
    }

    #[test]
    fn without_lists_starts_and_ends_are_counted_and_strangers_are_not() {
        let mut background = Background::default();
        background.take(&end("old", "stopped"), false);
        assert!(!background.is_untold() && background.unfinished().is_empty());
        background.take(&json!({"subtype": "task_started", "task_id": "f", "is_backgrounded": false}), false);
        assert!(!background.is_open(), "it is waited for anyway");
        background.take(
            &json!({"subtype": "task_started", "task_id": "a", "is_backgrounded": true, "description": "x\ny"}),
            false,
        );
        assert_eq!(background.unfinished(), ["x y"]);
        background.take(&end("a", "stopped"), false);
        assert!(!background.is_open() && !background.is_untold());
        assert_eq!(background.unfinished(), ["x y"], "it was cut off");
    }

    #[test]
    fn each_end_between_two_turns_is_spoken_of_once() {
        for listed in [[end("a", "completed"), list(&[])], [list(&[]), end("a", "completed")]] {
            let mut background = Background::default();
            background.take(&list(&["a"]), true);
            listed.iter().for_each(|line| drop(background.take(line, false)));
            assert!(!background.is_open() && background.is_owed());
            background.told(None);
            assert!(!background.is_untold(), "{listed:?}");
        }
        // One turn may speak of two, and says so.
        let mut background = Background::default();
        background.take(&list(&["a", "b"]), true);
        ["a", "b"].iter().for_each(|id| drop(background.take(&end(id, "completed"), false)));
        background.take(&list(&[]), false);
        background.told(Some(1));
        assert!(background.is_owed());
        background.told(Some(0));
        assert!(!background.is_owed());
        // What is stopped, or gone within a turn, is owed nothing.
        let mut background = Background::default();
        background.take(&list(&["a", "b"]), true);
        background.take(&list(&["a"]), true);
        background.take(&end("a", "killed"), false);
        background.take(&list(&[]), false);
        assert!(!background.is_untold());
    }

    #[test]
    fn a_flood_of_tasks_is_bounded() {
        let mut background = Background::default();
        let ids: Vec<String> = (0..5000).map(|n| n.to_string()).collect();
        background.take(&list(&ids.iter().map(String::as_str).collect::<Vec<_>>()), false);
        assert_eq!((background.open.len(), background.unfinished().len()), (MAX_TASKS, MAX_NAMED));
    }
}
