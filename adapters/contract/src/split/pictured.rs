//! Splits a document with charts for a provider that shows pictures beside a text: each group of charts becomes one.

use super::{Split, split};
use crate::{Block, Chart, Document, Measure};

/// Most charts of one picture.
pub const MAX_PICTURED: usize = 2;
/// Room for the number of a part, `(9999/9999)` and the empty line before it, in any unit.
const NUMBER: usize = 13;

/// What is said in one message, and the charts that are drawn beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PicturedPart {
    /// What is said, the charts in words among it.
    pub said: Document,
    /// The charts; none where there is no picture.
    pub charts: Vec<Chart>,
}

/// Splits a document so that charts stand where they belong: what comes before them goes with their picture, where it is
/// short enough for the text beside one (`caption`), what comes after them follows in further parts.
///
/// `None` where there is no chart to draw, or where there would be more than `max_parts` parts: then [`split()`] shows the
/// charts in words. Numbers of parts are added already.
#[must_use]
pub fn split_pictured(
    document: &Document,
    measure: &dyn Measure,
    limit: usize,
    caption: usize,
    max_parts: usize,
) -> Option<Vec<PicturedPart>> {
    let sections = sections(&document.blocks);
    if sections.iter().all(|section| section.charts.is_empty()) {
        return None;
    }
    let caption = caption.saturating_sub(NUMBER);
    let mut parts = Vec::new();
    for PicturedPart { mut said, charts } in sections {
        if charts.is_empty() {
            parts.extend(texts(&said, measure, limit, max_parts)?);
            continue;
        }
        if said.cost(measure) > caption {
            let words = said.blocks.split_off(said.blocks.len() - charts.len());
            if !said.blocks.is_empty() {
                parts.extend(texts(&said, measure, limit, max_parts)?);
            }
            said = Document { blocks: words };
        }
        if said.cost(measure) > caption {
            return None;
        }
        parts.push(PicturedPart { said, charts });
    }
    if parts.len() > max_parts {
        return None;
    }
    let (said, charts): (Vec<_>, Vec<_>) = parts.into_iter().map(|part| (part.said, part.charts)).unzip();
    let numbered = Split { parts: said, rest: None }.numbered();
    Some(numbered.into_iter().zip(charts).map(|(said, charts)| PicturedPart { said, charts }).collect())
}

/// Splits what has no chart.
fn texts(said: &Document, measure: &dyn Measure, limit: usize, max_parts: usize) -> Option<Vec<PicturedPart>> {
    let whole = split(said, measure, limit.saturating_sub(NUMBER), max_parts);
    let part = |said| PicturedPart { said, charts: Vec::new() };
    whole.rest.is_none().then(|| whole.parts.into_iter().map(part).collect())
}

/// Cuts behind each group of charts that follow one another; charts elsewhere than at the top are told in words.
fn sections(blocks: &[Block]) -> Vec<PicturedPart> {
    let mut sections: Vec<PicturedPart> = Vec::new();
    let mut open = PicturedPart { said: Document::default(), charts: Vec::new() };
    for block in blocks {
        let is_over = match block {
            Block::Chart(_) => open.charts.len() == MAX_PICTURED,
            _ => !open.charts.is_empty(),
        };
        if is_over {
            let next = PicturedPart { said: Document::default(), charts: Vec::new() };
            sections.push(std::mem::replace(&mut open, next));
        }
        match block {
            Block::Chart(chart) => {
                open.said.blocks.extend(block.simpler());
                open.charts.push(chart.clone());
            }
            block => open.said.blocks.push(block.clone()),
        }
    }
    if !open.said.blocks.is_empty() {
        sections.push(open);
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChartKind, PlainMeasure, Plot, PlotSeries, TextUnit, Tone, same_text};

    const MEASURE: PlainMeasure = PlainMeasure(TextUnit::Chars);

    fn chart(title: &str) -> Block {
        let series = vec![PlotSeries { name: "n".to_owned(), tone: Tone::Info, values: vec![1.0] }];
        let (title, said) = (title.to_owned(), "As it was.".to_owned());
        let plot = Plot { title, kind: ChartKind::Bar, labels: Vec::new(), series, said };
        Block::Chart(Chart::of(plot).expect("a value"))
    }

    fn shape(parts: &[PicturedPart]) -> Vec<(String, usize)> {
        parts.iter().map(|part| (part.said.visible_text().replace('\n', " "), part.charts.len())).collect()
    }

    #[test]
    fn what_comes_before_charts_goes_with_their_picture_and_the_rest_follows() {
        let document = Document::text("verdict").with(chart("A")).with(chart("B")).with(Block::text("details"));
        let parts = split_pictured(&document, &MEASURE, 200, 100, 5).expect("there are charts");
        let expected = [("verdict A As it was. B As it was. (1/2)", 2), ("details (2/2)", 0)];
        assert_eq!(shape(&parts), expected.map(|(text, charts)| (text.to_owned(), charts)));
        let several = Document::default().with(chart("A")).with(chart("B")).with(chart("C"));
        let parts = split_pictured(&several, &MEASURE, 200, 100, 5).expect("there are charts");
        assert_eq!(parts.iter().map(|part| part.charts.len()).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn what_is_too_long_for_a_caption_stands_before_the_picture() {
        let document = Document::text("word ".repeat(30)).with(chart("A"));
        let parts = split_pictured(&document, &MEASURE, 100, 60, 5).expect("there are charts");
        let charts: Vec<usize> = parts.iter().map(|part| part.charts.len()).collect();
        assert_eq!(charts, [0, 0, 1]);
        let said: String = parts
            .iter()
            .enumerate()
            .map(|(at, part)| {
                let text = part.said.visible_text();
                text.strip_suffix(&format!("({}/3)", at + 1)).expect("a number").to_owned()
            })
            .collect();
        assert!(same_text(&said, &document.visible_text()));
    }

    #[test]
    fn there_is_no_picture_where_there_is_no_chart_or_no_room() {
        assert_eq!(split_pictured(&Document::text("a"), &MEASURE, 100, 60, 5), None);
        let document = Document::default().with(chart("A")).with(Block::text("after"));
        assert_eq!(split_pictured(&document, &MEASURE, 100, 60, 1), None);
        let quoted = Document::default().with(Block::Quote(vec![chart("A")]));
        assert_eq!(split_pictured(&quoted, &MEASURE, 100, 60, 5), None);
    }
}
