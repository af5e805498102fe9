//! The options of a schedule: the same on the command line and in a chat.

use clap::Parser;
use signalbox_adapter::ChatAddress;

use super::argument::{QUOTES, is_option};

/// What the name of a credential has in it, as letters and digits only.
const CREDENTIALS: [&str; 12] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "webhookurl",
    "bearer",
    "authorization",
];
/// The options as people are told them, each with what it takes.
pub const SCHEDULE_OPTIONS: [(&str, &str); 9] = [
    ("--kind", "daily_summary, weekly_audit, incident_window_replay, synthetic_run or custom_investigation"),
    ("--cron", "minute, hour, day, month and weekday in quotes, or @hourly, @daily, @weekly, @monthly"),
    ("--tz", "the time zone, as Europe/London; else UTC"),
    ("--to", "where to, as slack:C0123; once for each chat"),
    ("--param prompt=\"…\"", "what is investigated, or asked about the digest"),
    ("--agent", "who answers that; none for nobody"),
    ("--window", "how many hours it looks back"),
    ("--name, --catch-up none|last|all", "what it is called; which missed ones come late"),
    ("--quiet-when-empty, --new-thread", "silent when there is nothing to say; a thread each time"),
];
/// Longest options in a chat, in bytes.
const MAX_OPTIONS_BYTES: usize = 16 * 1024;

/// What is delivered, when and where.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
pub struct ScheduleOptions {
    /// What is delivered: daily_summary, weekly_audit, incident_window_replay, synthetic_run or custom_investigation
    #[arg(long, default_value = "", hide_default_value = true)]
    pub kind: String,
    /// When: minute, hour, day of month, month and day of week, as "0 9 * * 1-5"; or @hourly, @daily, @weekly, @monthly
    #[arg(long, value_name = "5 FIELDS", default_value = "", hide_default_value = true)]
    pub cron: String,
    /// In which time zone, as Europe/London
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
    /// Where to, as slack:C0123 or discord:456/789 with a thread; may be given several times
    #[arg(long, value_name = "CHAT")]
    pub to: Vec<ChatAddress>,
    /// Where to: the provider, with --chat-id
    #[arg(long, requires = "chat_id")]
    pub provider: Option<String>,
    /// Where to: the chat, with --provider
    #[arg(long, requires = "provider", allow_hyphen_values = true)]
    pub chat_id: Option<String>,
    /// Where to: the thread or topic of that chat
    #[arg(long, requires = "chat_id")]
    pub thread_id: Option<String>,
    /// How far it looks back, in hours
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    pub window: Option<u32>,
    /// What it is called
    #[arg(long)]
    pub name: Option<String>,
    /// What is done about fires that were missed: none, last or all
    #[arg(long, value_name = "none|last|all")]
    pub catch_up: Option<String>,
    /// Says nothing where there is nothing to say; =false takes it back
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub quiet_when_empty: Option<bool>,
    /// Gives each fire a thread of its own, where chats have threads; =false takes it back
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub new_thread: Option<bool>,
    /// Who adds to a digest, investigates, or is checked; none for nobody
    #[arg(long)]
    pub agent: Option<String>,
    /// What else is told, as prompt="Is the backup fresh?"; may be given several times
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// Takes credentials among the parameters: they are kept as `signalbox integrations set` keeps them, not here
    #[arg(long)]
    pub allow_inline_credentials: bool,
    /// What belongs to no option: most often the rest of an expression without quotes
    #[arg(hide = true)]
    pub stray: Vec<String>,
}

/// Reads a number of hours; what is written with a unit is told in hours.
fn hours(text: &str) -> Result<u32, String> {
    if let Ok(hours) = text.parse() {
        return Ok(hours);
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let each = match text.get(digits.len()..).unwrap_or_default() {
        "h" | "hours" | "hour" => Some(1),
        "d" | "days" | "day" => Some(24),
        "w" | "weeks" | "week" => Some(7 * 24),
        _ => None,
    };
    match each.and_then(|each| digits.parse::<u32>().ok()?.checked_mul(each)) {
        Some(hours) => Err(format!("it is a number of hours: write --window {hours}")),
        None => Err("it is a number of hours, as 24".to_owned()),
    }
}

/// Whether a parameter's name says that its value is a credential.
#[must_use]
pub fn is_credential(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    CREDENTIALS.iter().any(|word| plain.contains(word))
}

/// Splits what was typed into the schedule that it names, by number or by name, and the options behind that. A name of several
/// words ends with its quotes, or before the first option.
#[must_use]
pub fn named_schedule(text: &str) -> (&str, &str) {
    let text = text.trim();
    let is_quote = |c: char| QUOTES.contains(&c);
    if let Some(quoted) = text.strip_prefix(is_quote)
        && let Some((name, rest)) = quoted.split_once(is_quote)
    {
        return (name.trim(), rest);
    }
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let number = first.trim_start_matches('#');
    if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return (first, rest);
    }
    let words = text.split_inclusive(char::is_whitespace);
    let name_bytes = words.take_while(|word| !is_option(word)).map(str::len).sum();
    let (name, rest) = text.split_at(name_bytes);
    (name.trim(), rest)
}

/// The options as the whole of a line.
#[derive(Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Line {
    #[command(flatten)]
    options: ScheduleOptions,
}

impl ScheduleOptions {
    /// Reads options as they are typed in a chat, where phones make quotes round and dashes long.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub fn read(text: &str) -> Result<Self, String> {
        if text.len() > MAX_OPTIONS_BYTES {
            return Err(format!("the options are longer than {MAX_OPTIONS_BYTES} characters"));
        }
        let text = text.replace(['“', '”', '„', '«', '»'], "\"").replace(['‘', '’'], "'");
        let Some(words) = shlex::split(&text) else { return Err("a quote is not closed".to_owned()) };
        let words = words.into_iter().map(|word| match word.strip_prefix(['—', '–']) {
            Some(option) if option.starts_with(char::is_alphabetic) => format!("--{option}"),
            Some(_) | None => word,
        });
        Line::try_parse_from(words).map(|line| line.options).map_err(|error| first_line(&error))
    }
}

/// Returns the sentence of a parser's error, without usage.
fn first_line(error: &clap::Error) -> String {
    let whole = error.render().to_string();
    let lines = whole.lines().map(str::trim).filter(|line| !line.is_empty());
    let said: Vec<&str> =
        lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more")).collect();
    said.join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_a_phone_types_them() {
        let options = ScheduleOptions::read(
            "—kind daily_summary --cron “0 9 * * 1-5” --tz Asia/Kolkata --chat-id -100 --provider telegram",
        );
        let options = options.expect("they are whole");
        assert_eq!((options.kind.as_str(), options.cron.as_str()), ("daily_summary", "0 9 * * 1-5"));
        assert_eq!(options.chat_id.as_deref(), Some("-100"));
    }

    #[test]
    fn a_schedule_is_named_by_its_number_or_its_words_and_options_follow() {
        for (text, name, options) in [
            ("3", "3", ""),
            ("#3 --tz UTC", "#3", "--tz UTC"),
            ("3 cron \"@daily\"", "3", "cron \"@daily\""),
            ("standup —tz UTC", "standup", "—tz UTC"),
            ("Morning digest --name \"Evening digest\"", "Morning digest", "--name \"Evening digest\""),
            ("“Morning digest” --tz UTC", "Morning digest", " --tz UTC"),
            ("'Morning -- digest' --tz UTC", "Morning -- digest", " --tz UTC"),
            ("Morning  digest", "Morning  digest", ""),
            ("\"Morning digest", "\"Morning digest", ""),
            ("--tz UTC", "", "--tz UTC"),
            ("", "", ""),
        ] {
            assert_eq!(named_schedule(text), (name, options), "{text}");
        }
    }

    #[test]
    fn what_can_be_on_or_off_is_told_either_way_or_not_at_all() {
        let quiet = |text: &str| ScheduleOptions::read(text).expect(text).quiet_when_empty;
        assert_eq!(quiet("--quiet-when-empty --kind x"), Some(true));
        assert_eq!((quiet("--quiet-when-empty=false"), quiet("--kind x")), (Some(false), None));
    }

    #[test]
    fn an_expression_without_quotes_is_read_whole() {
        let options = ScheduleOptions::read("--kind x --cron 0 9 * * 1-5 --tz UTC").expect("it is read");
        assert_eq!((options.cron.as_str(), options.stray.join(" ").as_str()), ("0", "9 * * 1-5"));
        assert_eq!(options.tz.as_deref(), Some("UTC"));
    }

    #[test]
    fn a_credential_is_known_by_its_name() {
        for name in ["bot_token", "SLACK-BOT-TOKEN", "apiKey", "api_key", "password", "clientSecret", "webhook_url"] {
            assert!(is_credential(name), "{name}");
        }
        for name in ["prompt", "severity", "service", "keyspace", "author"] {
            assert!(!is_credential(name), "{name}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        let said = |text: &str| ScheduleOptions::read(text).expect_err(text);
        assert!(said("--window 1d").contains("write --window 24"), "{}", said("--window 1d"));
        assert!(said("--window soon").contains("as 24"), "{}", said("--window soon"));
        assert!(said("--kind x --cron y --colour z").contains("--colour"));
        assert!(said("--cron \"0 9").contains("quote"));
        assert!(said("--kind x --cron y --thread-id 4").contains("--chat-id"));
        assert!(said("--kind x --cron y --to nowhere").contains("nowhere"));
        assert!(!said("--colour x").contains('\n'));
    }
}
