//! What a service manager sees of the process that serves.

use nix::sys::signal::Signal;
use signalbox_test_support::everyday::{House, Service, eventually};

#[test]
fn a_process_that_is_killed_is_started_again_and_one_that_is_told_to_stop_is_not() {
    let house = House::new("");
    let service = Service::start(&house);
    service.signal(Signal::SIGKILL);
    service.until_ready(2);
    house.say("/session hello").was(0, "turn 1: hello");
    service.signal(Signal::SIGTERM);
    eventually("it stops for good", || service.ends() == [-9, 0]);
    assert_eq!(service.stop(), 0);
}

#[test]
fn a_wrong_configuration_is_not_tried_again() {
    let house = House::bare();
    let service = Service::start(&house);
    house.configure("no-such-key = 1");
    service.signal(Signal::SIGKILL);
    eventually("it is given up", || service.is_over());
    assert_eq!((service.starts(), service.ends()), (2, vec![-9, 2]), "{}", service.journal());
}
