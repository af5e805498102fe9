//! Recorded conversations and hostile ones.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::agent::event::{Denial, Event, Wants};
use crate::agent::exit::{Cause, Ended};
use crate::agent::failure::Failure;
use crate::agent::grant::{Grant, Only};
use crate::agent::trouble::AgentTrouble;
use crate::config::Permission;

const MAIN: &str = include_str!("../../../tests/fixtures/codex/main.jsonl");
const APPROVALS: &str = include_str!("../../../tests/fixtures/codex/approvals.jsonl");
const INTERRUPT: &str = include_str!("../../../tests/fixtures/codex/interrupt.jsonl");
const RESUME: &str = include_str!("../../../tests/fixtures/codex/resume.jsonl");
const FAIL: &str = include_str!("../../../tests/fixtures/codex/fail_401.jsonl");

fn spec(permission: Permission) -> RunSpec {
    RunSpec::sample("codex", permission)
}

fn codex(permission: Permission) -> Codex {
    let mut codex = Codex::new(&spec(permission));
    codex.open("hello");
    codex
}

/// One that has begun to answer.
fn answering(permission: Permission) -> Codex {
    let mut codex = codex(permission);
    let thread = json!({"id": 2, "result": {"thread": {"id": "t-1"}, "model": "gpt"}});
    for line in [json!({"id": 1, "result": {}}), thread, json!({"id": 3, "result": {"turn": {"id": "u-1"}}})] {
        tell(&mut codex, &line);
    }
    codex
}

fn tell(codex: &mut Codex, line: &Value) -> Step {
    codex.line(line.to_string().as_bytes())
}

fn replies(step: &Step) -> Vec<Value> {
    let lines = step.reply.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("a line of JSON")).collect()
}

/// The next run of a conversation.
fn more(conversation: &str, prompt: &str) -> RunSpec {
    let (prompt, conversation) = (prompt.to_owned(), Some(conversation.to_owned()));
    RunSpec { prompt, conversation, keep_warm: Some(Duration::from_secs(9)), ..spec(Permission::Ask) }
}

/// Plays a recording; each prompt after the first is put when the turn before has ended, and each request is answered in turn.
fn play(codex: &mut Codex, recorded: &str, prompts: &[&str], decisions: &[Decision]) -> (Vec<Event>, Vec<Value>) {
    let (mut events, mut said) = (Vec::new(), Vec::new());
    let (mut prompts, mut decisions) = (prompts.iter(), decisions.iter());
    let mut conversation = String::new();
    for line in recorded.lines() {
        let step = codex.line(line.as_bytes());
        said.extend(replies(&step));
        for event in step.events {
            let then = match &event {
                Event::Asked { id, .. } => decisions.next().map(|decision| codex.answer(id, *decision, &[])),
                Event::Final(_) => prompts.next().and_then(|prompt| codex.again(&more(&conversation, prompt))),
                _ => None,
            };
            if let Event::Session { id, .. } = &event {
                conversation.clone_from(id);
            }
            events.push(event);
            said.extend(then.iter().flat_map(replies));
        }
    }
    (events, said)
}

fn finals(events: &[Event]) -> Vec<&Final> {
    events.iter().filter_map(|event| if let Event::Final(word) = event { Some(word) } else { None }).collect()
}

fn command(id: u64, command: &str) -> Value {
    json!({"method": "item/commandExecution/requestApproval", "id": id, "params": {"threadId": "t-1", "turnId": "u-1",
        "itemId": "c", "command": command, "cwd": "/home/user/project", "kind": "command", "environmentId": "local"}})
}

#[test]
fn what_we_say_is_what_was_recorded_to_work() {
    let mut codex = Codex::new(&RunSpec { keep_warm: Some(Duration::from_secs(9)), ..spec(Permission::Ask) });
    let greeting = replies(&codex.open("hello one"));
    assert_eq!(greeting[0]["method"], "initialize");
    let (events, said) = play(&mut codex, MAIN, &["THINK hard", "MARKDOWN", "hello two"], &[]);
    assert_eq!(said[0], json!({"method": "initialized"}));
    let params = json!({"cwd": "/home/user/project", "approvalPolicy": "untrusted", "sandbox": "workspace-write"});
    assert_eq!(said[1], json!({"id": 2, "method": "thread/start", "params": params}));
    let thread = "01a2241a-41fb-7801-846c-155b0094dbaf";
    let input = json!([{"type": "text", "text": "hello one"}]);
    assert_eq!(said[2], json!({"id": 3, "method": "turn/start", "params": {"threadId": thread, "input": input}}));
    assert_eq!(said.len(), 6, "{said:?}");
    assert_eq!(events[0], Event::Session { id: thread.into(), model: Some("gpt-5.5".into()) });
    let answers = finals(&events);
    let texts: Vec<&str> = answers.iter().filter_map(|word| word.outcome.as_deref().ok()).collect();
    assert_eq!(texts[0], "ECHO[turn=1] hello one | seen=[1:'hello one']");
    assert_eq!(texts[1], "ECHO[turn=2] THINK hard | seen=[1:'hello one'; 2:'THINK hard']");
    assert!(texts[2].starts_with("# Deploy report") && texts[3].starts_with("ECHO[turn=4]"), "{texts:?}");
    let used: Vec<_> = answers.iter().map(|word| (word.usage.input_tokens, word.usage.output_tokens)).collect();
    assert_eq!(used[..2], [(Some(7086), Some(11)), (Some(7173), Some(15))], "each turn's own");
    assert!(
        events.iter().any(|event| matches!(event, Event::Writing { .. })),
        "a long answer is seen while it is written"
    );
    assert!(!events.iter().any(|event| matches!(event, Event::Text { text } if text.contains("think about it"))));
}

#[test]
fn without_a_next_prompt_the_input_is_closed_with_the_answer_and_the_rest_is_not_read() {
    let mut codex = codex(Permission::Ask);
    let steps: Vec<Step> = MAIN.lines().map(|line| codex.line(line.as_bytes())).collect();
    let last = steps.iter().position(|step| step.close_input).expect("the input is closed");
    assert!(matches!(steps[last].events[..], [Event::Final(_)]));
    assert!(steps[last + 1..].iter().all(|step| *step == Step::default()));
    assert_eq!(codex.again(&more("t-1", "more")), None);
}

#[test]
fn recorded_requests_are_asked_with_all_that_they_are_for_and_answered_in_the_programs_words() {
    let mut codex = Codex::new(&RunSpec { keep_warm: Some(Duration::from_secs(9)), ..spec(Permission::Ask) });
    codex.open("USE_TOOL CMD touch out1");
    let decisions = [Decision::Allow, Decision::Deny, Decision::AllowForSession];
    let (events, said) =
        play(&mut codex, APPROVALS, &["USE_TOOL CMD touch out2", "USE_TOOL WRITE notes.txt"], &decisions);
    let asked: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Asked { tool, detail, grant, .. } => Some((tool.as_str(), detail.as_str(), grant.clone())),
            _ => None,
        })
        .collect();
    let touch = Some(Grant { tool: "Bash".into(), only: Only::Command("touch".into()) });
    assert_eq!(asked[0], ("Bash", "touch out1", touch));
    let folder = Some(Grant { tool: "Write".into(), only: Only::Folder("/home/user/project".into()) });
    assert_eq!(asked[2], ("Write", "file_path: /home/user/project/notes.txt\ndiff:\nwritten by fakellm\n", folder));
    let decided: Vec<_> = said.iter().filter(|line| line.get("result").is_some()).cloned().collect();
    let decision = |id: u64, word: &str| json!({"id": id, "result": {"decision": word}});
    assert_eq!(decided, [decision(0, "accept"), decision(1, "decline"), decision(2, "accept")]);
    let denial = Denial { tool: "Bash".into(), summary: "touch out2".into() };
    assert_eq!(finals(&events)[1].denials, [denial]);
    assert!(finals(&events)[2].denials.is_empty(), "each turn's own");
    let tools: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::ToolStarted { name, summary, .. } => Some(format!("{name} {summary}")),
            Event::ToolFinished { ok, .. } => Some(ok.to_string()),
            _ => None,
        })
        .collect();
    let written = "Write /home/user/project/notes.txt";
    assert_eq!(tools, ["Bash touch out1", "true", "Bash touch out2", "false", written, "true"]);
}

#[test]
fn a_recorded_conversation_goes_on_and_counts_only_what_was_new() {
    let id = "01a2241a-41fb-7801-846c-155b0094dbaf";
    let mut codex = Codex::new(&RunSpec { conversation: Some(id.into()), ..spec(Permission::Ask) });
    codex.open("hello again");
    let recorded = RESUME.replace("\"approvalPolicy\":\"on-request\"", "\"approvalPolicy\":\"untrusted\"");
    let (events, said) = play(&mut codex, &recorded, &[], &[]);
    assert_eq!(said[1]["method"], "thread/resume");
    assert_eq!((&said[1]["params"]["threadId"], &said[1]["params"]["excludeTurns"]), (&json!(id), &json!(true)));
    assert!(matches!(&events[0], Event::Session { id: resumed, .. } if resumed == id));
    assert_eq!(finals(&events)[0].usage.input_tokens, Some(7794));
}

#[test]
fn an_unknown_conversation_is_known_as_such_and_another_program_at_it_is_not() {
    let refused = |words: &str| {
        let mut codex = Codex::new(&RunSpec { conversation: Some("t-0".into()), ..spec(Permission::Ask) });
        codex.open("hello");
        tell(&mut codex, &json!({"id": 1, "result": {}}));
        let step = tell(&mut codex, &json!({"id": 2, "error": {"code": -32600, "message": words}}));
        assert!(step.close_input);
        finals(&step.events)[0].clone()
    };
    let gone = refused("no rollout found for thread id t-0");
    assert_eq!((gone.unknown_session, gone.outcome), (true, Err("no rollout found for thread id t-0".into())));
    assert!(!refused("thread t-0 already has an active writer").unknown_session);
}

#[test]
fn a_recorded_refusal_is_told_once_it_is_given_up_and_retries_are_told_before() {
    let mut codex = codex(Permission::Edit);
    let (events, _) = play(&mut codex, FAIL, &[], &[]);
    let retries = events.iter().filter(|event| matches!(event, Event::Retrying { .. })).count();
    assert_eq!(retries, 5, "{events:?}");
    assert!(matches!(&events[1], Event::Retrying { attempt: 1, reason } if reason.contains("401 Unauthorized")));
    let Err(Failure::Said(words)) = &finals(&events)[0].outcome else { panic!("{events:?}") };
    assert!(words.starts_with("unexpected status 401 Unauthorized: fake failure 401"), "{words}");
    assert_eq!(Failure::Said(words.clone()).trouble(), Some(AgentTrouble::LoggedOut));
    assert_eq!(finals(&events).len(), 1);
}

#[test]
fn a_cancel_interrupts_the_turn_and_the_program_still_says_what_it_has_used() {
    let mut codex = codex(Permission::All);
    let mut lines = INTERRUPT.lines();
    assert_eq!(codex.cancel(), Step::default(), "there is no turn yet");
    let begun = lines.by_ref().take_while(|line| !line.contains("turn/started"));
    begun.for_each(|line| drop(codex.line(line.as_bytes())));
    let said = replies(&codex.cancel());
    let params =
        json!({"threadId": "01a2241a-465f-70b2-9779-bf61dee9168e", "turnId": "01a2241a-4688-7d10-9ad0-25b2986cdbc8"});
    assert_eq!(said, [json!({"id": 4, "method": "turn/interrupt", "params": params})]);
    let used = json!({"inputTokens": 5, "outputTokens": 2});
    let used = json!({"threadId": params["threadId"], "turnId": params["turnId"], "tokenUsage": {"total": used, "last": used}});
    tell(&mut codex, &json!({"method": "thread/tokenUsage/updated", "params": used}));
    let step = lines.map(|line| codex.line(line.as_bytes())).find(|step| !step.events.is_empty()).expect("an end");
    let word = finals(&step.events)[0];
    assert_eq!((word.outcome.clone(), word.usage.output_tokens), (Err("interrupted".into()), Some(2)));
    assert!(step.close_input, "its tool goes on until it is ended");
}

#[test]
fn what_is_only_looked_at_is_not_asked_about_and_what_was_allowed_is_not_asked_again() {
    let mut codex = answering(Permission::Ask);
    let decision = |step: &Step| replies(step).first().map(|line| line["result"]["decision"].clone());
    assert_eq!(decision(&tell(&mut codex, &command(0, "/bin/bash -lc 'ls -la src'"))), Some(json!("accept")));
    assert_eq!(decision(&tell(&mut codex, &command(1, "/bin/bash -lc 'touch a'"))), None);
    assert_eq!(decision(&codex.answer("1", Decision::AllowForSession, &[])), Some(json!("accept")));
    assert_eq!(decision(&tell(&mut codex, &command(2, "/bin/bash -lc 'touch b'"))), Some(json!("accept")));
    for (id, widened) in [(3, json!({"cwd": "/etc"})), (4, json!({"additionalPermissions": {"network": true}}))] {
        let mut line = command(id, "/bin/bash -lc 'touch b'");
        line["params"].as_object_mut().expect("fields").extend(widened.as_object().expect("fields").clone());
        let step = tell(&mut codex, &line);
        assert!(matches!(&step.events[..], [Event::Asked { detail, .. }] if detail.lines().count() == 2), "{step:?}");
    }
    codex.revoke();
    assert_eq!(decision(&tell(&mut codex, &command(5, "/bin/bash -lc 'touch b'"))), None);
}

#[test]
fn the_permission_decides_where_it_can() {
    for (permission, expected) in [(Permission::Read, "decline"), (Permission::All, "accept")] {
        let step = tell(&mut answering(permission), &command(0, "rm -rf x"));
        assert_eq!(replies(&step), [json!({"id": 0, "result": {"decision": expected}})]);
    }
    let step = tell(&mut answering(Permission::Edit), &command(0, "rm -rf x"));
    assert!(matches!(step.events[..], [Event::Asked { .. }]));
}

#[test]
fn requests_of_unknown_shape_are_refused_and_never_allowed() {
    for permission in [Permission::Ask, Permission::All] {
        let mut codex = answering(permission);
        let unknown = tell(&mut codex, &json!({"id": "x", "method": "item/dance", "params": {}}));
        assert_eq!(replies(&unknown)[0]["error"]["code"], -32601);
        let change = json!({"id": 8, "method": "item/fileChange/requestApproval", "params": {"itemId": "never told"}});
        assert_eq!(replies(&tell(&mut codex, &change)), [json!({"id": 8, "result": {"decision": "decline"}})]);
        for id in [json!(null), json!([1]), json!("a\nb"), json!({})] {
            let mut line = command(0, "ls");
            line["id"] = id;
            assert_eq!(replies(&tell(&mut codex, &line))[0]["error"]["code"], -32601);
        }
    }
    let mut over = codex(Permission::All);
    assert_eq!(replies(&tell(&mut over, &command(0, "ls")))[0]["result"]["decision"], "decline", "there is no turn");
}

#[test]
fn an_id_that_comes_again_for_something_else_is_asked_anew() {
    let mut codex = answering(Permission::Ask);
    let first = tell(&mut codex, &command(7, "touch a"));
    assert_eq!(tell(&mut codex, &command(7, "touch a")), Step::default());
    let again = tell(&mut codex, &command(7, "rm -rf ~"));
    let [Event::Answered { id, decision: Decision::Deny, .. }, Event::Asked { digest, .. }] = &again.events[..] else {
        panic!("{again:?}")
    };
    let Event::Asked { digest: before, .. } = &first.events[0] else { panic!("{first:?}") };
    assert!(id == "7" && digest != before);
    let resolved = json!({"method": "serverRequest/resolved", "params": {"threadId": "t-1", "requestId": 7}});
    assert!(matches!(tell(&mut codex, &resolved).events[..], [Event::Answered { .. }]));
    assert_eq!(codex.answer("7", Decision::Allow, &[]), Step::default());
}

#[test]
fn of_five_hundred_requests_the_first_are_asked_and_the_rest_declined() {
    let mut codex = answering(Permission::Ask);
    let steps: Vec<Step> = (0..500).map(|id| tell(&mut codex, &command(id, &format!("touch {id}")))).collect();
    assert_eq!(steps.iter().filter(|step| !step.events.is_empty()).count(), 64);
    assert_eq!(steps.iter().filter(|step| !step.reply.is_empty()).count(), 436);
}

#[test]
fn several_files_are_shown_whole_and_allowed_only_as_they_are() {
    let mut codex = answering(Permission::Ask);
    let files = json!([{"path": "a", "kind": {"type": "update", "move_path": "/etc/b"}, "diff": "-x\n+y"},
        {"path": "c", "kind": {"type": "delete"}, "diff": "gone"}]);
    let item = json!({"id": "f", "type": "fileChange", "changes": files, "status": "inProgress"});
    let told = json!({"method": "item/started", "params": {"item": item, "threadId": "t-1", "turnId": "u-1"}});
    tell(&mut codex, &told);
    let ask =
        json!({"id": 8, "method": "item/fileChange/requestApproval", "params": {"itemId": "f", "grantRoot": "/"}});
    let step = tell(&mut codex, &ask);
    let [Event::Asked { tool, detail, grant: Some(grant), .. }] = &step.events[..] else { panic!("{step:?}") };
    assert!(tool == "ApplyPatch" && grant.is_of_one());
    for part in ["update a", "/etc/b", "-x\n+y", "delete c", "gone", "grantRoot: /"] {
        assert!(detail.contains(part), "{part} in {detail}");
    }
}

#[test]
fn a_question_is_answered_by_its_id_and_a_secret_is_none_for_a_chat() {
    let mut codex = answering(Permission::All);
    let ask = |id: u64, secret: bool| {
        let options = json!([{"label": "staging", "description": "safe"}]);
        let question =
            json!({"id": "env", "header": "Env", "question": "Where?", "isSecret": secret, "options": options});
        json!({"id": id, "method": "item/tool/requestUserInput", "params": {"itemId": "q", "questions": [question]}})
    };
    let step = tell(&mut codex, &ask(4, false));
    assert!(
        matches!(&step.events[..], [Event::Asked { wants: Wants::Answers(asked), .. }] if asked.len() == 1),
        "{step:?}"
    );
    let answered = replies(&codex.answer("4", Decision::Allow, &["staging".into()]));
    assert_eq!(answered, [json!({"id": 4, "result": {"answers": {"env": {"answers": ["staging"]}}}})]);
    assert_eq!(replies(&tell(&mut codex, &ask(5, true)))[0]["error"]["code"], -32601);
}

#[test]
fn what_is_told_of_another_thread_or_turn_is_not_its_answer() {
    let mut codex = Codex::new(&RunSpec { keep_warm: Some(Duration::from_secs(9)), ..spec(Permission::Ask) });
    codex.open("one");
    let said = |thread: &str, turn: &str, text: &str| {
        let item = json!({"type": "agentMessage", "id": "m", "text": text});
        json!({"method": "item/completed", "params": {"threadId": thread, "turnId": turn, "item": item}})
    };
    let done = |thread: &str, turn: &str| {
        let turn = json!({"id": turn, "status": "completed", "items": [], "error": null});
        json!({"method": "turn/completed", "params": {"threadId": thread, "turn": turn}})
    };
    for line in [json!({"id": 1, "result": {}}), json!({"id": 2, "result": {"thread": {"id": "t-1"}}})] {
        tell(&mut codex, &line);
    }
    tell(&mut codex, &json!({"id": 3, "result": {"turn": {"id": "u-1"}}}));
    for line in [said("t-2", "u-9", "a helper's"), done("t-2", "u-9"), said("t-1", "u-0", "an earlier one's")] {
        assert_eq!(tell(&mut codex, &line), Step::default(), "{line}");
    }
    tell(&mut codex, &said("t-1", "u-1", "one"));
    assert_eq!(finals(&tell(&mut codex, &done("t-1", "u-1")).events)[0].outcome, Ok("one".into()));
    assert_eq!(tell(&mut codex, &said("t-1", "u-1", "late")), Step::default());
    assert_eq!(codex.unasked(true), None, "it is of the turn that is over");
    let begun = json!({"method": "turn/started", "params": {"threadId": "t-1", "turn": {"id": "u-7"}}});
    for line in [begun, said("t-1", "u-7", "by itself")] {
        assert_eq!(tell(&mut codex, &line), Step::default(), "{line}");
    }
    assert!(codex.is_at_work() && codex.unasked(true).is_none());
    tell(&mut codex, &done("t-1", "u-7"));
    assert_eq!(codex.unasked(false).map(|unasked| unasked.text), Some("by itself".into()));
    assert_eq!(codex.again(&more("t-2", "two")), None, "another's");
    assert!(codex.again(&more("t-1", "two")).is_some());
    for line in [said("t-1", "u-1", "later"), done("t-1", "u-1")] {
        assert_eq!(tell(&mut codex, &line), Step::default(), "of the turn before: {line}");
    }
    tell(&mut codex, &said("t-1", "u-2", "two"));
    assert_eq!(finals(&tell(&mut codex, &done("t-1", "u-2")).events)[0].outcome, Ok("two".into()));
}

#[test]
fn a_thread_that_may_do_more_than_this_run_is_not_used() {
    let mut codex = codex(Permission::Ask);
    tell(&mut codex, &json!({"id": 1, "result": {}}));
    let thread = json!({"thread": {"id": "t-1"}, "approvalPolicy": "never", "sandbox": {"type": "workspaceWrite"}});
    let step = tell(&mut codex, &json!({"id": 2, "result": thread}));
    assert!(step.reply.is_empty() && step.close_input);
    assert!(finals(&step.events)[0].outcome.is_err());
}

#[test]
fn an_analysis_is_asked_for_by_its_schema_and_a_model_by_its_name() {
    let mut codex = Codex::new(&RunSpec { analysis: true, model: Some("gpt-5".into()), ..spec(Permission::Read) });
    codex.open("why?");
    let thread = replies(&tell(&mut codex, &json!({"id": 1, "result": {}})));
    let params = &thread[1]["params"];
    assert_eq!([&params["model"], &params["approvalPolicy"], &params["sandbox"]], ["gpt-5", "never", "read-only"]);
    let turn = replies(&tell(&mut codex, &json!({"id": 2, "result": {"thread": {"id": "t-1"}}})));
    assert_eq!(turn[0]["params"]["model"], "gpt-5");
    let required = turn[0]["params"]["outputSchema"]["required"].as_array().expect("a list");
    let fields = ["analysis", "next_steps", "root_cause", "verdict"];
    assert!(required.len() == 4 && fields.iter().all(|own| required.contains(&json!(own))), "{required:?}");
}

fn ending<'a>(ended: &'a Ended, cause: Option<&'a Cause>, stderr_tail: &'a str) -> Ending<'a> {
    Ending { ended, cause, stdout_head: b"", stdout_bytes: 0, stderr_tail }
}

#[test]
fn an_end_without_an_answer_is_none_whatever_its_exit_code() {
    let (ended, cancelled) = (Ended::Exited { code: 0 }, Cause::Cancelled);
    for (cause, owed) in [(None, true), (Some(&cancelled), true)] {
        let word = answering(Permission::Ask).end(&ending(&ended, cause, "it broke"));
        assert!(matches!(word.outcome, Err(Failure::Seen(run)) if run.owed == owed && run.words == "it broke"));
    }
}

#[test]
fn a_version_without_the_server_is_asked_in_its_other_way() {
    let mut codex = codex(Permission::Ask);
    codex.line(b"error: unrecognized subcommand");
    let begun = codex.begin_instead("").expect("the other way");
    assert!(begun.reply == b"hello" && begun.close_input);
    let recorded = include_str!("../../../tests/fixtures/codex/exec_tool_echo.jsonl");
    let (events, said) = play(&mut codex, recorded, &[], &[]);
    assert_eq!(said, Vec::<Value>::new());
    let answer = "TOOL_DONE[turn=1] tool said: Chunk ID: 4148d8\nWall time: 0.0000 seconds\nProcess exited with code 0\n\
                  Original token count: 1\nOutput:\nhi";
    let word = finals(&events)[0];
    assert_eq!((word.outcome.as_deref(), word.usage.input_tokens), (Ok(answer), Some(14017)));
    assert!(events.iter().any(|event| matches!(event, Event::ToolStarted { summary, .. } if summary == "echo hi")));
    assert!(
        events.iter().any(|event| matches!(event, Event::ToolFinished { ok: true, output, .. } if output == "hi\n"))
    );
    assert!(answering(Permission::Ask).begin_instead("").is_none(), "it was understood");
    let mut refused = self::codex(Permission::Ask);
    let step = tell(&mut refused, &json!({"id": 1, "error": {"code": -32600, "message": "not experimental"}}));
    assert!(step.close_input && refused.begin_instead("").is_some());
}

#[test]
fn recorded_runs_of_the_other_way_end_as_they_did() {
    let exec = |recorded: &str, resumes: bool| {
        let conversation = resumes.then(|| "t-0".to_owned());
        let mut codex = Codex::new(&RunSpec { conversation, ..spec(Permission::Ask) });
        codex.open("hello");
        codex.begin_instead("");
        let (events, _) = play(&mut codex, recorded, &[], &[]);
        (events, codex)
    };
    let (events, _) = exec(include_str!("../../../tests/fixtures/codex/exec_fail_429_default.jsonl"), false);
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Retrying { .. })).count(), 5);
    let words = "exceeded retry limit, last status: 429 Too Many Requests, request id: req_fake";
    assert_eq!(finals(&events)[0].outcome, Err(words.into()));
    assert_eq!(Failure::Said(words.into()).trouble(), Some(AgentTrouble::Limited(None)));
    let (events, _) = exec(include_str!("../../../tests/fixtures/codex/exec_resume.jsonl"), true);
    assert_eq!(finals(&events)[0].usage.input_tokens, None, "what it counts is of all its runs");
    assert!(finals(&events)[0].outcome.is_ok());
    let (events, _) = exec(include_str!("../../../tests/fixtures/codex/exec_tool_fail.jsonl"), false);
    assert!(events.iter().any(|event| matches!(event, Event::ToolFinished { ok: false, .. })));
    let (events, _) = exec(include_str!("../../../tests/fixtures/codex/exec_unknown_model.jsonl"), false);
    assert!(finals(&events)[0].outcome.is_ok(), "a warning is no error");
    let (_, mut cut) = exec(include_str!("../../../tests/fixtures/codex/exec_slow_term.jsonl"), false);
    let tail = "Error: thread/resume: thread/resume failed: no rollout found for thread id t-0 (code -32600)\n\nStack backtrace:";
    let word = cut.end(&ending(&Ended::Exited { code: 1 }, None, tail));
    assert!(
        word.unknown_session
            && matches!(word.outcome, Err(Failure::Seen(run)) if run.words.starts_with("thread/resume:"))
    );
}

#[test]
fn lines_that_are_no_message_of_its_are_survived() {
    let mut codex = answering(Permission::Ask);
    let long = format!("{{\"method\":\"{}\"}}", "x".repeat(16 << 20));
    for line in
        ["{", "", "null", "[]", "7", "{}", "{\"method\":7}", "{\"method\":\"turn/completed\"}", &long, "{\"id\":3}"]
    {
        let step = codex.line(line.as_bytes());
        assert!(step.reply.is_empty(), "{}", &line[..line.len().min(99)]);
    }
    codex.line(b"\xff\xfe{");
    assert_eq!((codex.unknown(), codex.unknown()), (4, 0), "half a line, two without a method, and one to come");
}

#[test]
fn what_it_says_in_plain_words_is_told_in_either_way() {
    let mut other = codex(Permission::Ask);
    other.line(b"error: unrecognized subcommand");
    other.begin_instead("").expect("the other way");
    for mut codex in [answering(Permission::Ask), other] {
        codex.line(b"Not logged in: https://a.example/login");
        let word = codex.end(&ending(&Ended::Exited { code: 1 }, None, ""));
        assert!(matches!(word.outcome, Err(Failure::Seen(run)) if run.words.contains("a.example/login")));
    }
}
