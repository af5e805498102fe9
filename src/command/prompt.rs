//! A prompt and what may stand before it: options, a mention, and the `--` that ends both.

use super::argument::Flag;
use super::fault::{ParseFault, quoted};
use super::nearest::nearest;
use super::start::{Mention, Start};

/// Longest prompt that an agent is given, in bytes: 1 MiB.
pub const MAX_PROMPT_BYTES: usize = 1 << 20;
/// Longest name, id or other single word of a command, in bytes.
pub(super) const MAX_WORD_BYTES: usize = 256;

/// What is wrong, the option it is about, and what may have been meant.
pub(super) struct Wrong {
    pub(super) fault: ParseFault,
    pub(super) flag: Option<Flag>,
    pub(super) nearest: Option<&'static str>,
}

impl From<ParseFault> for Wrong {
    fn from(fault: ParseFault) -> Self {
        Self { fault, flag: None, nearest: None }
    }
}

/// Reads what follows a command that takes a prompt.
pub(super) fn with_options(text: &str, flags: &[Flag]) -> Result<Start, Wrong> {
    let mut options = Options { flags, name: None, project: None };
    let before = options.take(text.trim())?;
    let forced = before.forced;
    let mention = if before.forced { None } else { first_mention(before.rest) };
    let Some((mention, mentioned, after)) = mention else {
        let prompt = checked(before.rest)?;
        return Ok(Start { forced, ..options.into_start(None, prompt.to_owned(), prompt.to_owned()) });
    };
    let behind = options.take(after)?;
    let prompt = checked(behind.rest)?.to_owned();
    let whole = if behind.found { format!("{mentioned} {}", behind.from) } else { before.rest.to_owned() };
    Ok(options.into_start(Some(mention), prompt, whole))
}

/// Reads plain text, which has no options; `--` counts only where it keeps a mention from being one.
pub(super) fn without_options(text: &str) -> Result<Start, Wrong> {
    let text = text.trim();
    let (first, after) = first_word(text);
    let none = Options { flags: &[], name: None, project: None };
    if as_typed(first).as_deref() == Some("--") && after.starts_with('@') {
        let prompt = checked(after)?;
        return Ok(none.into_start(None, prompt.to_owned(), prompt.to_owned()));
    }
    let (mention, prompt) = match first_mention(text) {
        Some((mention, _, after)) => (Some(mention), checked(after)?),
        None => (None, checked(text)?),
    };
    Ok(none.into_start(mention, prompt.to_owned(), text.to_owned()))
}

/// The options read so far.
struct Options<'f> {
    flags: &'f [Flag],
    name: Option<String>,
    project: Option<String>,
}

/// What is left after options.
struct Left<'t> {
    /// The prompt.
    rest: &'t str,
    /// The same with the `--` before it.
    from: &'t str,
    /// Whether `--` ended the options.
    forced: bool,
    /// Whether there was an option with a value.
    found: bool,
}

impl Options<'_> {
    /// Takes the options at the beginning of the text.
    fn take<'t>(&mut self, text: &'t str) -> Result<Left<'t>, Wrong> {
        let mut left = Left { rest: text, from: text, forced: false, found: false };
        loop {
            let (token, after) = first_word(left.rest);
            let Some(typed) = as_typed(token) else { return Ok(left) };
            if typed == "--" {
                return Ok(Left { rest: after, from: left.rest, forced: true, ..left });
            }
            let (option, value) = typed.split_once('=').map_or((typed.as_str(), None), |(o, v)| (o, Some(v)));
            let Some(flag) = self.flags.iter().copied().find(|flag| flag.as_str().eq_ignore_ascii_case(option)) else {
                return match nearest(&option[2..], self.flags.iter().map(|flag| &flag.as_str()[2..])) {
                    Some(near) => Err(self.unknown(option, near)),
                    None => Ok(left),
                };
            };
            let (value, after) = value.map_or_else(|| first_word(after), |value| (value, after));
            self.set(flag, value)?;
            left = Left { rest: after, from: after, forced: false, found: true };
        }
    }

    fn set(&mut self, flag: Flag, value: &str) -> Result<(), Wrong> {
        let slot = match flag {
            Flag::Name => &mut self.name,
            Flag::Project => &mut self.project,
        };
        let fault = if slot.is_some() {
            ParseFault::Twice(flag.as_str())
        } else if value.is_empty() || as_typed(value).is_some() {
            ParseFault::MissingValue(flag.as_str())
        } else if value.len() > MAX_WORD_BYTES {
            ParseFault::LongWord { word: quoted(value), limit_bytes: MAX_WORD_BYTES }
        } else {
            *slot = Some(value.to_owned());
            return Ok(());
        };
        Err(Wrong { fault, flag: Some(flag), nearest: None })
    }

    fn unknown(&self, option: &str, near: &str) -> Wrong {
        let flag = self.flags.iter().copied().find(|flag| &flag.as_str()[2..] == near);
        Wrong { fault: ParseFault::UnknownOption(quoted(option)), flag, nearest: flag.map(Flag::as_str) }
    }

    fn into_start(self, mention: Option<Mention>, prompt: String, whole: String) -> Start {
        Start { name: self.name, project: self.project, forced: false, mention, prompt, whole }
    }
}

/// Returns the word as an option, with two ASCII dashes, if it looks like one. Phones make one dash of two.
fn as_typed(word: &str) -> Option<String> {
    const PHONE_DASHES: [char; 2] = ['—', '–'];
    let rest = word.trim_start_matches(|c| c == '-' || PHONE_DASHES.contains(&c));
    let dashes = &word[..word.len() - rest.len()];
    let phone = dashes.contains(PHONE_DASHES) && dashes.chars().count() <= 2;
    (phone || dashes == "--").then(|| format!("--{rest}"))
}

/// Splits `@word` off the beginning: the mention, the same as written, and what follows.
fn first_mention(text: &str) -> Option<(Mention, &str, &str)> {
    let (written, after) = first_word(text);
    let word = written.strip_prefix('@')?.trim_start_matches('@').trim_end_matches([',', ':']);
    let fits = !word.is_empty() && word.len() <= MAX_WORD_BYTES;
    fits.then(|| (Mention { word: word.to_owned() }, written, after))
}

/// Splits the first word off; what follows has no white space before it.
pub(super) fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

fn checked(prompt: &str) -> Result<&str, ParseFault> {
    match prompt.len() {
        0 => Err(ParseFault::MissingPrompt),
        size_bytes if size_bytes > MAX_PROMPT_BYTES => {
            Err(ParseFault::LongPrompt { size_bytes, limit_bytes: MAX_PROMPT_BYTES })
        }
        _ => Ok(prompt),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: [Flag; 2] = [Flag::Name, Flag::Project];

    fn start(text: &str) -> Start {
        match with_options(text, &FLAGS) {
            Ok(start) => start,
            Err(wrong) => panic!("{text:?}: {}", wrong.fault),
        }
    }

    fn fault(text: &str) -> String {
        match with_options(text, &FLAGS) {
            Ok(start) => panic!("{text:?}: {start:?}"),
            Err(wrong) => wrong.fault.to_string(),
        }
    }

    #[test]
    fn options_stand_before_or_just_after_the_mention() {
        for text in [
            "--name docs --project web @claude fix it",
            "  --project   web\n--NAME=docs @claude\tfix it ",
            "—name docs –project web @claude fix it",
            "@claude --name docs --project=web fix it",
            "--name docs @claude --project web fix it",
        ] {
            let start = start(text);
            assert_eq!((start.name.as_deref(), start.project.as_deref()), (Some("docs"), Some("web")), "{text}");
            assert_eq!(start.mention, Some(Mention { word: "claude".into() }), "{text}");
            assert_eq!(start.prompt, "fix it", "{text}");
            assert_eq!(start.whole.split_whitespace().collect::<Vec<_>>(), ["@claude", "fix", "it"], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_an_option_is_the_prompt() {
        for text in [
            "-v prints nothing",
            "- one\n- two",
            "---\ntitle: x\n---",
            "--verbose is ignored",
            "—5 degrees",
            "-name is short",
            "“--name” is quoted",
            "fix --name x",
            "word -- word",
        ] {
            let start = start(text);
            assert_eq!((start.prompt.as_str(), start.whole.as_str(), start.mention), (text, text, None), "{text}");
            assert_eq!((start.name, start.project), (None, None), "{text}");
        }
    }

    #[test]
    fn two_dashes_force_a_prompt() {
        for (text, prompt) in [
            ("-- list", "list"),
            ("— @claude hello", "@claude hello"),
            ("– --name x", "--name x"),
            ("-- -- x", "-- x"),
            ("--name docs -- --project", "--project"),
            ("--\n\tindented", "indented"),
        ] {
            let start = start(text);
            assert_eq!((start.prompt.as_str(), start.whole.as_str(), start.mention), (prompt, prompt, None), "{text}");
        }
        let start = start("@claude -- --name x");
        assert_eq!((start.prompt.as_str(), start.whole.as_str()), ("--name x", "@claude -- --name x"));
    }

    #[test]
    fn only_the_first_word_is_a_mention() {
        for (text, word, prompt) in [
            ("@claude/opus fix it", "claude/opus", "fix it"),
            ("@claude: fix it", "claude", "fix it"),
            ("@claude, fix it", "claude", "fix it"),
            ("@@claude fix it", "claude", "fix it"),
            ("@claude @claude fix it", "claude", "@claude fix it"),
            ("@command:notes shout", "command:notes", "shout"),
            ("@fox\nline 1\n\n  line 2", "fox", "line 1\n\n  line 2"),
        ] {
            let start = start(text);
            assert_eq!(start.mention, Some(Mention { word: word.into() }), "{text}");
            assert_eq!((start.prompt.as_str(), start.whole.as_str()), (prompt, text));
        }
        for text in ["ask @claude", "@ home", "@: x", "@@ -1 +1 @@", "me@example.org wrote"] {
            assert_eq!(start(text).mention, None, "{text}");
        }
    }

    #[test]
    fn faults_of_options_are_told() {
        assert_eq!(fault(""), "the prompt is missing");
        assert_eq!(fault(" -- "), "the prompt is missing");
        assert_eq!(fault("--name docs"), "the prompt is missing");
        assert_eq!(fault("@claude"), "the prompt is missing");
        assert_eq!(fault("--name"), "`--name` needs a value");
        assert_eq!(fault("--name= x"), "`--name` needs a value");
        assert_eq!(fault("--name --project web x"), "`--name` needs a value");
        assert_eq!(fault("--name a --name b x"), "`--name` is given twice");
        assert_eq!(fault("--nmae a x"), "there is no option `--nmae`; `--` before the prompt sends it as text");
        let long = fault(&format!("--name {} x", "n".repeat(MAX_WORD_BYTES + 1)));
        assert_eq!(long, format!("`{}…` is too long: 256 bytes are the limit", "n".repeat(40)));
    }

    #[test]
    fn a_prompt_of_one_mebibyte_is_taken_and_one_byte_more_is_not() {
        let most = "x".repeat(MAX_PROMPT_BYTES);
        assert_eq!(start(&format!("@claude {most}")).prompt.len(), MAX_PROMPT_BYTES);
        assert_eq!(fault(&format!("{most}x")), "the prompt has 1048577 bytes, and 1048576 are the limit");
    }

    #[test]
    fn plain_text_has_a_mention_but_no_options() {
        let read = |text| without_options(text).map_err(|wrong| wrong.fault).unwrap();
        assert_eq!(read("--name x y").whole, "--name x y");
        assert_eq!(read("-- a signature").prompt, "-- a signature");
        assert_eq!(read("— Да, — сказал он").prompt, "— Да, — сказал он");
        let forced = read("-- @claud is my cat");
        assert_eq!((forced.mention, forced.prompt.as_str()), (None, "@claud is my cat"));
        let said = read("@fox --name x");
        assert_eq!((said.prompt.as_str(), said.whole.as_str()), ("--name x", "@fox --name x"));
        assert_eq!(said.mention, Some(Mention { word: "fox".into() }));
    }
}
