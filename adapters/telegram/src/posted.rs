//! What a message says beside its text, and what of others came with it: messages that it answers or forwards, the part that
//! is meant, kinds without text, buttons that lead somewhere. Pure.

use std::borrow::Cow;

use signalbox_adapter::{Quoted, Quoting, one_line};

use crate::rich;
use crate::update::{Elsewhere, Emoji, Entity, Keyboard, Location, Media, Message, Origin, Preview, Titled, User};
use crate::words::{self, Marks, says};

/// Longest words about what cannot be taken, in characters.
const MAX_NOT_TAKEN_CHARS: usize = 300;

/// What a message is that is no text and no file.
struct Thing {
    /// Its kind, with its article.
    what: &'static str,
    /// What it says; empty where it says nothing.
    text: String,
    /// Whether that is worth an agent's while.
    tells: bool,
}

/// Returns the text of a message, or of the file that it is, and the text's entities.
pub(crate) fn text(message: &Message) -> (Cow<'_, str>, &[Entity]) {
    match (&message.text, &message.caption) {
        (Some(text), _) => (text.into(), &message.entities),
        (None, Some(caption)) => (caption.into(), &message.caption_entities),
        (None, None) => (rich::read(&message.rich_message).into(), &[]),
    }
}

/// Returns all that a message says.
pub(crate) fn whole(message: &Message, marks: Marks) -> String {
    let (text, entities) = text(message);
    let mut lines = Lines(words::written(&text, entities, marks));
    things(&message.media).iter().filter(|thing| thing.tells).for_each(|thing| lines.push(&thing.told()));
    lines.beside(&message.link_preview_options, &message.reply_markup);
    lines.0
}

/// Adds to the words of a person's own message the page shown below them, where they do not say it.
pub(crate) fn with_preview(words: String, message: &Message) -> String {
    let mut lines = Lines(words);
    lines.beside(&message.link_preview_options, &Keyboard::default());
    lines.0
}

/// Whether somebody passes on what somebody else said.
pub(crate) fn is_forward(message: &Message) -> bool {
    message.forward_origin.is_some() || message.forward_date.is_some()
}

/// Returns what a message forwards, which is all of it.
pub(crate) fn forwarded(message: &Message) -> Option<Quoted> {
    Quoted::new(Quoting::Forwarded, forwarded_of(message), &whole(message, Marks::All))
}

/// Returns what a message answers, and the part of it that is meant.
pub(crate) fn answered(message: &Message, replied: Option<&Message>) -> Vec<Quoted> {
    let by = match (replied, &message.external_reply) {
        (Some(replied), _) => speaker(replied),
        (None, Some(elsewhere)) => elsewhere.origin.as_ref().and_then(originator),
        (None, None) => None,
    };
    let all = match (replied, &message.external_reply) {
        (Some(replied), _) => all_of(replied),
        (None, Some(elsewhere)) => of_elsewhere(elsewhere),
        (None, None) => String::new(),
    };
    let quote = message.quote.as_ref().map(|quote| words::written(&quote.text, &quote.entities, Marks::All));
    let media = replied.map(|replied| &replied.media).or(message.external_reply.as_ref().map(|there| &there.media));
    let part = quote.or_else(|| media.and_then(|media| chosen(message, media)));
    let part = part.filter(|part| part.trim() != all.trim());
    let all = Quoted::new(Quoting::Answered, by.clone(), &all);
    all.into_iter().chain(part.and_then(|part| Quoted::new(Quoting::Meant, by, &part))).collect()
}

/// Returns what of a message cannot be taken, a few words each; of one that is passed on, what says nothing.
pub(crate) fn not_taken(message: &Message) -> Vec<String> {
    let is_passed_on = is_forward(message);
    let things = things(&message.media);
    let not_taken = things.iter().filter(|thing| !(is_passed_on && thing.tells));
    not_taken.map(|thing| one_line(&format!("{}.", thing.told()), MAX_NOT_TAKEN_CHARS)).collect()
}

/// Returns all that a message says that is answered, also by a picture alone.
fn all_of(message: &Message) -> String {
    let mut lines = Lines(whole(message, Marks::All));
    things(&message.media).iter().filter(|thing| !thing.tells).for_each(|thing| lines.push(&thing.told()));
    lines.0
}

fn of_elsewhere(elsewhere: &Elsewhere) -> String {
    let mut lines = Lines::default();
    things(&elsewhere.media).iter().for_each(|thing| lines.push(&thing.told()));
    lines.beside(&elsewhere.link_preview_options, &Keyboard::default());
    lines.0
}

/// Returns the task of a list or the answer of a poll that is answered.
fn chosen(message: &Message, media: &Media) -> Option<String> {
    let task = message.reply_to_checklist_task_id.and_then(|id| {
        let tasks = &media.checklist.as_ref()?.tasks;
        Some(tasks.iter().find(|task| task.id == Some(id))?.text.clone())
    });
    task.or_else(|| {
        let id = message.reply_to_poll_option_id.as_ref()?;
        let options = &media.poll.as_ref()?.options;
        Some(options.iter().find(|option| option.persistent_id.as_ref() == Some(id))?.text.clone())
    })
}

/// Returns who said a message, as people call them; of one that was passed on, who said it first, and who passed it on.
fn speaker(message: &Message) -> Option<String> {
    let chat = message.sender_chat.as_ref().and_then(|chat| chat.title.clone());
    let sender = chat.or_else(|| message.from.as_ref().map(name));
    match (forwarded_of(message), sender) {
        (Some(origin), Some(sender)) => Some(format!("{origin}, forwarded by {sender}")),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => None,
    }
}

/// Returns who said first what was forwarded.
fn forwarded_of(message: &Message) -> Option<String> {
    let chat = || message.forward_from_chat.as_ref().and_then(|chat| chat.title.clone());
    let origin = message.forward_origin.as_ref().and_then(originator);
    origin
        .or_else(|| message.forward_from.as_ref().map(name))
        .or_else(chat)
        .or_else(|| message.forward_sender_name.clone())
}

fn originator(origin: &Origin) -> Option<String> {
    let chat = origin.sender_chat.as_ref().or(origin.chat.as_ref()).and_then(|chat| chat.title.as_deref());
    let signed = match (chat, origin.author_signature.as_deref()) {
        (Some(chat), Some(signature)) => Some(format!("{chat} ({signature})")),
        (Some(chat), None) => Some(chat.to_owned()),
        (None, signature) => signature.map(str::to_owned),
    };
    origin.sender_user.as_ref().map(name).or_else(|| origin.sender_user_name.clone()).or(signed)
}

/// Returns a person's name as people read it.
pub(crate) fn name(user: &User) -> String {
    match &user.last_name {
        Some(last) => format!("{} {last}", user.first_name),
        None => user.first_name.clone(),
    }
}

/// Returns what a message is or carries that is neither text nor file.
fn things(media: &Media) -> Vec<Thing> {
    let telling = |what, text: String| Thing { what, tells: !text.is_empty(), text };
    let silent = |what, text: String| Thing { what, text, tells: false };
    let place = |at: &Location| format!("{}, {}", at.latitude, at.longitude);
    let drawn = |emoji: &Emoji| match emoji.value {
        Some(value) => format!("{} {value}", emoji.emoji),
        None => emoji.emoji.clone(),
    };
    // A venue comes as a location as well.
    let venue = media.venue.as_ref().map(|venue| {
        let at = venue.location.as_ref().map(place).unwrap_or_default();
        telling("a place", listed(&[&venue.title, &venue.address, &at], ", "))
    });
    let location = media.location.as_ref().filter(|_| venue.is_none()).map(|at| telling("a place", place(at)));
    let contact = media.contact.as_ref().map(|contact| {
        let name = listed(&[&contact.first_name, &contact.last_name], " ");
        telling("a contact", listed(&[&name, &contact.phone_number], ", "))
    });
    let poll = media.poll.as_ref().map(|poll| {
        let options = poll.options.iter().map(|option| match option.voter_count {
            0 => option.text.clone(),
            votes => format!("{}: {votes}", option.text),
        });
        let options: Vec<String> = options.collect();
        let asked = listed(&[&poll.question, &poll.description], " ");
        let answers = if options.is_empty() { String::new() } else { format!("({})", options.join(" / ")) };
        telling("a poll", listed(&[&asked, &answers, &poll.explanation], " "))
    });
    let checklist = media.checklist.as_ref().map(|list| {
        let tasks = list.tasks.iter().map(|task| match task.completion_date {
            0 => task.text.clone(),
            _ => format!("{}: done", task.text),
        });
        let tasks: Vec<String> = tasks.collect();
        let tasks = if tasks.is_empty() { String::new() } else { format!("({})", tasks.join(" / ")) };
        telling("a checklist", listed(&[&list.title, &tasks], " "))
    });
    let titled = |one: &Titled| listed(&[&one.title, &one.description], ": ");
    let game = media.game.as_ref().map(|game| telling("a game", titled(game)));
    let invoice = media.invoice.as_ref().map(|invoice| telling("an invoice", titled(invoice)));
    let page = media.web_app_data.as_ref().map(|page| telling("what a page sent", page.data.clone()));
    let sticker = media.sticker.as_ref().map(|sticker| silent("a sticker", drawn(sticker)));
    let dice = media.dice.as_ref().map(|dice| silent("a die", drawn(dice)));
    let nameless = [
        (&media.story, "a story"),
        (&media.giveaway, "a giveaway"),
        (&media.giveaway_winners, "the winners of a giveaway"),
        (&media.paid_media, "paid media"),
        (&media.gift, "a gift"),
        (&media.unique_gift, "a gift"),
    ];
    let nameless = nameless.into_iter().filter(|(one, _)| one.is_some()).map(|(_, what)| silent(what, String::new()));
    let known = [venue, location, contact, poll, checklist, game, invoice, page, sticker, dice];
    known.into_iter().flatten().chain(nameless).collect()
}

fn listed(texts: &[&str], by: &str) -> String {
    texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(by)
}

impl Thing {
    fn told(&self) -> String {
        match (self.text.is_empty(), self.tells) {
            (true, _) => self.what.to_owned(),
            (false, true) => format!("{}: {}", self.what, self.text),
            (false, false) => format!("{} ({})", self.what, self.text),
        }
    }
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn push(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(text);
    }

    /// Adds the addresses of buttons and of the page shown below, where the text does not say them.
    fn beside(&mut self, preview: &Preview, keyboard: &Keyboard) {
        for button in keyboard.inline_keyboard.iter().flatten() {
            if let Some(url) = button.url.as_deref().filter(|url| !url.is_empty()) {
                self.push(&format!("{}: {url}", one_line(&button.text, 60)));
            }
        }
        let page = preview.url.as_deref().filter(|url| !preview.is_disabled && !says(&self.0, url));
        if let Some(page) = page {
            self.push(page);
        }
    }
}
