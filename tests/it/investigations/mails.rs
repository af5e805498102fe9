//! Who is told: mail and other chats, by the outbox, so that a failing channel fails nothing else.

use signalbox_test_support::everyday::{House, eventually};
use signalbox_test_support::smtp::tls::{Authority, Validity};
use signalbox_test_support::smtp::{Fault, Moment, Offer, PASSWORD, Protection, USER};

use super::scene::{Post, finds, newest};

#[test]
fn a_finished_investigation_is_mailed_to_each_and_a_dead_address_holds_nobody_up() {
    let post = Post::open();
    post.server.reject("gone@example.net", "550 5.1.1 no such user");
    let house = House::new(&post.config(&["gone@example.net", "ops@example.net"]));
    let _serving = house.serve();
    house.say("/background notify list").was(0, "email (default)");
    house.say(&format!("/investigate {}", finds("The disk is full"))).was(0, "The disk is full");
    let mail = post.took(1).remove(0);
    assert!(mail.contains("Auto-Submitted: auto-generated") && mail.contains("multipart/alternative"), "{mail}");
    assert!(mail.contains("ops@example.net") && mail.contains("gone@example.net"), "everybody in To: {mail}");
    let id = newest(&house);
    assert!(mail.contains(&format!("Message-ID: <rca-{id}-")), "{mail}");
    assert!(mail.contains("RCA complete") && mail.contains("The disk is full"), "{mail}");
    eventually("the dead one is given up", || house.count("outbox WHERE state = 'failed'") == 1);
    let shown = house.say(&format!("/background show {id}")).was(0, "Status: success");
    assert!(shown.out.contains("email:ops@example.net") && shown.out.contains("delivered"), "{shown:#?}");
    assert!(shown.out.contains("email:gone@example.net") && shown.out.contains("no such user"), "{shown:#?}");
    house.run(&["outbox", "list"]).was(0, "no such user");
}

#[test]
fn a_server_that_says_later_or_breaks_off_gets_the_mail_later() {
    let post = Post::open();
    let house = House::new(&post.config(&["ops@example.net"]));
    let _serving = house.serve();
    for (moment, fault) in [
        (Moment::Rcpt, Fault::say("451 4.7.1 greylisted, try again")),
        (Moment::Greeting, Fault::Drop),
        (Moment::Ehlo, Fault::Drop),
        (Moment::Mail, Fault::Drop),
        (Moment::Data, Fault::Drop),
        (Moment::Content, Fault::Drop),
    ] {
        let before = post.server.mails().len();
        post.server.fail_next(moment, fault.clone());
        house.say(&format!("/investigate {}", finds(&format!("{moment:?}")))).was(0, &format!("{moment:?}"));
        let mails = post.took(before + 1);
        // A short mail is written whole before its connection is seen to be gone.
        let is_sure = moment != Moment::Content;
        assert!(!is_sure || !mails[before].contains("may be a repeat"), "it surely was not taken before: {moment:?}");
    }
    // Kept, and the answer lost: nobody can know, so it comes once more, marked, under the same id.
    let before = post.server.mails().len();
    post.server.fail_next(Moment::End, Fault::Drop);
    house.say(&format!("/investigate {}", finds("lost answer"))).was(0, "lost answer");
    let mails = post.took(before + 2);
    let id = |mail: &String| mail.lines().find(|line| line.starts_with("Message-ID:")).map(str::to_owned);
    assert_eq!(id(&mails[before]), id(&mails[before + 1]));
    assert!(mails[before + 1].contains("may be a repeat"), "{}", mails[before + 1]);
}

#[test]
fn a_restart_between_completion_and_mail_loses_no_mail() {
    let post = Post::open();
    let house = House::new(&post.config(&["ops@example.net"]));
    let serving = house.serve();
    post.server.fail_next(Moment::Greeting, Fault::say("421 4.3.2 not now"));
    house.say(&format!("/investigate {}", finds("The disk is full"))).was(0, "The disk is full");
    serving.signal(nix::sys::signal::Signal::SIGKILL);
    serving.end();
    let _serving = house.serve();
    post.took(1);
    assert_eq!(house.count("outbox WHERE provider = 'email'"), 1);
}

#[test]
fn channels_are_set_whole_or_not_at_all_and_kept() {
    let post = Post::open();
    let house = House::new(&post.config(&["ops@example.net"]));
    let serving = house.serve();
    let said = house.say("/background notify set email,pigeon").refused("pigeon");
    assert!(said.out.contains("Nothing changed") && said.out.contains("Use email, chat"), "{said:#?}");
    house.say("/background notify set slack:C0123").refused("slack is not connected");
    house.say("/background notify list").was(0, "email (default)");
    house.say("/background notify set none").was(0, "only the chat that asked");
    drop(serving);
    let serving = house.serve();
    house.say("/background notify list").was(0, "only the chat that asked");
    house.say(&format!("/investigate {}", finds("quiet"))).was(0, "quiet");
    assert_eq!(house.count("outbox WHERE provider = 'email'"), 0, "none also means not by default");
    house.say("/background notify set email,chat").was(0, "email, chat");
    house.say("/background notify test").was(0, "A test is on its way");
    let mail = post.took(1).remove(0);
    assert!(mail.contains("Subject: signalbox test"), "{mail}");
    eventually("it is noted", || house.say("/background notify list").out.contains("delivered"));
    drop(serving);

    let house = House::new("");
    house.say("/background notify set email").refused("smtp.host or smtp.to is not set");
    house.say("/background notify list").was(0, "only the chat that asked (default)");
}

#[test]
fn a_title_cannot_break_into_the_headers_of_a_mail() {
    let post = Post::open();
    let house = House::new(&post.config(&["ops@example.net"]));
    let _serving = house.serve();
    let alert = r#"{"alerts":[{"status":"firing","labels":{"alertname":"x\r\nBcc: eve@example.net\r\n\r\nhello"},"annotations":{},"startsAt":"2026-11-21T03:00:00Z","generatorURL":"","fingerprint":"1"}],"status":"firing","version":"4","receiver":"r"}"#;
    house.say(&format!("/investigate {alert}")).was(0, "tool calls");
    let mail = post.took(1).remove(0);
    let head = mail.split("\r\n\r\n").next().expect("headers");
    assert!(!head.lines().any(|line| line.to_lowercase().starts_with("bcc:")), "{head}");
    assert_eq!(post.server.mails()[0].to, ["ops@example.net"]);
}

#[test]
fn verify_tells_the_step_that_fails() {
    let post = Post::open();
    let house = House::bare();
    let port = post.server.port();
    let set = |keys: &[&str]| {
        let mut arguments = vec!["integrations", "set", "smtp"];
        arguments.extend(keys);
        house.run(&arguments)
    };
    set(&["host=127.0.0.1"]).was(2, "");
    let port = format!("port={port}");
    set(&["host=127.0.0.1", &port, "security=none", "from=bot@example.org", "to=ops@example.net,gone@example.net"])
        .was(0, "Kept");
    house.run(&["integrations", "verify", "smtp"]).was(0, "RCPT TO ops@example.net");
    post.server.reject("gone@example.net", "550 5.1.1 no such user");
    let said = house.run(&["integrations", "verify", "smtp"]).was(1, "");
    assert!(said.err.contains("failed RCPT TO gone@example.net: ") && said.err.contains("no such user"), "{said:#?}");
    assert!(said.err.contains("ok     RCPT TO ops@example.net"), "{said:#?}");
    set(&["security=starttls"]).was(0, "Kept");
    let said = house.run(&["integrations", "verify", "smtp"]).was(1, "");
    assert!(said.err.contains("failed STARTTLS"), "{said:#?}");
    set(&["port=1"]).was(0, "Kept");
    let said = house.run(&["integrations", "verify", "all"]).was(1, "");
    assert!(said.err.contains("failed connect"), "{said:#?}");
    assert!(post.server.mails().is_empty());
}

#[test]
fn setup_asks_for_the_mail_server_and_shows_each_step() {
    let post = Post::open();
    let house = House::bare();
    let telegram = "\n";
    let wrong = "127.0.0.1\nnone\n1\n\nbot@example.org\nops@example.net\nn\n";
    let right = format!("127.0.0.1\nnone\n{}\n\nbot@example.org\nops@example.net\n", post.server.port());
    let said = house.pipe(&["setup"], format!("{telegram}{wrong}{right}").as_bytes()).was(0, "");
    assert!(said.err.contains("failed connect") && said.err.contains("ok     RCPT TO ops@example.net"), "{said:#?}");
    house.run(&["integrations", "verify", "smtp"]).was(0, "good");
    let _serving = house.serve();
    house.say("/investigate @host is anything wrong?").was(0, "tool calls");
    post.took(1);
}

#[test]
fn mail_goes_out_encrypted_with_a_password_and_never_otherwise() {
    let authority = Authority::generate();
    let protection = Protection::StartTls(authority.acceptor("localhost", Validity::Current));
    let post = Post::with(Offer { protection, auth: Some("PLAIN LOGIN"), utf8: false });
    let house = House::new("");
    std::fs::write(house.path("ca.pem"), authority.pem()).expect("written");
    std::fs::write(house.path("password"), PASSWORD).expect("written");
    let config = format!(
        "{}[smtp]\nhost = \"localhost\"\nport = {}\nfrom = \"bot@example.org\"\nto = [\"ops@example.net\"]\nusername = \"{USER}\"\n",
        std::fs::read_to_string(house.path("config.toml")).expect("readable"),
        post.server.port()
    );
    let password = format!("password_file = {}\n", toml::Value::from(house.text("password")));
    let trusted = format!("ca_file = {}\n", toml::Value::from(house.text("ca.pem")));
    let write = |more: &str| std::fs::write(house.path("config.toml"), format!("{config}{more}")).expect("written");

    write(&password);
    let said = house.run(&["integrations", "verify", "smtp"]).was(1, "");
    assert!(said.err.contains("certificate"), "an authority that nobody knows is not trusted: {said:#?}");
    write(&format!("{trusted}password = \"wrong\"\n"));
    let said = house.run(&["integrations", "verify", "smtp"]).was(1, "");
    assert!(said.err.contains("failed AUTH") && !said.err.contains("wrong"), "{said:#?}");
    write(&format!("{trusted}{password}"));
    house.run(&["integrations", "verify", "smtp"]).was(0, "ok     AUTH");
    let _serving = house.serve();
    house.say(&format!("/investigate {}", finds("The disk is full"))).was(0, "The disk is full");
    post.took(1);
    assert!(post.server.mails()[0].encrypted);
}

#[test]
fn a_recipient_that_few_servers_take_is_named_before_a_mail_is_sent() {
    let house = House::new(
        "[smtp]\nhost = \"127.0.0.1\"\nfrom = \"bot@example.com\"\n\
         to = [\"ops@bücher.example\", \"jörg@example.com\", \"kim@例え.example\", \"second@example.com\"]",
    );
    let said = house.run(&["config", "check"]).was(0, "");
    let all = format!("{}{}", said.out, said.err);
    assert!(all.contains("jörg@example.com can be reached only through a server that offers SMTPUTF8"), "{all}");
    assert_eq!(all.matches("SMTPUTF8").count(), 1, "the domains of the others go out in ASCII: {all}");
}
