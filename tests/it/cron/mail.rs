//! Schedules that are delivered by mail.

use signalbox_test_support::everyday::House;

use super::refused;
use crate::investigations::scene::Post;
use crate::phone::scene::Phone;

const DAILY: [&str; 7] = ["cron", "add", "--kind", "daily_summary", "--cron", "0 0 29 2 *", "--to"];

#[test]
fn mail_without_a_server_is_refused_as_any_provider_that_is_not_connected() {
    let house = House::new("");
    let not_connected = "email is not connected: `signalbox integrations set smtp host=-`";
    refused(&house.run(&[&DAILY[..], &["email:ops@example.net"]].concat()), not_connected);
    let entry = r#"[{"kind":"daily_summary","cron":"0 0 29 2 *","targets":["email:ops@example.net"]}]"#;
    house.pipe(&["cron", "import", "-"], entry.as_bytes()).was(1, "0 schedules taken, 1 not.");
    let mut phone = Phone::new("");
    phone.promote();
    let _serving = phone.serve();
    let asked = phone.say("/cron add --kind daily_summary --cron \"0 0 29 2 *\" --to email:ops@example.net");
    phone.shown(asked, "Not added: email is not connected");
}

#[test]
fn a_target_of_mail_is_one_address() {
    let post = Post::open();
    let house = House::new(&post.config(&["ops@example.net"]));
    for several in ["email:a@example.net,b@example.net", "email:Ops <ops@example.net>", "email:@example.net"] {
        refused(&house.run(&[&DAILY[..], &[several]].concat()), "its ids are addresses, as team@example.org");
    }
    house.run(&[&DAILY[..], &["email:ops@example.net"]].concat()).was(0, "Added #1");
}
