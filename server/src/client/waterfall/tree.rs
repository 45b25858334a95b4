//! Which span is under which, whatever is missing or contradicts itself.

use std::collections::HashMap;

use super::super::model::{Flow, Record};

/// The spans of a flow under their parents, its log records under their spans. Each is its place in the flow's list.
#[derive(Debug)]
pub(super) struct Tree {
    /// Of each span, what is right under it, by time.
    pub(super) under: Vec<Vec<Item>>,
    /// Of each trace id, what is under no span, by time.
    pub(super) tops: HashMap<String, Vec<Item>>,
    /// Of each span, whether it names a parent that is not here.
    pub(super) is_orphan: Vec<bool>,
}

/// A span or a log record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Span(usize),
    Log(usize),
}

/// What is above a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parent {
    None,
    Missing,
    Span(usize),
}

/// Spans with one id: a client and a server may share theirs, as Zipkin's do.
#[derive(Debug, Default)]
struct Shared {
    client: Option<usize>,
    other: Option<usize>,
}

impl Shared {
    /// What is under the id is under the server.
    fn lower(&self) -> Option<usize> {
        self.other.or(self.client)
    }
}

type Places<'a> = HashMap<(&'a str, &'a str), Shared>;

impl Tree {
    /// Finds out what is under what. Log records for which `shown` is false are left out.
    pub(super) fn grow(flow: &Flow, shown: impl Fn(&Record) -> bool) -> Self {
        let places = places(&flow.spans);
        let mut parents: Vec<Parent> =
            flow.spans.iter().enumerate().map(|(index, span)| parent(index, span, &places)).collect();
        cut_circles(&mut parents);
        let mut tree = Self {
            under: vec![Vec::new(); flow.spans.len()],
            tops: HashMap::new(),
            is_orphan: parents.iter().map(|parent| *parent == Parent::Missing).collect(),
        };
        for (index, span) in flow.spans.iter().enumerate() {
            match parents[index] {
                Parent::Span(above) => tree.under[above].push(Item::Span(index)),
                Parent::None | Parent::Missing => tree.put_on_top(&span.trace_id, Item::Span(index)),
            }
        }
        for (index, log) in flow.logs.iter().enumerate().filter(|(_, log)| shown(log)) {
            let place = places.get(&(log.trace_id.as_str(), log.span_id.as_str())).and_then(Shared::lower);
            match place {
                Some(span) => tree.under[span].push(Item::Log(index)),
                None => tree.put_on_top(&log.trace_id, Item::Log(index)),
            }
        }
        for items in tree.under.iter_mut().chain(tree.tops.values_mut()) {
            items.sort_by_key(|item| item.record(flow).time);
        }
        tree
    }

    /// Counts the spans and log records at and under `items`.
    pub(super) fn count(&self, items: &[Item]) -> (u64, u64) {
        let (mut spans, mut logs) = (0, 0);
        let mut left = items.to_vec();
        while let Some(item) = left.pop() {
            match item {
                Item::Log(_) => logs += 1,
                Item::Span(span) => {
                    spans += 1;
                    left.extend(&self.under[span]);
                }
            }
        }
        (spans, logs)
    }

    fn put_on_top(&mut self, trace_id: &str, item: Item) {
        self.tops.entry(trace_id.to_owned()).or_default().push(item);
    }
}

impl Item {
    pub(super) fn record(self, flow: &Flow) -> &Record {
        match self {
            Self::Span(index) => &flow.spans[index],
            Self::Log(index) => &flow.logs[index],
        }
    }
}

fn places(spans: &[Record]) -> Places<'_> {
    let mut places: Places<'_> = HashMap::new();
    for (index, span) in spans.iter().enumerate().filter(|(_, span)| !span.span_id.is_empty()) {
        let shared = places.entry((&span.trace_id, &span.span_id)).or_default();
        let place = if span.kind == "client" { &mut shared.client } else { &mut shared.other };
        place.get_or_insert(index);
    }
    places
}

fn parent(index: usize, span: &Record, places: &Places<'_>) -> Parent {
    if span.kind == "server"
        && let Some(client) = places.get(&(&*span.trace_id, &*span.span_id)).and_then(|shared| shared.client)
    {
        return Parent::Span(client);
    }
    if span.parent_span_id.is_empty() {
        return Parent::None;
    }
    match places.get(&(&*span.trace_id, &*span.parent_span_id)).and_then(Shared::lower) {
        Some(above) if above != index => Parent::Span(above),
        Some(_) => Parent::None,
        None => Parent::Missing,
    }
}

/// Where spans are under themselves, the first of them becomes a root.
fn cut_circles(parents: &mut [Parent]) {
    // Which walk came by; 0 is none.
    let mut walked = vec![0_usize; parents.len()];
    for start in 0..parents.len() {
        let walk = start + 1;
        let mut span = start;
        while walked[span] == 0 {
            walked[span] = walk;
            match parents[span] {
                Parent::Span(above) if walked[above] == walk => {
                    parents[above] = Parent::None;
                    break;
                }
                Parent::Span(above) => span = above,
                Parent::None | Parent::Missing => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: &str, parent: &str, kind: &str, time: u64) -> Record {
        Record {
            signal: "spans".to_owned(),
            trace_id: "t".to_owned(),
            span_id: id.to_owned(),
            parent_span_id: parent.to_owned(),
            kind: kind.to_owned(),
            time,
            ..Record::default()
        }
    }

    fn log(id: &str, time: u64) -> Record {
        Record { signal: "logs".to_owned(), ..span(id, "", "", time) }
    }

    #[test]
    fn children_and_logs_stand_under_their_span_by_time() {
        let spans = vec![span("a", "", "server", 1), span("c", "a", "", 5), span("b", "a", "", 2)];
        let flow = Flow { spans, logs: vec![log("a", 3), log("x", 4)], ..Flow::default() };
        let tree = Tree::grow(&flow, |_| true);
        assert_eq!(tree.under[0], [Item::Span(2), Item::Log(0), Item::Span(1)]);
        assert_eq!(tree.tops["t"], [Item::Span(0), Item::Log(1)]);
        assert_eq!(tree.count(&tree.tops["t"]), (3, 2));
    }

    #[test]
    fn a_server_that_shares_its_clients_id_is_under_it() {
        let spans = vec![span("a", "", "client", 1), span("a", "", "server", 2), span("b", "a", "", 3)];
        let tree = Tree::grow(&Flow { spans, ..Flow::default() }, |_| true);
        assert_eq!(tree.under, [vec![Item::Span(1)], vec![Item::Span(2)], vec![]]);
    }

    #[test]
    fn circles_and_missing_parents_still_have_roots() {
        let spans = vec![
            span("a", "b", "", 1),
            span("b", "c", "", 2),
            span("c", "b", "", 3),
            span("d", "d", "", 4),
            span("e", "gone", "", 5),
        ];
        let tree = Tree::grow(&Flow { spans, ..Flow::default() }, |_| true);
        let (spans, _) = tree.count(&tree.tops["t"]);
        assert_eq!(spans, 5, "{tree:?}");
        assert_eq!(tree.is_orphan, [false, false, false, false, true]);
    }
}
