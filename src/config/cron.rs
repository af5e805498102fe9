//! `[cron]`: who is told when something that is scheduled fails.

use signalbox_adapter::{ChatAddress, one_line};

use super::reader::Section;

/// The address of all terminals of this machine.
pub const TERMINAL: &str = "console:local";
/// Most operators.
const MAX_OPERATORS: usize = 20;

/// What is delivered by schedules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CronSection {
    /// Who is told of failed checks and of silent digests; empty for the readers of mail where there are any, else the terminal.
    pub operators: Vec<ChatAddress>,
}

impl CronSection {
    pub(super) fn read(section: &mut Section) -> Self {
        let words = section.listed("operators").unwrap_or_default();
        let operators: Vec<ChatAddress> = words.iter().filter_map(|word| word.parse().ok()).collect();
        for word in words.iter().filter(|word| word.parse::<ChatAddress>().is_err()) {
            let why = format!("{:?} is not an address, such as \"telegram:1001\"", one_line(word, 40));
            section.fault("operators", why);
        }
        operators.iter().for_each(|address| section.note_address("operators", address));
        if words.len() > MAX_OPERATORS {
            section.fault("operators", format!("must be at most {MAX_OPERATORS} addresses"));
        }
        Self { operators }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Loaded, Sources, load};

    fn loaded(operators: &str) -> Result<Loaded, String> {
        let env = [("SIGNALBOX__CRON__OPERATORS".to_owned(), operators.to_owned())].into();
        load(&Sources { env, ..Sources::default() }).map_err(|faults| faults.to_string())
    }

    #[test]
    fn operators_are_addresses() {
        assert_eq!(loaded("[]").expect("none").config.cron.operators, []);
        for wrong in ["[\"nowhere\"]", "[\"pigeon:1\"]"] {
            let fault = loaded(wrong).expect_err("nobody's address");
            assert!(fault.contains("cron.operators"), "{fault}");
        }
    }
}
