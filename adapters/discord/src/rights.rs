//! Which right the bot lacks where: computed as Discord does, from its roles and what the channel says of them.
//!
//! Discord only says that some right is missing. It is asked for roles and channel when that has happened, or when somebody
//! wants to know whether a chat can be written to.
//!
//! Source: <https://docs.discord.com/developers/topics/permissions#permission-overwrites>, read 2026-11.

use std::collections::BTreeMap;

use serde::Deserialize;
use signalbox_adapter::one_line;

use crate::api::Api;
use crate::boards::is_board;
use crate::failure::CallError;

/// Longest name of a channel that is told, in characters.
const MAX_NAME_CHARS: usize = 60;

const ADMINISTRATOR: u64 = 1 << 3;

/// A right, and what Discord calls it in the settings of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Right {
    bit: u64,
    name: &'static str,
}

/// To see a channel.
pub(crate) const VIEW: Right = Right { bit: 1 << 10, name: "View Channel" };
/// To write in a channel, and to make posts in a forum, where it is called Create Posts.
pub(crate) const SEND: Right = Right { bit: 1 << 11, name: "Send Messages" };
/// To attach files.
pub(crate) const ATTACH: Right = Right { bit: 1 << 15, name: "Attach Files" };
/// To read what was said, and so to answer it.
pub(crate) const READ_HISTORY: Right = Right { bit: 1 << 16, name: "Read Message History" };
/// To open threads that everybody sees.
pub(crate) const OPEN_THREADS: Right = Right { bit: 1 << 35, name: "Create Public Threads" };
/// To write in threads.
pub(crate) const SEND_IN_THREADS: Right = Right { bit: 1 << 38, name: "Send Messages in Threads" };

#[derive(Deserialize)]
struct Place {
    guild_id: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default, rename = "type")]
    kind: u64,
    #[serde(default)]
    permission_overwrites: Vec<Overwrite>,
}

#[derive(Deserialize)]
struct Overwrite {
    /// Of a role, or of a member.
    id: String,
    allow: String,
    deny: String,
}

#[derive(Deserialize)]
struct Role {
    id: String,
    permissions: Option<String>,
}

#[derive(Deserialize)]
struct Member {
    #[serde(default)]
    roles: Vec<String>,
}

/// Names those of these rights that the bot lacks in a channel of a server, and the channel; `None` where it lacks none, or
/// where that cannot be told.
///
/// # Errors
/// [`CallError`], where nobody can tell now.
pub(crate) async fn lacking(api: &Api, channel: &str, needed: &[Right]) -> Result<Option<String>, CallError> {
    let place: Place = api.get(&format!("channels/{channel}")).await?;
    let Some(guild) = &place.guild_id else { return Ok(None) };
    let us = api.who().await?.id;
    let roles: Vec<Role> = api.get(&format!("guilds/{guild}/roles")).await?;
    let member: Member = api.get(&format!("guilds/{guild}/members/{us}")).await?;
    let Some(has) = rights(guild, &us, &roles, &member, &place.permission_overwrites) else { return Ok(None) };
    // Whoever may make posts in a forum opens their threads by that.
    let is_spared = |right: &Right| is_board(place.kind) && *right == OPEN_THREADS;
    let lacks = needed.iter().filter(|right| has & right.bit == 0 && !is_spared(right));
    let lacks: Vec<&str> = lacks.map(|right| right.name).collect();
    let named = lacks.iter().map(|name| if is_board(place.kind) && *name == SEND.name { "Create Posts" } else { name });
    let named = named.collect::<Vec<_>>().join(" and ");
    Ok((!lacks.is_empty()).then(|| format!("{named} in #{}", one_line(&place.name, MAX_NAME_CHARS))))
}

/// Computes what a member may do in a channel; `None` where its server does not tell what roles may.
fn rights(guild: &str, us: &str, roles: &[Role], member: &Member, overwrites: &[Overwrite]) -> Option<u64> {
    let bits = |text: &str| text.parse::<u64>().unwrap_or(0);
    let of: BTreeMap<&str, u64> =
        roles.iter().filter_map(|role| Some((role.id.as_str(), bits(role.permissions.as_ref()?)))).collect();
    let ours = || member.roles.iter().map(String::as_str);
    let base = ours().filter_map(|role| of.get(role)).fold(*of.get(guild)?, |all, role| all | role);
    if base & ADMINISTRATOR != 0 {
        return Some(u64::MAX);
    }
    // What is said of several roles counts together.
    let said_of = |wanted: &dyn Fn(&str) -> bool| {
        let said = overwrites.iter().filter(|one| wanted(&one.id));
        said.fold((0, 0), |sum, one| (sum.0 | bits(&one.allow), sum.1 | bits(&one.deny)))
    };
    let everybody = said_of(&|id| id == guild);
    let of_roles = said_of(&|id| id != guild && member.roles.iter().any(|role| role == id));
    let own = said_of(&|id| id == us);
    Some([everybody, of_roles, own].iter().fold(base, |has, (allow, deny)| (has & !deny) | allow))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn has(roles: &serde_json::Value, ours: &[&str], overwrites: &serde_json::Value) -> Option<u64> {
        let roles: Vec<Role> = serde_json::from_value(roles.clone()).expect("roles");
        let overwrites: Vec<Overwrite> = serde_json::from_value(overwrites.clone()).expect("overwrites");
        let member = Member { roles: ours.iter().map(|role| (*role).to_owned()).collect() };
        rights("77", "42", &roles, &member, &overwrites)
    }

    #[test]
    fn a_channel_says_no_to_all_then_yes_to_a_role_and_last_what_of_the_bot_itself() {
        let roles = json!([{ "id": "77", "permissions": "3072" }, { "id": "8", "permissions": "32768" }]);
        let deny = |id: &str, bits: u64| json!({ "id": id, "type": 0, "allow": "0", "deny": bits.to_string() });
        let allow = |id: &str, bits: u64| json!({ "id": id, "type": 0, "allow": bits.to_string(), "deny": "0" });
        let (view, send, attach) = (VIEW.bit, SEND.bit, ATTACH.bit);
        assert_eq!(has(&roles, &[], &json!([])), Some(view | send));
        assert_eq!(has(&roles, &["8"], &json!([])), Some(view | send | attach));
        let overwrites = [deny("77", send), allow("8", send), deny("42", attach)];
        assert_eq!(has(&roles, &["8"], &json!(overwrites)), Some(view | send));
        assert_eq!(has(&roles, &[], &json!(overwrites)), Some(view));
        let admin = json!([{ "id": "77", "permissions": "8" }]);
        assert_eq!(has(&admin, &[], &json!([deny("77", send)])), Some(u64::MAX));
        assert_eq!(has(&json!([{ "id": "77" }]), &[], &json!([])), None, "nobody tells");
    }
}
