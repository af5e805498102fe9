//! What of a message a refusal of Slack's is about, and what to do next. A refusal is one word.
//!
//! Sources: the errors of <https://docs.slack.dev/reference/methods/chat.postMessage>, …/chat.update, …/chat.postEphemeral
//! and …/files.completeUploadExternal, read 2026-11.

use signalbox_adapter::{DeliverError, Form};

use crate::failure::{CallError, Refusal};

/// What a call does when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Shows something new: done twice, it is seen twice.
    Shows,
    /// Changes what is shown: done twice, it is the same as done once.
    Changes,
    /// Gives a sign or only asks: nothing of it can be left out, and done twice it is the same as done once.
    Asks,
}

/// What of a message is there to be left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Carries {
    /// It goes to a thread.
    pub(crate) thread: bool,
    /// It answers a message, in whose thread it would stand.
    pub(crate) reply: bool,
    /// It has a file.
    pub(crate) file: bool,
    /// It is for one person alone.
    pub(crate) window: bool,
}

/// What a refusal comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// This part of the message.
    Form(Form),
    /// The chat takes no message, or the message to be changed is not there or not ours.
    Chat,
    /// The app: its token, or what it may do. With a new token it will be taken.
    App,
    /// Nobody can say: the workspace, just now, or something that was not heard of before. It may be taken later.
    Later,
}

/// Words about how a message is written. No other word speaks for leaving something out.
const FORM: [&str; 26] = [
    "attachment_payload_limit_exceeded",
    "block_mismatch",
    "cannot_parse_attachment",
    "cannot_parse_attachments",
    "invalid_arg_name",
    "invalid_arguments",
    "invalid_array_arg",
    "invalid_attachments",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_charset",
    "invalid_form_data",
    "invalid_json",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "invalid_post_type",
    "json_not_object",
    "markdown_text_conflict",
    "metadata_must_be_sent_from_app",
    "metadata_too_large",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
    "only_one_table_allowed",
    "too_many_attachments",
    "unsupported_block_type",
];

fn about(word: &str, carries: Carries) -> About {
    let stands = if carries.thread { Form::Thread } else { Form::Reply };
    match word {
        "missing_scope" if carries.file => About::Form(Form::File),
        "missing_scope" | "enterprise_is_restricted" | "access_denied" => About::App,
        "user_not_in_channel" | "user_not_found" | "expired_url" | "used_url" | "cannot_message_self"
            if carries.window =>
        {
            About::Form(Form::Window)
        }
        "thread_not_found"
        | "cannot_reply_to_message"
        | "restricted_action_non_threadable_channel"
        | "thread_locked"
        | "invalid_thread_ts"
            if carries.thread || carries.reply =>
        {
            About::Form(stands)
        }
        // Of a new message it says that the one is gone in whose thread it was to stand.
        "message_not_found" if carries.thread || carries.reply => About::Form(stands),
        "file_not_found"
        | "feature_not_enabled"
        | "file_uploads_disabled"
        | "file_uploads_except_images_disabled"
        | "file_upload_size_restricted"
        | "files_limit_exceeded"
        | "storage_limit_reached"
        | "invalid_upload"
        | "upload_failed"
        | "blocked_file_type"
        | "posting_to_channel_denied"
            if carries.file =>
        {
            About::Form(Form::File)
        }
        "channel_not_found"
        | "not_in_channel"
        | "is_archived"
        | "is_inactive"
        | "cant_post_message"
        | "message_not_found"
        | "cant_update_message"
        | "edit_window_closed"
        | "thread_not_found"
        | "user_not_in_channel"
        | "user_not_found"
        | "user_disabled"
        | "messages_tab_disabled"
        | "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "restricted_action_thread_locked"
        | "ekm_access_denied"
        | "message_limit_exceeded"
        | "cannot_dm_bot"
        | "not_allowed"
        | "team_access_not_granted"
        | "channel_type_not_supported"
        | "cannot_reply_to_message"
        | "restricted_action_non_threadable_channel"
        | "thread_locked"
        | "invalid_thread_ts"
        | "invalid_channel"
        | "method_not_supported_for_channel_type"
        | "slack_connect_canvas_sharing_blocked"
        | "slack_connect_clip_sharing_blocked"
        | "slack_connect_file_link_sharing_blocked"
        | "slack_connect_lists_sharing_blocked" => About::Chat,
        word if FORM.contains(&word) => About::Form(Form::Text),
        // `team_added_to_org`, `accesslimited`, and whatever nobody has heard of before.
        _ => About::Later,
    }
}

impl Refusal {
    /// Returns it with what a person can do about it.
    fn with_remedy(&self) -> String {
        let remedy = match self.error.as_str() {
            "not_in_channel" => "invite the bot there: /invite and its name",
            "channel_not_found" => {
                "there is no such channel, or it is private and the bot is not in it: /invite it there"
            }
            "is_archived" => "unarchive the channel, or name another",
            "messages_tab_disabled" => "switch the Messages Tab on, on the app's page \"App Home\"",
            "restricted_action" | "restricted_action_read_only_channel" | "restricted_action_thread_only_channel" => {
                "an admin of the workspace has to let the bot post there"
            }
            "user_not_in_channel" => "this person is not in the channel",
            _ => return self.words(),
        };
        format!("{}; {remedy}", self.words())
    }
}

impl CallError {
    /// Judges a failed call about a message that carries this.
    pub(crate) fn judged(self, effect: Effect, carries: Carries) -> DeliverError {
        match self {
            Self::Unsent(why) => DeliverError::Unreachable(why),
            Self::Unanswered(why) => match effect {
                Effect::Shows => DeliverError::Unknown(why),
                Effect::Changes | Effect::Asks => DeliverError::Unreachable(why),
            },
            // Slack limits each method by itself, and new messages by channel.
            Self::Limited { after } => DeliverError::Wait { after, everywhere: false },
            Self::Answered(refusal) if refusal.is_token() => {
                DeliverError::Unreachable(refusal.remedy().unwrap_or_else(|| refusal.words()))
            }
            Self::Answered(refusal) => match about(&refusal.error, carries) {
                About::App | About::Later => {
                    DeliverError::Unreachable(refusal.remedy().unwrap_or_else(|| refusal.words()))
                }
                // What is shown in a thread cannot be changed anywhere else.
                About::Form(Form::Thread | Form::Reply | Form::Window) if effect != Effect::Shows => {
                    DeliverError::Refused(refusal.with_remedy())
                }
                About::Form(what) if effect != Effect::Asks => {
                    DeliverError::RefusedForm { what, words: refusal.words() }
                }
                About::Form(_) | About::Chat => DeliverError::Refused(refusal.with_remedy()),
            },
        }
    }

    /// Whether Slack said no, and would say no again.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Answered(refusal) if !refusal.is_token())
    }

    /// Whether Slack said no in a word that may not hold for long.
    pub(crate) fn may_pass(&self) -> bool {
        let Self::Answered(refusal) = self else { return false };
        about(&refusal.error, Carries::default()) == About::Later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Carries = Carries { thread: false, reply: false, file: false, window: false };
    const IN_THREAD: Carries = Carries { thread: true, ..NOTHING };
    const REPLY: Carries = Carries { reply: true, ..NOTHING };
    const FILE: Carries = Carries { file: true, ..NOTHING };
    const WINDOW: Carries = Carries { window: true, ..NOTHING };

    fn refused(word: &str, effect: Effect, carries: Carries) -> DeliverError {
        let refusal = Refusal { method: "chat.postMessage".to_owned(), error: word.to_owned(), ..Refusal::default() };
        CallError::Answered(refusal).judged(effect, carries)
    }

    #[test]
    fn what_was_refused_is_told_by_its_word() {
        for (word, carries, form) in [
            ("invalid_blocks", NOTHING, Form::Text),
            ("invalid_blocks_format", NOTHING, Form::Text),
            ("msg_blocks_too_long", NOTHING, Form::Text),
            ("msg_too_long", NOTHING, Form::Text),
            ("only_one_table_allowed", NOTHING, Form::Text),
            ("thread_not_found", IN_THREAD, Form::Thread),
            ("message_not_found", IN_THREAD, Form::Thread),
            ("message_not_found", REPLY, Form::Reply),
            ("missing_scope", FILE, Form::File),
            ("file_uploads_disabled", FILE, Form::File),
            ("user_not_in_channel", WINDOW, Form::Window),
            ("expired_url", WINDOW, Form::Window),
        ] {
            let judged = refused(word, Effect::Shows, carries);
            assert!(matches!(judged, DeliverError::RefusedForm { what, .. } if what == form), "{word}: {judged:?}");
        }
        for word in ["not_in_channel", "channel_not_found", "is_archived"] {
            let judged = refused(word, Effect::Shows, IN_THREAD);
            assert!(matches!(&judged, DeliverError::Refused(words) if words.contains("; ")), "{word}: {judged:?}");
        }
    }

    #[test]
    fn a_word_that_nobody_has_heard_of_is_no_verdict_on_the_message() {
        for word in ["team_added_to_org", "accesslimited", "never_heard_of", ""] {
            for effect in [Effect::Shows, Effect::Changes, Effect::Asks] {
                let judged = refused(word, effect, IN_THREAD);
                assert!(matches!(&judged, DeliverError::Unreachable(words) if words == word), "{word}: {judged:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_changed_is_refused_so_that_a_new_message_comes_in_its_place() {
        for word in ["message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"] {
            assert!(matches!(refused(word, Effect::Changes, IN_THREAD), DeliverError::Refused(_)), "{word}");
        }
        let blocks = refused("invalid_blocks", Effect::Changes, NOTHING);
        assert!(matches!(blocks, DeliverError::RefusedForm { what: Form::Text, .. }), "{blocks:?}");
    }

    #[test]
    fn what_a_new_token_would_mend_is_waited_for_and_says_what_to_do() {
        for word in ["token_revoked", "account_inactive", "invalid_auth"] {
            let judged = refused(word, Effect::Shows, NOTHING);
            assert!(
                matches!(&judged, DeliverError::Unreachable(words) if words.contains(word) && words.contains("OAuth")),
                "{judged:?}"
            );
        }
        let lacks = Refusal {
            method: "chat.postMessage".to_owned(),
            error: "missing_scope".to_owned(),
            needed: Some("chat:write".to_owned()),
            ..Refusal::default()
        };
        let judged = CallError::Answered(lacks).judged(Effect::Shows, NOTHING);
        assert!(matches!(&judged, DeliverError::Unreachable(words) if words.contains("chat:write")), "{judged:?}");
    }

    #[test]
    fn only_a_call_that_shows_something_may_have_shown_it() {
        let lost = || CallError::Unanswered("cut off".to_owned());
        assert!(matches!(lost().judged(Effect::Shows, NOTHING), DeliverError::Unknown(_)));
        assert!(matches!(lost().judged(Effect::Changes, NOTHING), DeliverError::Unreachable(_)));
        let limited = CallError::Limited { after: std::time::Duration::from_secs(7) };
        let judged = limited.judged(Effect::Shows, NOTHING);
        assert!(matches!(judged, DeliverError::Wait { after, everywhere: false } if after.as_secs() == 7));
    }
}
