//! The wall of `signalbox hooks`.

use std::time::Duration;

use super::{NOW, shown, wall};
use crate::clock::Timestamp;
use crate::config::HookSource;
use crate::format::hooks::*;
use crate::format::silence::Unsilenced;
use crate::store::IncidentId;

#[test]
fn hooks() {
    let url = |source: HookSource| format!("https://alerts.example.org/hooks/{}/ops", source.as_str());
    let listed = |id: &str, since: Option<Timestamp>| ListedHook {
        id: id.to_owned(),
        source: HookSource::Alertmanager,
        target: "telegram:-1001234".to_owned(),
        url: url(HookSource::Alertmanager),
        silences: since.is_none().then(|| "http://127.0.0.1:9093/".to_owned()),
        since,
    };
    let incident = IncidentId::new(7);
    let mut wall = wall()
        .with("list", list(&[listed("ops", None), listed("alertmanager", Some(NOW))]))
        .with("list of none", list(&[]))
        .with("removed", removed("ops"))
        .with_text("secret_wanted", secret_wanted(HookSource::PagerDuty, &url(HookSource::PagerDuty)))
        .with_text("secret_wanted for one's own", secret_wanted(HookSource::Generic, &url(HookSource::Generic)))
        .with_text("unseen", unseen("telegram:1 reaches nobody: telegram is not connected: `signalbox integrations set telegram token=-` or `signalbox setup` connects it"))
        .with_text("not_tried", not_tried(&"telegram:1".parse().expect("an address")))
        .with_text("not_connected", not_connected("telegram"))
        .with_text("tried firing", tried(&Tried::Firing("{\"alerts\":1}")))
        .with_text("tried, and waits", tried(&Tried::Waits { wait: Duration::from_secs(30), in_shell: false }))
        .with_text(
            "tried, and waits for a shell",
            tried(&Tried::Waits { wait: Duration::from_secs(30), in_shell: true }),
        )
        .with_text("tried, folded", tried(&Tried::Folded { incident, severity: "info" }))
        .with_text("tried, shown", tried(&Tried::Shown { incident, place: "telegram:-1001234" }))
        .with_text("tried resolved", tried(&Tried::Resolved("{\"alerts\":1}")))
        .with_text("tried silences", tried(&Tried::Silences("http://127.0.0.1:9093/")))
        .with_text("tried, and no silences", tried(&Tried::NoSilences))
        .with_text("tried, and all is well", tried(&Tried::Holds));
    let target = "telegram:1".parse().expect("an address");
    for why in [
        Undone::NoSource("nagios"),
        Undone::NoHook("ops"),
        Undone::NoTarget,
        Undone::Unreached("telegam:1 reaches nobody: there is no provider \"telegam\"; did you mean telegram?"),
        Undone::NoSuchChat(&target, "numbers"),
        Undone::Closed(&target, "refused: chat not found"),
        Undone::NotListening,
        Undone::Id("must be 1 to 64 letters"),
        Undone::Taken("ops"),
        Undone::Configured("ops"),
        Undone::Secret("must be 16 to 512 letters"),
        Undone::NoSecret,
        Undone::SecretSeen,
        Undone::Silences(NO_SILENCES),
    ] {
        wall = wall.with_text("undone", undone(&why));
    }
    for why in [
        Broken::Unreached("telegram:1 reaches nobody: telegram is not connected: `signalbox integrations set telegram token=-` or `signalbox setup` connects it".into()),
        Broken::NoAlert,
        Broken::NoServer("http://127.0.0.1:8787/hooks/generic/ops"),
        Broken::NoAnswer { url: "http://127.0.0.1:8787/hooks/generic/ops", why: "it took too long".into() },
        Broken::Refused { status: 403, told: "its secret or signature is wrong".into() },
        Broken::NoIncident,
        Broken::NotShown { incident, place: "telegram:-1001234".into(), in_shell: false },
        Broken::NotShown { incident, place: "console:local".into(), in_shell: true },
        Broken::NotResolved { incident, closed: true },
        Broken::NotResolved { incident, closed: false },
        Broken::Silences { url: "http://127.0.0.1:9093/".into(), trouble: Unsilenced::Login },
    ] {
        wall = wall.with_text("broken", broken(&why));
    }
    for source in HookSource::ALL {
        let made = made(&MadeHook {
            source,
            id: "ops",
            url: &url(source),
            target: "telegram:-1001234",
            secret: "abcdefghijklmnop",
            is_local: source == HookSource::Generic,
            writes_back: false,
        });
        wall = wall.with("made", made);
    }
    shown("hooks", wall, include_str!("../hooks.rs"));
}
