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
}

#[test]
fn a_prompt_waits_for_the_end_of_a_turn_of_its_own() {
    let mut claude = answered();
    begin(&mut claude);
    assert!(claude.is_at_work());
    assert_eq!(claude.again(&keeping("second")), Some(Step::default()), "it is not told yet");
    let asked = claude.line(&request("r", "Bash"));
    assert!(matches!(asked.events.as_slice(), [Event::Asked { .. }]), "somebody can be asked now");
    assert_eq!(reply(&claude.answer("r", Decision::Allow, &[]))["response"]["response"]["behavior"], "allow");
    assert_eq!(claude.unasked(true), None);
    let step = told(&mut claude, &result("by the way", 1));
    assert_eq!((step.events.len(), reply(&step)["message"]["content"].as_str()), (0, Some("second")));
    assert_eq!(claude.unasked(false), Some(Unasked { text: "by the way".into(), denials: Vec::new() }));
    assert_eq!(told(&mut claude, &result("by the way", 1)), Step::default(), "its turn has not begun");
    begin(&mut claude);
    assert_eq!(last(&told(&mut claude, &result("two", 2)).events).outcome, Ok("two".into()));
}

#[test]
fn a_prompt_that_is_cancelled_while_it_waits_is_never_told() {
    let mut claude = answered();
    begin(&mut claude);
    claude.again(&keeping("second")).expect("it waits");
    assert_eq!(reply(&claude.cancel())["request"]["subtype"], "interrupt");
    let step = told(
        &mut claude,
        &json!({"type": "result", "subtype": "error_during_execution", "is_error": true,
        "errors": [], "result_index": 1, "session_id": "s-1", "total_cost_usd": 0.07}),
    );
    let word = last(&step.events);
    assert!(word.outcome.is_err() && step.close_input && step.reply.is_empty(), "{step:?}");
    assert_eq!(word.usage.session_cost_usd, Some(0.07));
}

#[test]
fn what_is_at_work_in_the_background_goes_on_with_the_next_prompt() {
    let mut claude = answered();
    let tasks = |tasks: Value| json!({"type": "system", "subtype": "background_tasks_changed", "tasks": tasks});
    told(&mut claude, &tasks(json!([{"task_id": "a"}])));
    assert_eq!(reply(&claude.again(&keeping("second")).expect("it can be asked"))["message"]["content"], "second");
    // The end of the work is told first.
    told(&mut claude, &tasks(json!([])));
    begin(&mut claude);
    let mut end = result("It is built.", 1);
    end["origin"] = json!({"kind": "task-notification"});
    assert_eq!(told(&mut claude, &end).events, []);
    assert_eq!(claude.unasked(false).map(|unasked| unasked.text), Some("It is built.".into()));
    begin(&mut claude);
    assert_eq!(last(&told(&mut claude, &result("two", 2)).events).outcome, Ok("two".into()));
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
fn what_it_says_unasked_is_told_by_itself_and_what_it_asks_is_denied() {
    let mut claude = answered();
    begin(&mut claude);
    let asked = claude.line(&request("r", "Bash"));
    assert!(asked.events.is_empty());
    assert_eq!(reply(&asked)["response"]["response"]["behavior"], "deny");
    assert_eq!(claude.unasked(true), None, "its turn is not over");
    let mut unasked = result("The build is done.", 1);
    unasked["origin"] = json!({"kind": "task-notification"});
    assert_eq!(told(&mut claude, &unasked), Step::default());
    let denials = vec![Denial { tool: "Bash".into(), summary: "touch x".into() }];
    assert_eq!(claude.unasked(false), Some(Unasked { text: "The build is done.".into(), denials }));
    assert_eq!(claude.unasked(true), None, "once");
    let step = claude.again(&keeping("second")).expect("it can be asked");
    assert_eq!(step.events, []);
    begin(&mut claude);
    let step = told(&mut claude, &result("two", 2));
    assert_eq!(last(&step.events).outcome, Ok("two".into()));
    // What nobody has to be asked for it still may; a question is for a person all the same.
    let mut claude = Claude::new(&RunSpec { permission: Permission::All, ..keeping("first") });
    begin(&mut claude);
    told(&mut claude, &result("one", 0));
    begin(&mut claude);
    assert_eq!(reply(&claude.line(&request("r", "Bash")))["response"]["response"]["behavior"], "allow");
    assert_eq!(reply(&claude.line(&request("r", "AskUserQuestion")))["response"]["response"]["behavior"], "deny");
    for odd in [json!({"request_id": "r"}), json!({"request_id": "r", "request": {"subtype": "can_use_tool"}})] {
        let mut odd = odd;
        odd["type"] = "control_request".into();
        assert_ne!(reply(&told(&mut claude, &odd))["response"]["response"]["behavior"], "allow", "{odd}");
    }
}

#[test]
fn the_end_of_work_that_comes_late_is_told_as_it_was_recorded() {
    let recorded = include_str!("../../../../tests/fixtures/claude/background_shell.jsonl");
    let lines: Vec<&str> = recorded.lines().collect();
    let is_result = |line: &&str| line.contains(r#""type":"result""#);
    let first = lines.iter().position(is_result).expect("a result");
    let session = serde_json::from_str::<Value>(lines[0]).expect("JSON")["session_id"].as_str().map(str::to_owned);
    // The answer has come, and the task list came to nothing: the turn that tells of it follows seconds later.
    let mut claude = Claude::new(&RunSpec { conversation: session, ..keeping("first") });
    let begin = lines.iter().rposition(|line| line.contains(r#""subtype":"init""#)).expect("an init");
    for line in &lines[..begin] {
        claude.line(line.as_bytes());
    }
    assert!(first < begin);
    claude.conclude();
    for line in &lines[begin..] {
        assert_eq!(claude.line(line.as_bytes()), Step::default(), "{line}");
    }
    let unasked = claude.unasked(false).expect("it was said");
    assert!(unasked.text.starts_with("NOTIFIED: Background command"), "{unasked:?}");
}

#[test]
fn an_error_of_the_service_leaves_a_process_that_can_be_asked_again() {
    for (status, is_usable) in [(529, true), (500, true), (429, true), (400, true), (401, false), (403, false)] {
        let mut claude = Claude::new(&keeping("first"));
        begin(&mut claude);
        let mut failed = result("API Error", 0);
        (failed["is_error"], failed["api_error_status"]) = (true.into(), status.into());
        assert!(last(&told(&mut claude, &failed).events).outcome.is_err());
        assert_eq!(claude.is_usable(), is_usable, "{status}");
    }
    let mut claude = Claude::new(&keeping("first"));
    begin(&mut claude);
    let mut failed = result("Not logged in", 0);
    failed["is_error"] = true.into();
    told(&mut claude, &failed);
    assert!(!claude.is_usable());
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
