//! `fields` of a hook: where things stand in the JSON that a program of one's own sends.

use std::collections::BTreeMap;

use super::reader::Section;

/// Most labels, and most links, that are named.
const MAX_NAMED: usize = 50;

/// Where things stand in JSON, as JSON pointers; what is not named is looked for by the usual names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookFields {
    /// The list of alerts, where one message holds several; the other paths begin in each of them.
    pub alerts: Option<String>,
    /// What it is about.
    pub title: Option<String>,
    /// How bad it is.
    pub severity: Option<String>,
    /// Whether it fires or is over.
    pub status: Option<String>,
    /// What is the same for each firing and the end of one problem.
    pub fingerprint: Option<String>,
    /// When it began.
    pub starts_at: Option<String>,
    /// An object whose fields are the labels.
    pub all_labels: Option<String>,
    /// Labels by name.
    pub labels: BTreeMap<String, String>,
    /// Addresses of pages about it.
    pub links: Vec<String>,
}

impl HookFields {
    pub(super) fn read(section: &mut Section) -> Self {
        let mut path = |key| section.parsed(key, None, |text| pointer(text).map(Some));
        let fields = Self {
            alerts: path("alerts"),
            title: path("title"),
            severity: path("severity"),
            status: path("status"),
            fingerprint: path("fingerprint"),
            starts_at: path("starts_at"),
            all_labels: None,
            labels: BTreeMap::new(),
            links: Vec::new(),
        };
        let (all_labels, labels) = labels(section);
        Self { all_labels, labels, links: links(section), ..fields }
    }
}

/// Reads the path of an object, or a table of paths by name.
fn labels(section: &mut Section) -> (Option<String>, BTreeMap<String, String>) {
    if !section.is_table("labels") {
        return (section.parsed("labels", None, |text| pointer(text).map(Some)), BTreeMap::new());
    }
    let labels = section.section("labels", |section| {
        let mut labels = BTreeMap::new();
        for name in section.names() {
            if let Some(path) = section.parsed(&name, None, |text| pointer(text).map(Some)) {
                labels.insert(name, path);
            }
        }
        labels
    });
    if labels.len() > MAX_NAMED {
        section.fault("labels", format!("there may be at most {MAX_NAMED}"));
    }
    (None, labels)
}

fn links(section: &mut Section) -> Vec<String> {
    let paths = section.texts("links").unwrap_or_default();
    if paths.len() > MAX_NAMED {
        section.fault("links", format!("there may be at most {MAX_NAMED}"));
    }
    let mut links = Vec::new();
    for path in paths {
        match pointer(&path) {
            Ok(path) => links.push(path),
            Err(why) => section.fault("links", why),
        }
    }
    links
}

/// Reads a path into JSON: a pointer (`/alert/name`), or names with dots between them (`alert.name`), as a pointer.
fn pointer(text: &str) -> Result<String, String> {
    const MAX_BYTES: usize = 256;
    let whole = !text.is_empty() && text.len() <= MAX_BYTES && !text.contains(char::is_control);
    if whole && text.starts_with('/') {
        return Ok(text.to_owned());
    }
    if !whole || text.split('.').any(str::is_empty) {
        return Err("must be a path such as \"alert.name\", or a JSON pointer such as \"/alert/name\"".to_owned());
    }
    let names = text.split('.').map(|name| name.replace('~', "~0").replace('/', "~1"));
    Ok(names.map(|name| format!("/{name}")).collect())
}
