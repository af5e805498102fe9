//! In a terminal: bars of signs, the details below.

use signalbox_test_support::everyday::House;
use signalbox_test_support::terminal::Terminal;

use super::scene::{hook, incident};

#[test]
fn the_chart_is_drawn_with_signs() {
    let mut house = House::new(&hook("console:local"));
    house.set("SIGNALBOX__HTTP__LISTEN", "127.0.0.1:0");
    let serving = house.serve();
    let mut terminal = Terminal::open(&house);
    incident(&house, &serving);
    terminal.until("DiskWillFill");
    terminal.line("/cron add --kind daily_summary --cron \"0 9 * * *\"");
    terminal.until("Added #1");
    terminal.line("/cron run 1");
    terminal.until("Daily summary · ");
    terminal.until("1 incident, 1 open");
    terminal.until("Incidents per 2 h");
    let drawn = terminal.until("Open (1)");
    let bar = drawn.chars().filter(|c| *c == '█').count();
    assert_eq!(bar, 40, "the one bar is as long as any: {drawn}");
    terminal.until("nobody has it");
}
