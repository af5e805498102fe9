//! Foreign text in which nothing hides: for what a person decides by what they read.
//!
//! Elsewhere what could deceive is dropped. Before a permission is given it must be seen, since it is part of what runs.

/// Blank letters, which count as letters and show nothing.
const BLANKS: [char; 6] = ['\u{115f}', '\u{1160}', '\u{2800}', '\u{3164}', '\u{ffa0}', '\u{034f}'];

/// Writes what cannot be seen, or changes how the rest is seen, as an escape such as `\u{202e}`; newlines and tabs stay.
#[must_use]
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    shown
}

fn is_plain(c: char) -> bool {
    match c {
        '\n' | '\t' | '"' | '\'' | '\\' => true,
        c if BLANKS.contains(&c) || is_variation(c) => false,
        // An accent is seen with the letter before it; alone it would be escaped.
        c => ['a', c].iter().collect::<String>().escape_debug().eq(['a', c]),
    }
}

/// Whether a character only chooses between forms of the one before it; any number of them can hide behind it.
fn is_variation(c: char) -> bool {
    matches!(c, '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0e}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use signalbox_adapter::clean;

    use super::*;

    #[test]
    fn what_deceives_is_shown_and_the_rest_stays() {
        for (text, shown) in [
            ("echo \u{202e}/ fr- mr\u{202c}", r"echo \u{202e}/ fr- mr\u{202c}"),
            ("a\u{200b}b\u{2066}c\u{feff}", r"a\u{200b}b\u{2066}c\u{feff}"),
            ("\u{1b}[31mred\r", r"\u{1b}[31mred\u{d}"),
            ("a\u{a0}b\u{3164}\u{e0041}\u{e0101}\0", r"a\u{a0}b\u{3164}\u{e0041}\u{e0101}\u{0}"),
            ("a\tb\n'\"\\ äe\u{301} 漢 हिन्दी 🙂\u{fe0f}", "a\tb\n'\"\\ äe\u{301} 漢 हिन्दी 🙂\u{fe0f}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_left_that_would_be_taken_out(text in any::<String>()) {
            let shown = visible(&text);
            prop_assert_eq!(clean(&shown), shown.as_str());
        }
    }
}
