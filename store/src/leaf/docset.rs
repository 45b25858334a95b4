//! A set of record ordinals of one leaf: all, a few (sorted), or a bitmap.

/// Ordinals of one leaf, each below its `universe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocSet {
    universe: u32,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    All,
    /// Ascending, none twice.
    Few(Vec<u32>),
    /// One bit an ordinal; bits past the universe are 0.
    Bits(Vec<u64>),
}

impl DocSet {
    /// Every ordinal below `universe`.
    pub fn all(universe: u32) -> Self {
        Self { universe, kind: Kind::All }
    }

    /// No ordinal.
    pub fn none(universe: u32) -> Self {
        Self { universe, kind: Kind::Few(Vec::new()) }
    }

    /// The given ordinals, in any order.
    pub fn from_ordinals(universe: u32, mut ordinals: Vec<u32>) -> Self {
        ordinals.retain(|ordinal| *ordinal < universe);
        ordinals.sort_unstable();
        ordinals.dedup();
        Self { universe, kind: Kind::Few(ordinals) }.shaped()
    }

    /// One bit an ordinal, 64 to a word; missing words are 0.
    pub(crate) fn from_words(universe: u32, mut words: Vec<u64>) -> Self {
        words.resize(words_for(universe), 0);
        clear_tail(universe, &mut words);
        let set = Self { universe, kind: Kind::Bits(words) };
        if set.len() <= few_max(universe) {
            Self { universe, kind: Kind::Few(set.iter().collect()) }
        } else {
            set
        }
    }

    /// What is in any of `sets`.
    pub(crate) fn union(universe: u32, sets: Vec<Self>) -> Self {
        let (few, other): (Vec<Self>, Vec<Self>) = sets.into_iter().partition(|set| set.as_few().is_some());
        let ordinals = few.iter().filter_map(Self::as_few).flatten().copied().collect();
        other.iter().fold(Self::from_ordinals(universe, ordinals), |union, set| union.or(set))
    }

    /// The ordinals, ascending, when there are few.
    pub(crate) fn as_few(&self) -> Option<&[u32]> {
        match &self.kind {
            Kind::Few(ordinals) => Some(ordinals),
            Kind::All | Kind::Bits(_) => None,
        }
    }

    /// Ordinals in the leaf, in the set or not.
    pub fn universe(&self) -> u32 {
        self.universe
    }

    /// Ordinals in the set.
    pub fn len(&self) -> usize {
        match &self.kind {
            Kind::All => self.universe as usize,
            Kind::Few(ordinals) => ordinals.len(),
            Kind::Bits(words) => words.iter().map(|word| word.count_ones() as usize).sum(),
        }
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        match &self.kind {
            Kind::All => self.universe == 0,
            Kind::Few(ordinals) => ordinals.is_empty(),
            Kind::Bits(words) => words.iter().all(|word| *word == 0),
        }
    }

    /// Whether every ordinal is in the set, known without counting.
    pub fn is_all(&self) -> bool {
        self.kind == Kind::All
    }

    /// Whether `ordinal` is in the set.
    pub fn contains(&self, ordinal: u32) -> bool {
        match &self.kind {
            Kind::All => ordinal < self.universe,
            Kind::Few(ordinals) => ordinals.binary_search(&ordinal).is_ok(),
            Kind::Bits(words) => {
                words.get(ordinal as usize / 64).is_some_and(|word| word >> (ordinal % 64) & 1 == 1)
            }
        }
    }

    /// The ordinals, ascending.
    pub fn iter(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match &self.kind {
            Kind::All => Box::new(0..self.universe),
            Kind::Few(ordinals) => Box::new(ordinals.iter().copied()),
            Kind::Bits(words) => {
                Box::new(words.iter().enumerate().flat_map(|(index, word)| bits(*word, index as u32 * 64)))
            }
        }
    }

    /// The ordinals from `start` on, ascending.
    pub fn iter_from(&self, start: u32) -> Box<dyn Iterator<Item = u32> + '_> {
        match &self.kind {
            Kind::All => Box::new(start..self.universe),
            Kind::Few(ordinals) => {
                let first = ordinals.partition_point(|ordinal| *ordinal < start);
                Box::new(ordinals.iter().skip(first).copied())
            }
            Kind::Bits(words) => {
                let words = words.iter().enumerate().skip(start as usize / 64);
                let after = words.flat_map(|(index, word)| bits(*word, index as u32 * 64));
                Box::new(after.skip_while(move |ordinal| *ordinal < start))
            }
        }
    }

    /// Memory held, in bytes.
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + match &self.kind {
                Kind::All => 0,
                Kind::Few(ordinals) => ordinals.capacity() * size_of::<u32>(),
                Kind::Bits(words) => words.capacity() * size_of::<u64>(),
            }
    }

    /// The ordinals, descending.
    pub fn iter_rev(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match &self.kind {
            Kind::All => Box::new((0..self.universe).rev()),
            Kind::Few(ordinals) => Box::new(ordinals.iter().rev().copied()),
            Kind::Bits(words) => Box::new(
                words.iter().enumerate().rev().flat_map(|(index, word)| bits_rev(*word, index as u32 * 64)),
            ),
        }
    }

    /// What is in both.
    pub fn and(&self, other: &Self) -> Self {
        let kind = match (&self.kind, &other.kind) {
            (Kind::All, _) => return other.clone(),
            (_, Kind::All) => return self.clone(),
            (Kind::Few(few), _) => {
                Kind::Few(few.iter().copied().filter(|ordinal| other.contains(*ordinal)).collect())
            }
            (_, Kind::Few(few)) => {
                Kind::Few(few.iter().copied().filter(|ordinal| self.contains(*ordinal)).collect())
            }
            (Kind::Bits(left), Kind::Bits(right)) => {
                Kind::Bits(left.iter().zip(right).map(|(a, b)| a & b).collect())
            }
        };
        Self { universe: self.universe, kind }
    }

    /// What is in either.
    pub fn or(&self, other: &Self) -> Self {
        let kind = match (&self.kind, &other.kind) {
            (Kind::All, _) | (_, Kind::All) => Kind::All,
            (Kind::Few(left), Kind::Few(right)) => {
                return Self::from_ordinals(self.universe, left.iter().chain(right).copied().collect());
            }
            (Kind::Bits(bits), Kind::Few(few)) | (Kind::Few(few), Kind::Bits(bits)) => {
                let mut words = bits.clone();
                for ordinal in few {
                    words[*ordinal as usize / 64] |= 1 << (ordinal % 64);
                }
                Kind::Bits(words)
            }
            (Kind::Bits(left), Kind::Bits(right)) => {
                Kind::Bits(left.iter().zip(right).map(|(a, b)| a | b).collect())
            }
        };
        Self { universe: self.universe, kind }
    }

    /// What is not in it.
    pub fn not(&self) -> Self {
        match &self.kind {
            Kind::All => Self::none(self.universe),
            Kind::Few(ordinals) if ordinals.is_empty() => Self::all(self.universe),
            Kind::Few(_) | Kind::Bits(_) => {
                let words = self.words().into_iter().map(|word| !word).collect();
                Self::from_words(self.universe, words)
            }
        }
    }

    /// The set as a bitmap.
    pub(crate) fn words(&self) -> Vec<u64> {
        match &self.kind {
            Kind::All => {
                let mut words = vec![u64::MAX; words_for(self.universe)];
                clear_tail(self.universe, &mut words);
                words
            }
            Kind::Few(ordinals) => {
                let mut words = vec![0; words_for(self.universe)];
                for ordinal in ordinals {
                    words[*ordinal as usize / 64] |= 1 << (ordinal % 64);
                }
                words
            }
            Kind::Bits(words) => words.clone(),
        }
    }

    /// A list that has grown past a bitmap's size becomes a bitmap.
    fn shaped(self) -> Self {
        match &self.kind {
            Kind::Few(ordinals) if ordinals.len() > few_max(self.universe) => {
                let words = self.words();
                Self { universe: self.universe, kind: Kind::Bits(words) }
            }
            _ => self,
        }
    }
}

/// A list longer than this takes more memory than a bitmap.
fn few_max(universe: u32) -> usize {
    universe as usize / 32 + 16
}

fn words_for(universe: u32) -> usize {
    (universe as usize).div_ceil(64)
}

fn clear_tail(universe: u32, words: &mut [u64]) {
    if !universe.is_multiple_of(64)
        && let Some(last) = words.last_mut()
    {
        *last &= (1 << (universe % 64)) - 1;
    }
}

fn bits(mut word: u64, base: u32) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        if word == 0 {
            return None;
        }
        let bit = word.trailing_zeros();
        word &= word - 1;
        Some(base + bit)
    })
}

fn bits_rev(mut word: u64, base: u32) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        if word == 0 {
            return None;
        }
        let bit = 63 - word.leading_zeros();
        word &= !(1 << bit);
        Some(base + bit)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn sets() -> impl Strategy<Value = (u32, BTreeSet<u32>, BTreeSet<u32>)> {
        (1_u32..400).prop_flat_map(|universe| {
            let subset = || prop::collection::btree_set(0..universe, 0..universe as usize);
            (Just(universe), subset(), subset())
        })
    }

    proptest! {
        #[test]
        fn algebra_is_that_of_sets((universe, left, right) in sets()) {
            let set = |of: &BTreeSet<u32>| DocSet::from_ordinals(universe, of.iter().copied().collect());
            let list = |of: &DocSet| of.iter().collect::<Vec<_>>();
            let (a, b) = (set(&left), set(&right));
            prop_assert_eq!(list(&a.and(&b)), left.intersection(&right).copied().collect::<Vec<_>>());
            prop_assert_eq!(list(&a.or(&b)), left.union(&right).copied().collect::<Vec<_>>());
            prop_assert_eq!(list(&a.not()), (0..universe).filter(|n| !left.contains(n)).collect::<Vec<_>>());
            prop_assert_eq!(a.iter_rev().collect::<Vec<_>>(), left.iter().rev().copied().collect::<Vec<_>>());
            prop_assert_eq!(a.len(), left.len());
            let from = universe / 3;
            for set in [&a, &a.not(), &DocSet::all(universe)] {
                prop_assert_eq!(set.iter_from(from).collect::<Vec<_>>(), set.iter().filter(|n| *n >= from).collect::<Vec<_>>());
            }
            prop_assert!(a.or(&a.not()).len() == universe as usize);
        }
    }
}
