//! What is told besides where a command with options is not understood.

use super::fault::OptionGuide;
use super::grammar::{Definition, Form};
use super::words::{Command, definition};

/// Tells of a form with options how it is written, by an example, and what they are.
pub(super) fn guide(form: &Form<Command>) -> Option<Box<OptionGuide>> {
    let options = form.options()?;
    let begins = format!("/{} ", form.path.join(" "));
    let examples = definition(form.path[0]).map(|definition| definition.examples).unwrap_or_default();
    let example = examples.iter().find(|example| example.text.starts_with(&begins));
    let example = example.map(|example| (example.text, example.does));
    let lines = example.iter().chain(options.each).map(|(typed, does)| ((*typed).to_owned(), (*does).to_owned()));
    Some(Box::new(OptionGuide(lines.collect())))
}

/// Tells of a command with options which subcommands it has, and how the first with options is written.
pub(super) fn whole_guide(definition: &Definition<Command>) -> Option<Box<OptionGuide>> {
    let mut guide = definition.forms.iter().find_map(guide)?;
    let mut words: Vec<&str> = definition.subcommands().collect();
    words.dedup();
    let all = (format!("/{} {}", definition.word, words.join("|")), definition.description.to_owned());
    guide.0.insert(0, all);
    Some(guide)
}
