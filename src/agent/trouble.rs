//! What kind of trouble an agent's own words tell of, for all agents: read off what the programs really print.
//!
//! A guess in the reader's favour: it only adds a sentence on what to do, above the agent's own text.

/// Longest beginning of an agent's words that is looked at, in bytes.
const MAX_LOOKED_AT_BYTES: usize = 16 * 1024;
/// Longest account of when there is more, in characters.
const MAX_UNTIL_CHARS: usize = 40;

/// What kind of trouble it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentTrouble {
    /// Nobody is logged in, or the key is refused.
    LoggedOut,
    /// It is asked too often; it may say when it takes more.
    Limited(Option<Until>),
    /// What it may use is used up; it may say when there is more.
    UsedUp(Option<Until>),
    /// The conversation is longer than its model takes.
    TooLong,
    /// It does not know the model, or may not use it.
    NoSuchModel,
    /// Another process has the conversation open.
    OpenElsewhere,
    /// Its service fails by itself.
    ServiceFails,
    /// Its service is not reached.
    Unreached,
    /// It does not know an option that we give it.
    OldVersion,
}

/// When an agent says that it takes more, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// After this time.
    In(String),
    /// At this time.
    At(String),
    /// At this second since the Unix epoch.
    Second(i64),
}

/// Signs of a kind of trouble; the first kind that has one is meant, in small letters.
const SIGNS: [(AgentTrouble, &[&str]); 9] = [
    (
        AgentTrouble::TooLong,
        &[
            "prompt is too long",
            "contextwindowexceeded",
            "context window",
            "context_length_exceeded",
            "maximum context length",
            "context length exceeded",
            "exceeds the maximum number of tokens",
            "conversation is too long",
            "input is too long",
        ],
    ),
    (
        AgentTrouble::UsedUp(None),
        &[
            "usage limit",
            "usagelimitexceeded",
            "usage_limit_reached",
            "hit your limit",
            "hit your session limit",
            "hit your weekly limit",
            "-hour limit reached",
            "weekly limit reached",
            "insufficient_quota",
            "quota exceeded",
            "exceeded your current quota",
            "exhausted your capacity",
            "exhausted your daily quota",
            "quota will reset",
            "credit balance is too low",
            "out of credits",
            "out of extra usage",
            "billing_hard_limit",
            "payment required",
        ],
    ),
    (
        AgentTrouble::NoSuchModel,
        &[
            "issue with the selected model",
            "model_not_found",
            "modelnotfound",
            "model not found",
            "unknown model",
            "invalid model",
            "model is not supported",
            "is not supported when using codex",
            "is not found for api version",
            "not_found_error\",\"message\":\"model:",
        ],
    ),
    (
        AgentTrouble::LoggedOut,
        &[
            "not logged in",
            "please run /login",
            "run /login",
            "log in again",
            "sign in again",
            "login required",
            "authentication required",
            "auth_required",
            "please set an auth method",
            "invalid api key",
            "incorrect api key",
            "api key not valid",
            "api key is missing",
            "missing environment variable",
            "missing api key",
            "_api_key to be set",
            "_api_key. set it in your environment",
            "authentication failed. check ",
            "failed to authenticate",
            "authentication_error",
            "authentication_failed",
            "unauthorized",
            "oauth token has expired",
            "access token could not be refreshed",
            "providerautherror",
            "status 401",
            "status: 401",
            "api error: 401",
            "(401)",
            "http 401",
        ],
    ),
    (
        AgentTrouble::Limited(None),
        &[
            "rate limit",
            "rate_limit",
            "ratelimit",
            "too many requests",
            "resource_exhausted",
            "status 429",
            "status: 429",
            "api error: 429",
            "(429)",
            "http 429",
        ],
    ),
    (
        AgentTrouble::OpenElsewhere,
        &["already has an active writer", "session is already in use", "is already in use by another"],
    ),
    (
        AgentTrouble::ServiceFails,
        &[
            "overloaded",
            "at capacity",
            "internal server error",
            "service unavailable",
            "bad gateway",
            "status 500",
            "status 502",
            "status 503",
            "status 529",
            "api error: 500",
            "api error: 503",
            "api error: 529",
        ],
    ),
    (
        AgentTrouble::Unreached,
        &[
            "connection refused",
            "connectionrefused",
            "econnrefused",
            "enotfound",
            "could not resolve host",
            "name resolution",
            "network is unreachable",
            "unable to connect to api",
            "api connection failed",
            "error sending request for url",
            "fetch failed",
            "api error: connection error",
        ],
    ),
    (
        AgentTrouble::OldVersion,
        &["unexpected argument '", "unknown option '", "unknown argument", "unrecognized subcommand"],
    ),
];

/// Signs that the conversation that was to go on is not known, in small letters.
const UNKNOWN_SESSION: [&str; 6] = [
    "no conversation found with session id",
    "no rollout found for thread id",
    "session not found",
    "invalid session identifier",
    "no previous sessions found",
    "no session found",
];

/// What stands before the time at which there is more, in small letters, and whether it is a span of time.
const BEFORE_UNTIL: [(&str, bool); 9] = [
    ("try again in ", true),
    ("try again at ", false),
    ("retry in ", true),
    ("retry after ", true),
    ("reset after ", true),
    ("resets in ", true),
    ("resets at ", false),
    ("resets ", false),
    ("available again at ", false),
];

impl AgentTrouble {
    /// Reads what an agent has said of its failure; `None` where it tells of nothing known.
    #[must_use]
    pub fn of(words: &str) -> Option<Self> {
        let words = &words[..words.floor_char_boundary(MAX_LOOKED_AT_BYTES)];
        if is_unknown_session(words) {
            return None;
        }
        let small = words.to_ascii_lowercase();
        let (trouble, _) = SIGNS.iter().find(|(_, signs)| signs.iter().any(|sign| small.contains(sign)))?;
        Some(match trouble {
            Self::Limited(_) => Self::Limited(until(words, &small)),
            Self::UsedUp(_) => Self::UsedUp(until(words, &small)),
            other => other.clone(),
        })
    }
}

/// Whether an agent says that it does not know the conversation that it was to go on with.
#[must_use]
pub fn is_unknown_session(words: &str) -> bool {
    let small = words[..words.floor_char_boundary(MAX_LOOKED_AT_BYTES)].to_ascii_lowercase();
    UNKNOWN_SESSION.iter().any(|sign| small.contains(sign))
}

/// Reads when there is more; `small` is the same in small letters.
fn until(words: &str, small: &str) -> Option<Until> {
    let told = BEFORE_UNTIL.iter().find_map(|(before, is_span)| {
        let at = small.find(before)? + before.len();
        let said = words[at..].split(['\n', '"', '`', '*', ',', ';', '<']).next().unwrap_or_default();
        let said = said.split(". ").next().unwrap_or_default().trim().trim_end_matches(['.', '!', ')']);
        // A zone stands in brackets behind the time.
        let said = if said.contains('(') { format!("{said})") } else { said.to_owned() };
        let fits = said.chars().count() <= MAX_UNTIL_CHARS && said.contains(|c: char| c.is_ascii_digit());
        fits.then_some(if *is_span { Until::In(said) } else { Until::At(said) })
    });
    // `usage limit reached|1749924000`
    told.or_else(|| {
        let digits = words.split('|').nth(1)?.trim_start();
        let digits = &digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())];
        (digits.len() == 10).then(|| digits.parse().ok().map(Until::Second)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_programs_print_is_known() {
        let at = |text: &str| Some(Until::At(text.into()));
        let after = |text: &str| Some(Until::In(text.into()));
        for (words, trouble) in [
            ("Not logged in · Please run /login", AgentTrouble::LoggedOut),
            ("Invalid API key · Fix external API key", AgentTrouble::LoggedOut),
            ("Failed to authenticate. API Error: 401 fake failure 401", AgentTrouble::LoggedOut),
            (
                "unexpected status 401 Unauthorized: fake failure 401, url: http://127.0.0.1:8099/v1",
                AgentTrouble::LoggedOut,
            ),
            ("Missing environment variable: `FAKE_KEY`.", AgentTrouble::LoggedOut),
            ("exceeded retry limit, last status: 429 Too Many Requests, request id: x", AgentTrouble::Limited(None)),
            ("You've hit your limit · resets 3pm (Europe/Berlin)", AgentTrouble::UsedUp(at("3pm (Europe/Berlin)"))),
            ("Claude AI usage limit reached|1749924000", AgentTrouble::UsedUp(Some(Until::Second(1_749_924_000)))),
            (
                "You've hit your usage limit. Upgrade to Pro (https://x.example/pro) or try again in 2 hours 5 minutes.",
                AgentTrouble::UsedUp(after("2 hours 5 minutes")),
            ),
            (
                "You have exhausted your capacity on this model. Your quota will reset after 2h30m10s.",
                AgentTrouble::UsedUp(after("2h30m10s")),
            ),
            ("429 Too Many Requests. Please retry in 33.5s.", AgentTrouble::Limited(after("33.5s"))),
            ("Credit balance is too low", AgentTrouble::UsedUp(None)),
            ("Prompt is too long", AgentTrouble::TooLong),
            (
                "Codex ran out of room in the model's context window. Start a new thread or clear earlier history.",
                AgentTrouble::TooLong,
            ),
            ("There's an issue with the selected model (x). It may not exist.", AgentTrouble::NoSuchModel),
            ("The 'x' model is not supported when using Codex with a ChatGPT account.", AgentTrouble::NoSuchModel),
            ("thread/resume failed: thread 1 already has an active writer (code -32600)", AgentTrouble::OpenElsewhere),
            ("API Error: 529 {\"type\":\"error\"}", AgentTrouble::ServiceFails),
            ("Unable to connect to API (ConnectionRefused)", AgentTrouble::Unreached),
            ("error: unexpected argument '--include-partial-messages' found", AgentTrouble::OldVersion),
            ("error: unknown option '--disallowedTools'", AgentTrouble::OldVersion),
        ] {
            assert_eq!(AgentTrouble::of(words), Some(trouble), "{words}");
        }
    }

    #[test]
    fn what_tells_of_nothing_known_is_left_alone() {
        for words in ["", "it broke", "the build has 429 warnings", "exit code 401", "error_during_execution"] {
            assert_eq!(AgentTrouble::of(words), None, "{words}");
        }
        for words in [
            "No conversation found with session ID: 1",
            "Error: thread/resume: thread/resume failed: no rollout found for thread id 1 (code -32600)",
            "\u{1b}[91mError: \u{1b}[0mSession not found",
            "Error resuming session: Invalid session identifier \"x\".",
        ] {
            assert!(is_unknown_session(words) && AgentTrouble::of(words).is_none(), "{words}");
        }
    }

    #[test]
    fn a_long_or_odd_account_of_when_is_not_given_on() {
        let of = |words: &str| match AgentTrouble::of(words) {
            Some(AgentTrouble::Limited(until) | AgentTrouble::UsedUp(until)) => until,
            other => panic!("{other:?}"),
        };
        assert_eq!(of(&format!("rate limit, try again in 5{}", "x".repeat(100))), None);
        assert_eq!(of("rate limit: try again at your leisure"), None);
        assert_eq!(of(&format!("{}é rate limit", "rate limit ".repeat(20_000))), None, "cut at a character");
        assert_eq!(of("usage limit reached|99999999999999"), None);
    }
}
