//! Posts of forums: how one is made of a message, how its first message and its tags are changed.
//!
//! A post takes no nonce. One whose making had no clear answer is looked for among the newest posts (`look_up.rs`).
//!
//! Source: <https://docs.discord.com/developers/resources/channel#start-thread-in-forum-or-media-channel>, read 2026-11.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_adapter::{DeliverError, Opening, Outgoing, Phase, picture};

use crate::api::Api;
use crate::boards::{Board, Boards, Kind};
use crate::card::Kept;
use crate::compose::{Call, compose, said};
use crate::event::Channel;
use crate::failure::CallError;
use crate::refusal::{ARCHIVED, MISSING_PERMISSIONS, NO_TAG, TITLE_BLOCKED};

/// Minutes without a word after which a thread is archived; whoever writes there opens it again.
/// Source: <https://docs.discord.com/developers/topics/threads>, read 2026-11: 60, 1440, 4320 or 10080.
pub(crate) const ARCHIVED_AFTER_MIN: u32 = 10_080;

/// Fields of a message that a post does not take.
const OF_MESSAGES: [&str; 3] = ["nonce", "enforce_nonce", "message_reference"];

/// The part of what was shown that matters; the rest of it could not make a send undone.
#[derive(Debug, Deserialize)]
pub(crate) struct Shown {
    /// The id of the message, or of the post, which are the same.
    pub(crate) id: String,
}

/// What came of a call; the outer error is about what was to be sent.
pub(crate) type Made = Result<Result<Shown, CallError>, DeliverError>;

/// Makes a call that shows or changes something.
pub(crate) async fn make(api: &Api, call: &Call) -> Made {
    let picture = picture::drawn(call.charts.clone()).await;
    Ok(match call.form(picture)? {
        Some(form) => api.upload(&call.path, form).await,
        None => api.call(call.method.clone(), &call.path, Some(&call.body)).await,
    })
}

/// Returns the call that makes a post.
fn post(shows: &Call, forum: &str, name: &str, tags: &[String]) -> Call {
    let mut message = shows.body.clone();
    if let Value::Object(fields) = &mut message {
        fields.retain(|field, _| !OF_MESSAGES.contains(&field.as_str()));
    }
    let body = json!({
        "name": name, "auto_archive_duration": ARCHIVED_AFTER_MIN, "message": message, "applied_tags": tags,
    });
    let (file, charts) = (shows.file.clone(), shows.charts.clone());
    Call { method: Method::POST, path: format!("channels/{forum}/threads"), body, file, charts }
}

/// Returns a message as it is said in a post of its own, which can answer no other: it names that by a link.
pub(crate) fn as_post(message: &Outgoing) -> Outgoing {
    let mut post = message.clone();
    if let Some(earlier) = post.target.reply_to.take()
        && post.mark.is_none()
    {
        post.mark = Some(format!("<#{earlier}>"));
    }
    post
}

/// Makes and changes posts.
pub(crate) struct Posts<'a> {
    pub(crate) api: &'a Api,
    pub(crate) boards: &'a Boards,
}

impl Posts<'_> {
    /// Makes a post of a message: without a tag that the bot may not set, with another name where its own is not allowed, and
    /// with the tags that there are now where they have changed.
    ///
    /// # Errors
    /// As [`make`].
    pub(crate) async fn make(&self, message: &Outgoing, board: &Board) -> Made {
        let forum = message.target.address.chat.as_str();
        let shows = compose(&as_post(message), true)?;
        let card = Kept::read(&message.part.body);
        let phase = card.as_ref().and_then(|card| card.phase);
        let (mut name, mut tags) = (name_of(message, card.as_ref()), board.tags(phase, &[]));
        let (mut plain_name, mut is_known_anew) = (card.map(|card| card.name).filter(|name| !name.is_empty()), false);
        let made = loop {
            let made = make(self.api, &post(&shows, forum, &name, &tags)).await?;
            let Err(CallError::Answered(refusal)) = &made else { break made };
            if refusal.code == TITLE_BLOCKED
                && let Some(plain) = plain_name.take()
            {
                name = plain;
            } else if refusal.code == MISSING_PERMISSIONS
                && let Some(free) = board.without_moderated(&tags)
            {
                tags = free;
            } else if (refusal.code == NO_TAG || refusal.is_about("applied_tags")) && !is_known_anew {
                is_known_anew = true;
                self.boards.forget(forum);
                match self.boards.find_out(self.api, forum).await {
                    Ok(Kind::Board(board)) => tags = board.tags(phase, &[]),
                    Ok(Kind::Plain | Kind::Unknown) => break made,
                    Err(error) => return Ok(Err(error)),
                }
            } else {
                break made;
            }
        };
        if let (Ok(shown), Some(phase)) = (&made, phase) {
            self.boards.tagged(&shown.id, phase);
        }
        Ok(made)
    }

    /// Changes the first message of a post, also of one that is archived, and its tags to what it stands for.
    ///
    /// # Errors
    /// As [`make`].
    pub(crate) async fn change(&self, message: &Outgoing, board: &Board, post: &str) -> Made {
        let change = compose(message, true)?;
        let mut changed = make(self.api, &change).await?;
        if matches!(&changed, Err(error) if error.is(ARCHIVED)) {
            let (path, open) = (format!("channels/{post}"), json!({ "archived": false }));
            changed = match self.api.done(Method::PATCH, &path, Some(&open)).await {
                Ok(()) => make(self.api, &change).await?,
                Err(error) => Err(error),
            };
        }
        let phase = Kept::read(&message.part.body).and_then(|card| card.phase);
        Ok(match (changed, phase) {
            (Ok(shown), Some(phase)) => self.tag(board, post, phase).await.map(|()| shown),
            (changed, _) => changed,
        })
    }

    /// Gives a post the tag of a phase. Where Discord will not have it, the tags stay as they are.
    async fn tag(&self, board: &Board, post: &str, phase: Phase) -> Result<(), CallError> {
        if self.boards.is_tagged(post, phase) {
            return Ok(());
        }
        match self.set_tags(board, post, phase).await {
            Ok(()) => {}
            Err(error) if error.is_refusal() => {
                tracing::warn!(
                    chat.id = post, %error,
                    "the tags of a post were not changed; give the bot's role Create Posts or Manage Threads in the forum"
                );
            }
            Err(error) => return Err(error),
        }
        self.boards.tagged(post, phase);
        Ok(())
    }

    async fn set_tags(&self, board: &Board, post: &str, phase: Phase) -> Result<(), CallError> {
        let path = format!("channels/{post}");
        let had = self.api.get::<Channel>(&path).await?.applied_tags;
        let tags = board.tags(Some(phase), &had);
        if is_same(&tags, &had) {
            return Ok(());
        }
        let set =
            async |tags: &[String]| self.api.done(Method::PATCH, &path, Some(&json!({ "applied_tags": tags }))).await;
        match set(&tags).await {
            Err(error) if error.is(MISSING_PERMISSIONS) => match board.without_moderated(&tags) {
                Some(free) if !is_same(&free, &had) => set(&free).await,
                Some(_) | None => Err(error),
            },
            set => set,
        }
    }
}

fn is_same(some: &[String], others: &[String]) -> bool {
    some.len() == others.len() && some.iter().all(|tag| others.contains(tag))
}

/// Returns what a post is called: as its card, or as its text begins.
fn name_of(message: &Outgoing, card: Option<&Kept>) -> String {
    match card.filter(|card| !card.title.is_empty()) {
        Some(card) => Opening::named(&card.title),
        None => Opening::named(&unmarked(&said(&message.part.body))),
    }
}

/// Returns the first line of a text that says something, without Discord's Markdown.
fn unmarked(markdown: &str) -> String {
    let plain = |line: &str| {
        let line = line.trim_start_matches(['#', '>', '-', ' ']);
        let (mut plain, mut is_escaped) = (String::with_capacity(line.len()), false);
        for c in line.chars() {
            match c {
                '\\' if !is_escaped => is_escaped = true,
                '*' | '`' if !is_escaped => {}
                c => {
                    plain.push(c);
                    is_escaped = false;
                }
            }
        }
        plain.trim().to_owned()
    };
    markdown.lines().map(plain).find(|line| !line.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_called_as_its_text_begins() {
        assert_eq!(unmarked("\n### **Daily** \\[ops\\] `db-1` 2\\*3\nmore"), "Daily [ops] db-1 2*3");
        assert_eq!(unmarked("```\nlog\n```"), "log");
        assert_eq!(Opening::named(&unmarked("* \n> ")), "…");
    }

    #[test]
    fn a_post_takes_what_its_message_says_and_no_nonce() {
        let body = json!({ "content": "hi", "nonce": "k", "enforce_nonce": true, "flags": 4, "allowed_mentions": {} });
        let path = "channels/7/messages".to_owned();
        let shows = Call { method: Method::POST, path, body, file: None, charts: Vec::new() };
        let call = post(&shows, "7", "hi", &["1".to_owned()]);
        assert_eq!((call.method, call.path.as_str()), (Method::POST, "channels/7/threads"));
        assert_eq!(call.body["message"], json!({ "content": "hi", "flags": 4, "allowed_mentions": {} }));
        assert_eq!((&call.body["name"], &call.body["applied_tags"]), (&json!("hi"), &json!(["1"])));
    }
}
