//! Digests in Discord: a thread for each fire, and the numbers of schedules while one types.

use super::scene::{ADA, OPS, Server};

#[test]
fn each_fire_has_a_thread_of_its_own_where_that_is_wished() {
    let server = Server::new("");
    let target = format!("discord:{OPS}");
    let add = ["cron", "add", "--kind", "daily_summary", "--cron", "@daily", "--to", &target, "--new-thread"];
    server.house.run(&add).was(0, "Added #1");
    for _ in 0..2 {
        server.house.run(&["cron", "run", "1"]).was(0, "done: delivered");
    }
    let roots: Vec<_> = server.fake.shows(OPS).into_iter().filter(|shown| shown.by_bot).collect();
    assert_eq!(roots.len(), 2, "{roots:#?}");
    for root in roots {
        // A thread has the id of the message at which it stands.
        let inside = server.fake.said(root.id);
        assert!(root.text.contains("Daily summary") && inside.len() == 1, "{root:#?} {inside:#?}");
        assert!(inside[0].contains("Daily summary"), "{inside:#?}");
    }
}

#[test]
fn the_numbers_of_schedules_are_offered_while_one_types() {
    let server = Server::new("");
    let target = format!("discord:{OPS}");
    let add = ["cron", "add", "--kind", "weekly_audit", "--cron", "@weekly", "--to", &target, "--name", "Friday audit"];
    server.house.run(&add).was(0, "Added #1");
    let _serving = server.serve();
    let typed = server.fake.type_on(OPS, ADA, "cron", "logs ");
    server.until("choices", |state| state.interactions[&typed].answered.is_some());
    let choices = server.fake.with(|state| state.interactions[&typed].choices.clone());
    assert!(
        choices.iter().any(|(label, value)| value.contains("logs 1") && label.contains("Friday audit")),
        "{choices:?}"
    );
}
