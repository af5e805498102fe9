//! A process that is kept for the next prompt.

use super::*;

fn told(claude: &mut Claude, line: &Value) -> Step {
    claude.line(line.to_string().as_bytes())
}

fn begin(claude: &mut Claude) -> Step {
    told(claude, &json!({"type": "system", "subtype": "init", "session_id": "s-1", "model": "opus"}))
}

fn result(text: &str, number: u64) -> Value {
    json!({"type": "result", "is_error": false, "result": text, "num_turns": 1, "session_id": "s-1",
        "result_index": number, "total_cost_usd": 0.01})
}

fn keeping(prompt: &str) -> RunSpec {
    let keep_warm = Some(Duration::from_secs(600));
    RunSpec { keep_warm, conversation: Some("s-1".into()), prompt: prompt.into(), ..spec(Permission::Ask) }
}

/// A process that has answered its first prompt.
fn answered() -> Claude {
    let mut claude = Claude::new(&keeping("first"));
    begin(&mut claude);
    let step = told(&mut claude, &result("one", 0));
    assert_eq!(last(&step.events).outcome, Ok("one".into()));
    assert!(!step.close_input, "it is to be told more");
    claude
}

#[test]
fn the_next_prompt_is_one_more_line_and_what_was_allowed_is_what_its_run_says() {
    let mut claude = answered();
    let grant = Grant::same("Bash", &json!({"command": "touch x"}));
    let step = claude.again(&RunSpec { grants: vec![grant], ..keeping("second") }).expect("it can be asked");
    assert_eq!(reply(&step)["message"]["content"], "second");
    assert!(matches!(begin(&mut claude).events.as_slice(), [Event::Session { id, .. }] if id == "s-1"));
    let asked = claude.line(&request("r", "Bash"));
    assert_eq!(reply(&asked)["response"]["response"]["behavior"], "allow");
    let step = told(&mut claude, &result("two", 1));
    assert_eq!(last(&step.events).outcome, Ok("two".into()));
    let mut claude = answered();
    claude.again(&keeping("second")).expect("it can be asked");
    begin(&mut claude);
    assert!(
        matches!(claude.line(&request("r", "Bash")).events.as_slice(), [Event::Asked { .. }]),
        "nothing is allowed"
    );
}

#[test]
fn it_is_not_asked_where_it_is_busy_or_in_another_conversation() {
    for other in [None, Some("s-2".to_owned())] {
        let spec = RunSpec { conversation: other, ..keeping("second") };
        assert_eq!(answered().again(&spec), None);
    }
    let mut claude = Claude::new(&keeping("first"));
    begin(&mut claude);
    assert_eq!(claude.again(&keeping("second")), None, "it has not answered");
    let mut claude = answered();
    begin(&mut claude);
    assert_eq!(claude.again(&keeping("second")), None, "it is in a turn of its own");
    told(&mut claude, &result("by the way", 1));
    assert!(claude.again(&keeping("second")).is_some());
    let mut claude = answered();
    told(&mut claude, &json!({"type": "system", "subtype": "background_tasks_changed", "tasks": [{"task_id": "a"}]}));
    assert_eq!(claude.again(&keeping("second")), None, "it has something at work");
}

#[test]
fn what_comes_late_is_never_the_next_answer() {
    let mut claude = answered();
    assert_eq!(told(&mut claude, &result("late", 0)), Step::default());
    claude.again(&keeping("second")).expect("it can be asked");
    let words = json!({"type": "assistant", "message": {"id": "m", "content": [{"type": "text", "text": "late"}]}});
    assert_eq!(told(&mut claude, &words), Step::default(), "its turn has not begun");
    assert_eq!(told(&mut claude, &result("late", 1)), Step::default(), "its turn has not begun");
    begin(&mut claude);
    assert_eq!(told(&mut claude, &result("late", 0)), Step::default(), "this number was there before");
    let mut other = result("not ours", 7);
    other["session_id"] = "s-2".into();
    assert_eq!(told(&mut claude, &other), Step::default());
    let step = told(&mut claude, &result("two", 8));
    assert_eq!(last(&step.events).outcome, Ok("two".into()));
}

#[test]
fn what_it_says_unasked_comes_before_the_next_answer_and_what_it_asks_is_denied() {
    let mut claude = answered();
    begin(&mut claude);
    let asked = claude.line(&request("r", "Bash"));
    assert!(asked.events.is_empty());
    assert_eq!(reply(&asked)["response"]["response"]["behavior"], "deny");
    let mut unasked = result("The build is done.", 1);
    unasked["origin"] = json!({"kind": "task-notification"});
    assert_eq!(told(&mut claude, &unasked), Step::default());
    let step = claude.again(&keeping("second")).expect("it can be asked");
    assert_eq!(step.events, [Event::Text { text: "The build is done.".into() }]);
    begin(&mut claude);
    let step = told(&mut claude, &result("two", 2));
    assert_eq!(last(&step.events).outcome, Ok("The build is done.\n\ntwo".into()));
}

#[test]
fn a_cancelled_turn_tells_its_cost_and_is_the_last() {
    let recorded = include_str!("../../../../tests/fixtures/claude/interrupt.jsonl");
    let mut claude = Claude::new(&keeping("first"));
    let mut lines = recorded.lines();
    claude.line(lines.next().expect("an init").as_bytes());
    let asked = claude.cancel();
    assert_eq!(reply(&asked)["request"]["subtype"], "interrupt");
    let steps: Vec<Step> = lines.map(|line| claude.line(line.as_bytes())).collect();
    let done = steps.iter().find(|step| !step.events.is_empty()).expect("a final word");
    let word = last(&done.events);
    assert!(word.outcome.is_err() && word.usage.session_cost_usd.is_some(), "{word:?}");
    assert!(done.close_input);
    assert_eq!(claude.cancel(), Step::default(), "it is over");
}
