//! That what the adapters state is what the example file shows and what the list says.

use signalbox_adapter::settings::Section;

use super::{LISTED, statements};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/signalbox.example.toml");
/// Set, it has the example file written anew instead of held against the statements.
const WRITE: &str = "SIGNALBOX_WRITE_EXAMPLE";

/// The example with what the adapters state in its place: each section a paragraph, each access list a line of `[allow]`.
fn with_statements(example: &str, sections: &[&Section]) -> String {
    let mut paragraphs: Vec<String> = example.trim_end().split("\n\n").map(str::to_owned).collect();
    let is_of =
        |paragraph: &str, section: &Section| paragraph.lines().any(|line| line == format!("[{}]", section.name));
    let is_stated = |paragraph: &String| sections.iter().any(|section| is_of(paragraph, section));
    let at = paragraphs.iter().position(is_stated).unwrap_or(paragraphs.len());
    paragraphs.retain(|paragraph| !is_stated(paragraph));
    let stated = sections.iter().map(|section| section.example().trim_end().to_owned());
    paragraphs.splice(at..at, stated);
    let allow = paragraphs.iter_mut().find(|paragraph| paragraph.contains("\n[allow]")).expect("a section [allow]");
    for access in sections.iter().rev().filter_map(|section| section.access) {
        let roles = if access.roles.is_some() { ", roles = []" } else { "" };
        let line = format!("\n{} = {{ users = [], chats = []{roles} }}", access.provider);
        if !allow.contains(&line) {
            *allow = allow.replacen("\n[allow]", &format!("\n[allow]{line}"), 1);
        }
    }
    paragraphs.join("\n\n").trim_end().to_owned() + "\n"
}

#[test]
fn the_example_file_shows_what_the_adapters_state() {
    let example = std::fs::read_to_string(EXAMPLE).expect("the example file");
    let expected = with_statements(&example, &statements().sections);
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(EXAMPLE, expected).expect("a writable file");
        return;
    }
    assert!(example == expected, "the example file is not what the adapters state; run the tests with {WRITE}=1");
}

#[test]
fn a_section_that_is_missing_from_the_example_is_put_there() {
    let sections = statements().sections;
    let bare = "# Who.\n[allow]\nslack = { users = [], chats = [] }\n\n[render]\nmax_parts = 5\n";
    let whole = with_statements(bare, &sections);
    for section in &sections {
        assert!(whole.contains(&format!("\n[{}]\n", section.name)), "{whole}");
    }
    assert_eq!(with_statements(&whole, &sections), whole);
    assert_eq!(with_statements(bare, &[]), bare);
}

#[test]
fn the_list_names_the_section_that_each_adapter_states() {
    let stated: Vec<&str> = statements().sections.iter().map(|section| section.name).collect();
    let listed: Vec<&str> = LISTED.iter().copied().filter(|name| !statements().left_out.contains(name)).collect();
    assert_eq!(stated, listed);
}
