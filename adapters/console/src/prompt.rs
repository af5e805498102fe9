//! The prompt: a dim line for each running task, then `signalbox ❯ ` or `signalbox gentle-otter ❯ `.
//!
//! It is also how the screen learns what reedline paints: reedline asks for the left part and then the right part for
//! each painting, and for the right part alone before it prints.

use std::borrow::Cow;
use std::sync::Arc;

use reedline::{
    Color, Highlighter, Prompt, PromptEditMode, PromptHistorySearch, PromptHistorySearchStatus, StyledText,
};

use crate::clean::one_row;
use crate::layout::CONTINUATION;
use crate::printer::terminal_columns;
use crate::screen::Screen;

/// What ends the prompt.
pub(crate) const INDICATOR: &str = "❯ ";

/// Most tasks shown above the input; the others are counted.
const MAX_STATUS_LINES: usize = 5;

/// Longest session name shown, in columns.
pub(crate) const MAX_SESSION_COLUMNS: usize = 33;

/// The prompt of a screen.
pub(crate) struct ShellPrompt {
    pub(crate) screen: Arc<Screen>,
    pub(crate) colour: bool,
    /// Whether the running tasks are shown; not for a line that has been entered, where they would stay for ever.
    pub(crate) with_status: bool,
}

impl Prompt for ShellPrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        let columns = terminal_columns();
        let status = if self.with_status { self.screen.status_lines() } else { Vec::new() };
        let status = status_rows(&status, columns);
        let name = match self.screen.session() {
            Some(session) => format!("signalbox {} ", one_row(&session, MAX_SESSION_COLUMNS)),
            None => "signalbox ".to_owned(),
        };
        let plain = |row: &String| format!("{row}\n");
        let dim = |row: &String| format!("\x1b[0;2m{row}\x1b[0m\n");
        let above: String = status.iter().map(plain).collect();
        self.screen.note(|painted| {
            painted.prompt = format!("{above}{name}{INDICATOR}");
            painted.asked = true;
        });
        if self.colour {
            let above: String = status.iter().map(dim).collect();
            format!("{above}{}", Color::LightGreen.paint(name)).into()
        } else {
            format!("{above}{name}").into()
        }
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        self.screen.make_way();
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _mode: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed(INDICATOR)
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed(CONTINUATION)
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        let found = match search.status {
            PromptHistorySearchStatus::Passing => "search",
            PromptHistorySearchStatus::Failing => "nothing found",
        };
        format!("({found}: {}) ", one_row(&search.term, MAX_SESSION_COLUMNS)).into()
    }
}

fn status_rows(lines: &[String], columns: usize) -> Vec<String> {
    let mut rows: Vec<String> =
        lines.iter().take(MAX_STATUS_LINES).map(|line| one_row(&format!("· {line}"), columns)).collect();
    if lines.len() > MAX_STATUS_LINES {
        rows.push(one_row(&format!("· and {} more", lines.len() - MAX_STATUS_LINES), columns));
    }
    rows
}

/// Leaves the input as it is, and tells the screen about it.
pub(crate) struct Watcher(pub(crate) Arc<Screen>);

impl Highlighter for Watcher {
    fn highlight(&self, line: &str, cursor: usize) -> StyledText {
        self.0.note(|painted| {
            line.clone_into(&mut painted.line);
            painted.cursor = cursor;
        });
        let mut styled = StyledText::new();
        styled.push((Color::Default.normal(), line.to_owned()));
        styled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_tasks_take_few_rows_and_none_is_wider_than_the_terminal() {
        let tasks: Vec<String> = (0..9).map(|n| format!("task {n} \x1b[2J {}", "x".repeat(200))).collect();
        let rows = status_rows(&tasks, 40);
        assert_eq!(rows.len(), MAX_STATUS_LINES + 1);
        assert!(rows.iter().all(|row| row.chars().count() <= 40 && !row.contains('\x1b')));
        assert_eq!(rows[5], "· and 4 more");
        assert!(status_rows(&[], 40).is_empty());
    }
}
