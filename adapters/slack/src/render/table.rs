//! A table as Slack has them.

use signalbox_adapter::{Alignment, Inline, inline_text};
use slack_morphism::prelude::{
    SlackBlock, SlackRichTextSection, SlackTableBlock, SlackTableCell, SlackTableColumnAlign, SlackTableColumnSetting,
    SlackTableRawTextCell, SlackTableRichTextCell,
};

use crate::limits::{MAX_TABLE_COLUMNS, MAX_TABLE_ROWS};
use crate::render::inline::{Look, Run};

/// Makes a table block; `None` where there is more than Slack takes.
pub(crate) fn native(align: &[Alignment], header: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) -> Option<SlackBlock> {
    let columns = rows.iter().map(Vec::len).fold(header.len(), usize::max);
    if !(1..=MAX_TABLE_COLUMNS).contains(&columns) || rows.len() + 1 > MAX_TABLE_ROWS {
        return None;
    }
    let row = |cells: &[Vec<Inline>]| -> Vec<SlackTableCell> {
        (0..columns).map(|column| cell(cells.get(column).map_or(&[], Vec::as_slice))).collect()
    };
    let written = std::iter::once(header).chain(rows.iter().map(Vec::as_slice)).map(row).collect();
    let setting = |column: usize| {
        let align = match align.get(column).copied().unwrap_or(Alignment::Left) {
            Alignment::Left => SlackTableColumnAlign::Left,
            Alignment::Center => SlackTableColumnAlign::Center,
            Alignment::Right => SlackTableColumnAlign::Right,
        };
        SlackTableColumnSetting::new().with_align(align).with_is_wrapped(true)
    };
    let settings = (0..columns).map(setting).collect();
    Some(SlackTableBlock::new(written).with_column_settings(settings).into())
}

fn cell(content: &[Inline]) -> SlackTableCell {
    let is_plain = content.iter().all(|inline| matches!(inline, Inline::Text(_)));
    let mut run = Run::default();
    run.push_all(content, Look::default());
    if is_plain || run.is_empty() {
        let text = inline_text(content);
        // A cell without any text is refused.
        let text = if text.is_empty() { " ".to_owned() } else { text };
        return SlackTableRawTextCell::new(text).into();
    }
    SlackTableRichTextCell::new(vec![SlackRichTextSection::new(run.into_elements()).into()]).into()
}
