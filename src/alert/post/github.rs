//! GitHub: what its own web hooks for chats say of a repository. Most of it is no alert: what tells neither of a failure nor
//! of its end is no news.

use super::super::draft::AlertDraft;
use super::super::{Alert, Firing, Source, github};
use super::page::{Post, is_address};

/// Words of something that went wrong.
const FAILED: [&str; 6] = ["fail", "error", "alert", "vulnerab", "timed out", "cancelled"];
/// Words of something that is well again.
const WELL: [&str; 5] = ["succe", "passed", "fixed", "resolved", "dismissed"];
/// Words for how bad a security alert is.
const SEVERITIES: [&str; 5] = ["critical", "high", "moderate", "medium", "low"];

/// Reads a post; an inner `None` where it tells of no problem and of no problem's end.
pub(super) fn read(post: &Post<'_>) -> Option<Option<Alert>> {
    let is_there = |line: &&str| is_address(line) && line.contains("//github.com/");
    let address = post.lines.iter().copied().map(str::trim).find(is_there)?;
    let title = post.lines.iter().copied().find(|line| line.starts_with('[') && line.contains(']'))?;
    let (inside, subject) = title.strip_prefix('[')?.split_once(']')?;
    let (repository, branch) = inside.split_once(':').unwrap_or((inside, ""));
    if !repository.contains('/') || repository.contains(char::is_whitespace) {
        return None;
    }
    let said = subject.to_lowercase();
    let status = if WELL.iter().any(|word| said.contains(word)) { Firing::Resolved } else { Firing::Firing };
    if status == Firing::Firing && !FAILED.iter().any(|word| said.contains(word)) {
        return Some(None);
    }
    let mut draft = AlertDraft::of(Source::GitHub);
    draft.title(Some(title.to_owned()));
    draft.severity([Some(severity(&post.text().to_lowercase(), &said, branch).to_owned())]);
    draft.status(Some(status.as_str().to_owned()));
    draft.label("repository", Some(repository.to_owned()));
    draft.label("branch", Some(branch.to_owned()));
    draft.annotation("text", Some(post.text()));
    draft.link(Some(address.to_owned()));
    // A failure and its end say the same but for the word and the commit.
    let about =
        said.split_whitespace().filter(|word| !is_verdict(word) && !is_commit(word)).collect::<Vec<_>>().join(" ");
    draft.fingerprint(Some(format!("post-{repository}-{branch}-{about}")));
    Some(Some(draft.finish()))
}

/// Returns how bad it is, as the hook of the same says.
fn severity(text: &str, said: &str, branch: &str) -> &'static str {
    let told = |word: &&str| text.contains(&format!("{word} severity")) || text.contains(&format!("severity: {word}"));
    if said.contains("secret") {
        return "critical";
    }
    match SEVERITIES.into_iter().find(told) {
        Some(word) => word,
        None if branch.is_empty() || said.contains("deploy") => "error",
        None => github::of_branch(branch, None),
    }
}

/// Tells whether a word is a commit's number, which is another in each post.
fn is_commit(word: &str) -> bool {
    word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_verdict(word: &str) -> bool {
    FAILED.iter().chain(&WELL).any(|known| word.contains(known))
}
