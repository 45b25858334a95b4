//! "Did you mean": the known name that is closest to an unknown one.

/// The name of `known` within `distance_max` edits (insert, drop, replace, swap neighbours) of `name`; the closest,
/// the first of several.
pub(crate) fn nearest<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    distance_max: usize,
) -> Option<&'a str> {
    let name: Vec<char> = name.chars().take(NAME_MAX + 1).collect();
    if name.len() > NAME_MAX {
        return None;
    }
    let close = known.into_iter().map(|candidate| (distance(&name, candidate), candidate));
    close
        .filter(|(distance, _)| *distance <= distance_max)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Longer names are not compared.
const NAME_MAX: usize = 64;

fn distance(left: &[char], right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for i in 1..=left.len() {
        let mut current = vec![i; right.len() + 1];
        for j in 1..=right.len() {
            let replace = previous[j - 1] + usize::from(left[i - 1] != right[j - 1]);
            current[j] = replace.min(previous[j] + 1).min(current[j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                current[j] = current[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_of_the_finger_is_found_and_other_words_are_not() {
        let known = ["service", "severity", "status"];
        for slip in ["servce", "sevrice", "services", "serviec"] {
            assert_eq!(nearest(slip, known, 1), Some("service"), "{slip}");
        }
        assert_eq!(nearest("state", known, 1), None);
        assert_eq!(nearest("", known, 1), None);
        assert_eq!(nearest(&"s".repeat(100_000), known, 1), None);
    }
}
