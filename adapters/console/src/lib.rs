//! The terminal as a chat.
