//! What is said about permission requests, questions and plans.

use std::time::Duration;

use proptest::prelude::{prop, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use signalbox_adapter::{Block, Document};

use super::samples::{self, approval};
use super::{shown, wall};
use crate::agent::claude::Claude;
use crate::agent::digest::Digest;
use crate::agent::event::{CUT, Decision, Event, Wants};
use crate::agent::grant::{Grant, Only};
use crate::agent::protocol::Speak as _;
use crate::agent::run::RunSpec;
use crate::config::Permission;
use crate::format::visible::visible;
use crate::store::{Approval, ClosedBy};

#[test]
fn approvals() {
    use super::super::approval::*;
    let open = approval(None);
    let within = Duration::from_secs(600);
    let closed = |by| Approval { closed_by: Some(by), ..approval(Some(Decision::Deny)) };
    let execute = Approval { tool: "execute".into(), ..open.clone() };
    let command = Grant { tool: "Bash".into(), only: Only::Command("touch".into()) };
    let make = Approval { grant: Some(command), ..execute.clone() };
    let folder = Grant { tool: "Write".into(), only: Only::Folder("/home/kim/web/src".into()) };
    let edit = Approval { tool: "edit".into(), grant: Some(folder), ..open.clone() };
    let asks = Approval { wants: samples::questions(), ..open.clone() };
    let second = Approval { words: vec!["staging".into()], chosen: vec![1], ..asks.clone() };
    let both = Approval { words: vec!["staging".into(), "unit, load".into()], ..asks.clone() };
    let plan = Approval {
        wants: Wants::Plan("# Plan\n1. drain the node\n2. upgrade".into()),
        detail: String::new(),
        ..open.clone()
    };
    let plan_and_more = Approval {
        detail: "pushToRemote: true\nallowedPrompts: [{\"tool\":\"Bash\",\"prompt\":\"push\"}]".into(),
        ..plan.clone()
    };
    let long_plan = Approval { detail: format!("{CUT} 400015 bytes.)\nx\n(…)\npushToRemote: true"), ..plan.clone() };
    let no_plan = Approval { wants: Wants::Plan(String::new()), detail: String::new(), ..open.clone() };
    let back = Approval { words: vec!["drain db-2 first".into()], ..plan.clone() };
    let long = Approval { detail: format!("{CUT} 400015 bytes.)\nx\n(…)\nrm -rf ~/work"), ..open.clone() };
    let hiding = "echo \u{202e}/ fr- mr\u{202c} \u{200b} hi\u{2066}\n\u{1b}[31mred\u{1b}[0m".to_owned();
    let hiding = Approval { tool: "Ba\u{200b}sh".into(), detail: hiding, ..approval(None) };
    let wall = wall()
        .with("question", question("calm-otter", &open, Duration::from_secs(600)))
        .with("question that hides something", question("calm-otter", &hiding, Duration::from_secs(600)))
        .with("noted of what hides something", noted("calm-otter", &hiding, Decision::Allow))
        .with("answered of what hides something", answered("calm-otter", &hiding, Answered::Ended))
        .with("noted", noted("calm-otter", &open, Decision::Allow))
        .with("noted for the session", noted("calm-otter", &open, Decision::AllowForSession))
        .with("noted for the session, a command", noted("calm-otter", &make, Decision::AllowForSession))
        .with("noted as denied", noted("calm-otter", &open, Decision::Deny))
        .with("answered", answered("calm-otter", &open, Answered::By(Decision::Allow, "Kim")))
        .with("answered by nobody", answered("calm-otter", &open, Answered::Nobody))
        .with("answered by nobody, for it was taken back", answered("calm-otter", &open, Answered::Withdrawn))
        .with("answered by the end", answered("calm-otter", &open, Answered::Ended))
        .with("too_late", too_late("calm-otter", &approval(Some(Decision::Deny)), false))
        .with("too_late after the end", too_late("calm-otter", &open, false))
        .with("too_late after a stop", too_late("calm-otter", &closed(ClosedBy::End), true))
        .with("too_late after a denial and a stop", too_late("calm-otter", &closed(ClosedBy::Answer), true))
        .with("too_late after its time", too_late("calm-otter", &closed(ClosedBy::Time), false))
        .with("too_late after it was taken back", too_late("calm-otter", &closed(ClosedBy::Agent), false))
        .with("question of a command", question("calm-otter", &execute, within))
        .with("question of an edit", question("calm-otter", &edit, within))
        .with("still_open with a command", still_open("calm-otter", &execute))
        .with("none_open", none_open())
        .with("which", which(&[("calm-otter".into(), "k3m9qa".into())], Decision::Allow))
        .with(
            "which of several",
            which(&[("calm-otter".into(), "k3m9qa".into()), ("old-owl".into(), "p7".into())], Decision::Deny),
        )
        .with("timed_out", timed_out("calm-otter", &open))
        .with("question of an agent", question("calm-otter", &asks, within))
        .with("second question", question("calm-otter", &second, within))
        .with("question noted", noted("calm-otter", &both, Decision::Allow))
        .with("question answered", answered("calm-otter", &both, Answered::By(Decision::Allow, "Kim")))
        .with("question left unanswered", answered("calm-otter", &asks, Answered::Nobody))
        .with("question timed_out", timed_out("calm-otter", &asks))
        .with(
            "question too_late",
            too_late("calm-otter", &Approval { decision: Some(Decision::Allow), ..both.clone() }, false),
        )
        .with("plan", question("calm-otter", &plan, within))
        .with("plan with more", question("calm-otter", &plan_and_more, within))
        .with("plan that is too long", question("calm-otter", &long_plan, within))
        .with("plan that is none", question("calm-otter", &no_plan, within))
        .with("plan accepted", answered("calm-otter", &plan, Answered::By(Decision::Allow, "Kim")))
        .with("plan sent back", answered("calm-otter", &back, Answered::By(Decision::Deny, "Kim")))
        .with("plan sent back, noted", noted("calm-otter", &back, Decision::Deny))
        .with("too long", question("calm-otter", &long, within))
        .with("still_open", still_open("calm-otter", &open))
        .with("not_by_a_word", not_by_a_word("calm-otter", &open, "Yes!"))
        .with("not_by_a_word and too long", not_by_a_word("calm-otter", &long, "ok"))
        .with("still_open and too long", still_open("calm-otter", &long))
        .with("still_open with a plan", still_open("calm-otter", &plan))
        .with("still_open with a question", still_open("calm-otter", &asks))
        .with("chosen", chosen("calm-otter", &["unit", "load"]))
        .with("nothing chosen", chosen("calm-otter", &[]))
        .with("wants_an_answer", wants_an_answer("calm-otter"))
        .with("not_whole", not_whole("calm-otter"))
        .with("no_choice", no_choice("calm-otter"))
        .with("long_answer", long_answer("calm-otter", 4096))
        .with("unknown", unknown("zzzzzz"))
        .with("only_once", only_once("calm-otter", "k3m9qa"))
        .with("question that is for once", question("calm-otter", &Approval { grant: None, ..open.clone() }, within))
        .with("too_much", too_much("calm-otter"))
        .with("foreign", foreign("calm-otter", &open))
        .with("answered by nobody here", answered("calm-otter", &open, Answered::Foreign))
        .with(
            "allows",
            samples::grants().iter().fold(Document::default(), |all, grant| all.with(Block::Paragraph(allows(grant)))),
        );
    shown("approval", wall, include_str!("../approval.rs"));
}

/// A conversation with an agent that asks for everything.
fn asking() -> Claude {
    Claude::new(&RunSpec { working_directory: "/w".into(), ..RunSpec::sample("claude", Permission::Ask) })
}

proptest! {
    #[test]
    fn all_that_an_agent_is_allowed_was_shown(
        tool in "[A-Z][A-Za-z_]{0,20}",
        fields in prop::collection::btree_map("[a-z_]{1,12}|command|url|path", "(?s).{0,100}|[a-z /.;|$-]{1,40}", 0..6),
    ) {
        let input = json!(fields);
        let request = json!({"subtype": "can_use_tool", "tool_name": tool, "input": input});
        let line = json!({"type": "control_request", "request_id": "r", "request": request}).to_string();
        let mut agent = asking();
        let asked = agent.line(line.as_bytes());
        let [Event::Asked { tool: named, detail, digest, grant, .. }] = &asked.events[..] else { panic!("{asked:?}") };
        prop_assert_eq!(digest, &Some(Digest::of(&tool, &input)));
        let open = Approval { tool: named.clone(), detail: detail.clone(), grant: grant.clone(), ..approval(None) };
        let shown = super::super::approval::question("calm-otter", &open, Duration::from_secs(600)).visible_text();
        prop_assert!(shown.contains(&tool), "{}", shown);
        for (name, value) in &fields {
            prop_assert!(name == "command" || shown.contains(name), "{} in {}", name, shown);
            for line in visible(value).lines() {
                prop_assert!(shown.contains(line.trim_end()), "{:?} in {}", line, shown);
            }
        }
        // And nothing else is what it gets.
        let reply: Value = serde_json::from_slice(&agent.answer("r", Decision::Allow, &[]).reply).expect("JSON");
        prop_assert_eq!(&reply["response"]["response"]["updatedInput"], &input);
    }

    #[test]
    fn all_that_an_agent_is_allowed_for_a_session_was_said(
        one in "(ls|cat|rm|python3)( [a-z;|$/-]{1,6}){0,2}",
        other in "(ls|cat|rm|python3)( [a-z;|$/-]{1,6}){0,2}",
        about in "[a-z ]{0,12}",
        apart in prop::bool::ANY,
    ) {
        let request = |id: &str, input: &Value| {
            let request = json!({"subtype": "can_use_tool", "tool_name": "Bash", "input": input});
            json!({"type": "control_request", "request_id": id, "request": request}).to_string()
        };
        let mut agent = asking();
        let asked = agent.line(request("r", &json!({"command": one, "description": "x"})).as_bytes());
        let [Event::Asked { grant: Some(grant), .. }] = &asked.events[..] else { panic!("{asked:?}") };
        let said = Document::default().with(Block::Paragraph(super::super::approval::allows(grant))).visible_text();
        agent.answer("r", Decision::AllowForSession, &[]);
        let mut input = json!({"command": other, "description": about, "timeout": 5});
        if apart {
            input["dangerouslyDisableSandbox"] = json!(true);
        }
        let again = agent.line(request("s", &input).as_bytes());
        if again.events.is_empty() {
            let first = other.split(' ').next().unwrap_or_default();
            let is_plain = !other.contains([';', '|', '$']);
            let was_said = said.contains(&format!("for {first} with anything behind it, inside its directory, not chained")) && is_plain;
            prop_assert!(!apart && (other == one || was_said), "{other} by {said}");
        } else {
            prop_assert!(other != one || apart, "asked again for {other}");
        }
    }
}

/// Nothing of a plan is accepted that nobody could read: what Markdown does not show is shown as it is written.
#[test]
fn a_plan_hides_nothing() {
    for hidden in [
        "Upgrade the node.\n\n<!-- and push to production -->",
        "Upgrade the node.\n\n[hidden]: https://evil.example/push \"push to production\"",
        "Upgrade [the node](https://evil.example/push).",
        "Upgrade\u{200b} the \u{202e}edon\u{202c}.",
        "Upgrade <span title=\"push to production\">the node</span>.",
        "```push to production\nls\n```",
        "![push to production](https://evil.example/x.png)",
    ] {
        let open = Approval { wants: Wants::Plan(hidden.into()), detail: String::new(), ..approval(None) };
        let shown = super::super::approval::question("calm-otter", &open, Duration::from_secs(600)).visible_text();
        let words = hidden.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 2);
        let missing: Vec<&str> = words.filter(|word| !shown.contains(word)).collect();
        assert!(missing.is_empty(), "{missing:?} of {hidden:?} in {shown}");
        assert!(!shown.contains(['\u{200b}', '\u{202e}']), "{shown:?}");
    }
}
