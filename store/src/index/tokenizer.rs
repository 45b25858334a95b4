//! How text becomes tokens: runs of letters and digits, lower-cased; each CJK character by itself.
//!
//! Ingest and queries share this one function, so that what was written is what is found.

/// Longest token, in bytes; longer runs are cut here, in the index and in queries alike.
pub(crate) const TOKEN_BYTES_MAX: usize = 128;

/// Most tokens indexed of one text; what follows is stored, not searchable by word.
pub(crate) const TOKENS_MAX: usize = 16_384;

/// Calls `visit` for each token of `text` in order. `scratch` is working space.
pub(crate) fn tokens(text: &str, scratch: &mut Vec<u8>, visit: &mut impl FnMut(&[u8])) {
    if text.is_ascii() { ascii_tokens(text.as_bytes(), scratch, visit) } else { unicode_tokens(text, visit) }
}

/// The tokens of a query's word or phrase.
pub fn tokenize(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    tokens(text, &mut Vec::new(), &mut |token| found.push(String::from_utf8_lossy(token).into_owned()));
    found
}

fn ascii_tokens(text: &[u8], scratch: &mut Vec<u8>, visit: &mut impl FnMut(&[u8])) {
    let mut position = 0;
    let mut count = 0;
    while position < text.len() && count < TOKENS_MAX {
        if !text[position].is_ascii_alphanumeric() {
            position += 1;
            continue;
        }
        let start = position;
        let mut has_upper = false;
        while position < text.len() && text[position].is_ascii_alphanumeric() {
            has_upper |= text[position].is_ascii_uppercase();
            position += 1;
        }
        let token = &text[start..position.min(start + TOKEN_BYTES_MAX)];
        if has_upper {
            scratch.clear();
            scratch.extend(token.iter().map(u8::to_ascii_lowercase));
            visit(scratch);
        } else {
            visit(token);
        }
        count += 1;
    }
}

fn unicode_tokens(text: &str, visit: &mut impl FnMut(&[u8])) {
    let mut token = String::new();
    let mut count = 0;
    let mut flush = |token: &mut String| {
        if !token.is_empty() && count < TOKENS_MAX {
            visit(token.as_bytes());
            count += 1;
        }
        token.clear();
    };
    for character in text.chars() {
        if is_ideograph(character) {
            flush(&mut token);
            token.push(character);
            flush(&mut token);
        } else if character.is_alphanumeric() {
            for lower in character.to_lowercase() {
                if token.len() + lower.len_utf8() <= TOKEN_BYTES_MAX {
                    token.push(lower);
                }
            }
        } else {
            flush(&mut token);
        }
    }
    flush(&mut token);
}

/// Scripts written without spaces, where a run of letters is no word.
fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_cased_runs_of_letters_and_digits() {
        assert_eq!(
            tokenize("GET /api/v1/orders?id=ord-Cfc5"),
            ["get", "api", "v1", "orders", "id", "ord", "cfc5"]
        );
        assert_eq!(tokenize("Größe ÜBER 42µs"), ["größe", "über", "42µs"]);
        assert_eq!(tokenize("注文abc"), ["注", "文", "abc"]);
        assert_eq!(tokenize("  --  "), Vec::<String>::new());
    }

    #[test]
    fn long_tokens_are_cut_and_many_are_bounded() {
        assert_eq!(tokenize(&"a".repeat(500))[0].len(), TOKEN_BYTES_MAX);
        assert_eq!(tokenize(&"é".repeat(500))[0].len(), TOKEN_BYTES_MAX);
        assert_eq!(tokenize(&"a ".repeat(TOKENS_MAX + 5)).len(), TOKENS_MAX);
    }

    proptest::proptest! {
        #[test]
        fn ascii_and_unicode_paths_agree(text in "[ -~]{0,200}") {
            let mut slow = Vec::new();
            unicode_tokens(&text, &mut |token| slow.push(String::from_utf8_lossy(token).into_owned()));
            proptest::prop_assert_eq!(tokenize(&text), slow);
        }
    }
}
