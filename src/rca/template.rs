//! Prepared questions, `config/templates/*.toml`: the problems that people are called for at night.

use std::sync::OnceLock;

use serde::Deserialize;

/// The files, by name; a test checks that every one in the folder stands here.
const FILES: &[(&str, &str)] = &[
    ("deploy-regression", include_str!("../../config/templates/deploy-regression.toml")),
    ("disk-full", include_str!("../../config/templates/disk-full.toml")),
    ("error-rate", include_str!("../../config/templates/error-rate.toml")),
    ("fd-leak", include_str!("../../config/templates/fd-leak.toml")),
    ("high-cpu", include_str!("../../config/templates/high-cpu.toml")),
    ("inodes", include_str!("../../config/templates/inodes.toml")),
    ("io-wait", include_str!("../../config/templates/io-wait.toml")),
    ("kubernetes-high-cpu", include_str!("../../config/templates/kubernetes-high-cpu.toml")),
    ("memory-leak", include_str!("../../config/templates/memory-leak.toml")),
    ("network-errors", include_str!("../../config/templates/network-errors.toml")),
    ("oom", include_str!("../../config/templates/oom.toml")),
    ("service-down", include_str!("../../config/templates/service-down.toml")),
    ("slow-responses", include_str!("../../config/templates/slow-responses.toml")),
    ("tls-expiry", include_str!("../../config/templates/tls-expiry.toml")),
];

/// Farthest that a mistyped name may be from the one that was meant, in edits.
const MAX_EDITS: usize = 2;

/// A prepared question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// What it is found by: the file's name.
    #[serde(skip)]
    pub name: String,
    /// What an investigation of it is called.
    pub title: String,
    /// What it is about, in a few words.
    pub about: String,
    /// The question, in full, for agents that read.
    pub question: String,
}

impl Template {
    /// Returns the question in one line, for the built-in investigator, which goes by its words.
    #[must_use]
    pub fn brief(&self) -> String {
        format!("{}: {}", self.title, self.about)
    }
}

/// Returns all templates, by name.
#[must_use]
pub fn all() -> &'static [Template] {
    static ALL: OnceLock<Vec<Template>> = OnceLock::new();
    ALL.get_or_init(|| FILES.iter().map(|(name, text)| read(name, text)).collect())
}

/// Finds a template by its name, in any case.
#[must_use]
pub fn find(name: &str) -> Option<&'static Template> {
    all().iter().find(|template| template.name.eq_ignore_ascii_case(name.trim()))
}

/// Finds the template that a single word with a dash in it was probably meant for; other words are a question of their own.
#[must_use]
pub fn nearest(word: &str) -> Option<&'static Template> {
    let word = word.trim().to_lowercase();
    if !word.contains('-') || word.contains(char::is_whitespace) || find(&word).is_some() {
        return None;
    }
    let edits = |template: &&Template| strsim::osa_distance(&word, &template.name);
    all().iter().filter(|template| edits(template) <= MAX_EDITS).min_by_key(edits)
}

fn read(name: &str, text: &str) -> Template {
    let template: Template = toml::from_str(text).expect("the templates are checked by a test");
    Template { name: name.to_owned(), question: template.question.trim().to_owned(), ..template }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_is_near_the_one_that_was_meant() {
        let near = |word: &str| nearest(word).map(|template| template.name.as_str());
        for (word, meant) in [("high-cup", "high-cpu"), ("Disk-Ful", "disk-full"), ("tls-exipry", "tls-expiry")] {
            assert_eq!(near(word), Some(meant), "{word}");
        }
        for word in ["high-cpu", "oom", "omo", "high cup", "checkout-api", "high-cup now", ""] {
            assert_eq!(near(word), None, "{word}");
        }
    }

    #[test]
    fn every_file_of_the_folder_is_a_template() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config/templates");
        let files = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").file_name());
        let mut files: Vec<String> = files.map(|name| name.to_string_lossy().replace(".toml", "")).collect();
        files.sort();
        let names: Vec<&str> = all().iter().map(|template| template.name.as_str()).collect();
        assert_eq!(names, files);
        assert!(names.len() >= 10);
        for template in all() {
            assert!(template.question.len() > 100 && template.title.len() < 40 && template.about.len() < 80);
            assert!(!template.title.contains('\n') && !template.about.contains('\n'), "{}", template.name);
        }
    }

    #[test]
    fn a_template_is_found_by_its_name_alone() {
        assert_eq!(find(" High-CPU ").map(|template| template.title.as_str()), Some("High CPU"));
        assert_eq!(find("high-cpu on web-1"), None);
    }
}
