//! From differences between pairs of clocks to the offset of each from the first: sums along a spanning tree of the
//! surest pairs.

use std::cmp::Reverse;

use super::bounds::Agreed;

/// What the calls from one clock's service to another's say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) agreed: Agreed,
    /// How far `to` is ahead of `from`.
    pub(super) offset: i64,
}

/// How far each clock is ahead of the first it is connected with.
pub(super) fn offsets(edges: &[Edge], clocks: usize) -> Vec<i64> {
    let mut order: Vec<&Edge> = edges.iter().collect();
    order.sort_by_key(|edge| {
        let is_sure = edge.agreed.agreeing * 2 > edge.agreed.calls;
        (Reverse(is_sure), Reverse(edge.agreed.agreeing), edge.agreed.width(), edge.from, edge.to)
    });
    let mut groups: Vec<usize> = (0..clocks).collect();
    let mut neighbours: Vec<Vec<(usize, i64)>> = vec![Vec::new(); clocks];
    for edge in order {
        let (from, to) = (group(&mut groups, edge.from), group(&mut groups, edge.to));
        if from != to {
            groups[from.max(to)] = from.min(to);
            neighbours[edge.from].push((edge.to, edge.offset));
            neighbours[edge.to].push((edge.from, edge.offset.saturating_neg()));
        }
    }
    let mut offsets: Vec<Option<i64>> = vec![None; clocks];
    for first in 0..clocks {
        if offsets[first].is_some() {
            continue;
        }
        offsets[first] = Some(0);
        let mut reached = vec![(first, 0_i64)];
        while let Some((clock, offset)) = reached.pop() {
            for (next, step) in &neighbours[clock] {
                if offsets[*next].is_none() {
                    let sum = offset.saturating_add(*step);
                    offsets[*next] = Some(sum);
                    reached.push((*next, sum));
                }
            }
        }
    }
    offsets.into_iter().map(Option::unwrap_or_default).collect()
}

/// The lowest clock that `clock` is connected with.
fn group(groups: &mut [usize], mut clock: usize) -> usize {
    while groups[clock] != clock {
        groups[clock] = groups[groups[clock]];
        clock = groups[clock];
    }
    clock
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: usize, to: usize, offset: i64, agreeing: u64) -> Edge {
        let agreed = Agreed { min: Some(offset - 1), max: offset + 1, agreeing, calls: agreeing };
        Edge { from, to, agreed, offset }
    }

    #[test]
    fn offsets_add_up_along_the_surest_pairs_and_begin_anew_where_nothing_connects() {
        let edges = [edge(0, 1, 10, 5), edge(1, 2, -4, 5), edge(0, 2, 100, 1), edge(4, 3, 7, 1)];
        assert_eq!(offsets(&edges, 6), [0, 10, 6, 0, -7, 0]);
    }

    #[test]
    fn calls_in_a_circle_end() {
        let edges = [edge(0, 1, 3, 1), edge(1, 0, -3, 2), edge(1, 2, 1, 1), edge(2, 0, -4, 1)];
        assert_eq!(offsets(&edges, 3), [0, 3, 4]);
    }
}
