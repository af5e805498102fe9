//! Posts of the senders of alerts as Discord tells of them, and the text that becomes of each: the core's own examples, from which
//! it reads the alert (`src/alert/post`). Where a sender has several forms, each has its example.

use serde_json::Value;
use signalbox_test_support::discord::{Person, Post};

use crate::scene::{OPS, Scene, text};

/// Whoever posts: who it is stands in the example.
const SENDER: Person = Person { id: 701, name: "a sender", is_bot: true };

macro_rules! example {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("posts/", $name, ".json")),
            include_str!(concat!("../../../../src/alert/post/fixtures/", $name, ".txt")),
        )
    };
}

/// Each example: its name, what Discord tells, and what the core reads.
const EXAMPLES: [(&str, &str, &str); 22] = [
    example!("alertmanager"),
    example!("alertmanager-cut"),
    example!("alertmanager-resolved"),
    example!("boxed"),
    example!("boxed-over"),
    example!("datadog"),
    example!("datadog-recovered"),
    example!("github"),
    example!("github-fixed"),
    example!("github-push"),
    example!("grafana"),
    example!("grafana-content"),
    example!("healthchecks"),
    example!("healthchecks-up"),
    example!("pagerduty"),
    example!("pagerduty-resolved"),
    example!("sentry"),
    example!("sentry-resolved"),
    example!("uptime-kuma"),
    example!("uptime-kuma-short"),
    example!("uptime-kuma-short-up"),
    example!("uptime-kuma-up"),
];

#[tokio::test]
async fn every_sender_s_post_reads_as_the_core_s_example_of_it() {
    let scene = Scene::new().await;
    let taken = scene
        .listening(async {
            for (name, told, _) in EXAMPLES {
                let told: Value = serde_json::from_str(told).expect(name);
                scene.fake.post(
                    OPS,
                    SENDER,
                    Post::text(told["content"].as_str().unwrap_or_default()).with(told.clone()),
                );
            }
            scene.wait_for(EXAMPLES.len()).await
        })
        .await;
    for ((name, _, read), taken) in EXAMPLES.iter().zip(&taken) {
        assert_eq!(text(taken), read.trim_end(), "{name}");
        assert!(taken.sender.bot, "{name}");
    }
}
