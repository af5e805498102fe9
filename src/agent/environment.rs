//! The environment of an agent: built from nothing, so that none of our secrets is in it.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;

use super::kinds;
use crate::config::{Agent, holds_own_secret};

/// What every program needs to run as its user: logins live in HOME.
const PASSED: [&str; 11] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "LANG",
    "TZ",
    "TERM",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];
/// The variable that names where logins live.
const HOME: &str = "HOME";
/// What stands for it where there is none: nothing can be read there, nor written.
const NO_HOME: &str = "/dev/null";
/// Beginnings of further names that pass.
const PASSED_PREFIXES: [&str; 3] = ["LC_", "XDG_", "SSL_CERT_"];

/// Returns the environment of a program that needs nothing but to run as its user.
#[must_use]
pub fn bare(ours: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let passes = |name: &str| PASSED.contains(&name) || PASSED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let passed = ours.iter().filter(|(name, _)| passes(name) && !holds_own_secret(name));
    passed.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether an agent has a HOME of its own: its kind has one, and the configuration names no other.
#[must_use]
pub fn has_own_home(agent: &Agent) -> bool {
    kinds::of(agent).has_own_home() && !agent.env.contains_key(HOME) && !agent.pass_env.iter().any(|name| name == HOME)
}

/// Returns the environment of an agent, out of ours and its configuration. One with a HOME of its own finds none here: who
/// starts it gives it that.
#[must_use]
pub fn of(agent: &Agent, ours: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let passes = |name: &str| {
        PASSED.contains(&name)
            || PASSED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            || name.to_ascii_uppercase().ends_with("_PROXY")
            || agent.pass_env.iter().any(|passed| passed == name)
    };
    let mut environment: BTreeMap<String, String> = ours
        .iter()
        .filter(|(name, _)| passes(name) && !holds_own_secret(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    if has_own_home(agent) {
        // What points into the person's goes with it; but for the parts of a program that was installed there.
        environment.retain(|name, _| !name.starts_with("XDG_") || agent.pass_env.contains(name));
        let parts = environment.insert(HOME.to_owned(), NO_HOME.to_owned()).map(|home| format!("{home}/.local"));
        environment.extend(parts.map(|parts| ("PYTHONUSERBASE".to_owned(), parts)));
    }
    let of_kind = kinds::of(agent).environment();
    environment.extend(own(&of_kind.defaults));
    environment.extend(agent.env.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())));
    environment
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Agents;

    #[test]
    fn logins_and_proxies_pass_and_secrets_do_not() {
        let ours = ["HOME", "LC_ALL", "https_proxy", "XDG_CONFIG_HOME", "TELEGRAM_BOT_TOKEN", "AWS_SECRET_ACCESS_KEY"]
            .map(|name| (name.to_owned(), "x".to_owned()))
            .into();
        let agents = Agents::of(&kinds::statements());
        let claude = of(&agents.by_name["claude"], &ours);
        let passed: Vec<&str> = claude.keys().map(String::as_str).filter(|name| ours.contains_key(*name)).collect();
        assert_eq!(passed, ["HOME", "LC_ALL", "XDG_CONFIG_HOME", "https_proxy"]);
    }

    #[test]
    fn an_agent_with_a_home_of_its_own_is_not_led_to_the_persons_unless_that_is_wanted() {
        let ours: BTreeMap<String, String> =
            ["HOME", "XDG_CONFIG_HOME", "LANG", "TELEGRAM_BOT_TOKEN", "SLACK_WEBHOOK_URL"]
                .map(|name| (name.to_owned(), "/home/kim".to_owned()))
                .into();
        let agents = Agents::of(&kinds::statements());
        let mut agent = agents.by_name["opensre"].clone();
        let environment = of(&agent, &ours);
        assert_eq!((environment["HOME"].as_str(), environment["LANG"].as_str()), ("/dev/null", "/home/kim"));
        assert_eq!(environment["PYTHONUSERBASE"], "/home/kim/.local");
        for name in ["XDG_CONFIG_HOME", "TELEGRAM_BOT_TOKEN", "SLACK_WEBHOOK_URL"] {
            assert!(!environment.contains_key(name), "{name}");
        }
        assert_eq!([&environment["OPENSRE_ANALYTICS_DISABLED"], &environment["OPENSRE_DISABLE_KEYRING"]], ["1", "1"]);
        agent.env.insert("HOME".to_owned(), "/srv/opensre".into());
        assert_eq!((of(&agent, &ours)["HOME"].as_str(), has_own_home(&agent)), ("/srv/opensre", false));
        assert!(!has_own_home(&agents.by_name["claude"]));
    }

    #[test]
    fn what_only_has_a_default_can_be_set_and_claude_works_in_the_background() {
        let mut claude = Agents::of(&kinds::statements()).by_name["claude"].clone();
        claude.env.insert("CLAUDE_CODE_MAX_RETRIES".to_owned(), "5".into());
        let environment = of(&claude, &BTreeMap::new());
        assert_eq!(environment["CLAUDE_CODE_MAX_RETRIES"], "5");
        assert_eq!(environment["DISABLE_AUTOUPDATER"], "1");
        assert!(!environment.contains_key("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS"));
    }
}
