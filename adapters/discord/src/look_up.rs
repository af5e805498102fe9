//! Looks through a channel for a message of ours of which nobody knows whether it arrived.
//!
//! The newest messages first, back to the time before it was written. Only where all of that was seen and it is not there
//! has it surely not arrived. Discord strips characters that show nothing, so texts are compared without such.

use std::time::{Duration, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::Value;
use serenity::model::id::ChannelId;
use signalbox_adapter::picture::FILE_NAME;
use signalbox_adapter::{MessageId, Outgoing, Receipt, Reconciled, ThreadId, Tried};

use crate::api::Api;
use crate::boards::Board;
use crate::compose::content;
use crate::event::{Channel, Guild, Message};
use crate::failure::CallError;
use crate::pictured::Pictured;
use crate::snowflake::{made_at, sent_at};

/// Messages in one answer; Discord gives no more at once.
const PAGE: usize = 100;

/// Most answers that are looked through.
const MAX_PAGES: usize = 20;

/// Most posts that are looked at.
const MAX_POSTS: usize = 100;

/// Deepest nesting of components that is looked into.
const MAX_DEPTH: usize = 4;

/// How far Discord's clock and the core's may be apart: what is older by more was surely there before.
const CLOCKS_APART: Duration = Duration::from_secs(60 * 60);

/// Kinds of messages that a delivery shows: plain ones, and answers to others. What a command was answered with is none.
const BY_DELIVERY: [u64; 2] = [0, 19];

/// What is looked for.
struct Sought<'a> {
    us: String,
    /// No try is older, since 1970.
    written: Duration,
    said: String,
    answers: Option<&'a str>,
    file: Option<&'a str>,
    /// Whether charts are drawn beside it.
    has_picture: bool,
    others: &'a [MessageId],
}

/// Looks for a message in its channel.
///
/// # Errors
/// [`CallError`].
pub(crate) async fn look_up(
    api: &Api,
    channel: ChannelId,
    message: &Outgoing,
    answered: Option<&MessageId>,
    tried: &Tried,
) -> Result<Reconciled, CallError> {
    let sought = Sought::of(api.who().await?.id, message, answered, tried);
    let (mut before, mut is_whole) = (String::new(), true);
    for page in 0..MAX_PAGES {
        let found: Vec<Value> = api.get(&format!("channels/{channel}/messages?limit={PAGE}{before}")).await?;
        if page == 0 && found.is_empty() {
            // Without the right to read the history nothing is shown of it either.
            let channel: Channel = api.get(&format!("channels/{channel}")).await?;
            return Ok(absent(channel.last_message_id.is_none()));
        }
        let mut oldest = u64::MAX;
        for one in &found {
            let Ok(shown) = Message::deserialize(one) else {
                is_whole = false;
                continue;
            };
            if sought.is(&shown) {
                return Ok(Reconciled::Delivered(Receipt::of(MessageId::new(shown.id))));
            }
            oldest = oldest.min(shown.id.parse().unwrap_or(u64::MAX));
        }
        if found.len() < PAGE || made_at(oldest) < sought.written {
            return Ok(absent(is_whole));
        }
        before = format!("&before={oldest}");
    }
    Ok(Reconciled::Unknowable)
}

/// Looks for a post whose first message it is, among those that the bot has made since: first those that are open, then those
/// that were closed.
///
/// # Errors
/// [`CallError`].
pub(crate) async fn look_up_post(
    api: &Api,
    board: &Board,
    message: &Outgoing,
    tried: &Tried,
) -> Result<Reconciled, CallError> {
    let (forum, sought) = (message.target.address.chat.as_str(), Sought::of(api.who().await?.id, message, None, tried));
    let active: Guild = api.get(&format!("guilds/{}/threads/active", board.guild)).await?;
    let archived: Guild = api.get(&format!("channels/{forum}/threads/archived/public?limit={PAGE}")).await?;
    let mut is_whole = !archived.has_more
        || archived.threads.last().is_some_and(|last| sent_at(&last.id).is_some_and(|at| at < sought.written));
    let ours = |post: &&Channel| {
        post.parent_id.as_deref() == Some(forum)
            && post.owner_id.as_ref().is_none_or(|owner| *owner == sought.us)
            && sent_at(&post.id).is_some_and(|at| at >= sought.written)
            && !sought.others.iter().any(|other| other.as_str() == post.id)
    };
    let mut posts: Vec<&Channel> = active.threads.iter().chain(&archived.threads).filter(ours).collect();
    posts.sort_by_key(|post| std::cmp::Reverse(post.id.parse::<u64>().unwrap_or(0)));
    is_whole &= posts.len() <= MAX_POSTS;
    for post in posts.into_iter().take(MAX_POSTS) {
        let id = &post.id;
        match api.get::<Message>(&format!("channels/{id}/messages/{id}")).await {
            Ok(shown) if sought.is(&shown) => {
                let receipt = Receipt { message: MessageId::new(id), begun: Some(ThreadId::new(id)) };
                return Ok(Reconciled::Delivered(receipt));
            }
            Ok(_) => {}
            // Its first message was taken away: nobody knows what that said.
            Err(error) if error.is_refusal() => is_whole = false,
            Err(error) => return Err(error),
        }
    }
    Ok(absent(is_whole))
}

fn absent(surely: bool) -> Reconciled {
    if surely { Reconciled::Absent } else { Reconciled::Unknowable }
}

impl<'a> Sought<'a> {
    fn of(us: String, message: &'a Outgoing, answered: Option<&'a MessageId>, tried: &'a Tried) -> Self {
        Self {
            us,
            written: tried.written.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(CLOCKS_APART),
            said: ink(&content(message)),
            answers: answered.map(MessageId::as_str),
            file: message.attachment.as_ref().map(|file| file.file_name.as_str()),
            has_picture: !Pictured::charts(message).is_empty(),
            others: &tried.others,
        }
    }

    fn is(&self, shown: &Message) -> bool {
        let answered = shown.message_reference.as_ref().and_then(|reference| reference.message_id.as_deref());
        BY_DELIVERY.contains(&shown.kind)
            && sent_at(&shown.id).is_some_and(|at| at >= self.written)
            && !self.others.iter().any(|other| other.as_str() == shown.id)
            && shown.author.as_ref().is_some_and(|author| author.id == self.us)
            && self.says(shown)
            && (answered == self.answers || answered.is_none())
            && self.has_file(shown)
    }

    /// Whether a message has the files that were sent; a picture that could not be drawn was not.
    fn has_file(&self, shown: &Message) -> bool {
        let first = shown.attachments.first().map(|file| file.filename.as_str());
        first == self.file || (self.has_picture && self.file.is_none() && first == Some(FILE_NAME))
    }
}

impl Sought<'_> {
    /// Whether a message says what is looked for: as its text, or as a card.
    fn says(&self, shown: &Message) -> bool {
        ink(&shown.content) == self.said || (shown.content.is_empty() && ink(&of_card(shown)) == self.said)
    }
}

/// Returns what a card says: the texts of its components, or of its embeds.
fn of_card(shown: &Message) -> String {
    fn texts(components: &[Value], depth: usize, said: &mut String) {
        for component in components.iter().filter(|_| depth < MAX_DEPTH) {
            said.push_str(component["content"].as_str().unwrap_or_default());
            texts(component["components"].as_array().map_or(&[], Vec::as_slice), depth + 1, said);
        }
    }
    let mut said: String = shown.embeds.iter().map(|embed| embed.description.as_str()).collect();
    texts(&shown.components, 0, &mut said);
    said
}

/// Returns what of a text is seen: not its layout, nor signs that only format.
fn ink(text: &str) -> String {
    let formats = |c: char| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !formats(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_seen_of_a_text_counts() {
        assert_eq!(ink("a\u{200b} b\n\u{202e}c\u{0}\u{feff}"), "abc");
        assert_eq!(ink("שלום 👍🏽"), "שלום👍🏽");
    }
}
