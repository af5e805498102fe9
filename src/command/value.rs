//! What a form stands for: how its value is made of what was typed, and how the words are found in the value again.
//!
//! Both are written once, as one pattern: `words!(|old, new| Self::Rename { old, new })` makes the value of two words and
//! takes the two words out of the value.

use super::start::Start;

/// The set of all commands, as one command's words see it.
///
/// # Why
/// Words do not know the set that they are in, so that the set can be made of them: no file uses one that uses it.
pub trait Holds<T>: From<T> + 'static {
    /// Returns the value, if it is one of `T`.
    fn held(&self) -> Option<&T>;
}

/// How a form's value is made of what was typed, and found in a command again.
pub(super) enum Value<C> {
    /// Of the words that stand where the form has a variable part.
    Words {
        /// Makes the command.
        make: fn(&[&str]) -> C,
        /// Finds the words in a command; `None` for one that another form stands for.
        said: fn(&C) -> Option<Vec<&str>>,
    },
    /// Of a prompt and its options; the command's other such forms are read the same way.
    Prompt {
        /// Makes the command.
        make: fn(Start) -> C,
        /// Finds the prompt in a command; `None` for one that another form stands for.
        said: fn(&C) -> Option<&Start>,
    },
    /// Of the text that follows the form's own words, as it was typed.
    Rest {
        /// Makes the command.
        make: fn(&str) -> C,
        /// Finds the text in a command; `None` for one that another form stands for.
        said: fn(&C) -> Option<&str>,
    },
}

/// The [`Value`] of a form of fixed words: `words!(Self::List)`, or with words that vary `words!(|name| Self::Show(name))`.
macro_rules! words {
    (|$($word:ident),+| $($shape:tt)+) => {
        $crate::command::value::Value::Words {
            make: |given| {
                let mut given = given.iter();
                $(let $word = $crate::command::value::next_word(&mut given);)+
                C::from($($shape)+)
            },
            said: |command| {
                if let Some($($shape)+) = command.held() { Some(vec![$($word.as_str()),+]) } else { None }
            },
        }
    };
    ($($shape:tt)+) => {
        $crate::command::value::Value::Words {
            make: |_| C::from($($shape)+),
            said: |command| if let Some($($shape)+) = command.held() { Some(Vec::new()) } else { None },
        }
    };
}

/// The [`Value`] of a form that takes a prompt: `prompt!(|start| Self::Start(start))`.
macro_rules! prompt {
    (|$start:ident| $($shape:tt)+) => {
        $crate::command::value::Value::Prompt {
            make: |$start| C::from($($shape)+),
            said: |command| if let Some($($shape)+) = command.held() { Some($start) } else { None },
        }
    };
}

/// The [`Value`] of a form that takes the text after its words: `rest!(|text| Self::Add(text))`.
macro_rules! rest {
    (|$text:ident| $($shape:tt)+) => {
        $crate::command::value::Value::Rest {
            make: |text| {
                let $text = text.to_owned();
                C::from($($shape)+)
            },
            said: |command| if let Some($($shape)+) = command.held() { Some($text.as_str()) } else { None },
        }
    };
}

pub(super) use {prompt, rest, words};

/// Takes the next of the words that fit the form.
pub(super) fn next_word(given: &mut std::slice::Iter<'_, &str>) -> String {
    given.next().copied().expect("a form is given all the words that it asks for").to_owned()
}
