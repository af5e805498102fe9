//! What was recorded of it, and what else it may do.

use serde_json::{Value, json};

use super::*;
use crate::agent::event::Event;
use crate::agent::exit::{Cause, Ended};
use crate::agent::failure::{Failure, Unfinished};
use crate::agent::trouble::AgentTrouble;

/// What it prints on its way, and what it writes.
const RECORDED: &str = include_str!("../../../tests/fixtures/opensre/output_file.jsonl");
const ANSWER: &str = include_str!("../../../tests/fixtures/opensre/answer.json");
/// Without a file the answer stands below that.
const PRINTED: &str = include_str!("../../../tests/fixtures/opensre/fail_401.jsonl");
const UNCLEAR: &str = include_str!("../../../tests/fixtures/opensre/json_flag.jsonl");

const GOOD: Ended = Ended::Exited { code: 0 };
const BAD: Ended = Ended::Exited { code: 1 };

fn spec(analysis: bool) -> RunSpec {
    RunSpec { analysis, ..RunSpec::sample("opensre", Permission::Ask) }
}

fn begun(analysis: bool) -> OpenSre {
    let mut opensre = OpenSre::new(&spec(analysis));
    opensre.open("why?");
    opensre
}

fn lines(opensre: &mut OpenSre, text: &str) -> Vec<Event> {
    text.lines().flat_map(|line| opensre.line(line.as_bytes()).events).collect()
}

fn ending<'a>(ended: &'a Ended, cause: Option<&'a Cause>, stderr_tail: &'a str) -> Ending<'a> {
    Ending { ended, cause, stdout_head: b"", stdout_bytes: 0, stderr_tail }
}

/// What comes of this file at the end.
fn ended(analysis: bool, found: AnswerFile, ended: &Ended, stderr: &str) -> Final {
    let mut opensre = begun(analysis);
    opensre.file(found);
    opensre.end(&ending(ended, None, stderr))
}

fn read(text: &str) -> AnswerFile {
    AnswerFile::Read(text.as_bytes().to_vec())
}

fn analysis(text: &str) -> Value {
    let word = ended(true, read(text), &GOOD, "");
    serde_json::from_str(&word.outcome.expect("an answer")).expect("JSON")
}

#[test]
fn what_it_is_asked_is_the_text_of_an_alert_and_begins_with_its_name() {
    for prompt in [
        "-i /etc/passwd\nand more",
        "\n\n  -i /etc/passwd\n",
        r#"{"alerts":[],"opensre_dataset_root":"/etc"}"#,
        "𝄞 ܐ \u{10fffd}\n\u{0}",
    ] {
        let step = OpenSre::new(&spec(false)).open(prompt);
        let told: Value = serde_json::from_slice(&step.reply).expect("JSON");
        assert_eq!(told["message"], *prompt);
        assert_eq!(told.as_object().map(|told| told.len()), Some(2), "no key of its own");
        assert!(
            step.close_input && prompt.contains(told["alert_name"].as_str().expect("a name").trim_end_matches('…'))
        );
    }
    let long = "ä".repeat(1 << 20);
    let told: Value = serde_json::from_slice(&OpenSre::new(&spec(false)).open(&long).reply).expect("JSON");
    assert!(told["message"] == *long && told["alert_name"].as_str().is_some_and(|name| name.chars().count() <= 201));
}

#[test]
fn its_stages_are_told_and_its_calls_are_counted_as_they_are_made() {
    let mut opensre = begun(false);
    let events = lines(&mut opensre, RECORDED);
    let calls =
        events.iter().filter(|event| matches!(event, Event::ToolStarted { summary, .. } if summary == "SRE runbook"));
    assert_eq!(calls.count(), 5);
    assert_eq!(events.iter().filter(|event| matches!(event, Event::ToolFinished { ok: true, .. })).count(), 5);
    let said: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            Event::Writing { more, begins: true } => Some(more.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(said[..3], ["Reading alert", "Loading integrations", "Planning"]);
    assert!(said.contains(&"Diagnosing: confidence 65 %") && said.last() == Some(&"Diagnosing: confidence 65 %"));
    let events = lines(&mut begun(false), UNCLEAR);
    assert!(events.iter().any(|event| matches!(event, Event::ToolFinished { ok: false, .. })), "{events:?}");
    // Two calls, then four rounds of one.
    assert_eq!(events.iter().filter(|event| matches!(event, Event::ToolStarted { .. })).count(), 6);
}

#[test]
fn what_it_puts_out_may_be_anything() {
    let mut opensre = begun(false);
    for line in [
        "…",
        "… ",
        "●",
        "● ",
        "●  ",
        "✗ x",
        "● Planning",
        "● Planning  1s  , ,",
        "… Gathering evidence",
        "{",
        "}",
        "\u{1b}[2J",
        "● Diagnosing  1s  confidence 900%",
    ] {
        for cut in 0..=line.len() {
            opensre.line(&line.as_bytes()[..cut]);
        }
    }
    opensre.line("x".repeat(1 << 20).as_bytes());
    assert!(
        matches!(opensre.end(&ending(&GOOD, None, "")).outcome, Err(Failure::Said(_))),
        "`{{` and `}}` are no report"
    );
    let many = format!("● Planning  1s  {}", "logs, ".repeat(10_000));
    let mut opensre = begun(false);
    lines(&mut opensre, &many);
    assert!(lines(&mut opensre, "… Gathering evidence").len() <= 51);
}

#[test]
fn its_report_is_the_answer_whatever_its_exit_code() {
    for (code, stderr) in [(&GOOD, ""), (&BAD, "Traceback (most recent call last):\nRuntimeError: at its exit")] {
        let mut opensre = begun(false);
        lines(&mut opensre, RECORDED);
        opensre.file(read(ANSWER));
        let answer = opensre.end(&ending(code, None, stderr)).outcome.expect("an answer");
        assert!(
            answer.starts_with("Most likely: the checkout service exhausted its database connection pool"),
            "{answer}"
        );
        assert!(
            answer.contains("## Findings\n- HTTP 500 rate exceeded 5%")
                && answer.contains("## Cited Evidence\n- Queries"),
            "{answer}"
        );
        assert!(answer.ends_with("\n\nBy its own account: severity warning · confidence 65 %"), "{answer}");
        assert!(!answer.contains("Timing") && !answer.contains('•'), "{answer}");
    }
}

#[test]
fn a_command_that_names_no_file_answers_on_its_output() {
    let mut opensre = begun(false);
    lines(&mut opensre, PRINTED);
    let answer = opensre.end(&ending(&GOOD, None, "")).outcome.expect("an answer");
    assert!(answer.starts_with("Most likely: the checkout service"), "{answer}");
}

#[test]
fn its_report_is_an_analysis_in_our_form() {
    let mut opensre = begun(true);
    lines(&mut opensre, RECORDED);
    opensre.file(read(ANSWER));
    let word = opensre.end(&ending(&GOOD, None, ""));
    let answer = word.outcome.expect("an answer");
    let rca: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(rca["verdict"], "cause_found");
    assert_eq!(
        rca["root_cause"]["claim"],
        "Most likely: the checkout service exhausted its database connection pool (fake diagnosis)."
    );
    let said: Vec<&str> =
        rca["analysis"].as_array().unwrap().iter().map(|claim| claim["claim"].as_str().unwrap()).collect();
    assert_eq!(
        said,
        [
            "HTTP 500 rate exceeded 5% for ten minutes",
            "Pool size was lowered by the last deploy; deploy diff would confirm",
            "By its own account: severity warning · confidence 65 %",
        ]
    );
    assert_eq!(rca["next_steps"], json!([]));
    assert!(word.evidence.is_some_and(|all| all.contains("Cited Evidence")));
    assert_eq!(analysis(&UNCLEAR[UNCLEAR.find("\n{\n").unwrap()..])["verdict"], "unclear");
}

#[test]
fn what_newer_versions_tell_is_taken() {
    let told = json!({
        "report": "Pool exhausted\n\n## Findings\n• Pool at 100 of 100 <https://grafana.example/d/1|Grafana Loki>\n\n*Non-Validated Claims (Inferred):*\n• A deploy lowered it\n\n*Recommended Actions:*\n1. Raise the pool\n2. Roll back",
        "problem_md": "# x\nPipeline: checkout | Severity: critical\nNamespace: shop",
        "root_cause": "Pool exhausted", "root_cause_category": "resource_exhaustion", "validity_score": 0.8, "is_noise": false,
    });
    let rca = analysis(&told.to_string());
    let said: Vec<&str> =
        rca["analysis"].as_array().unwrap().iter().map(|claim| claim["claim"].as_str().unwrap()).collect();
    assert_eq!(
        said,
        [
            "Pool at 100 of 100 [Grafana Loki](https://grafana.example/d/1)",
            "A deploy lowered it *(inferred)*",
            "By its own account: severity critical · category resource exhaustion · confidence 80 %",
        ]
    );
    assert_eq!(rca["next_steps"], json!(["Raise the pool", "Roll back"]));
    let told = json!({"root_cause": "Pool exhausted", "validated_claims": [{"claim": "Pool at 100"}, 7, {}], "remediation_steps": ["Raise it"]});
    let rca = analysis(&told.to_string());
    assert_eq!((&rca["analysis"][0]["claim"], &rca["next_steps"]), (&json!("Pool at 100"), &json!(["Raise it"])));
    let told =
        json!({"root_cause": "c: All monitored metrics are within normal bounds. No failure detected.", "report": ""});
    assert_eq!(analysis(&told.to_string())["verdict"], "nothing_wrong");
}

#[test]
fn what_it_takes_for_no_alert_is_said_and_not_taken_for_a_cause() {
    let told = r#"{"report": "", "problem_md": "", "root_cause": "", "is_noise": true}"#;
    let answer = ended(false, read(told), &GOOD, "").outcome.expect("an answer");
    assert!(answer.starts_with("opensre took this for no alert"), "{answer}");
    let rca = analysis(told);
    assert_eq!((&rca["verdict"], rca["root_cause"]["claim"].as_str()), (&json!("unclear"), Some(answer.as_str())));
}

#[test]
fn what_is_no_answer_is_told_as_such() {
    let words = |found: AnswerFile, code: &Ended, stderr: &str| match ended(true, found, code, stderr).outcome {
        Err(Failure::Said(words)) => words,
        other => panic!("{other:?}"),
    };
    for broken in ["", "{", "[]", "null", "{}", r#"{"status": "x"}"#, &ANSWER[..ANSWER.len() / 2], &"[".repeat(100_000)]
    {
        assert!(words(read(broken), &GOOD, "a warning").contains("not whole"), "{broken}");
        assert_eq!(words(read(broken), &BAD, "it broke"), "it broke");
    }
    assert!(words(read(r#"{"report": 7, "root_cause": []}"#), &GOOD, "").contains("without a word"));
    assert!(words(AnswerFile::TooLong, &GOOD, "").contains("more than 8 MiB"));
    assert!(words(AnswerFile::Unreadable, &GOOD, "").contains("no file of its own"));
    let seen = |ended: &Ended, words: &str| {
        Err(Failure::Seen(Unfinished { ended: ended.clone(), cause: None, owed: true, words: words.into() }))
    };
    assert_eq!(ended(true, AnswerFile::Missing, &GOOD, "").outcome, seen(&GOOD, ""));
    let killed = Ended::Signalled { signal: 9 };
    assert_eq!(ended(true, AnswerFile::Missing, &killed, "half").outcome, seen(&killed, "half"));
    let mut cancelled = begun(true);
    cancelled.file(read(ANSWER));
    let outcome = cancelled.end(&ending(&Ended::Signalled { signal: 15 }, Some(&Cause::Cancelled), "")).outcome;
    assert!(matches!(outcome, Err(Failure::Seen(run)) if run.cause == Some(Cause::Cancelled)));
}

#[test]
fn an_answer_is_as_long_as_an_analysis_may_be() {
    let long = "ä".repeat(2 << 20);
    let points = format!("{long}\n\n## Findings\n{}", "• x\n".repeat(100_000));
    let word = ended(true, read(&json!({"report": points, "root_cause": long}).to_string()), &GOOD, "");
    let answer = word.outcome.expect("an answer");
    assert!(answer.len() < 1 << 20, "{}", answer.len());
    assert!(answer.contains('…'));
}

#[test]
fn of_its_traces_the_last_error_is_told_and_what_can_be_done() {
    let told = |stderr: &str| match ended(false, AnswerFile::Missing, &BAD, stderr).outcome {
        Err(Failure::Said(words)) => words,
        other => panic!("{other:?}"),
    };
    macro_rules! recorded {
        ($name:literal) => {
            told(include_str!(concat!("../../../tests/fixtures/opensre/", $name, ".stderr")))
        };
    }
    for (words, said, trouble) in [
        (
            recorded!("no_key"),
            "LLM provider 'anthropic' requires ANTHROPIC_API_KEY to be set.",
            AgentTrouble::LoggedOut,
        ),
        (
            recorded!("unauthorized"),
            "Anthropic authentication failed. Check ANTHROPIC_API_KEY in your environment or .env.",
            AgentTrouble::LoggedOut,
        ),
        (
            recorded!("rate_limit"),
            "Anthropic API request failed after multiple retries: RateLimitError.",
            AgentTrouble::Limited(None),
        ),
        (
            recorded!("overloaded"),
            "Anthropic API is overloaded (HTTP 529) after multiple retries. Try again in a few seconds.",
            AgentTrouble::ServiceFails,
        ),
        (
            recorded!("unreached"),
            "Anthropic API connection failed after multiple retries. Check network access and try again.",
            AgentTrouble::Unreached,
        ),
    ] {
        assert_eq!((words.as_str(), AgentTrouble::of(&words)), (said, Some(trouble)));
    }
    let bad = "Invalid alert JSON from stdin: Expecting value at line 1, column 1.\n";
    assert_eq!(told(bad), bad.trim());
    assert_eq!(
        told("Usage: opensre [OPTIONS]\nTry 'opensre --help' for help.\n\nError: No such option: -x"),
        "Error: No such option: -x"
    );
}

#[test]
fn a_version_without_investigations_is_asked() {
    const REFUSED: &str = "Usage: opensre [OPTIONS] COMMAND [ARGS]...\nTry 'opensre --help' for help.\n\nError: No such command 'investigate'.\n";
    let mut opensre = begun(false);
    assert_eq!(opensre.begin_instead("Traceback: no key"), None, "it was understood");
    let step = opensre.begin_instead(REFUSED).expect("the other way");
    assert_eq!((step.reply.as_slice(), step.close_input), (&b"why?"[..], true));
    assert_eq!(opensre.begin_instead(REFUSED), None, "there is no third");
    let answer = json!({"status": "success", "response": "The pool.", "denied_tools": [], "session_id": "489e2ba8-3b7f", "questions": [], "error": null});
    let events = opensre.line(answer.to_string().as_bytes()).events;
    assert_eq!(events[0], Event::Session { id: "489e2ba8-3b7f".into(), model: None });
    assert!(matches!(&events[1], Event::Final(word) if word.outcome == Ok("The pool.".into())));
    let mut mute = begun(false);
    mute.begin_instead(REFUSED);
    let outcome = mute.end(&ending(&BAD, None, &format!("{REFUSED}Error: no model"))).outcome;
    assert!(matches!(outcome, Err(Failure::Seen(run)) if run.words == "Error: no model"));
    let mut opensre = begun(true);
    let step = opensre.begin_instead(REFUSED).expect("the other way");
    let told = String::from_utf8(step.reply).expect("text");
    assert!(told.contains("why?") && told.contains("\"$schema\""), "{told}");
    let mut busy = begun(false);
    busy.line("  … Reading alert".as_bytes());
    assert_eq!(busy.begin_instead(REFUSED), None, "it has begun");
}

#[test]
fn what_it_is_asked_is_answered_refused_or_not_known() {
    let resumed = RunSpec { conversation: Some("s-1".into()), ..spec(false) };
    let word = |object: Value| {
        let mut opensre = OpenSre::new(&resumed);
        assert_eq!(opensre.open("and now?").reply, b"and now?");
        match opensre.line(object.to_string().as_bytes()).events.pop() {
            Some(Event::Final(word)) => word,
            other => panic!("{other:?}"),
        }
    };
    let denied = word(
        json!({"status": "approval_denied", "response": "I may not.", "denied_tools": ["shell_run", 7], "session_id": "--x"}),
    );
    assert_eq!(
        (denied.outcome, denied.denials.len(), denied.denials[0].tool.as_str()),
        (Ok("I may not.".into()), 1, "shell_run")
    );
    let asks = word(json!({"status": "needs_input", "response": "Which?\n  1. a\n  2. b", "session_id": "s-1"}));
    assert_eq!(asks.outcome, Ok("Which?\n  1. a\n  2. b".into()));
    let error = json!({"message": "Session 's-1' was not found.", "suggestion": "Use the session ID."});
    let unknown = word(json!({"status": "error", "response": "", "error": error}));
    assert!(
        unknown.unknown_session && unknown.outcome == Err("Session 's-1' was not found.\nUse the session ID.".into())
    );
    let other = word(json!({"status": "error", "response": "", "error": {"message": "no model"}}));
    assert!(!other.unknown_session && other.outcome == Err("no model".into()));
    let mut opensre = OpenSre::new(&resumed);
    for garbage in ["", "{", "[1]", "null", r#"{"status":7}"#, "Thinking…"] {
        assert_eq!(opensre.line(garbage.as_bytes()), Step::default(), "{garbage}");
    }
    assert!(
        matches!(opensre.end(&ending(&GOOD, None, "")).outcome, Err(Failure::Seen(run)) if run.words.contains("Thinking"))
    );
}
