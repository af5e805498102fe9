//! How many rows of the terminal the painted prompt and input take. Pure.

use unicode_width::UnicodeWidthChar;

/// What begins the second and later lines of the input.
pub(crate) const CONTINUATION: &str = "… ";

/// What the editor painted last.
#[derive(Debug, Default)]
pub(crate) struct Painted {
    /// The prompt, without escape sequences.
    pub(crate) prompt: String,
    /// The line being typed.
    pub(crate) line: String,
    /// Where the cursor is in it, in bytes.
    pub(crate) cursor: usize,
    /// Whether the right part of the prompt will be asked for as part of a painting.
    pub(crate) asked: bool,
}

/// Rows between the first one of the prompt and the one the cursor is in.
pub(crate) fn rows_above_cursor(painted: &Painted, columns: usize) -> usize {
    let typed = painted.line.get(..painted.cursor).unwrap_or(&painted.line);
    let typed = typed.replace('\n', &format!("\n{CONTINUATION}"));
    let (mut row, mut column) = (0, 0);
    for ch in painted.prompt.chars().chain(typed.chars()) {
        if ch == '\n' {
            (row, column) = (row + 1, 0);
            continue;
        }
        let width = ch.width().unwrap_or(0);
        if column + width > columns {
            (row, column) = (row + 1, 0);
        }
        column += width;
    }
    if column >= columns { row + 1 } else { row }
}

/// Rows that reedline's external printer takes the input to have, by its own formula (reedline 0.52,
/// `Painter::print_external_message`, for a prompt without a right part): bytes, and three for the prompt.
pub(crate) fn input_rows(line: &str, columns: usize) -> usize {
    let rows = |(at, line): (usize, &str)| (line.len() + if at == 0 { 3 } else { 0 }) / columns.max(1) + 1;
    line.lines().enumerate().map(rows).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(prompt: &str, line: &str, cursor: usize) -> usize {
        let painted = Painted { prompt: prompt.to_owned(), line: line.to_owned(), cursor, ..Painted::default() };
        rows_above_cursor(&painted, 20)
    }

    #[test]
    fn rows_are_counted_to_the_cursor_as_the_terminal_wraps() {
        assert_eq!(rows("signalbox ❯ ", "", 0), 0);
        assert_eq!(rows("task one\ntask two\nsignalbox ❯ ", "hello", 5), 2);
        assert_eq!(rows("signalbox ❯ ", "1234567", 7), 0);
        assert_eq!(rows("signalbox ❯ ", "12345678", 8), 1, "a full row leaves the cursor in the next");
        assert_eq!(rows("signalbox ❯ ", "123456789", 9), 1);
        assert_eq!(rows("signalbox ❯ ", "123456漢字", 9), 1, "a wide character does not fit the last column");
        assert_eq!(rows("signalbox ❯ ", "a\nb\nc", 5), 2);
        assert_eq!(rows("signalbox ❯ ", "a\nb\nc", 1), 0);
    }

    #[test]
    fn the_formula_of_the_external_printer_counts_bytes() {
        assert_eq!(input_rows("", 20), 0);
        assert_eq!(input_rows("abc", 20), 1);
        assert_eq!(input_rows(&"é".repeat(10), 20), 2);
        assert_eq!(input_rows("a\nb\nc", 20), 3);
    }
}
