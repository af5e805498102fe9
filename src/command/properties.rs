//! What holds for every text: parsing and completing never fail to end, and nothing of a prompt is lost.

use proptest::prelude::*;

use super::*;

/// Anything a person or a program could send, with a taste for what the grammar cares about.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("/session ".to_owned()),
        Just("--name ".to_owned()),
        Just("--project=".to_owned()),
        Just("— ".to_owned()),
        Just("-- ".to_owned()),
        Just("@".to_owned()),
        Just("list".to_owned()),
        Just("\u{3000}\n".to_owned()),
        "[/@a-z:.-]{0,12} ?",
        "\\PC{0,8}",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

const KNOWN: KnownNames<'static> = KnownNames {
    agents: &["claude", "notes"],
    takes_model: &|agent| agent == "claude",
    models: MODELS,
    is_session: &|word| word == "docs",
    sessions: &["docs"],
};

fn session_prompt(text: &str) -> Option<Start> {
    match parse(text, None) {
        Ok(Parsed::Command(Command::Session(SessionCommand::Start(start)))) => Some(start),
        _ => None,
    }
}

proptest! {
    #[test]
    fn every_text_is_parsed_and_every_mention_resolved(text in text(), slash in any::<bool>()) {
        let text = if slash { format!("/{text}") } else { text };
        match parse(&text, Some("Bot")) {
            Ok(Parsed::FreeText(FreeText { mention, prompt, whole })) => {
                prop_assert!(!prompt.is_empty() && whole.ends_with(&prompt));
                let _ = mention.map(|mention| resolve(&mention, &KNOWN));
            }
            Ok(Parsed::Command(command)) => {
                prop_assert!(!matches!(&command, Command::Session(SessionCommand::Start(start)) if start.prompt.is_empty()));
            }
            Ok(Parsed::Nothing) => {}
            Err(misunderstood) => {
                let line = misunderstood.to_string();
                prop_assert!(!line.contains('\n') && line.len() < 1_000);
                prop_assert!(!misunderstood.document().blocks.is_empty());
            }
        }
    }

    #[test]
    fn a_forced_prompt_comes_back_exactly(prompt in text()) {
        let prompt = prompt.trim().replace('\0', "");
        let prompt = prompt.trim();
        let start = session_prompt(&format!("/session -- {prompt}"));
        prop_assert_eq!(start.map(|start| start.prompt), (!prompt.is_empty()).then(|| prompt.to_owned()));
    }

    #[test]
    fn plain_text_comes_back_whole(text in text()) {
        if let Ok(Parsed::FreeText(FreeText { whole, .. })) = parse(&text, None) {
            prop_assert!(whole == text.trim() || text.trim().ends_with(&whole));
        }
    }

    #[test]
    fn a_command_written_out_is_the_same_command(text in text(), slash in any::<bool>()) {
        let text = if slash { format!("/session {text}") } else { text };
        if let Ok(Parsed::Command(command)) = parse(&text, None) {
            prop_assert_eq!(parse(&command.to_string(), None), Ok(Parsed::Command(command)));
        }
    }

    #[test]
    fn every_candidate_replaces_the_word_under_the_cursor(line in text(), cursor in 0_usize..80) {
        let sessions = [Named { name: "docs", about: "" }];
        let words = Words { agents: &["claude"], models: MODELS, sessions: &sessions, ..Words::default() };
        for candidate in complete(&line, cursor, &words) {
            prop_assert!(candidate.start <= candidate.end && candidate.start <= cursor);
            prop_assert!(line.get(candidate.start..candidate.end).is_some_and(|word| !word.contains(char::is_whitespace)));
            prop_assert!(!candidate.text.is_empty() && !candidate.description.is_empty());
        }
    }
}

#[test]
fn every_command_is_written_out_as_it_is_understood() {
    for example in COMMANDS.iter().flat_map(|definition| definition.examples) {
        let Ok(Parsed::Command(command)) = parse(example.text, None) else { panic!("{}", example.text) };
        assert_eq!(parse(&command.to_string(), None), Ok(Parsed::Command(command)), "{}", example.text);
    }
}

/// Writes a form with every blank filled in.
fn filled(form: &Form<Command>) -> String {
    let part = |part: Argument| match part {
        Argument::Literal(own) | Argument::OptionalLiteral(own) => own.to_owned(),
        Argument::Word(_, Kind::Command) | Argument::OptionalWord(_, Kind::Command) => "help".to_owned(),
        Argument::Word(what, _) | Argument::OptionalWord(what, _) => what.replace(' ', "-"),
        Argument::Flag(flag) => format!("{} docs", flag.as_str()),
        Argument::Mention(_) => "@docs".to_owned(),
        Argument::Separator => "--".to_owned(),
        Argument::Prompt | Argument::Question => "fix it".to_owned(),
        Argument::Options(_) => "--kind daily_summary".to_owned(),
    };
    form.parts().map(part).fold(format!("/{}", form.path[0]), |line, part| format!("{line} {part}"))
}

#[test]
fn every_form_is_understood_as_itself_and_written_out_as_it_was_typed() {
    for (definition, form) in COMMANDS.iter().flat_map(|of| of.forms.iter().map(move |form| (of, form))) {
        let line = filled(form);
        let Ok(Parsed::Command(command)) = parse(&line, None) else { panic!("{line}") };
        match form.arguments.last() {
            // All that take a prompt are one form to the command, and an option or `--` may be written in another way.
            Some(Argument::Prompt | Argument::Question) => {
                assert_eq!(command.form().path, form.path, "{line}");
                assert_eq!(command.start().map(|start| start.prompt.as_str()), Some("fix it"), "{line}");
            }
            // A group's word alone is written out as the view that it stands for.
            _ if definition.is_short(form) => assert!(command.to_string().starts_with(&format!("{line} "))),
            _ => {
                assert!(std::ptr::eq(command.form(), form), "{line} is taken for {}", command.form().usage());
                assert_eq!(command.to_string(), line);
            }
        }
        assert_eq!(command.need(), form.need, "{line}");
        assert_eq!(parse(&command.to_string(), None), Ok(Parsed::Command(command)), "{line}");
    }
}
