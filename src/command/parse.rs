//! Text → [`Parsed`], by the table.

use super::argument::{Argument, Flag, Kind};
use super::fault::{Misunderstood, ParseFault, quoted};
use super::grammar::{Definition, Form};
use super::guide::{guide, whole_guide};
use super::help;
use super::nearest::nearest;
use super::parsed::{FreeText, Parsed};
use super::prompt::{MAX_WORD_BYTES, Wrong, first_word, with_options, without_options};
use super::start::Start;
use super::value::Value;
use super::words::{COMMANDS, Command, by_verb, definition};

/// Most words that are looked at to tell a command from a prompt; no form has as many.
const MAX_WORDS: usize = 8;
/// Commands with what only the command line does of them.
const ON_COMMAND_LINE: [(&str, &str); 3] = [("cron", "export"), ("cron", "import"), ("cron", "start")];

/// Understands a text.
///
/// `bot_name` is the name that the provider puts after `@` for this bot, if it has one: `/status@BotName` is then for
/// us, `/status@Other` is not, and `@BotName` before anything else is left out.
///
/// # Errors
/// Tells what is wrong, how the command is written, and which valid word is nearest.
pub fn parse(text: &str, bot_name: Option<&str>) -> Result<Parsed, Misunderstood> {
    let text = text.trim();
    let text = without_address(text, bot_name).unwrap_or(text);
    let Some((word, rest)) = command_word(text) else { return free_text(text) };
    let (word, addressee) = word.split_once('@').map_or((word, None), |(word, bot)| (word, Some(bot)));
    if let (Some(addressee), Some(own)) = (addressee, bot_name)
        && !addressee.eq_ignore_ascii_case(own.trim_start_matches('@'))
    {
        return Ok(Parsed::Nothing);
    }
    match definition(word) {
        Some(definition) => read(definition, rest),
        None => match by_verb(word) {
            Some(definition) => read(definition, &format!("{word} {rest}")),
            None => Err(unknown_command(word)),
        },
    }
}

/// Returns what follows `@BotName` at the beginning of a text, if it begins so.
#[must_use]
pub fn without_address<'t>(text: &'t str, bot_name: Option<&str>) -> Option<&'t str> {
    let own = bot_name?.trim_start_matches('@');
    let (first, rest) = first_word(text);
    let word = first.strip_prefix('@')?.trim_end_matches([',', ':']);
    (!own.is_empty() && word.eq_ignore_ascii_case(own)).then(|| rest.trim_end())
}

/// Splits `/word` off. A path such as `/etc/hosts` is no command, nor is a slash that stands alone before text.
fn command_word(text: &str) -> Option<(&str, &str)> {
    let (first, rest) = first_word(text);
    let word = first.strip_prefix('/')?;
    let name = word.split_once('@').map_or(word, |(name, _)| name);
    let like_a_command = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    (like_a_command && (!name.is_empty() || rest.is_empty())).then_some((word, rest))
}

fn free_text(text: &str) -> Result<Parsed, Misunderstood> {
    if text.is_empty() {
        return Ok(Parsed::Nothing);
    }
    let usage = || "@<session> <prompt>".to_owned();
    let told = |fault| Misunderstood { fault, command: false, usage: usage(), nearest: None, guide: None };
    if text.contains('\0') {
        return Err(told(ParseFault::Nul));
    }
    let start = without_options(text).map_err(|wrong| told(wrong.fault))?;
    Ok(Parsed::FreeText(FreeText { mention: start.mention, prompt: start.prompt, whole: start.whole }))
}

fn read(definition: &'static Definition<Command>, rest: &str) -> Result<Parsed, Misunderstood> {
    if rest.contains('\0') {
        return Err(misunderstood(&definition.forms[0], ParseFault::Nul));
    }
    if let Some(command) = fitting(definition, rest) {
        return command.map(Parsed::Command);
    }
    for form in definition.forms {
        if let Value::Rest { make, .. } = form.value
            && let Some(text) = form.rest(rest).filter(|text| !text.is_empty())
        {
            return Ok(Parsed::Command(make(text)));
        }
    }
    let prompt = definition.forms.iter().find_map(|form| match form.value {
        Value::Prompt { make, .. } => Some(make),
        Value::Words { .. } | Value::Rest { .. } => None,
    });
    let words: Vec<&str> = rest.split_whitespace().take(MAX_WORDS).collect();
    let Some(make) = prompt else {
        if let Some(help) = help_of(definition.word, &words) {
            return help.map(Parsed::Command);
        }
        return match number_first(definition, rest).and_then(|turned| fitting(definition, &turned)) {
            Some(command) => command.map(Parsed::Command),
            None => Err(does_not_fit(definition, &words)),
        };
    };
    if let [word] = words.as_slice()
        && let Some(form) = definition.half_typed(word)
    {
        return Err(half_typed(form, word));
    }
    let flags: Vec<Flag> = definition.flags().collect();
    with_options(rest, &flags).map(|start| Parsed::Command(make(start))).map_err(|wrong| {
        let Wrong { fault, flag, nearest } = wrong;
        let about = |form: &&Form<Command>| flag.is_some_and(|flag| form.arguments.contains(&Argument::Flag(flag)));
        let form = definition.forms.iter().find(about).unwrap_or(&definition.forms[0]);
        Misunderstood { nearest: nearest.map(str::to_owned), ..misunderstood(form, fault) }
    })
}

/// Makes the command of the form of words that a text fits, if there is one.
fn fitting(definition: &'static Definition<Command>, text: &str) -> Option<Result<Command, Misunderstood>> {
    definition.forms.iter().find_map(|form| match form.value {
        Value::Words { make, .. } => form.fit(text).map(|given| checked(form, given).map(|given| make(&given))),
        Value::Rest { .. } | Value::Prompt { .. } => None,
    })
}

/// Makes the command that helps with another, where only help is asked for after it.
fn help_of(command: &str, words: &[&str]) -> Option<Result<Command, Misunderstood>> {
    let [word] = words else { return None };
    let help = definition("help").filter(|help| word.trim_start_matches('-').eq_ignore_ascii_case(help.word))?;
    fitting(help, command)
}

/// Turns a number that stands before what is to be done with it: `5` means `show 5`, and `5 ack` means `ack 5`.
fn number_first(definition: &Definition<Command>, text: &str) -> Option<String> {
    let (number, rest) = first_word(text);
    let digits = number.strip_prefix('#').unwrap_or(number);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (verb, rest) = first_word(rest);
    let verb = if verb.is_empty() { "show" } else { verb };
    let is_own = definition.subcommands().any(|own| own.eq_ignore_ascii_case(verb));
    is_own.then(|| format!("{verb} {number} {rest}"))
}

/// Tells that something begins as a subcommand does and is no whole one.
fn half_typed(form: &Form<Command>, prompt: &str) -> Misunderstood {
    // One that may be left out is needed all the same where other words are too many.
    let word = |argument: &Argument| argument.to_string().replace('[', "<").replace(']', ">");
    let missing = form.arguments.iter().map(word).collect::<Vec<_>>().join(" ");
    let fault = ParseFault::HalfTyped { path: form.path, missing: missing.into(), prompt: quoted(prompt).into() };
    misunderstood(form, fault)
}

/// Tells how a prompt is written that is perhaps a subcommand with a word too many or too few, and which name it gives: whoever
/// knows that there is such a session knows that it is one.
#[must_use]
pub fn maybe_slip<'s>(command: &str, start: &'s Start) -> Option<(&'s str, Misunderstood)> {
    if start.forced || start.mention.is_some() || start.name.is_some() || start.project.is_some() {
        return None;
    }
    let mut words = start.prompt.split_whitespace();
    let (verb, name) = (words.next()?, words.next()?);
    let form = definition(command)?.half_typed(verb)?;
    // With more words it is a sentence.
    (words.count() <= 1).then(|| (name.trim_start_matches('@'), half_typed(form, &start.prompt)))
}

/// Checks the words that a form takes: their length, and that a command among them is one.
fn checked<'t>(form: &Form<Command>, given: Vec<&'t str>) -> Result<Vec<&'t str>, Misunderstood> {
    if let Some(long) = given.iter().find(|word| word.len() > MAX_WORD_BYTES) {
        let fault = ParseFault::LongWord { word: quoted(long), limit_bytes: MAX_WORD_BYTES };
        return Err(misunderstood(form, fault));
    }
    if !form.arguments.iter().any(|argument| matches!(argument, Argument::OptionalWord(_, Kind::Command))) {
        return Ok(given);
    }
    given.into_iter().map(known_command).collect()
}

fn known_command(word: &str) -> Result<&'static str, Misunderstood> {
    let name = word.trim_start_matches('/');
    let known = help::subject(word).or_else(|| definition(name).map(|definition| definition.word));
    known.ok_or_else(|| unknown_command(name))
}

/// Tells why the words do not fit a command that has no prompt: by the form that goes furthest with them.
fn does_not_fit(definition: &'static Definition<Command>, words: &[&str]) -> Misunderstood {
    let fitting = |form: &Form<Command>| {
        let pairs = words.iter().zip(form.parts());
        pairs.take_while(|(word, own)| own.takes(word)).count()
    };
    // The first of those that go as far.
    let form = definition.forms.iter().rev().max_by_key(|form| fitting(form)).unwrap_or(&definition.forms[0]);
    let far = fitting(form);
    if let Some(missing @ (Argument::Word(..) | Argument::Options(_))) = form.parts().nth(words.len()) {
        let fault = ParseFault::MissingWord { command: form.path.join(" "), missing: missing.to_string() };
        return misunderstood(form, fault);
    }
    let takes = |(index, word): (usize, &&str)| form.parts().nth(index).is_some_and(|own| own.takes(word));
    let Some(index) = words.iter().enumerate().position(|at| !takes(at)) else {
        let missing = form.parts().nth(words.len()).map(|part| part.to_string()).unwrap_or_default();
        return misunderstood(form, ParseFault::MissingWord { command: form.path.join(" "), missing });
    };
    let word = words[index];
    let before = words.iter().take(index).map(|word| quoted(word));
    let after = before.fold(format!("/{}", definition.word), |line, word| format!("{line} {word}"));
    let elsewhere = ON_COMMAND_LINE
        .iter()
        .find(|(command, own)| index == 0 && *command == definition.word && own.eq_ignore_ascii_case(word));
    if let Some((command, word)) = elsewhere {
        let fault = ParseFault::OnCommandLine { command, word };
        return Misunderstood { guide: None, ..misunderstood(form, fault) };
    }
    // What could have stood here, in any form that goes as far.
    let others = definition.forms.iter().filter(|other| fitting(other) == far);
    let literals = others.filter_map(|other| match other.parts().nth(index)? {
        Argument::OptionalLiteral(own) | Argument::Literal(own) => Some(own),
        Argument::Word(..)
        | Argument::OptionalWord(..)
        | Argument::Flag(_)
        | Argument::Mention(_)
        | Argument::Separator
        | Argument::Prompt
        | Argument::Question
        | Argument::Options(_) => None,
    });
    let near = nearest(word, literals);
    let meant =
        |form: &&Form<Command>| form.parts().nth(index).is_some_and(|own| near.is_some_and(|near| own.takes(near)));
    let form = definition.forms.iter().filter(|form| fitting(form) == far).find(meant).unwrap_or(form);
    let whole = near.map(|near| format!("{after} {near}"));
    let fault = ParseFault::UnknownWord { after, word: quoted(word) };
    let guide = if index == 0 && near.is_none() { whole_guide(definition) } else { None };
    Misunderstood { nearest: whole, guide, ..misunderstood(form, fault) }
}

fn unknown_command(word: &str) -> Misunderstood {
    let subcommand = |form: &&Form<Command>| form.subcommand().is_some_and(|own| own.eq_ignore_ascii_case(word));
    let mut forms = COMMANDS.iter().flat_map(|definition| definition.forms);
    if let Some(form) = forms.find(subcommand) {
        let nearest = format!("/{}", form.path.join(" "));
        let fault = ParseFault::UnknownCommand(quoted(word));
        return Misunderstood { nearest: Some(nearest), ..misunderstood(form, fault) };
    }
    let words = COMMANDS.iter().map(|definition| definition.word);
    let begun = words.clone().find(|own| !word.is_empty() && own.starts_with(&word.to_lowercase()));
    let near = begun.or_else(|| nearest(word, words)).and_then(definition);
    let help = definition("help").expect("the table has /help");
    let shown = near.unwrap_or(help);
    Misunderstood {
        fault: ParseFault::UnknownCommand(quoted(word)),
        command: true,
        usage: shown.forms[0].usage(),
        nearest: near.map(|near| format!("/{}", near.word)),
        guide: None,
    }
}

fn misunderstood(form: &Form<Command>, fault: ParseFault) -> Misunderstood {
    Misunderstood { fault, command: true, usage: form.usage(), nearest: None, guide: guide(form) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{
        AllowCommand, BackgroundCommand, HelpCommand, Mention, Need, SessionCommand, StartCommand, StatusCommand,
        StopCommand,
    };

    fn command(text: &str) -> Command {
        match parse(text, Some("SignalBot")) {
            Ok(Parsed::Command(command)) => command,
            other => panic!("{text:?}: {other:?}"),
        }
    }

    fn session(text: &str) -> SessionCommand {
        match command(text) {
            Command::Session(session) => session,
            other => panic!("{text:?}: {other:?}"),
        }
    }

    fn wrong(text: &str) -> (String, String, Option<String>) {
        let wrong = parse(text, None).expect_err(text);
        (wrong.to_string(), wrong.usage, wrong.nearest)
    }

    #[test]
    fn every_example_is_understood_and_uses_a_form_of_its_command() {
        for definition in COMMANDS {
            for example in definition.examples {
                let command = command(example.text);
                assert_eq!(command.form().path[0], definition.word, "{}", example.text);
            }
        }
    }

    #[test]
    fn every_usage_line_is_understood_when_its_blanks_are_filled() {
        for definition in COMMANDS {
            for form in definition.forms {
                let usage = form.usage().replace("task or message", "task").replace("[command]", "help");
                let line = usage.replace(['<', '>', '[', ']'], "");
                let command = command(&line);
                assert_eq!(command.form().path[0], definition.word, "{line}");
                if !definition.is_short(form) {
                    assert_eq!(command.form().subcommand(), form.subcommand(), "{line}");
                }
                assert_eq!(command.need(), form.need, "{line}");
            }
        }
    }

    #[test]
    fn commands_are_understood_in_any_case_and_with_the_name_of_this_bot() {
        for text in ["/status", " /STATUS\n", "/Status@signalbot", "@SignalBot /status", "@signalbot: /status"] {
            assert_eq!(command(text), StatusCommand.into(), "{text}");
        }
        assert_eq!(command("/stop ALL"), StopCommand { all: true }.into());
        assert_eq!(command("/help /Session"), HelpCommand { topic: Some("session".into()) }.into());
        assert_eq!(command("/start"), StartCommand { code: None }.into());
        assert_eq!(command("/start AB12cd34"), StartCommand { code: Some("AB12cd34".into()) }.into());
        assert_eq!(command("/allow r7"), AllowCommand { request: "r7".into() }.into());
    }

    #[test]
    fn a_command_for_another_bot_is_nothing_to_us() {
        for text in ["/status@OtherBot", "/session@OtherBot do it", "/nonsense@OtherBot", "", " \n", "@SignalBot"] {
            assert_eq!(parse(text, Some("@SignalBot")), Ok(Parsed::Nothing), "{text}");
        }
        assert_eq!(parse("/status@OtherBot", None), Ok(Parsed::Command(StatusCommand.into())));
    }

    #[test]
    fn a_subcommand_is_one_only_with_the_right_number_of_words() {
        assert_eq!(session("/session list"), SessionCommand::List);
        assert_eq!(session("/session Show fox"), SessionCommand::Show(Some("fox".into())));
        assert_eq!(session("/session show"), SessionCommand::Show(None));
        assert_eq!(session("/session END "), SessionCommand::End(None));
        assert_eq!(session("/session use\nfox"), SessionCommand::Use("fox".into()));
        let renamed = SessionCommand::Rename { old: "fox".into(), new: "owl".into() };
        assert_eq!(session("/session  rename  fox  owl "), renamed);
        for prompt in [
            "list my files",
            "listen to me",
            "show a b",
            "use the force now",
            "users",
            "end of story here",
            "rename fox",
            "rename a b c",
            "retry it please",
        ] {
            for (text, forced) in [(format!("/session {prompt}"), false), (format!("/session -- {prompt}"), true)] {
                let SessionCommand::Start(start) = session(&text) else { panic!("{text}") };
                assert_eq!((start.prompt.as_str(), start.whole.as_str(), start.mention), (prompt, prompt, None));
                assert_eq!(start.forced, forced, "{text}");
            }
        }
    }

    #[test]
    fn half_a_subcommand_is_no_prompt_unless_two_dashes_say_so() {
        for (verb, missing) in [("USE", "<name>"), ("cancel", "<name>"), ("retry", "<name>"), ("rename", "<old> <new>")]
        {
            let (fault, usage, nearest) = wrong(&format!("/session {verb} "));
            let form = verb.to_lowercase();
            let told = format!("`/session {form}` needs `{missing}`; `/session -- {verb}` sends it as a prompt");
            assert_eq!((fault, usage, nearest), (told, format!("/session {form} {missing}"), None));
            let SessionCommand::Start(start) = session(&format!("/session -- {verb}")) else { panic!("{verb}") };
            assert_eq!((start.prompt.as_str(), start.forced), (verb, true));
        }
    }

    #[test]
    fn an_incident_is_reached_by_its_number_and_by_the_verb_alone() {
        let short = |text: &str| command(text).to_string();
        for (text, meant) in [
            ("/incident 5", "/incident show 5"),
            ("/incident #5", "/incident show #5"),
            ("/incident 5 ack", "/incident ack 5"),
            ("/incident 5 silence 2h", "/incident silence 5 2h"),
            ("/ack 5", "/incident ack 5"),
            ("/Resolve #5", "/incident resolve #5"),
            ("/silence 5 30m", "/incident silence 5 30m"),
            ("/assign 5 @Kim Bo", "/incident assign 5 @Kim Bo"),
            ("/incident assign 5 Kim  Bo", "/incident assign 5 Kim  Bo"),
            ("/cron 3", "/cron show 3"),
            ("/cron 3 pause", "/cron pause 3"),
        ] {
            assert_eq!(short(text), meant, "{text}");
        }
        // That of the thread is meant.
        assert_eq!((short("/ack").as_str(), short("/silence 2h").as_str()), ("/incident ack", "/incident silence 2h"));
        let (told, shown, _) = wrong("/incident 5 frobnicate");
        assert_eq!((told.as_str(), shown.as_str()), ("`5` is not understood after `/incident`", "/incident list"));
    }

    #[test]
    fn a_group_alone_shows_its_most_useful_view() {
        for definition in COMMANDS.iter().filter(|definition| definition.subcommands().next().is_some()) {
            let alone = command(&format!("/{}", definition.word));
            assert_eq!((alone.need(), alone.form().arguments), (Need::Viewer, &[][..]), "/{}", definition.word);
        }
        assert_eq!(session("/session"), SessionCommand::List);
        assert_eq!(command("/background"), BackgroundCommand::Status.into());
        assert_eq!(command("/bg notify"), BackgroundCommand::NotifyList.into());
    }

    #[test]
    fn text_without_a_slash_is_free_text() {
        for (text, mention, prompt) in [
            ("stop", None, "stop"),
            ("wait a moment", None, "wait a moment"),
            ("@fox go on", Some("fox"), "go on"),
            ("/etc/hosts looks odd", None, "/etc/hosts looks odd"),
            ("// a comment", None, "// a comment"),
            ("/ is full", None, "/ is full"),
            ("say /status", None, "say /status"),
        ] {
            let mention = mention.map(|word: &str| Mention { word: word.into() });
            let expected = Parsed::FreeText(FreeText { mention, prompt: prompt.into(), whole: text.into() });
            assert_eq!(parse(text, None), Ok(expected), "{text}");
        }
        let addressed = parse("@SignalBot what runs?", Some("SignalBot"));
        let expected =
            Parsed::FreeText(FreeText { mention: None, prompt: "what runs?".into(), whole: "what runs?".into() });
        assert_eq!(addressed, Ok(expected));
    }

    #[test]
    fn what_is_not_understood_is_answered_with_fault_usage_and_nearest_word() {
        let prompt = "/session <prompt>";
        for (text, fault, usage, nearest) in [
            ("/sesion fix it", "there is no command `/sesion`", prompt, Some("/session")),
            ("/stat", "there is no command `/stat`", "/status", Some("/status")),
            ("/deploy now", "there is no command `/deploy`", "/help [command]", None),
            ("/", "there is no command `/`", "/help [command]", None),
            ("/help statsu", "there is no command `/statsu`", "/status", Some("/status")),
            ("/status now", "`now` is not understood after `/status`", "/status", None),
            ("/stop al", "`al` is not understood after `/stop`", "/stop [all]", Some("/stop all")),
            ("/why", "`/why` needs `<task or message>`", "/why <task or message>", None),
            (
                "/background lst",
                "`lst` is not understood after `/background`",
                "/background list",
                Some("/background list"),
            ),
            ("/background show", "`/background show` needs `<task>`", "/background show <task>", None),
            ("/rename a b", "there is no command `/rename`", "/session rename <old> <new>", Some("/session rename")),
            (
                "/background notify sett",
                "`sett` is not understood after `/background notify`",
                "/background notify set <channels>",
                Some("/background notify set"),
            ),
            ("/cron Export", "`export` is for the command line: `signalbox cron export`", "/cron list", None),
            ("/cron lst", "`lst` is not understood after `/cron`", "/cron list", Some("/cron list")),
            ("/approve 1 2", "`2` is not understood after `/approve 1`", "/approve [request]", None),
            ("/session --name docs", "the prompt is missing", prompt, None),
            (
                "/session --nmae docs x",
                "there is no option `--nmae`; `--` before the prompt sends it as text",
                "/session --name <name> <prompt>",
                Some("--name"),
            ),
            ("/session --project", "`--project` needs a value", "/session --project <name> <prompt>", None),
            ("/session a\0b", "the text holds a NUL character, which cannot be sent to an agent", prompt, None),
        ] {
            assert_eq!(wrong(text), (fault.into(), usage.into(), nearest.map(str::to_owned)), "{text}");
        }
        assert!(parse("/why", None).unwrap_err().command);
        assert!(!parse("@fox", None).unwrap_err().command);
        assert!(!parse("a\0b", None).unwrap_err().command);
    }

    #[test]
    fn help_after_a_command_that_takes_no_prompt_is_help_with_it() {
        for text in ["/cron help", "/cron HELP", "/cron --help"] {
            assert_eq!(command(text), HelpCommand { topic: Some("cron".into()) }.into(), "{text}");
        }
        assert!(matches!(session("/session help"), SessionCommand::Start(_)), "a prompt");
        let near = parse("/cron lst", None).unwrap_err().document().visible_text();
        assert!(near.contains("Did you mean /cron list?") && !near.contains("Usage"), "{near}");
    }

    #[test]
    fn a_word_longer_than_any_name_is_refused() {
        let (fault, ..) = wrong(&format!("/why {}", "x".repeat(MAX_WORD_BYTES + 1)));
        assert!(fault.ends_with("is too long: 256 bytes are the limit"), "{fault}");
    }
}
