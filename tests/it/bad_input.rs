//! Prompts, answers and environments that nobody would wish for.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::Value;

use signalbox_test_support::everyday::{House, eventually};
use signalbox_test_support::programs::scripted_agent;

const MIB: usize = 1 << 20;

/// An agent `run` that runs a shell script; `more` stands before it.
fn shell_agent(more: &str, script: &str) -> House {
    let house = House::bare();
    house.configure(&format!(
        "{more}\nagents.run.kind = \"command\"\nagents.run.command = [\"sh\", \"-c\", {script:?}]"
    ));
    house
}

#[test]
fn a_prompt_of_a_mebibyte_is_taken_and_a_longer_one_is_refused_with_its_size_and_the_limit() {
    let house = shell_agent("", "wc -c");
    let prompt = |size: usize| [b"/session @run ".to_vec(), vec![b'a'; size], b"\n".to_vec()].concat();
    house.pipe(&["shell"], &prompt(MIB)).was(0, "\n1048576\n");
    let said = house.pipe(&["shell"], &prompt(MIB + 1)).refused("he prompt has 1048577 bytes");
    assert!(said.out.contains("1048576 are the limit"), "{said:#?}");
    let said = house.pipe(&["shell"], &[prompt(2 * MIB), b"/session @run short\n".to_vec()].concat()).refused("\n5\n");
    assert!(said.err.contains("was NOT taken: 1052672 bytes are the limit"), "{said:#?}");
    let said = house.pipe(&["shell", "-c", "/session @run"], &vec![b'a'; 3 * MIB]).refused("");
    assert!(said.err.contains("was NOT taken"), "{said:#?}");
    assert_eq!(house.count("tasks"), 2);
}

#[test]
fn the_configured_limit_of_prompts_holds() {
    let house = shell_agent("limits.max_prompt = \"2KiB\"", "wc -c");
    house.say(&format!("/session --name docs @run {}", "a".repeat(2048))).was(0, "2048");
    for line in ["/session @run ", "@docs ", ""] {
        let said = house.say(&format!("{line}{}", "a".repeat(2049)));
        assert!(said.code == 2 && said.out.contains("2049 bytes; the limit is 2048 (limits.max_prompt)"), "{said:#?}");
    }
    assert_eq!(house.count("tasks"), 1);
}

#[test]
fn an_empty_prompt_and_one_with_a_nul_are_refused() {
    let house = shell_agent("agents.default = \"run\"", "cat");
    for line in ["/session --name docs", "/session @run", "/session --", "@run"] {
        house.say(line).refused("The prompt is missing");
    }
    house.pipe(&["shell", "-c", "/session one"], b"a\0b").refused("a NUL character");
    assert_eq!(house.count("sessions"), 0);
}

#[test]
fn invalid_utf8_is_refused_as_an_argument_and_replaced_in_input() {
    let house = shell_agent("", "cat");
    let line = OsStr::from_bytes(b"/session @run caf\xe9");
    let said = house.start(house.command(&[OsStr::new("shell"), OsStr::new("-c"), line])).end();
    assert!(said.code == 2 && said.err.contains("invalid UTF-8"), "{said:#?}");
    house.pipe(&["shell"], b"/session @run caf\xe9\n").was(0, "caf\u{fffd}");
    house.pipe(&["shell", "-c", "/session @run"], b"\xff\xfe").was(0, "\u{fffd}\u{fffd}");
}

#[test]
fn an_agent_that_says_nothing_is_shown_as_such() {
    shell_agent("", "true").say("@run hello").was(0, "(no answer)");
    shell_agent("", "printf ' \\n \\n'").say("@run hello").was(0, "(no answer)");
    House::new("").say("/session script: answer").was(0, "(no answer)");
}

#[test]
fn an_agent_that_talks_garbage_fails_and_says_so() {
    let house = House::new("");
    house.say("/session script: raw {{{{; raw null; raw [1,2]; answer still fine").was(0, "still fine");
    house.configure("[agents.claude]\ncommand = [\"sh\", \"-c\", \"head -c 100000 /dev/urandom\"]");
    house.say("/session hello").was(1, "Failed · error:cli");
    house.say("/session list").was(0, "idle");
}

#[test]
fn what_an_agent_says_in_plain_words_is_part_of_its_failure() {
    let house = House::new("");
    for (script, code, words) in [
        (
            "read -r x; echo 'Credit balance is too low. Visit https://a.example/billing'; exit 1",
            1,
            "a.example/billing",
        ),
        ("echo 'Log in at https://a.example/login'; sleep 60", 124, "Log in at https://a.example/login"),
        // Such a program reads to the end of its input, which comes when nobody waits any longer.
        ("cat > /dev/null; echo 'Credit balance is too low.'; exit 1", 124, "Credit balance is too low."),
        ("cat > /dev/null; printf 'No model is set.'", 124, "No model is set."),
    ] {
        house.configure(&format!("timeouts.idle = \"1s\"\n[agents.claude]\ncommand = [\"sh\", \"-c\", {script:?}]"));
        house.say("/session hello").was(code, words);
    }
}

#[test]
fn what_an_agent_had_said_before_it_died_is_shown_as_an_answer_so_far() {
    let house = House::new("");
    for (end, how) in [("crash 137", "exit code 137"), ("crash 0", "exit code 0"), ("fail no more", "no more")] {
        let said = house.say(&format!("/session script: say The disk of db-1 is full.; {end}")).was(1, how);
        let (head, rest) = said.out.split_once("The answer so far:").expect("what it had said");
        assert!(head.contains("Failed") && rest.contains("The disk of db-1 is full."), "{said:#?}");
    }
}

#[test]
fn a_hundred_megabytes_are_cut_with_an_honest_note() {
    let house = shell_agent("", "yes 0123456789abcdef | head -c 100000000");
    let said = house.say("@run hello");
    assert_eq!(said.code, 0);
    let tail = &said.out[said.out.len() - 200..];
    assert!(
        tail.contains("(The answer is 100000000 bytes long. Everything after the first 1048576 bytes was cut"),
        "{tail}"
    );
    assert!(said.out.len() < 2 * MIB, "{} bytes", said.out.len());
}

#[test]
fn output_without_end_is_ended_at_the_limit() {
    let house = shell_agent("limits.max_output = \"1MiB\"", "yes");
    let said = house.say("@run hello");
    assert_eq!(said.code, 1);
    let head = said.out.lines().take(5).collect::<Vec<_>>().join("\n");
    assert!(head.contains("Failed · error:cli") && head.contains("limits.max_output"), "{head}");
    eventually("nothing of it is left", || house.agents().is_empty());
}

#[test]
fn nothing_that_a_terminal_obeys_reaches_standard_output() {
    let hostile = "printf '\\033]0;title\\007\\033[2J\\033[31mred\\033[0m \\302\\2331m a\\rb\\bc \\342\\200\\256rtl \\177 \\000end'";
    let house = shell_agent("", hostile);
    let said = house.say("@run hello").was(0, "red");
    let failing = shell_agent("", &format!("{hostile} >&2; exit 1")).say("@run hello").was(1, "red");
    for text in [&said.out, &said.err, &failing.out, &failing.err] {
        let obeyed = |c: char| (c.is_control() && c != '\n' && c != '\t') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!text.contains(obeyed), "{text:?}");
    }
    // What a person has typed comes back in lists and questions.
    let said = house.say("/session show \u{1b}[31mx").refused("No session");
    assert!(!said.out.contains('\u{1b}'), "{said:#?}");
}

#[test]
fn markdown_bombs_are_survived() {
    for bomb in [
        "yes '>' | head -c 500000 | tr -d '\\n'",
        "yes '[' | head -c 500000 | tr -d '\\n'",
        "yes '*_' | head -c 500000 | tr -d '\\n'",
        "yes '- ' | head -c 200000 | tr -d '\\n'",
        "yes '`' | head -c 500001 | tr -d '\\n'",
        "yes '|a' | head -c 300000 | tr -d '\\n'; echo; yes '|-' | head -c 300000 | tr -d '\\n'",
    ] {
        let said = shell_agent("", bomb).say("@run hello");
        assert_eq!(said.code, 0, "{bomb}: {}", said.err);
        assert!(said.out.contains("] Complete"), "{bomb}");
    }
}

#[test]
fn secrets_in_answers_are_masked() {
    let keys = [
        ["sk-", "ant-api03-abcdefghijklmnopqrstuvwx"].concat(),
        ["gh", "p_0123456789abcdefghijklmnopqrstuvwxyz"].concat(),
        ["xox", "b-123456789012-abcdefghijkl"].concat(),
        ["AK", "IAIOSFODNN7EXAMPLE"].concat(),
        ["1234567", "89:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"].concat(),
        "hunter22".to_owned(),
    ];
    let redact = "redact.literals = [\"hunter22\"]";
    let house = shell_agent(redact, "cat; cat >&2");
    let said = house.say(&format!("@run keys: {} end", keys.join(" "))).was(0, "keys: [redacted]");
    let failing =
        shell_agent(redact, "cat >&2; exit 1").say(&format!("@run keys: {}", keys.join(" "))).was(1, "[redacted]");
    for key in &keys {
        assert!(!said.out.contains(key.as_str()) && !failing.out.contains(key.as_str()), "{key}");
    }
}

#[test]
fn an_agent_does_not_see_our_tokens() {
    let mut house = shell_agent(
        "agents.run.pass_env = [\"PASSED\"]\nagents.run.env = { SET = \"yes\" }",
        "env; cat /proc/$PPID/environ | tr '\\0' '\\n'",
    );
    house.set("TELEGRAM_BOT_TOKEN", "12:token-of-ours");
    house.set("SMTP_PASSWORD", "password-of-ours");
    house.set("SIGNALBOX__REDACT__LITERALS", "[\"literal-of-ours\"]");
    house.set("AWS_SECRET_ACCESS_KEY", "key-of-the-user");
    house.set("PASSED", "along");
    let said = house.say("@run hello").was(0, "PASSED=along").was(0, "SET=yes").was(0, "HOME=");
    for secret in ["token-of-ours", "password-of-ours", "literal-of-ours", "key-of-the-user", "TELEGRAM", "SIGNALBOX__"]
    {
        assert!(!said.out.contains(secret), "{secret} in {said:#?}");
    }
}

#[test]
fn an_id_that_an_agent_gives_itself_is_no_option_of_its_next_run_and_none_is_kept_that_is_long() {
    let mut house = House::new("");
    let script = format!(
        "echo \"$*\" >> {}; id=$(cat {}); for type in '\"system\",\"subtype\":\"init\",\"model\":\"'\"$id\"'\"' \
         '\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"<done>\"'; do \
         echo '{{\"type\":'\"$type\"',\"session_id\":\"'\"$id\"'\"}}'; done",
        house.text("argv"),
        house.text("id")
    );
    let command = serde_json::to_string(&["sh", "-c", script.as_str(), "claude"]).expect("JSON");
    house.set("SIGNALBOX__AGENTS__CLAUDE__COMMAND", &command);
    let long = "x".repeat(MIB);
    for (number, id) in
        ["--dangerously-skip-permissions", "-p", "", "a b", r"a\u001b[2J", &long, "plain-1"].into_iter().enumerate()
    {
        std::fs::write(house.path("id"), id).expect("written");
        house.say(&format!("/session --name n{number} hello")).was(0, "<done>");
        std::fs::write(house.path("argv"), "").expect("written");
        house.say(&format!("@n{number} again")).was(0, "<done>");
        let argv = std::fs::read_to_string(house.path("argv")).expect("it ran again");
        assert_eq!(argv.matches("--resume").count(), usize::from(id == "plain-1"), "{id:.40}: {argv:.400}");
        assert!(!argv.contains("skip-permissions") && argv.len() < 1000, "{argv:.400}");
    }
    assert_eq!(house.count("sessions WHERE length(CAST(agent_session AS BLOB)) > 256"), 0);
    assert_eq!(house.count("task_events WHERE length(detail) > 1024"), 0);
    assert_eq!(house.count("sessions WHERE agent_session = 'plain-1'"), 1);
}

/// Every text in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[test]
fn a_mebibyte_of_every_plane_that_begins_with_a_dash_arrives_byte_for_byte_at_each_agent() {
    let planes: String = (0..=16).filter_map(|plane| char::from_u32((plane << 16) + 0xABCD)).collect();
    assert_eq!(planes.chars().count(), 17);
    let begin = "--resume=x -rf --dangerously-skip-permissions \u{202e}\u{fe0f}e\u{301} ";
    let ending = |end: &str| {
        let mut prompt = begin.to_owned() + &planes.repeat((MIB - begin.len() - end.len()) / planes.len());
        prompt.push_str(&"a".repeat(MIB - prompt.len() - end.len()));
        prompt.push_str(end);
        assert_eq!(prompt.len(), MIB);
        prompt
    };
    for (name, kind, word, before) in [
        ("claude", "", "", ""),
        ("codex", "", "codex", ""),
        // Its other way: one whose app server is refused.
        (
            "codex",
            "",
            "codex",
            "case \"$*\" in *app-server*) echo \"error: unrecognized subcommand 'app-server'\" >&2; exit 2; esac; ",
        ),
        ("gemini", "", "acp", ""),
        ("opencode", "", "acp", ""),
        ("copilot", "", "acp", ""),
        ("qwen", "", "acp", ""),
        ("scribe", "kind = \"acp\"", "acp", ""),
        ("opensre", "", "opensre", ""),
        ("plain", "kind = \"command\"", "", ""),
    ] {
        let house = House::bare();
        let prompt = ending(if name == "opensre" { "\nscript: recorded" } else { "\nscript: say all of it" });
        let heard = house.path("heard");
        let agent = scripted_agent();
        let script = format!("{before}tee -a {} | {} {word} \"$@\"", heard.display(), agent.display());
        house.configure(&format!("[agents.{name}]\n{kind}\ncommand = [\"sh\", \"-c\", {script:?}, \"x\"]"));
        let said = house.pipe(&["shell", "-c", &format!("/session @{name}")], prompt.as_bytes());
        assert_eq!(said.code, 0, "{name}: {}", said.err);
        let heard = std::fs::read_to_string(heard).expect("what it was told");
        let is_whole = heard.contains(&prompt)
            || heard
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok())
                .any(|line| texts(&line).into_iter().any(|text| text == prompt));
        assert!(is_whole, "{name} was told something else in {} bytes", heard.len());
    }
}
