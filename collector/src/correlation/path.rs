//! JSON paths (`$.order.id`, `$.orders[0].id`, `$['order-id']`), and the tree that all of them together make.

/// Steps of one path.
const STEPS_MAX: usize = 16;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a map, by key.
    Key(String),
    /// Into an array, by position.
    Item(usize),
}

/// Reads a path.
///
/// # Errors
/// What was expected, and at which character.
pub(super) fn parse(path: &str) -> Result<Vec<Step>, String> {
    let fail = |rest: &str, expected: &str| {
        let column = path.chars().count() - rest.chars().count() + 1;
        Err(format!("{path:?} is no path: expected {expected} at character {column}"))
    };
    let Some(mut rest) = path.strip_prefix('$') else { return fail(path, "`$`") };
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, left) = if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, left) = after.split_at(end);
            if name.is_empty() {
                return fail(after, "a name");
            }
            (Step::Key(name.to_owned()), left)
        } else if let Some(after) = rest.strip_prefix("['") {
            let Some((name, left)) = after.split_once("']") else { return fail(after, "a name and `']`") };
            (Step::Key(name.to_owned()), left)
        } else if let Some(after) = rest.strip_prefix('[') {
            let Some((number, left)) = after.split_once(']') else { return fail(after, "a number and `]`") };
            let Ok(number) = number.parse() else { return fail(after, "a number") };
            (Step::Item(number), left)
        } else {
            return fail(rest, "`.name`, `['name']` or `[0]`");
        };
        steps.push(step);
        rest = left;
    }
    match steps.len() {
        0 => fail(rest, "a step, such as `.id`"),
        1..=STEPS_MAX => Ok(steps),
        _ => Err(format!("{path:?} has more than {STEPS_MAX} steps")),
    }
}

/// All paths, joined where they begin alike.
#[derive(Debug, Default)]
pub(super) struct Node {
    keys: Vec<(String, Node)>,
    items: Vec<(usize, Node)>,
    /// Numbers of the correlation keys whose path ends here.
    pub(super) ends: Vec<u16>,
}

impl Node {
    /// Adds a path that ends in correlation key `key`.
    pub(super) fn insert(&mut self, steps: &[Step], key: u16) {
        let Some((step, rest)) = steps.split_first() else {
            if !self.ends.contains(&key) {
                self.ends.push(key);
            }
            return;
        };
        let child = match step {
            Step::Key(name) => child(&mut self.keys, name.clone()),
            Step::Item(index) => child(&mut self.items, *index),
        };
        child.insert(rest, key);
    }

    /// Whether there is no path.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.items.is_empty()
    }

    /// What lies under `name` of a map.
    #[inline]
    pub(super) fn key(&self, name: &str) -> Option<&Self> {
        self.keys.iter().find(|(key, _)| key == name).map(|(_, node)| node)
    }

    /// What lies at `index` of an array.
    pub(super) fn item(&self, index: usize) -> Option<&Self> {
        self.items.iter().find(|(item, _)| *item == index).map(|(_, node)| node)
    }
}

fn child<K: PartialEq>(children: &mut Vec<(K, Node)>, key: K) -> &mut Node {
    let index = match children.iter().position(|(known, _)| *known == key) {
        Some(index) => index,
        None => {
            children.push((key, Node::default()));
            children.len() - 1
        }
    };
    &mut children[index].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_their_steps() {
        let key = |name: &str| Step::Key(name.to_owned());
        assert_eq!(parse("$.a.b"), Ok(vec![key("a"), key("b")]));
        assert_eq!(parse("$.a[0].b"), Ok(vec![key("a"), Step::Item(0), key("b")]));
        assert_eq!(parse("$['a.b'][12]"), Ok(vec![key("a.b"), Step::Item(12)]));
    }

    #[test]
    fn a_wrong_path_says_what_was_expected_and_where() {
        let rows = [
            ("a.b", "expected `$` at character 1"),
            ("$", "expected a step, such as `.id` at character 2"),
            ("$.a..b", "expected a name at character 5"),
            ("$.a[x]", "expected a number at character 5"),
            ("$.a[1", "expected a number and `]` at character 5"),
            ("$['a", "expected a name and `']` at character 4"),
            ("$a", "expected `.name`, `['name']` or `[0]` at character 2"),
        ];
        for (path, expected) in rows {
            let error = parse(path).unwrap_err();
            assert!(error.ends_with(expected), "{path}: {error}");
        }
        assert!(parse(&format!("${}", ".a".repeat(17))).unwrap_err().contains("more than 16"));
    }
}
