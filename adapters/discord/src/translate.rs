//! From one event of Discord to what the core deals with. Pure.

use signalbox_adapter::http::FileRef;
use signalbox_adapter::{ChatAddress, InboundKey, Incoming, IncomingKind, MessageId, Sender, UserId};

use crate::event::{Interaction, Member, Message, User, millis};
use crate::files;
use crate::interact::Answered;
use crate::places;
use crate::posted;

/// Messages that people or bots write: plain ones, replies, commands of other bots, and the first of a thread.
const WRITTEN: [u64; 4] = [0, 19, 20, 23];

/// Who we are.
#[derive(Debug, Clone)]
pub(crate) struct Us {
    /// The bot's id as its token has it, which keys are made of.
    pub(crate) bot_id: String,
    /// The bot's user id.
    pub(crate) user: String,
    /// Whether Discord shows us what people write, also where it is not for the bot.
    pub(crate) hears_all: bool,
}

/// A message that somebody wrote.
#[derive(Debug)]
pub(crate) struct Said {
    /// The message, without its files.
    pub(crate) incoming: Incoming,
    /// Its files, not downloaded yet.
    pub(crate) files: Vec<FileRef>,
}

/// Understands a message, or an edited one, whose files came with the first; `None` where it is nothing for the core.
pub(crate) fn said(us: &Us, address: ChatAddress, message: &Message, edited: bool) -> Option<Said> {
    let author = message.author.as_ref().filter(|author| author.id != us.user)?;
    if !WRITTEN.contains(&message.kind) {
        return None;
    }
    let is_bot = author.bot || message.webhook_id.is_some();
    // Below a person's message stand only previews of links.
    let content = if is_bot { posted::whole(&message.content, message) } else { message.content.clone() };
    let (text, mentioned) = without_mention(&content, &message.mentions, us);
    let (quoted, not_taken) = (posted::quoted(us, message), posted::not_taken(message));
    let files = if edited { Vec::new() } else { files::of(us, message) };
    let says_nothing = text.is_empty() && files.is_empty() && quoted.is_empty() && not_taken.is_empty();
    if says_nothing && !mentioned {
        return None;
    }
    let key = if edited { format!("{}:{}", message.id, edited_ms(message)?) } else { message.id.clone() };
    let replied = message.message_reference.as_ref().filter(|reference| reference.kind == 0);
    let answers_us = match &message.referenced_message {
        Some(replied) => replied.author.as_ref().is_some_and(|author| author.id == us.user),
        // Discord does not always show what is answered; who wrote it is pinged, if the person did not switch that off.
        None => message.mentions.iter().any(|user| user.id == us.user),
    };
    let incoming = Incoming {
        message: Some(MessageId::new(message.id.clone())),
        reply_to: replied.and_then(|reference| reference.message_id.clone()).map(MessageId::new),
        direct: message.guild_id.is_none(),
        addressed: mentioned || replied.is_some() && answers_us,
        hears_all: us.hears_all,
        not_taken,
        quoted,
        ..Incoming::new(
            InboundKey::new(format!("discord:{}:{key}", us.bot_id)),
            address,
            sender(author, message.member.as_ref(), message.webhook_id.as_deref()),
            if edited { IncomingKind::Edited(text) } else { IncomingKind::Text(text) },
        )
    };
    Some(Said { incoming, files })
}

/// Tells that a message was taken away which stood there.
pub(crate) fn deleted(us: &Us, address: ChatAddress, message: &str) -> Incoming {
    let key = InboundKey::new(format!("discord:{}:{message}:deleted", us.bot_id));
    let told = Incoming::new(key, address, Sender::nobody(), IncomingKind::Deleted);
    Incoming { message: Some(MessageId::new(message)), ..told }
}

/// Returns when a message was edited, in milliseconds since 1970: finer than that, Discord tells one edit in two ways. `None`
/// where nobody did, and Discord itself has added something, such as the preview of a link.
pub(crate) fn edited_ms(message: &Message) -> Option<u64> {
    message.edited_timestamp.as_deref().and_then(millis)
}

/// Understands an interaction, which was answered so; `None` where it is nothing for the core.
pub(crate) fn interacted(us: &Us, interaction: &Interaction, answered: &Answered) -> Option<Incoming> {
    let channel =
        interaction.channel_id.as_deref().or(interaction.channel.as_ref().map(|channel| channel.id.as_str()))?;
    let (shown, window) = match answered {
        Answered::Shown(message) => (Some(message.clone()), None),
        Answered::Aside => (None, Some(press(interaction))),
        Answered::Asked => return None,
        Answered::Taken | Answered::Late => (None, None),
    };
    let (kind, message, reply_to) = match (interaction.command(), interaction.action()) {
        (Some(command), _) => (IncomingKind::Text(command), shown, None),
        (None, Some(action)) => {
            let press = (*answered != Answered::Late).then(|| press(interaction));
            let pressed = interaction.message.as_ref().map(|message| MessageId::new(message.id.clone()));
            (IncomingKind::Button { action, press }, None, pressed)
        }
        (None, None) => return None,
    };
    let quoted = posted::chosen(interaction).into_iter().collect();
    let is_shown_by_us = message.is_some();
    Some(Incoming { message, is_shown_by_us, reply_to, window, quoted, kind, ..from(us, interaction, channel)? })
}

/// Returns what every interaction tells: who, and where.
fn from(us: &Us, interaction: &Interaction, channel: &str) -> Option<Incoming> {
    Some(Incoming {
        direct: interaction.guild_id.is_none(),
        addressed: true,
        hears_all: us.hears_all,
        ..Incoming::new(
            InboundKey::new(format!("discord:{}:{}", us.bot_id, interaction.id)),
            places::told(channel, interaction.channel.as_ref()),
            sender(interaction.person()?, interaction.member.as_ref(), None),
            IncomingKind::Text(String::new()),
        )
    })
}

/// Understands a command, also one that is being typed, as the message that it is or would be, before it was answered.
pub(crate) fn asked(us: &Us, interaction: &Interaction) -> Option<Incoming> {
    match interaction.being_typed() {
        Some(line) => {
            let told = interaction.channel.as_ref().map(|channel| channel.id.as_str());
            let mut asked = from(us, interaction, interaction.channel_id.as_deref().or(told)?)?;
            asked.kind = IncomingKind::Text(line);
            Some(asked)
        }
        None => interacted(us, interaction, &Answered::Late),
    }
}

/// Names a press so that its person can be told something later.
fn press(interaction: &Interaction) -> String {
    format!("{}/{}", interaction.application_id, interaction.token)
}

fn sender(user: &User, member: Option<&Member>, webhook: Option<&str>) -> Sender {
    let nick = member.and_then(|member| member.nick.clone());
    Sender {
        id: UserId::new(webhook.unwrap_or(&user.id)),
        name: nick.or_else(|| user.global_name.clone()).unwrap_or_else(|| user.username.clone()),
        bot: user.bot || webhook.is_some(),
        roles: member.map(|member| member.roles.clone()).unwrap_or_default(),
    }
}

/// Takes a mention of the bot out of the beginning or end of a text, and writes the names of others for their ids; says
/// whether the bot is mentioned.
fn without_mention(content: &str, mentions: &[User], us: &Us) -> (String, bool) {
    let ours = [format!("<@{}>", us.user), format!("<@!{}>", us.user)];
    let mentioned = ours.iter().any(|mention| content.contains(mention.as_str()));
    let mut text = content.trim();
    for mention in &ours {
        if let Some(rest) = text.strip_prefix(mention.as_str()) {
            text = rest.trim_start_matches([',', ':']).trim_start();
        } else if let Some(rest) = text.strip_suffix(mention.as_str()) {
            text = rest.trim_end();
        }
    }
    let text = posted::with_names(text, mentions);
    (text, mentioned)
}

#[cfg(test)]
mod tests;
