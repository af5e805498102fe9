//! An alert being put together: the one way from a payload to an [`Alert`], so that all of it is cleaned and bounded.

use std::collections::BTreeMap;

use serde_json::Value;

use super::headline::Headline;
use super::lookup::scalar;
use super::{Alert, Firing, Severity, Source, bounds, fingerprint, secret};
use crate::clock::Timestamp;

/// Title of an alert that has none.
pub(super) const UNTITLED: &str = "untitled alert";

/// An alert being put together. Of what can be set once, the first counts.
pub(super) struct AlertDraft {
    source: Source,
    title: Option<String>,
    severity: Severity,
    status: Option<Firing>,
    is_acknowledged: bool,
    acknowledged_by: Option<String>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    links: Vec<String>,
    pub(super) starts_at: Option<Timestamp>,
    /// When it was said; of what is over the time of its end.
    pub(super) said_at: Option<Timestamp>,
    fingerprint: Option<String>,
}

impl AlertDraft {
    /// Starts an alert of a source.
    pub(super) fn of(source: Source) -> Self {
        Self {
            source,
            title: None,
            severity: Severity::Unknown,
            status: None,
            is_acknowledged: false,
            acknowledged_by: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            links: Vec::new(),
            starts_at: None,
            said_at: None,
            fingerprint: None,
        }
    }

    /// Sets the title, unless there is one or this is blank.
    pub(super) fn title(&mut self, text: Option<String>) {
        let title = text.map(|text| bounds::title(&secret::masked(&text))).filter(|title| !title.is_empty());
        self.title = self.title.take().or(title);
    }

    /// Sets the severity to the first of these texts that is understood.
    pub(super) fn severity(&mut self, texts: impl IntoIterator<Item = Option<String>>) {
        let mut read = texts.into_iter().flatten().map(|text| Severity::parse(&text));
        if self.severity == Severity::Unknown {
            self.severity = read.find(|severity| *severity != Severity::Unknown).unwrap_or_default();
        }
    }

    /// Sets the state, unless it is known or this says nothing.
    pub(super) fn status(&mut self, text: Option<String>) {
        let Some(text) = text.filter(|_| self.status.is_none()) else { return };
        self.status = Firing::parse(&text);
        self.is_acknowledged = Firing::is_acknowledged(&text);
    }

    /// Sets who has taken it at its source, unless somebody is named or this is blank; counts where its state says that somebody has.
    pub(super) fn acknowledged_by(&mut self, text: Option<String>) {
        let name = text.map(|text| bounds::title(&secret::masked(&text))).filter(|name| !name.is_empty());
        self.acknowledged_by = self.acknowledged_by.take().or(name);
    }

    /// Adds a label, unless it is there already, blank, or one too many.
    pub(super) fn label(&mut self, key: &str, value: Option<String>) {
        add(&mut self.labels, key, value);
    }

    /// Adds an annotation, unless it is there already, blank, or one too many.
    pub(super) fn annotation(&mut self, key: &str, value: Option<String>) {
        add(&mut self.annotations, key, value);
    }

    /// Adds the fields of an object as labels.
    pub(super) fn labels(&mut self, object: Option<&Value>) {
        for (key, value) in fields(object) {
            add(&mut self.labels, key, Some(value));
        }
    }

    /// Adds tags as labels: `name:value`, `name=value`, or a name alone, which is `true`; marks around them are not theirs. One
    /// without a letter names nothing: it is a value of `tag`, the first of them where there are several.
    pub(super) fn tags<'t>(&mut self, tags: impl IntoIterator<Item = &'t str>) {
        for tag in tags {
            let tag = tag.trim_matches(|c: char| c.is_whitespace() || matches!(c, '`' | ',' | '*'));
            let alone = if tag.chars().any(char::is_alphabetic) { (tag, "true") } else { ("tag", tag) };
            let (key, value) = tag.split_once([':', '=']).unwrap_or(alone);
            self.label(key, Some(value.to_owned()));
        }
    }

    /// Adds the fields of an object as annotations; values that are links become links as well.
    pub(super) fn annotations(&mut self, object: Option<&Value>) {
        for (key, value) in fields(object) {
            self.link(Some(value.clone()));
            add(&mut self.annotations, key, Some(value));
        }
    }

    /// Returns a label.
    pub(super) fn labelled(&self, key: &str) -> Option<String> {
        self.labels.get(key).cloned()
    }

    /// Returns an annotation.
    pub(super) fn annotated(&self, key: &str) -> Option<String> {
        self.annotations.get(key).cloned()
    }

    /// Adds a link, unless it is there already, not one to a web page, or one too many.
    pub(super) fn link(&mut self, text: Option<String>) {
        if let Some(link) = text.and_then(|text| bounds::link(&secret::bare(&text)))
            && self.links.len() < bounds::MAX_LINKS
            && !self.links.contains(&link)
        {
            self.links.push(link);
        }
    }

    /// Sets the source's own key, unless there is one or this is blank.
    pub(super) fn fingerprint(&mut self, key: Option<String>) {
        let own = key.and_then(|key| fingerprint::own(self.source, &key));
        self.fingerprint = self.fingerprint.take().or(own);
    }

    /// Returns the key that it has without one of its source's own, by the labels so far.
    pub(super) fn derived(&self, title: &str) -> String {
        fingerprint::derived(self.source, &self.labels, title)
    }

    /// Completes the alert: what the payload did not say is taken from the marks in the title.
    pub(super) fn finish(self) -> Alert {
        let is_untitled = self.title.is_none();
        let title = self.title.unwrap_or_else(|| UNTITLED.to_owned());
        let headline = Headline::of(&title);
        let severity = if self.severity == Severity::Unknown { headline.severity } else { self.severity };
        let is_acknowledged = if self.status.is_some() { self.is_acknowledged } else { headline.acknowledged };
        let status = self.status.or(headline.status).unwrap_or_default();
        // Only these two say when that began which is over; others say when it ended, or when it was first seen.
        let tells_begin = matches!(self.source, Source::Alertmanager | Source::Grafana);
        let derived = || match is_untitled {
            true => fingerprint::of_content(self.source, &self.labels, &self.annotations),
            false => fingerprint::derived(self.source, &self.labels, &title),
        };
        Alert {
            source: self.source,
            severity,
            status,
            fingerprint: self.fingerprint.unwrap_or_else(derived),
            title: headline.shown,
            labels: self.labels,
            annotations: self.annotations,
            links: self.links,
            starts_at: self.starts_at.filter(|_| status == Firing::Firing || tells_begin),
            ended_at: self.said_at.filter(|_| status == Firing::Resolved),
            acknowledged: (is_acknowledged && status == Firing::Firing)
                .then(|| self.acknowledged_by.unwrap_or_default()),
        }
    }
}

/// Iterates the fields of an object as texts; lists and objects within become JSON.
fn fields(object: Option<&Value>) -> impl Iterator<Item = (&str, String)> {
    let fields = object.and_then(Value::as_object).into_iter().flatten();
    fields.filter_map(|(key, value)| Some((key.as_str(), shown(value)?)))
}

/// Returns a value as text, whatever it is; none if there is nothing in it.
pub(super) fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => (!items.is_empty()).then(|| value.to_string()),
        Value::Object(fields) => (!fields.is_empty()).then(|| value.to_string()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => scalar(value),
    }
}

fn add(fields: &mut BTreeMap<String, String>, key: &str, value: Option<String>) {
    let Some(value) = value else { return };
    if fields.len() >= bounds::MAX_FIELDS || secret::holds_secret(key, &value) {
        return;
    }
    let (key, value) = (bounds::key(key), bounds::value(&secret::masked(&value)));
    if !key.is_empty() && !value.is_empty() {
        fields.entry(key).or_insert(value);
    }
}
