//! What is said of files that an agent has named.

use super::{shown, wall};

#[test]
fn files() {
    use super::super::files::*;
    let one = |name: &str, why| Unattached { name: name.into(), why };
    let large = WhyUnattached::Large { bytes: 12_345_678, most: 10_485_760 };
    let together = WhyUnattached::Together { most: 100_000_000 };
    let said = |files: &[Unattached], more| unattached(files, more, 10).expect("a line");
    let some = [
        one("../notes/plan.md", WhyUnattached::Outside),
        one("out/film.mp4", large),
        one("none`.txt", WhyUnattached::Missing),
        one("", WhyUnattached::NoFile),
    ];
    let others = [
        one("a", WhyUnattached::Unreadable),
        one("b", WhyUnattached::Empty),
        one("c", together),
        one(".env", WhyUnattached::Secret),
        one("d", WhyUnattached::Changing),
    ];
    let rest = [
        one("e", WhyUnattached::NoRoom),
        one("f", WhyUnattached::Surplus),
        one("g", WhyUnattached::Large { bytes: 2_001, most: 999 }),
    ];
    assert_eq!(unattached(&[], 0, 10), None);
    let wall = wall()
        .with("unattached", crate::format::line(&said(&some, 0)))
        .with("unattached of many", crate::format::line(&said(&others, 490)))
        .with("unattached for other reasons", crate::format::line(&said(&rest, 0)))
        .with("only_files", crate::format::line(&only_files(&["report.pdf", "plot.png"])));
    shown("files", wall, include_str!("../files.rs"));
}
