//! The colours of cards: a bar beside what a card says below its first line.
//!
//! Blocks have no colour of their own; an attachment with blocks has. Source:
//! <https://docs.slack.dev/reference/messaging/payload>, read 2026-11.

use signalbox_adapter::Tone;

/// Returns a colour as Slack writes it. They are told apart at night, also by who sees red and green alike: the text has the
/// words.
pub(crate) fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Over => "#2EA44F",
        Tone::Quiet => "#6E7681",
        Tone::Unknown => "#99AAB5",
        Tone::Info => "#3388DD",
        Tone::Warning => "#F2C744",
        Tone::Error => "#F08A24",
        Tone::Critical => "#D92D20",
    }
}
