//! Text from outside, made safe to print, and measured in columns.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr as _;

/// Stands where text was cut.
const CUT: char = '…';
const CUT_ASCII: char = '~';

/// Returns `text` with everything escaped that would move the cursor, colour, or reorder what is shown.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            harmful if is_harmful(harmful) && u32::from(harmful) < 0x100 => {
                out.push_str(&format!("\\x{:02x}", u32::from(harmful)));
            }
            harmful if is_harmful(harmful) => out.push_str(&format!("\\u{{{:x}}}", u32::from(harmful))),
            harmless => out.push(harmless),
        }
    }
    Cow::Owned(out)
}

/// Controls (C0, DEL, C1), line and paragraph separators, and what is invisible or turns the direction of text.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{061c}')
        || matches!(character, '\u{e0000}'..='\u{e007f}')
}

/// Columns that safe text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Cuts safe text to at most `columns`, showing that it was cut.
pub(crate) fn cut(text: &str, columns: usize, ascii: bool) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for character in text.chars() {
        out.push(character);
        // One column is for the mark. Characters can take more or less room together than each alone.
        if width(&out) + 1 > columns {
            out.pop();
            break;
        }
    }
    if columns > 0 {
        out.push(if ascii { CUT_ASCII } else { CUT });
    }
    Cow::Owned(out)
}

/// Cuts safe text to `columns`, or fills it up with spaces on the right.
pub(crate) fn fit(text: &str, columns: usize, ascii: bool) -> String {
    let mut out = cut(text, columns, ascii).into_owned();
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&out))));
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_drive_the_terminal_is_escaped() {
        for (text, shown) in [
            ("plain é 漢字 \u{1f600}", "plain é 漢字 \u{1f600}"),
            ("\x1b[2J\x1b]0;owned\x07", "\\x1b[2J\\x1b]0;owned\\x07"),
            ("a\r\nb\tc\0\x7f", "a\\r\\nb\\tc\\x00\\x7f"),
            ("\u{9b}31m", "\\x9b31m"),
            ("user\u{202e}txt.exe\u{200b}", "user\\u{202e}txt.exe\\u{200b}"),
            ("\u{2028}\u{feff}\u{e0041}", "\\u{2028}\\u{feff}\\u{e0041}"),
        ] {
            assert_eq!(safe(text), shown);
        }
    }

    #[test]
    fn text_is_cut_at_columns_not_at_characters() {
        assert_eq!(cut("abcdef", 6, false), "abcdef");
        assert_eq!(cut("abcdef", 5, false), "abcd…");
        assert_eq!(cut("abcdef", 5, true), "abcd~");
        assert_eq!(cut("漢字漢字", 6, false), "漢字…");
        assert_eq!(cut("abc", 0, false), "");
        assert_eq!(fit("漢", 4, false), "漢  ");
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left_and_cuts_fit(text in any::<String>(), columns in 0_usize..40) {
            let shown = safe(&text);
            prop_assert!(!shown.contains(is_harmful));
            prop_assert_eq!(safe(&shown), shown.clone());
            prop_assert!(width(&cut(&shown, columns, false)) <= columns);
            prop_assert!(width(&fit(&shown, columns, true)) >= columns.min(width(&shown)));
        }
    }
}
