//! What is said about projects.

use signalbox_adapter::{Block, Document, Inline, Item};

use super::line;
use crate::agent::checkout::{Checkout, GitError};
use crate::config::{Project, Projects};

/// Answers `/project`; `own` is the chat's.
#[must_use]
pub fn list(projects: &Projects, own: Option<&str>) -> Document {
    if projects.is_empty() {
        return line("No project is configured. One line below `[projects]` makes one: `web = \"/home/user/web\"`.");
    }
    let own = own.filter(|own| projects.contains_key(*own));
    let verdict = match own {
        Some(own) => format!("New sessions of this chat work in `{own}`. `/project none` ends that."),
        None => "This chat has no project. `/project use <name>` chooses one for new sessions.".to_owned(),
    };
    let items = projects.iter().map(|(name, project)| {
        let mut content = vec![Inline::Code(name.clone()), Inline::Text(" · ".into())];
        content.push(Inline::Code(project.path.display().to_string()));
        if project.worktree {
            content.push(Inline::Text(" · a work tree for each session".into()));
        }
        Item { checked: None, blocks: vec![Block::Paragraph(content)] }
    });
    let list = Block::List { start: None, items: items.collect() };
    line(&verdict).then(Document { blocks: vec![list] })
}

/// Confirms a chat's project.
#[must_use]
pub fn chosen(name: &str, project: &Project) -> Document {
    let each = if project.worktree { ", each in a git work tree of its own" } else { "" };
    line(&format!("New sessions of this chat work in `{name}`{each}. Sessions that are there stay where they are."))
}

/// Confirms that a chat has no project any more.
#[must_use]
pub fn left() -> Document {
    line("This chat has no project any more. Sessions that are there stay where they are.")
}

/// Tells that the chat's project is not configured any more.
#[must_use]
pub fn gone(name: &str) -> Document {
    line(&format!(
        "This chat's project `{name}` is not configured any more. `/project use <name>` chooses another, `/project none` none."
    ))
}

/// Tells that an agent that is kept apart gets no work tree.
#[must_use]
pub fn kept_apart(agent: &str, project: &str) -> Document {
    line(&format!(
        "`{agent}` runs in a sandbox, and no git work trees are made for such. Name another agent, or set \
         `worktree = false` for the project `{project}`."
    ))
}

/// Tells why a work tree could not be made; goes into a task's error.
#[must_use]
pub fn no_worktree(project: &str, why: &GitError) -> String {
    let project = project.replace('`', "'");
    let how = match why {
        GitError::Missing => " Install git, or set `worktree = false` for the project.".to_owned(),
        GitError::Said(words) if words.contains("not a git repository") => {
            return format!(
                "`{project}` is no git repository, so no work tree could be made of it. Run `git init` and commit there, or set \
                 `worktree = false` for the project. Then retry."
            );
        }
        GitError::Said(words) if words.contains("invalid reference") || words.contains("not a valid object name") => {
            return format!(
                "`{project}` has no commit yet, so no work tree could be made of it. Commit something there, or set \
                 `worktree = false` for the project. Then retry."
            );
        }
        GitError::Run(_) | GitError::Late(_) | GitError::Said(_) => String::new(),
    };
    format!("No git work tree could be made of `{project}`.{how}\n{why}")
}

/// Names what is not committed, in a few words.
#[must_use]
pub fn changes(checkout: &Checkout) -> String {
    let named = checkout.changed.join(", ");
    match checkout.changes - checkout.changed.len() {
        0 if checkout.changes == 0 => "nothing; all is committed".to_owned(),
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// Says below the end of a session what becomes of its work tree; nothing is known of it where git did not tell in time.
#[must_use]
pub fn worktree_left(directory: &str, branch: &str, checkout: Option<&Checkout>) -> Document {
    match checkout {
        Some(checkout) if checkout.changes == 0 => match checkout.has_own {
            Some(false) => line("Its work tree is removed; nothing was committed."),
            Some(true) => line(&format!("Its work tree is removed. What it committed stays on the branch `{branch}`.")),
            None => line(&format!("Its work tree is removed. Commits of its own stay on the branch `{branch}`.")),
        },
        Some(checkout) => line(&format!(
            "Not committed, so its work tree stays in `{directory}` on the branch `{branch}`: {}.",
            changes(checkout).replace('`', "'")
        )),
        None => line(&format!(
            "Its work tree `{directory}` on the branch `{branch}` is removed unless something there is not committed."
        )),
    }
}
