//! The report of an investigation, `{"report", "problem_md", "root_cause", "is_noise"}`, as an answer and as an analysis.
//!
//! The report itself is text in the form of Slack: its cause first, then sections with points. Newer versions tell more beside
//! it, which is taken where it is there; nothing is made up.

use serde_json::{Map, Value, json};

/// What stands for an answer where it was told nothing that it looks into.
const NOISE: &str =
    "opensre took this for no alert, and looked into nothing. Say what is wrong, where, and since when.";
/// Longest text of an analysis, in characters; of each kind so many.
const MAX_CHARS: usize = 2000;
const MAX_POINTS: usize = 9;
/// Signs that no cause was found, and that nothing is wrong, in small letters.
const UNCLEAR: [&str; 3] = ["unable to determine", "not determined", "insufficient evidence"];
const WELL: [&str; 2] = ["no failure detected", "no issue detected"];
/// Beginnings of the names of sections, in small letters: what it found, what it only infers, what to do.
const FINDINGS: [&str; 3] = ["findings", "validated claims", "key findings"];
const INFERRED: [&str; 3] = ["non-validated claims", "inferred", "hypotheses"];
const STEPS: [&str; 6] = ["recommend", "next step", "remediation", "suggested", "what to do", "action"];
/// A line that says how long it took: that is told anyway.
const TIMING: &str = "Timing: ";

/// A report.
#[derive(Debug)]
pub(super) struct SreReport {
    /// Markdown.
    text: String,
    cause: String,
    is_noise: bool,
    is_well: bool,
    found: Vec<String>,
    inferred: Vec<String>,
    steps: Vec<String>,
    /// What it says of the alert and of itself, in one line.
    account: String,
}

impl SreReport {
    /// Reads a report; `None` where there is nothing of one. `confidence`, in per cent, is what it has put out on its way.
    pub(super) fn of(object: &Value, confidence: Option<u8>) -> Option<Self> {
        let object = object.as_object()?;
        let of = |key: &str| object.get(key).and_then(Value::as_str).map(str::trim).unwrap_or_default();
        let is_noise = object.get("is_noise").and_then(Value::as_bool).unwrap_or_default();
        let raw = [of("report"), of("slack_message")].into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        if !["report", "slack_message", "root_cause"].iter().any(|key| object.contains_key(*key)) {
            return None;
        }
        let text = markdown(raw);
        let category = of("root_cause_category");
        let cause = match of("root_cause") {
            "" => text.split("\n\n").next().unwrap_or_default(),
            cause => cause,
        };
        let is_well = category == "healthy" || has(cause, &WELL);
        let or = |section: Vec<String>, keys: &[&str]| if section.is_empty() { listed(object, keys) } else { section };
        Some(Self {
            cause: cut(cause),
            is_noise,
            is_well,
            found: or(points(&text, &FINDINGS), &["validated_claims"]),
            inferred: or(points(&text, &INFERRED), &["non_validated_claims"]),
            steps: or(points(&text, &STEPS), &["remediation_steps", "next_steps", "investigation_recommendations"]),
            account: account(of("problem_md"), of("severity"), category, sure(object).or(confidence)),
            text,
        })
    }

    /// Returns it as an answer, Markdown; `None` where it says nothing.
    pub(super) fn answer(&self) -> Option<String> {
        if self.is_noise && self.text.is_empty() {
            return Some(NOISE.to_owned());
        }
        let said = if self.text.is_empty() { &self.cause } else { &self.text };
        let parts = [said.as_str(), self.account.as_str()].map(str::trim);
        (!said.is_empty()).then(|| parts.join("\n\n").trim().to_owned())
    }

    /// Returns it as an analysis, JSON after `config/rca.schema.json`; `None` where it says nothing. No claim quotes what a tool
    /// put out, for that is not told.
    pub(super) fn analysis(&self) -> Option<String> {
        let claim = |said: &str| json!({"claim": said, "evidence": []});
        let (verdict, cause) = if self.cause.is_empty() {
            ("unclear", Some(NOISE).filter(|_| self.is_noise)?)
        } else if self.is_well {
            ("nothing_wrong", self.cause.as_str())
        } else if has(&self.cause, &UNCLEAR) {
            ("unclear", self.cause.as_str())
        } else {
            ("cause_found", self.cause.as_str())
        };
        let inferred = self.inferred.iter().map(|said| format!("{said} *(inferred)*"));
        let said = self.found.iter().cloned().chain(inferred).take(MAX_POINTS);
        let account = Some(self.account.clone()).filter(|account| !account.is_empty());
        let analysis: Vec<Value> = said.chain(account).map(|said| claim(&said)).collect();
        let answer = json!({
            "verdict": verdict,
            "root_cause": claim(cause),
            "analysis": analysis,
            "next_steps": self.steps,
        });
        Some(answer.to_string())
    }

    /// Returns all of it, where it says more than its cause.
    pub(super) fn whole(&self) -> Option<String> {
        (self.text.trim() != self.cause.trim() && !self.text.is_empty()).then(|| self.text.clone())
    }
}

/// Turns the form of Slack into Markdown, without what is told elsewhere.
fn markdown(report: &str) -> String {
    let mut text = String::with_capacity(report.len());
    for line in report.lines().map(str::trim_end).filter(|line| !line.starts_with(TIMING)) {
        let line = links(line);
        match (line.trim_start().strip_prefix("• "), heading(&line)) {
            (Some(point), _) => text.extend(["- ", point]),
            (None, Some(name)) => text.extend(["## ", name]),
            (None, None) => text.push_str(&line),
        }
        text.push('\n');
    }
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text.trim().to_owned()
}

/// Writes `<address|words>` as a link of Markdown.
fn links(line: &str) -> String {
    let mut written = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(open) = rest.find("<http") {
        let link = rest[open + 1..].split_once('>').and_then(|(link, after)| Some((link.split_once('|')?, after)));
        let Some(((address, words), after)) = link.filter(|((address, _), _)| !address.contains([' ', '<', '(', ')']))
        else {
            break;
        };
        written.extend([&rest[..open], "[", &words.replace(['[', ']'], ""), "](", address, ")"]);
        rest = after;
    }
    written.push_str(rest);
    written
}

/// Returns the name of a section that begins here: `## Name`, or `*Name:*` alone.
fn heading(line: &str) -> Option<&str> {
    let line = line.trim();
    if line.starts_with('#') {
        return Some(line.trim_start_matches('#').trim());
    }
    let name = line.strip_prefix('*')?.strip_suffix('*')?.trim_matches('*');
    (!name.is_empty() && !name.contains('*')).then(|| name.trim().trim_end_matches(':'))
}

/// Returns the points of the sections whose names begin so.
fn points(text: &str, names: &[&str]) -> Vec<String> {
    let (mut points, mut is_in) = (Vec::new(), false);
    for line in text.lines() {
        if let Some(name) = heading(line) {
            let name = name.to_lowercase();
            is_in = names.iter().any(|begin| name.starts_with(begin));
        } else if is_in && let Some(point) = point(line.trim()).filter(|point| !point.trim().is_empty()) {
            points.push(cut(point));
        }
    }
    points.truncate(MAX_POINTS);
    points
}

/// Returns what a line of a list says.
fn point(line: &str) -> Option<&str> {
    let numbered = || line.split_once(". ").filter(|(number, _)| number.bytes().all(|digit| digit.is_ascii_digit()));
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).or_else(|| numbered().map(|(_, point)| point))
}

/// Returns what the first of these lists that is there says: texts, or objects with a claim.
fn listed(object: &Map<String, Value>, keys: &[&str]) -> Vec<String> {
    let list = keys.iter().find_map(|key| object.get(*key)?.as_array().filter(|list| !list.is_empty()));
    let said = |value: &Value| {
        let said = value.as_str().or_else(|| value.get("claim").or_else(|| value.get("step"))?.as_str())?;
        Some(cut(said)).filter(|said| !said.is_empty())
    };
    list.into_iter().flatten().filter_map(said).take(MAX_POINTS).collect()
}

/// Returns how sure it says that it is, in per cent; it tells a share.
fn sure(object: &Map<String, Value>) -> Option<u8> {
    let share = object.get("validity_score").or_else(|| object.get("confidence"))?.as_f64()?;
    // Within the bounds of a percentage, so that nothing is cut off.
    (0.0..=1.0).contains(&share).then(|| format!("{:.0}", share * 100.0).parse().ok())?
}

/// Says what it takes the problem for and how sure it is, in its own words and in one line.
fn account(problem: &str, severity: &str, category: &str, sure: Option<u8>) -> String {
    let told = |name: &str| {
        let fields = problem.lines().flat_map(|line| line.split(" | "));
        fields.filter_map(|field| field.trim().strip_prefix(name)?.strip_prefix(": ")).next().unwrap_or_default()
    };
    let severity = if severity.is_empty() { told("Severity") } else { severity };
    let known = |word: &str| !word.is_empty() && !word.eq_ignore_ascii_case("unknown");
    let parts = [
        known(severity).then(|| format!("severity {severity}")),
        known(category).then(|| format!("category {}", category.replace('_', " "))),
        sure.map(|sure| format!("confidence {sure} %")),
    ];
    let said = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    if said.is_empty() { said } else { format!("By its own account: {said}") }
}

fn has(text: &str, signs: &[&str]) -> bool {
    let text = text.to_lowercase();
    signs.iter().any(|sign| text.contains(sign))
}

/// Cuts a text that is too long.
fn cut(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
