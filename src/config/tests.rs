//! Stories of whole configurations, from the file and the environment to the values or the faults.

mod addresses;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use insta::assert_snapshot;
use signalbox_adapter::{Provider, UserId};

use super::reader::Findings;
use super::*;
use crate::wiring::statements;

const EXAMPLE: &str = include_str!("../../config/signalbox.example.toml");

fn write(directory: &Path, content: impl AsRef<[u8]>) -> PathBuf {
    let path = directory.join("signalbox.toml");
    std::fs::write(&path, content).expect("a writable directory");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("our own file");
    path
}

fn load_bytes(content: impl AsRef<[u8]>, env: &[(&str, &str)]) -> Result<Loaded, Faults> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = write(directory.path(), content);
    let env = env.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    load(&Sources { explicit: Some(path), env, statements: statements() })
}

/// What counts where nothing is set.
fn defaults() -> Config {
    load(&Sources { statements: statements(), ..Sources::default() }).expect("no file is needed").config
}

fn loaded(text: &str) -> Config {
    load_bytes(text, &[]).expect("a valid configuration").config
}

/// The faults as a person reads them, without the first line and the file's place.
fn faults(text: &str, env: &[(&str, &str)]) -> String {
    let faults = load_bytes(text, env).expect_err("a faulty configuration");
    faults.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The example with every commented key made a real one.
fn example_with_all_keys() -> String {
    let is_key = |line: &str| {
        line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(char::is_whitespace))
    };
    let lines = EXAMPLE.lines().map(|line| line.strip_prefix("# ").filter(|rest| is_key(rest)).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn no_file_at_all_is_fine() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let env = [("HOME".to_owned(), home.path().display().to_string())].into();
    for env in [env, std::collections::BTreeMap::new()] {
        let sources = Sources { env, statements: statements(), ..Sources::default() };
        let loaded = load(&sources).expect("the default file may be missing");
        assert_eq!(show(&loaded.config), show(&defaults()));
        assert_eq!(loaded.file, None);
        assert_eq!(loaded.warnings, Vec::<String>::new());
    }
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let missing = PathBuf::from("/nowhere/signalbox.toml");
    let by_flag = Sources { explicit: Some(missing.clone()), ..Sources::default() };
    let env = [("SIGNALBOX_CONFIG".to_owned(), missing.display().to_string())].into();
    let by_variable = Sources { env, ..Sources::default() };
    for sources in [by_flag, by_variable] {
        let text = load(&sources).expect_err("a missing file").to_string();
        assert!(text.contains("/nowhere/signalbox.toml: cannot be read: No such file"), "{text}");
    }
}

#[test]
fn the_flag_wins_over_the_variable_and_that_over_the_home_directory() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let place = |name: &str, parts: u32| {
        let folder = directory.path().join(name);
        std::fs::create_dir_all(&folder).expect("a writable directory");
        write(&folder, format!("render.max_parts = {parts}"))
    };
    let (flag, variable, home) = (place("flag", 1), place("variable", 2), place("xdg/signalbox", 3));
    let xdg = directory.path().join("xdg").display().to_string();
    let mut sources = Sources { env: [("XDG_CONFIG_HOME".to_owned(), xdg)].into(), ..Sources::default() };

    let file = |sources: &Sources| load(sources).expect("a valid configuration").file;
    assert_eq!(file(&sources), Some(home));
    sources.env.insert("SIGNALBOX_CONFIG".to_owned(), variable.display().to_string());
    assert_eq!(file(&sources), Some(variable));
    sources.explicit = Some(flag.clone());
    assert_eq!(file(&sources), Some(flag));
}

#[test]
fn the_example_is_the_defaults() {
    let example = load_bytes(EXAMPLE, &[]).expect("the example is valid");
    assert_eq!(format!("{:?}", example.config), format!("{:?}", defaults()));
    assert_eq!(example.warnings, Vec::<String>::new());
}

#[test]
fn the_example_shows_every_key() {
    let text = example_with_all_keys();
    let root = tree::branch(text.parse().expect("the example is TOML with its comments taken off, too"));
    let mut findings = Findings::default();
    Config::read(root.clone(), &statements(), &mut findings);
    for path in findings.known() {
        let mut table = Some(root.clone());
        let mut found = None;
        for key in path.split('.') {
            // The tables of a list are numbered: `hooks[1]`.
            let (key, is_listed) = key.split_once('[').map_or((key, false), |(key, _)| (key, true));
            found = table.and_then(|table| table.get(key).cloned());
            table = match &found {
                Some(tree::Node::Table(below)) => Some(below.clone()),
                Some(tree::Node::Value(list)) if is_listed => list[0].as_table().cloned().map(tree::branch),
                Some(tree::Node::Value(_) | tree::Node::Text { .. }) | None => None,
            };
        }
        let is_absent = statements().unread().contains(path.as_str()) || path == "agents.claude.kind";
        // They have the keys of claude.
        let is_shown_at_claude =
            ["notes", "scribe", "codex", "gemini", "opencode", "opensre", "copilot", "qwen", "claude-acp", "codex-acp"]
                .iter()
                .any(|name| {
                    path.strip_prefix("agents.")
                        .and_then(|path| path.strip_prefix(name))
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                });
        assert!(found.is_some() || is_absent || is_shown_at_claude, "{path}");
    }
    assert!(findings.known().contains("redact.literals_file"));
}

#[test]
fn what_is_shown_reads_back_as_the_same() {
    let text = "
        [allow]
        telegram = { users = ['1001', { id = '7', role = 'admin' }], chats = [-100] }
        discord.roles = [{ id = '9', role = 'viewer' }]
        [agents]
        default = 'notes'
        claude = { model = 'opus', permission = 'edit', idle = '90s', pass_env = ['ANTHROPIC_API_KEY'] }
        notes = { kind = 'command', command = ['sh', '-c', 'cat'], dir = '/srv', args = ['-x'], idle = 'off' }
        host = { files = ['/var/log/*.log'], urls = ['http://127.0.0.1/'] }
        [limits]
        max_output = '1500B'
        [timeouts]
        settle = '1500ms'
        [projects]
        web = '/home/user/web'
        [store]
        durability = 'process'
        [redact]
        prefixes = ['corp_']
    ";
    let config = loaded(text);
    assert_eq!(show(&loaded(&show(&config))), show(&config));
    assert_eq!(format!("{:?}", loaded(&show(&config))), format!("{config:?}"));
    assert_ne!(show(&config), show(&defaults()));
}

#[test]
fn values_are_read_with_their_units() {
    let config = loaded(
        "limits = { max_output = '2MiB', max_tasks = 7 }
        timeouts = { background = '1h 30m', kill_grace = '200ms' }
        store = { retention = '7d' }
        observer.recovery = 'retry'",
    );
    assert_eq!(config.limits.max_output_bytes, 2 << 20);
    assert_eq!(config.limits.max_tasks, 7);
    assert_eq!(config.timeouts.background, Duration::from_secs(5400));
    assert_eq!(config.timeouts.kill_grace, Duration::from_millis(200));
    assert_eq!(config.store.retention, Duration::from_secs(7 * 86_400));
    assert_eq!(config.observer.recovery, Recovery::Retry);
}

#[test]
fn all_faults_are_told_at_once_with_path_and_nearest_key() {
    let text = "
        max_prompt = '1MiB'
        [limit]
        x = 1
        [limits]
        max_taks = 3
        max_tasks = 'four'
        max_tasks_per_chat = 0
        max_output = 'much'
        max_prompt = '1B'
        [timeouts]
        background = '0s'
        idle = 'soon'
        settle = 10
        recovery = 'ask'
        [observer]
        recovery = 'maybe'
        [projects]
        '../up' = '/x'
        tree = { path = 'relative', worktree = 'yes', worktre = true }
        nowhere = { worktree = true }
        web = 'relative'
        [render]
        max_parts = 2.5
        [redact]
        literals = ['a']
        prefixes = ['x y z']
        [allow]
        telegram = { user = ['1'], roles = [] }
        store = 3
    ";
    assert_snapshot!(faults(text, &[]));
}

#[test]
fn all_faults_of_agents_are_told() {
    let text = "
        [agents]
        default = 'nots'
        codex = { model = 'gpt' }
        claude = { kind = 'command', command = [], permision = 'ask', permission = 'some', dir = 'here' }
        host = { files = ['etc'], urls = ['file:///etc/passwd'], command = ['x'] }
        notes = { command = ['cat'], env = { TELEGRAM_BOT_TOKEN = 'x', TMPDIR = '/', 'A=B' = 'x', N = 1 } }
        acper = { kind = 'acp', command = ['x'], pass_env = ['SIGNALBOX__SMTP__PASSWORD', 'smtp_password', '1X'] }
        empty = { kind = 'command' }
        a = { kind = 'command', command = ['x'] }
        opus = { kind = 'command', command = ['x'] }
        'two words' = { kind = 'command', command = [''] }
    ";
    assert_snapshot!(faults(text, &[]));
}

#[test]
fn the_environment_wins_and_its_texts_are_read_by_the_keys_type() {
    let env = [
        ("SIGNALBOX__LIMITS__MAX_TASKS", "4"),
        ("SIGNALBOX__LIMITS__MAX_OUTPUT", "1GiB"),
        ("SIGNALBOX__PROJECTS__WEB", "/srv/4"),
        ("SIGNALBOX__AGENTS__CLAUDE__MODEL", "4"),
        ("SIGNALBOX__AGENTS__CLAUDE__ARGS", "['-v', '-v']"),
        ("SIGNALBOX__AGENTS__CLAUDE__ENV__API_KEY", "true"),
        ("SIGNALBOX__ALLOW__TELEGRAM__USERS", r#"["1001", { id = "7", role = "admin" }]"#),
        ("SIGNALBOX__DELIVERY", "{ max_age = '1h' }"),
        ("SIGNALBOX_STATE_DIR", "/var/lib/signalbox"),
    ];
    let config = load_bytes("limits.max_tasks = 1", &env).expect("a valid configuration").config;
    assert_eq!((config.limits.max_tasks, config.limits.max_output_bytes), (4, 1 << 30));
    assert_eq!(config.projects["web"], Project { path: "/srv/4".into(), worktree: false });
    let claude = &config.agents.by_name["claude"];
    assert_eq!((claude.model.as_deref(), claude.args.len()), (Some("4"), 2));
    assert!(claude.env.contains_key("API_KEY"));
    assert_eq!(config.allow.0[&Provider::new("telegram")].users[&UserId::new("7")], Role::Admin);
    assert_eq!(config.delivery.max_age, Duration::from_secs(3600));
}

#[test]
fn faults_of_the_environment_name_the_variable_and_hide_its_value() {
    let env = [
        ("SIGNALBOX__LIMITS__MAX_TASK", "hunter2"),
        ("SIGNALBOX__LIMITS__MAX_TASKS", "hunter2"),
        ("SIGNALBOX__LIMITS__MAX_OUTPUT", "hunter2"),
        ("SIGNALBOX__LIMITS__MAX_PROMPT__X", "hunter2"),
        ("SIGNALBOX__STORE", "hunter2"),
        ("SIGNALBOX__ALLOW__SLACK__USERS", "4\nhunter2 = 5"),
        ("SIGNALBOX____", "hunter2"),
    ];
    let text = faults("", &env);
    assert!(!text.contains("hunter2"), "{text}");
    assert_snapshot!(text);
}

#[test]
fn sections_of_parts_that_are_not_built_in_are_accepted_with_a_warning() {
    let text = "[email]\nhost = 'x'";
    let loaded = load_bytes(text, &[("SIGNALBOX__MATRIX__TOKEN", "x")]).expect("known sections");
    let names: Vec<&str> = loaded.warnings.iter().filter_map(|warning| warning.split(':').next()).collect();
    assert_eq!(names, ["email", "matrix"]);
    assert_eq!(show(&loaded.config), show(&defaults()));
}

#[test]
fn the_mail_server_is_read_and_its_password_never_shown() {
    let text = "[smtp]\nhost = 'mail.example.org'\nfrom = 'bot@example.org'\npassword = 'hunter22'\nusername = 'bot'";
    let config = load_bytes(text, &[("SIGNALBOX__SMTP__TO", "a@example.org, b@example.org")]).expect("good").config;
    assert_eq!(config.adapters.of("smtp").list("to"), ["a@example.org", "b@example.org"]);
    assert!(config.adapters.of("smtp").text("host").is_some() && config.secrets().count() == 1);
    let shown = show(&config);
    assert!(shown.contains("mail.example.org") && !shown.contains("hunter22"), "{shown}");
    for (text, fault) in [
        ("host = 'x'", "smtp.from: must say who writes"),
        ("from = 'me'", "smtp.from: must be a mail address"),
        ("reply_to = 'a b@c'", "smtp.reply_to: must be a mail address"),
        ("to = ['nobody']", "smtp.to: must be mail addresses"),
        ("to = [\"a@b\\nBcc: c@d\"]", "smtp.to: must be mail addresses"),
        ("port = 70000", "smtp.port: must be between"),
        ("security = 'maybe'", "smtp.security: must be one of"),
        ("timeout = '0s'", "smtp.timeout: must be between"),
        ("hots = 'x'", "did you mean smtp.host?"),
    ] {
        let faults = load_bytes(format!("[smtp]\n{text}"), &[]).expect_err(text).to_string();
        assert!(faults.contains(fault), "{fault:?} in {faults}");
    }
}

#[test]
fn an_agent_is_silent_as_long_as_its_kind_allows_unless_told() {
    let config = loaded(
        "[agents]
        notes = { kind = 'command', command = ['cat'] }
        slow = { kind = 'command', command = ['x', '--model={model}'], idle = '5m', permission = 'read' }
        claude.idle = 'off'",
    );
    let idle = |name: &str| config.agents.by_name[name].idle(&config.timeouts);
    assert_eq!(idle("host"), Some(Duration::from_secs(600)));
    assert_eq!(idle("notes"), None);
    assert_eq!(idle("slow"), Some(Duration::from_secs(300)));
    assert_eq!(idle("claude"), None);
    assert_eq!(config.agents.by_name["slow"].permission, Permission::Read);
    assert!(config.agents.by_name["slow"].has_placeholders());
    assert!(!config.agents.by_name["notes"].has_placeholders());
}

#[test]
fn an_alert_sets_off_what_is_held_back_and_nothing_that_was_let_loose() {
    let unheld = |claude: &str| {
        let agent = loaded(&format!("[agents.claude]\n{claude}")).agents.by_name["claude"].clone();
        assert_eq!(agent.takes_alerts(), agent.unheld().is_none());
        agent.unheld()
    };
    for harmless in [
        "",
        "command = ['npx', 'claude']",
        "command = ['sh', '-c', 'exec claude \"$@\"', 'claude']",
        "args = ['--model', 'opus', '--append-system-prompt=Be brief, do not --dangerously-skip-permissions']",
    ] {
        assert_eq!(unheld(harmless), None, "{harmless}");
    }
    for args in [
        "'--dangerously-skip-permissions'",
        "'--model'",
        "'--model', '--dangerously-skip-permissions'",
        "'--allowedTools=Bash'",
        "'--mcp-config', 'x.json'",
        "'opus'",
    ] {
        assert_eq!(unheld(&format!("args = [{args}]")), Some(Unheld::Args), "{args}");
    }
    for command in [
        "'claude', '--dangerously-skip-permissions'",
        "'sh', '-c', 'claude \"--permission-mode=bypassPermissions\"'",
        "'claude', '-p', '{prompt}'",
    ] {
        assert_eq!(unheld(&format!("command = [{command}]")), Some(Unheld::Command), "{command}");
    }
    let all_the_same = loaded("[agents.claude]\nargs = ['--dangerously-skip-permissions']\nalerts = true");
    assert!(all_the_same.agents.by_name["claude"].takes_alerts());
    let text = "[agents.claude]\nargs = ['--add-dir=/x']\n[[triage.channels]]\naddress = 'telegram:-1'";
    let warnings = load_bytes(text, &[]).expect("it loads").warnings;
    assert!(warnings.iter().any(|warning| warning.contains("agents.claude.alerts = true")), "{warnings:?}");
    let warnings = load_bytes("telegram.token = 'abc'", &[]).expect("it loads").warnings;
    assert!(warnings.iter().any(|warning| warning.starts_with("telegram.token: must look like")), "{warnings:?}");
}

#[test]
fn secrets_are_masked_wherever_the_configuration_is_shown() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let more = directory.path().join("redact");
    std::fs::write(&more, "hunter2-b\n\nhunter2-c\n").expect("a writable directory");
    let config = loaded(&format!(
        "agents.claude.env = {{ API_KEY = 'hunter2-a' }}\ntelegram.token = '1:hunter2-e'\n[redact]\nliterals = ['hunter2-d']\nliterals_file = {more:?}"
    ));
    assert_eq!(config.redact.literals.len(), 3);
    for text in [show(&config), format!("{config:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("API_KEY"), "{text}");
    }
}

#[test]
fn the_bots_token_comes_from_the_file_or_one_of_its_own_or_the_environment() {
    use secrecy::ExposeSecret as _;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let alone = directory.path().join("token");
    std::fs::write(&alone, "42:from-its-own-file\n").expect("a writable directory");
    let token = |text: &str| {
        let loaded = load_bytes(text, &[("TELEGRAM_BOT_TOKEN", " 42:from-environment ")]).expect("valid");
        loaded.config.adapters.of("telegram").secret("token").expect("a token").expose_secret().to_owned()
    };
    assert_eq!(token(""), "42:from-environment");
    assert_eq!(token("telegram.token = '42:from-file'"), "42:from-file");
    assert_eq!(token(&format!("telegram.token_file = {alone:?}")), "42:from-its-own-file");
    let both = format!("telegram.token = '42:hunter2'\ntelegram.token_file = {alone:?}");
    assert!(faults(&both, &[]).contains("telegram.token_file: is given beside token"), "{}", faults(&both, &[]));
}

#[test]
fn a_file_with_secrets_that_others_can_read_is_warned_about() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = write(directory.path(), "agents.claude.env = { API_KEY = 'hunter2' }");
    let sources = Sources { explicit: Some(path.clone()), statements: statements(), ..Sources::default() };
    let warnings = || load(&sources).expect("a valid configuration").warnings;
    assert_eq!(warnings(), Vec::<String>::new());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("our own file");
    let warnings = warnings();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("others can read it; run: chmod 600"), "{}", warnings[0]);
}

#[test]
fn a_file_is_not_warned_about_for_secrets_that_stand_elsewhere() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let home = directory.path();
    std::fs::create_dir(home.join("signalbox")).expect("a writable directory");
    let token = home.join("token");
    std::fs::write(&token, "42:hunter2").expect("a writable directory");
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).expect("our own file");
    let path = home.join("signalbox/signalbox.toml");
    let env = [
        ("XDG_CONFIG_HOME", home.to_str().expect("a path")),
        ("TELEGRAM_BOT_TOKEN", "42:hunter2"),
        ("SIGNALBOX__AGENTS__CLAUDE__ENV__API_KEY", "hunter2"),
    ];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let sources = Sources { env, statements: statements(), ..Sources::default() };
    let kept = [("host", "mail.example.org"), ("from", "a@example.org"), ("username", "a"), ("password", "hunter2")];
    let kept = kept.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    integrations::keep(&sources, "smtp", kept).expect("good keys");
    let warnings = |text: &str| {
        std::fs::write(&path, text).expect("a writable directory");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("our own file");
        let loaded = load(&sources).expect("a valid configuration");
        assert!(loaded.config.secrets().count() >= 2);
        loaded.warnings.into_iter().filter(|warning| warning.contains("others can read")).count()
    };
    assert_eq!(warnings("[limits]\nmax_tasks = 4\n"), 0);
    assert_eq!(warnings(&format!("telegram.token_file = {token:?}")), 0);
    assert_eq!(warnings("telegram.token = '42:hunter2'"), 1);
}

#[test]
fn a_port_that_is_no_number_is_answered_with_one() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let env = [("XDG_CONFIG_HOME".to_owned(), home.path().to_str().expect("a path").to_owned())].into();
    let sources = Sources { env, statements: statements(), ..Sources::default() };
    let told = integrations::keep(&sources, "smtp", [("port".to_owned(), "abc".to_owned())].into());
    let told = told.expect_err("no port").to_string();
    assert!(told.contains("smtp.port: must be a number, such as 587"), "{told}");
}

#[test]
fn a_file_that_is_no_configuration_is_one_clear_fault() {
    let huge = vec![b'#'; 10 * 1024 * 1024];
    let deep = format!("a = {}", "[".repeat(100_000));
    for (content, expected) in [
        (&huge[..], "is larger than 1.0 MiB and so no file of ours"),
        (b"\x7fELF\x02\x01\x01\x00\xff\xfe", "is not UTF-8 text (line 1)"),
        (b"a = 1\nb = '\xc3'", "is not UTF-8 text (line 2)"),
        (b"[limits]\nmax_tasks = hunter2\n", "is not valid TOML at line 2, column 13"),
        (b"[limits]\n[limits]", "is not valid TOML at line 2"),
        (deep.as_bytes(), "is not valid TOML"),
        (b"\0\0\0", "is not valid TOML at line 1"),
    ] {
        let faults = load_bytes(content, &[]).expect_err("no configuration");
        let text = faults.to_string();
        assert_eq!(faults.0.len(), 1, "{text}");
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let sources = Sources { explicit: Some(directory.path().to_owned()), ..Sources::default() };
    assert!(load(&sources).expect_err("a directory").to_string().contains("cannot be read: Is a directory"));
}

#[test]
fn a_file_of_a_hundred_thousand_unknown_keys_is_answered_in_a_page() {
    let text: String = (0..100_000).map(|n| format!("x{n}=1\n")).collect();
    let faults = load_bytes(text, &[]).expect_err("unknown keys");
    assert_eq!(faults.0.len(), 100_000);
    assert!(faults.to_string().lines().count() <= MAX_SHOWN_FAULTS + 2);
}
