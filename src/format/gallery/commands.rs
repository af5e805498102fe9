//! The sentences of subcommands.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use signalbox_adapter::{Provider, UserId};

use super::samples::{approval, delivery, task};
use super::{NOW, shown, wall};
use crate::agent::catalogue::{Catalogue, Choice, Presence};
use crate::agent::closer::{Closer, Version};
use crate::agent::kinds;
use crate::agent::login::{Login, LoginSign};
use crate::config::{Agents, Permission, Role, Sandbox};
use crate::store::pairing::Paired;
use crate::store::{DeliveryState, RoleError, Status};

#[test]
fn integrations() {
    use crate::format::integrations::*;
    let origin = |name, is_set, kept: &[&str]| KeySource {
        name,
        is_set,
        kept: kept.iter().map(|key| (*key).to_owned()).collect(),
        shadowed: Vec::new(),
    };
    let table = [origin("telegram", true, &["token"]), origin("smtp", true, &[]), origin("slack", false, &[])];
    let wall = wall()
        .with_text("keep anyway", KEEP_ANYWAY)
        .with_text("which role", WHICH_ROLE)
        .with_text("new_app", new_app("https://api.slack.com/apps"))
        .with_text("no_manifest", no_manifest())
        .with("origins", origins(&table))
        .with_text("kept_in_vain", kept_in_vain("telegram.token"))
        .with_text("unknown", unknown("telegramm", &["telegram", "smtp"]))
        .with_text("bad_keys", bad_keys(BadKeys::Form))
        .with_text("bad_keys twice from input", bad_keys(BadKeys::TwoFromInput))
        .with_text("bad_keys twice", bad_keys(BadKeys::Twice))
        .with_text("bad_keys without a value", bad_keys(BadKeys::NoValue("telegram.token")))
        .with_text("bad_keys with an empty value", bad_keys(BadKeys::Empty("telegram.token")))
        .with_text("bad_keys with a long value", bad_keys(BadKeys::Value(4096)))
        .with_text("secret", secret("telegram.token"))
        .with_text("kept", kept(Path::new("/home/kim/.config/signalbox/integrations.json")))
        .with_text("kept_next", kept_next("telegram"))
        .with_text("forgotten", forgotten("telegram"))
        .with_text("nothing_kept", nothing_kept("telegram"))
        .with_text("good", good("telegram", Some("@SignalboxBot (id 42)"), Duration::from_millis(80), ""))
        .with_text(
            "closed",
            closed("discord", &"discord:500".parse().expect("an address"), "the bot lacks View Channel"),
        )
        .with_text("good with steps", good("smtp", None, Duration::from_millis(80), "connected\nsigned in\n"))
        .with_text("not_set", not_set("smtp", false))
        .with_text("not_set though asked for", not_set("smtp", true))
        .with_text("setup", setup(Path::new("/home/kim/.config/signalbox/integrations.json")))
        .with_text("setup_ended", setup_ended())
        .with_text("setup_next", setup_next())
        .with_text("setup_bot", setup_bot("@SignalboxBot (id 42)"))
        .with_text("setup_works", setup_works("  connected"))
        .with_text("setup_shadowed", setup_shadowed("telegram.token"))
        .with_text("setup_people", setup_people())
        .with_text("setup_no_role", setup_no_role("king"))
        .with_text("setup_link", setup_link(Duration::from_secs(600)))
        .with_text("setup_code", setup_code(Duration::from_secs(600)));
    shown("integrations", wall, include_str!("../integrations.rs"));
}

#[test]
fn terminals() {
    use crate::format::terminal::*;
    let kim = Paired {
        provider: Provider::new("telegram"),
        user: UserId::new("1001"),
        name: "Kim".into(),
        role: Role::Operator,
        since: NOW,
    };
    let wall = wall()
        .with(
            "deliveries",
            deliveries(
                &[(delivery(DeliveryState::Failed), Some("Forbidden: bot was kicked from the group".into()))],
                NOW,
            ),
        )
        .with("deliveries none", deliveries(&[], NOW))
        .with("paired", paired(&[kim]))
        .with("paired none", paired(&[]))
        .with_text("not_handed_over", not_handed_over(Some(4711)))
        .with("took_over", took_over())
        .with("handed_over", handed_over())
        .with_text("good_config", good_config(Some(Path::new("/home/kim/.config/signalbox/config.toml")), None))
        .with_text("good_config without a file", good_config(None, Some(Path::new("/home/kim/.config/signalbox.toml"))))
        .with_text("good_config without a home", good_config(None, None))
        .with_text("who_sits_here", who_sits_here(Some(&"kim".to_owned()), Some("db-1")))
        .with_text("who_sits_here of nobody", who_sits_here(None, Some("db-1")))
        .with_text("no_dead_letter", no_dead_letter("k7"))
        .with_text("no_session", no_session("docs"))
        .with_text("several_sessions", several_sessions("docs", &["console:local".into(), "slack:C0123".into()]))
        .with_text("pairing_code", pairing_code(Duration::from_secs(600), Role::Operator))
        .with_text("pairing_link_later", pairing_link_later("Telegram"))
        .with_text("pairing_way", pairing_way("Telegram", "https://t.me/SignalboxBot?start=AB12CD34"))
        .with_text("not_a_person", not_a_person())
        .with_text("not_paired", not_paired("telegram:1001"))
        .with_text("unpaired", unpaired("telegram:1001"))
        .with_text("served_already", served_already(&RoleError::Held { holder: Some(4711) }))
        .with_text("not_stopped", not_stopped(&task(Status::Running)))
        .with_text("not_let_go", not_let_go(4711))
        .with_text("stopped", stopped(2))
        .with_text("nothing_said", nothing_said())
        .with_text("command_of_chats", command_of_chats("'/session fix it'"))
        .with_text("checks", checks())
        .with_text("nobody_reads", nobody_reads())
        .with_text("answered_elsewhere", answered_elsewhere(&super::super::button::decisions(&approval(None))))
        .with_text("going_on", going_on(1))
        .with_text("going_on with more", going_on(3));
    shown("terminal", wall, include_str!("../terminal.rs"));
}

#[test]
fn agents() {
    let mut apart = Agents::of(&kinds::statements());
    apart.by_name.get_mut("claude").expect("it is there").sandbox = Sandbox::Bwrap;
    let apart = Catalogue::new(apart, BTreeMap::new());
    let catalogue = Catalogue::new(Agents::of(&kinds::statements()), BTreeMap::new());
    let mut strong = Agents::of(&kinds::statements());
    strong.by_name.get_mut("host").expect("it is there").role = Role::Admin;
    let claude = strong.by_name.get_mut("claude").expect("it is there");
    claude.permission = Permission::All;
    let loose = Catalogue::new(strong.clone(), BTreeMap::new());
    strong.by_name.get_mut("claude").expect("it is there").role = Role::Admin;
    let strong = Catalogue::new(strong, BTreeMap::new());
    let closer = [
        ("host", Closer { version: Version::BuiltIn, ..Closer::default() }),
        (
            "codex",
            Closer {
                version: Version::Reported("codex-cli 0.171.0".into()),
                mode: "app-server",
                login: Login::Out(LoginSign::Itself),
                models: ["gpt-6.2-sol", "gpt-6.2-astra", "gpt-6", "gpt-5.5", "gpt-5.5-mini"].map(str::to_owned).into(),
                model: None,
            },
        ),
    ];
    let presence = Presence {
        default: Choice::OnlyHost,
        installed: vec!["host".to_owned()],
        sandbox: true,
        programs: [("codex".to_owned(), "/usr/bin/codex".into())].into(),
        closer: closer.map(|(name, closer)| (name.to_owned(), closer)).into(),
    };
    let with = |version| {
        let claude = Closer {
            version,
            login: Login::In(LoginSign::File(".credentials.json")),
            model: Some("claude-opus-5-5".into()),
            ..Closer::default()
        };
        Presence {
            default: Choice::Found("claude".to_owned()),
            closer: presence.closer.clone().into_iter().chain([("claude".to_owned(), claude)]).collect(),
            ..presence.clone()
        }
    };
    let mut bold = Agents::of(&kinds::statements());
    bold.by_name.get_mut("codex").expect("it is there").args = vec!["--yolo".into()];
    let bold = Catalogue::new(bold, BTreeMap::new());
    let unasked = with(Version::Unasked);
    let broken = with(Version::Broken("env: node: No such file or directory".to_owned()));
    let whole = with(Version::Reported("2.1.3 (Claude Code)".to_owned()));
    shown(
        "agents",
        wall()
            .with("list", super::super::agents::list(&catalogue, &presence))
            .with("list with one that is broken", super::super::agents::list(&catalogue, &broken))
            .with("list with the default", super::super::agents::list(&catalogue, &whole))
            .with("list with one that does everything", super::super::agents::list(&loose, &presence))
            .with("list with one that does everything for admins", super::super::agents::list(&strong, &presence))
            .with("list with a sandbox", super::super::agents::list(&apart, &presence))
            .with(
                "list without bubblewrap",
                super::super::agents::list(&apart, &Presence { sandbox: false, ..presence.clone() }),
            )
            .with("list with one that is being asked", super::super::agents::list(&catalogue, &unasked))
            .with("list with one that may act unasked", super::super::agents::list(&bold, &presence))
            .with("details", super::super::agents::details(&catalogue, &whole))
            .with("details of one that may act unasked", super::super::agents::details(&bold, &presence))
            .with("details of one that does everything", super::super::agents::details(&strong, &whole))
            .with("kept", super::super::agents::kept(1))
            .with("kept several", super::super::agents::kept(3)),
        include_str!("../agents.rs"),
    );
}
