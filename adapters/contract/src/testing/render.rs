//! What every `Render` has to keep.

use std::collections::BTreeSet;

use super::Breach;
use super::corpus::{HEADER, MENTIONS, ONCE, Sample, UNBROKEN, corpus, words};
use crate::{DEFAULT_MAX_PARTS, Document, Part, Render, clean};

/// Checks a renderer against a corpus of nasty documents.
///
/// `visible` tells what a reader sees of a part, in the provider's own count, without anything inserted to keep a mention
/// from pinging. No part may be empty or over the limits, and no text may be lost, repeated, changed or moved.
///
/// # Errors
/// The first [`Breach`].
pub fn check_render(render: &dyn Render, visible: impl Fn(&Part) -> String) -> Result<(), Breach> {
    for sample in corpus() {
        for max_parts in [1, DEFAULT_MAX_PARTS, 100] {
            check_sample(render, &visible, &sample, max_parts)
                .map_err(|what| Breach::new(format!("{} in at most {max_parts} parts", sample.name), what))?;
        }
    }
    Ok(())
}

fn check_sample(
    render: &dyn Render,
    visible: &dyn Fn(&Part) -> String,
    sample: &Sample,
    max_parts: usize,
) -> Result<(), String> {
    let limits = render.limits();
    let source = sample.document.visible_text();
    let rendered = render.render(&sample.document, max_parts);
    if !(1..=max_parts).contains(&rendered.parts.len()) {
        return Err(format!("it became {} parts", rendered.parts.len()));
    }
    let mut text = String::new();
    for (at, part) in rendered.parts.iter().enumerate() {
        let shown = visible(part);
        let units = limits.unit.count(&shown);
        if units > limits.max_text {
            return Err(format!("part {} has {units} units, the limit is {}", at + 1, limits.max_text));
        }
        if shown.trim().is_empty() && !source.trim().is_empty() {
            return Err(format!("part {} is empty", at + 1));
        }
        text.push_str(&shown);
        text.push('\n');
    }
    if let Some(rest) = &rendered.rest {
        text.push_str(&Document::from_markdown(rest).visible_text());
    }
    check_text(&source, &text)
}

/// Compares what a reader sees with what was to be said.
fn check_text(source: &str, text: &str) -> Result<(), String> {
    let (meant, said) = (words(source, ONCE), words(text, ONCE));
    if let Some(at) = (0..meant.len().max(said.len())).find(|at| meant.get(*at) != said.get(*at)) {
        return Err(format!("word {at} should be {:?} and is {:?}", meant.get(at), said.get(at)));
    }
    let headers = |text| words(text, HEADER).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    if headers(source) != headers(text) {
        return Err("the header of a table was lost".to_owned());
    }
    let unbroken = |text: &str| text.chars().filter(|c| *c == UNBROKEN).count();
    if unbroken(source) != unbroken(text) {
        return Err(format!("{} of {} characters are left", unbroken(text), unbroken(source)));
    }
    if let Some(mention) = MENTIONS.iter().find(|mention| source.contains(*mention) && !text.contains(*mention)) {
        return Err(format!("the text {mention} was lost or changed"));
    }
    if clean(text) != text {
        return Err("control characters or bidi overrides came through".to_owned());
    }
    Ok(())
}
