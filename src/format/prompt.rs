//! What a prompt says that no person has typed; a person reads it where the prompt is shown.

/// The words of a message that is nothing but files.
pub const ONLY_FILES: &str = "Look at what is attached.";
/// The question of an investigation that is given nothing but an alert.
pub const ABOUT_ALERT: &str = "Find the root cause of this alert.";
/// Stands between a person's words and the files that came along.
pub const FILES: &str = "\n\nAttached files:\n";
