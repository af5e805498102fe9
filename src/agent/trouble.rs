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
    /// Its service has refused the prompt and said nothing that is known.
    Refused,
    /// There was not enough memory for it.
    OutOfMemory,
    /// It does not know an option or a command that it is started with.
    OldVersion,
}

/// What helps with an agent that has failed, besides its own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remedy {
    /// The agent's name.
    pub agent: String,
    /// How to log in to it, after "on its machine".
    pub log_in: Option<&'static str>,
    /// How to get its newest version: a command to be typed on its machine.
    pub update: Option<String>,
    /// Its version, where that is known.
    pub version: Option<String>,
    /// The arguments that the configuration adds.
    pub args: Vec<String>,
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
const SIGNS: [(AgentTrouble, &[&str]); 10] = [
    // It prints all of its help with it, in which any word may be.
    (AgentTrouble::OldVersion, &OLD_VERSION),
    (
        AgentTrouble::OutOfMemory,
        &["heap out of memory", "cannot allocate memory", "std::bad_alloc", "memory allocation of ", "enomem"],
    ),
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
            "contextoverflow",
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
            "does not exist or you do not have access",
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
        ],
    ),
    (
        AgentTrouble::Limited(None),
        &["rate limit", "rate_limit", "ratelimit", "too many requests", "resource_exhausted"],
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
            "experiencing high demand",
            "internal server error",
            "internalservererror",
            "service unavailable",
            "bad gateway",
        ],
    ),
    (
        AgentTrouble::Unreached,
        &[
            "connection refused",
            "connectionrefused",
            "econnrefused",
            "econnreset",
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
];

/// What programs say of an option, an argument or a command that they do not know, in small letters.
const OLD_VERSION: [&str; 11] = [
    "unexpected argument '",
    "unknown option '",
    "unknown argument: ",
    "unknown arguments: ",
    "unrecognized arguments: ",
    "unrecognized subcommand '",
    "unrecognized option '",
    "no such option: ",
    "no such command '",
    "unknown flag: ",
    "flag provided but not defined: ",
];

/// What stands before the status of an answer of a service, in small letters.
const BEFORE_STATUS: [&str; 5] = ["status ", "status: ", "status code ", "api error: ", "http "];

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
        let said = SIGNS.iter().find(|(_, signs)| signs.iter().any(|sign| small.contains(sign)));
        let trouble = match said {
            Some((trouble, _)) => trouble.clone(),
            None if is_usage(&small) => Self::OldVersion,
            None => Self::of_status(&small)?,
        };
        Some(match trouble {
            Self::Limited(_) => Self::Limited(until(words, &small)),
            Self::UsedUp(_) => Self::UsedUp(until(words, &small)),
            other => other,
        })
    }

    /// Reads the status of a service's answer, where the words name one; `small` is in small letters.
    fn of_status(small: &str) -> Option<Self> {
        // An agent that says only that its service has answered with an error has the status in the service's words, or nowhere.
        let of_service = small.strip_prefix(REFUSAL);
        let bare = of_service.and_then(|said| said.split(|c: char| !c.is_ascii_alphanumeric()).find_map(status));
        let after = BEFORE_STATUS.iter().flat_map(|before| small.match_indices(before));
        let after = after.filter_map(|(at, before)| status(&small[at + before.len()..]));
        let in_brackets = small.match_indices('(').filter(|(at, _)| small[at + 1..].get(3..4) == Some(")"));
        let in_brackets = in_brackets.filter_map(|(at, _)| status(&small[at + 1..]));
        let status = after.chain(in_brackets).next().or(bare);
        match status {
            Some(401 | 403) => Some(Self::LoggedOut),
            Some(402) => Some(Self::UsedUp(None)),
            Some(404) => Some(Self::NoSuchModel),
            Some(413) => Some(Self::TooLong),
            Some(429) => Some(Self::Limited(None)),
            Some(500..600) => Some(Self::ServiceFails),
            Some(_) | None => of_service.map(|_| Self::Refused),
        }
    }
}

/// How the words of an agent begin that names no more than that its service has refused, in small letters.
const REFUSAL: &str = "apierror: ";

/// Reads a status at the beginning of a text.
fn status(text: &str) -> Option<u16> {
    let digits = text.get(..3)?;
    let ends = !text[3..].starts_with(|c: char| c.is_ascii_alphanumeric());
    let number: u16 = digits.parse().ok().filter(|_| ends && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    (400..600).contains(&number).then_some(number)
}

/// Whether a program has printed how it is used, and nothing else: several print that in place of what they did not know.
fn is_usage(small: &str) -> bool {
    let lists = ["\noptions:", "\ncommands:"].iter().any(|list| small.contains(list));
    lists && small.contains("--help") && small.contains("--version")
}

/// Returns the line in which a program says what it does not know of what it was started with; of all its help the first.
#[must_use]
pub fn unknown_to_it(words: &str) -> &str {
    let has_sign = |line: &&str| {
        let small = line.to_ascii_lowercase();
        OLD_VERSION.iter().any(|sign| small.contains(sign))
    };
    let lines = || words.lines().map(str::trim).filter(|line| !line.is_empty());
    // Some begin with their name in large letters made of signs.
    let has_words = |line: &&str| line.contains(|c: char| c.is_ascii_alphabetic());
    lines().find(has_sign).or_else(|| lines().find(has_words)).unwrap_or_default()
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
            (
                "We’re currently experiencing high demand, which may cause temporary errors. (internalServerError)",
                AgentTrouble::ServiceFails,
            ),
            ("APIError: The model `gpt-9` does not exist or you do not have access to it.", AgentTrouble::NoSuchModel),
            ("API Error: Connection dropped (ECONNRESET). Check the gateway set in X.", AgentTrouble::Unreached),
            ("Unable to connect to API (ConnectionRefused)", AgentTrouble::Unreached),
            ("error: unexpected argument '--include-partial-messages' found", AgentTrouble::OldVersion),
            ("error: unknown option '--disallowedTools'", AgentTrouble::OldVersion),
            (
                "Unknown arguments: acp, skip-trust\nUsage: gemini [options] [command]\n…model not found",
                AgentTrouble::OldVersion,
            ),
            (
                "opencode acp\n\nstart ACP (Agent Client Protocol) server\n\nOptions:\n  -h, --help     show help\n  \
                 -v, --version  show version number",
                AgentTrouble::OldVersion,
            ),
            ("API Error: Request rejected (429) · fake failure 429", AgentTrouble::Limited(None)),
            (
                "unexpected status 404 Not Found: fake failure 404, url: http://127.0.0.1:8099/v1/responses",
                AgentTrouble::NoSuchModel,
            ),
            ("fake failure 404 (status 404)", AgentTrouble::NoSuchModel),
            ("API Error: 413 too large", AgentTrouble::TooLong),
            ("APIError: fake failure 401", AgentTrouble::LoggedOut),
            ("APIError: fake failure 429", AgentTrouble::Limited(None)),
            ("APIError: stand-in says 503", AgentTrouble::ServiceFails),
            ("APIError: nobody knows why", AgentTrouble::Refused),
            ("ProviderModelNotFoundError: fake/x", AgentTrouble::NoSuchModel),
            ("ProviderAuthError: no key", AgentTrouble::LoggedOut),
            (
                "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
                AgentTrouble::OutOfMemory,
            ),
        ] {
            assert_eq!(AgentTrouble::of(words), Some(trouble), "{words}");
        }
    }

    #[test]
    fn what_tells_of_nothing_known_is_left_alone() {
        for words in [
            "",
            "it broke",
            "the build has 429 warnings",
            "exit code 401",
            "error_during_execution",
            "(4290)",
            "line (42)",
        ] {
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
    fn of_all_its_help_a_program_is_told_by_the_line_that_says_what_it_does_not_know() {
        let codex = "WARNING: proceeding\nerror: unexpected argument '--nosuch' found\n\n  tip: to pass\n\nUsage: codex [OPTIONS]";
        assert_eq!(unknown_to_it(codex), "error: unexpected argument '--nosuch' found");
        assert_eq!(unknown_to_it("\n⠀  ▄\nopencode acp\n\nstart ACP\n"), "opencode acp");
        assert_eq!(unknown_to_it(""), "");
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
