//! gemini: what it needs so that its conversations are not lost, through the whole program.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{SystemTime, UNIX_EPOCH};

use signalbox_test_support::everyday::eventually;
use signalbox_test_support::programs::scripted_agent;

use crate::phone::scene::Phone;

/// A phone whose gemini is a stand-in that notes its environment; it does not serve yet.
fn phone() -> Phone {
    let phone = Phone::new("");
    let config = std::fs::read_to_string(phone.house.path("config.toml")).expect("readable");
    let wrapper = format!("env > {}; exec {} acp", phone.house.text("env"), scripted_agent().display());
    let agent = format!(
        "\n[agents.gemini]\nkeep_warm = \"off\"\ncommand = {}\n[agents.gemini.env]\nSCRIPTED_AGENT_SESSIONS = {}\n",
        toml::Value::from(vec!["sh", "-c", &wrapper, "gemini"]),
        toml::Value::from(phone.house.text("agent-sessions")),
    );
    std::fs::write(phone.house.path("config.toml"), config + &agent).expect("written");
    phone
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the agent and the program go by the machine's clock")]
fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

#[test]
fn its_clean_up_of_conversations_is_off_below_the_persons_own_settings() {
    let mut phone = phone();
    let serving = phone.serve();
    let asked = phone.say("/session --name docs @gemini hello");
    phone.shown(asked, "turn 1: hello");
    let named = || {
        let env = std::fs::read_to_string(phone.house.path("env")).expect("its environment");
        env.lines().find_map(|line| line.strip_prefix("GEMINI_CLI_SYSTEM_DEFAULTS_PATH=")).map(str::to_owned)
    };
    let file = named().expect("named");
    assert!(std::path::Path::new(&file).starts_with(phone.house.state()), "{file}");
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    let settings = std::fs::read_to_string(&file).expect("text");
    assert_eq!(settings, r#"{"general":{"sessionRetention":{"enabled":false}}}"#);
    serving.signal(nix::sys::signal::Signal::SIGTERM);
    serving.end();
    phone.house.set("SIGNALBOX__AGENTS__GEMINI__ENV__GEMINI_CLI_SYSTEM_DEFAULTS_PATH", "/theirs.json");
    let _serving = phone.serve();
    let asked = phone.say("/session --name more @gemini hello");
    phone.shown(asked, "turn 1: hello");
    let env = std::fs::read_to_string(phone.house.path("env")).expect("its environment");
    assert!(env.contains("GEMINI_CLI_SYSTEM_DEFAULTS_PATH=/theirs.json"), "{env}");
}

#[test]
fn what_has_its_clean_up_erase_a_conversation_is_gone_before_it_starts() {
    let mut phone = phone();
    let (home, work) = (phone.house.path("home"), phone.house.path("proj"));
    let chats = home.join(".gemini/tmp/proj/chats");
    for directory in [&work, &chats] {
        std::fs::create_dir_all(directory).expect("made");
    }
    let list = serde_json::json!({"projects": {work.to_str().expect("text"): "proj"}});
    std::fs::write(home.join(".gemini/projects.json"), list.to_string()).expect("written");
    let context = r#"{"$set":{"messages":[{"type":"user","content":[{"text":"<session_context>\nToday"}]}]}}"#;
    let prompt = r#"{"type":"user","content":[{"text":"hello"}]}"#;
    let [whole, empty] =
        ["40", "41"].map(|minute| chats.join(format!("session-2026-11-30T23-{minute}-4ed0a5fc.jsonl")));
    std::fs::write(&whole, format!("{context}\n{prompt}\n")).expect("written");
    std::fs::write(&empty, format!("{context}\n")).expect("written");
    phone.house.set("SIGNALBOX__AGENTS__GEMINI__ENV__GEMINI_CLI_HOME", home.to_str().expect("text"));
    phone.house.set("SIGNALBOX__AGENTS__GEMINI__DIR", work.to_str().expect("text"));
    let _serving = phone.serve();
    let asked = phone.say("/session --name docs @gemini hello");
    phone.shown(asked, "turn 1: hello");
    assert!(whole.exists(), "what was said stays");
    assert!(!empty.exists(), "what says nothing is gone");
}

#[test]
fn a_prompt_that_waits_for_the_next_minute_is_cancelled_at_once() {
    let phone = phone();
    let _serving = phone.serve();
    eventually("a minute with room in it", || now_s() % 60 < 40);
    let asked = phone.say("/session --name docs @gemini hello");
    phone.shown(asked, "turn 1: hello");
    let minute = now_s() / 60;
    let again = phone.say("@docs and now?");
    phone.shown(again, "gemini would lose this conversation");
    phone.say("/session cancel docs");
    phone.shown(again, "[docs] Cancelled");
    assert_eq!(now_s() / 60, minute, "before the wait was over");
    eventually("nothing of it is left", || phone.house.agents().is_empty());
}
