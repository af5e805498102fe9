//! Buttons of a terminal: numbers that a person types.
//!
//! Each button that is shown gets the next number of this shell: `#1 Approve   #2 Deny`. Typing `#1` presses it. Only the
//! newest [`MAX_BUTTONS`] are remembered.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use signalbox_adapter::Button;

/// Buttons that can still be pressed.
pub const MAX_BUTTONS: usize = 200;

/// The buttons shown by one shell; shared by its two halves.
#[derive(Debug, Default)]
pub struct Buttons(Mutex<Shown>);

#[derive(Debug, Default)]
struct Shown {
    /// How many have been forgotten; the first one kept has this number plus one.
    forgotten: u64,
    actions: VecDeque<String>,
}

impl Buttons {
    /// Numbers buttons that are about to be shown; returns their numbers in order.
    pub fn show(&self, buttons: &[Button]) -> Vec<u64> {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let numbers = buttons.iter().map(|button| {
            shown.actions.push_back(button.action.clone());
            if shown.actions.len() > MAX_BUTTONS {
                shown.actions.pop_front();
                shown.forgotten += 1;
            }
            shown.forgotten + shown.actions.len() as u64
        });
        numbers.collect()
    }

    /// Returns what a button does, unless the number was never given or is too old.
    #[must_use]
    pub fn action(&self, number: u64) -> Option<String> {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = number.checked_sub(shown.forgotten)?.checked_sub(1)?;
        shown.actions.get(usize::try_from(at).ok()?).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn button(action: &str) -> Button {
        Button { label: action.to_uppercase(), action: action.to_owned() }
    }

    #[test]
    fn numbers_go_on_from_message_to_message() {
        let buttons = Buttons::default();
        assert_eq!(buttons.show(&[button("approve"), button("deny")]), [1, 2]);
        assert_eq!(buttons.show(&[button("show")]), [3]);
        assert_eq!(buttons.action(2).as_deref(), Some("deny"));
        assert_eq!(buttons.action(3).as_deref(), Some("show"));
        for unknown in [0, 4, u64::MAX] {
            assert_eq!(buttons.action(unknown), None);
        }
    }

    #[test]
    fn the_oldest_are_forgotten_and_numbers_are_never_given_twice() {
        let buttons = Buttons::default();
        for n in 1..=1000_u64 {
            assert_eq!(buttons.show(&[button(&n.to_string())]), [n]);
        }
        assert_eq!(buttons.action(1000).as_deref(), Some("1000"));
        assert_eq!(buttons.action(801).as_deref(), Some("801"));
        assert_eq!(buttons.action(800), None);
    }
}
