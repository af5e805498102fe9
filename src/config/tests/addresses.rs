//! Who is allowed and who is told: ids and addresses in a configuration.

use signalbox_adapter::{ChatId, Provider, UserId};

use super::{faults, loaded};
use crate::config::Role;

#[test]
fn of_an_id_listed_twice_the_higher_role_counts() {
    let config = loaded(
        "[allow]
        slack = { users = [{ id = 'U1', role = 'admin' }, 'U1', { id = 'U2', role = 'viewer' }], chats = ['C1'] }",
    );
    let slack = &config.allow.0[&Provider::new("slack")];
    assert_eq!(slack.users[&UserId::new("U1")], Role::Admin);
    assert_eq!(slack.users[&UserId::new("U2")], Role::Viewer);
    assert_eq!(slack.chats[&ChatId::new("C1")], Role::Operator);
    assert!(Role::Viewer < Role::Operator && Role::Operator < Role::Admin);
}

#[test]
fn an_entry_that_is_no_id_is_refused() {
    for entry in
        ["''", "'a b'", "true", "{ id = 'x', role = 'root' }", "{ role = 'admin' }", "{ id = 'x', rol = 'admin' }"]
    {
        let text = faults(&format!("allow.telegram.users = ['1', {entry}]"), &[]);
        assert!(text.starts_with("allow.telegram.users: ") && text.ends_with("entry 2 is not one"), "{entry}: {text}");
    }
}

#[test]
fn a_name_where_an_id_is_wanted_is_refused_with_what_an_id_is_and_how_to_get_it() {
    for (entry, id, how) in [
        ("telegram.users = ['@kim']", "a number, as 123456789", "sends it /id"),
        ("telegram.users = [-5]", "a number, as 123456789", "sends it /id"),
        ("telegram.chats = ['@ops']", "as -1001234567890", "where /id is sent"),
        ("discord.users = [{ id = 'kim' }]", "a number, as 80351110224678912", "sends it /id"),
        ("discord.chats = ['#ops']", "a number, as 1180000000000000000", "where /id is sent"),
        ("discord.roles = ['@admins']", "a number, as 1190000000000000000", "Copy Role ID"),
        ("slack.users = ['kim']", "as U0123ABCDEF", "sends it /signalbox id"),
        ("slack.users = ['C0123']", "as U0123ABCDEF", "sends it /signalbox id"),
        ("slack.chats = ['#ops']", "as C0123ABCDEF", "where /signalbox id is sent"),
    ] {
        let text = faults(&format!("allow.{entry}"), &[]);
        let key = entry.split(' ').next().unwrap_or_default();
        assert!(text.starts_with(&format!("allow.{key}: entry 1 is no id: an id is ")), "{entry}: {text}");
        assert!(text.contains(id) && text.contains(how), "{entry}: {text}");
    }
    let good = "allow = { telegram = { users = ['1', 2], chats = ['-100', 7] }, discord = { users = ['5'], roles = [6] }, \
                slack = { users = ['U1', 'W2'], chats = ['C1', 'D2', 'G3'] }, matrix = { users = ['@kim:example.org'] } }";
    assert_eq!(loaded(good).allow.0.len(), 4);
}

#[test]
fn all_that_is_wrong_with_addresses_is_told_at_once() {
    let text = "
        hooks = [{ id = 'a b', source = 'generic', target = 'pager:1', secret = 'short' }]
        follow.mention = ['C1', 'pager:2', 'C2']
        cron.operators = ['nowhere', 'pager:3', 'nobody']
        triage = { fold = ['loud', 'quiet'], channels = [{ address = 'pager:4', silences = 3 }] }";
    let text = faults(text, &[]);
    for fault in [
        "hooks[1].id: must be",
        "hooks[1].secret: must be",
        "hooks[1].target: pager:1 reaches nobody",
        "follow.mention: \"C1\" is no chat's address",
        "follow.mention: \"C2\" is no chat's address",
        "follow.mention: pager:2 reaches nobody",
        "cron.operators: \"nowhere\" is not an address",
        "cron.operators: \"nobody\" is not an address",
        "cron.operators: pager:3 reaches nobody",
        "triage.fold: \"loud\" is no severity",
        "triage.fold: \"quiet\" is no severity",
        "triage.channels[1].address: pager:4 reaches nobody",
    ] {
        assert!(text.contains(fault), "{fault} in {text}");
    }
}
