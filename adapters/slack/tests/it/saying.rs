//! What the bot is made to say.

use signalbox_adapter::{
    Button, Card, ChatAddress, DeliveryKey, Document, Outgoing, Part, Phase, Purpose, Render, Target, Tone,
};
use signalbox_slack::SlackRender;

/// Returns the address of a channel, or of a thread in it.
pub(crate) fn address(channel: &str, thread: Option<&str>) -> ChatAddress {
    let thread = thread.map(|thread| format!("/{thread}")).unwrap_or_default();
    format!("slack:{channel}{thread}").parse().expect("an address")
}

/// Renders Markdown of one part.
pub(crate) fn part(markdown: &str) -> Part {
    SlackRender.render(&Document::from_markdown(markdown), 1).parts.remove(0)
}

/// Renders a card that says this.
pub(crate) fn card_part(tone: Tone, markdown: &str) -> Part {
    let (title, name) = ("disk full".to_owned(), "Incident #7".to_owned());
    let document = Document::from_markdown(markdown);
    SlackRender.card(&Card { tone, phase: Phase::Firing, title, name, document })
}

/// Returns a result for a channel; each number is a key of its own.
pub(crate) fn outgoing(number: u128, channel: &str, markdown: &str) -> Outgoing {
    Outgoing {
        key: DeliveryKey::from_random_bits(number),
        target: Target { address: address(channel, None), reply_to: None, edit_of: None, window: None },
        purpose: Purpose::Result,
        part: part(markdown),
        buttons: Vec::new(),
        attachment: None,
        mark: None,
        plain: false,
    }
}

/// Returns a button that says what it does.
pub(crate) fn button(label: &str) -> Button {
    Button { label: label.to_owned(), action: format!("{} 7f3", label.to_lowercase()) }
}
