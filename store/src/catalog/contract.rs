//! What every [`Catalog`] does; run by the tests of each.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use super::{Catalog, CatalogState, Conflict, SplitMeta};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::model::{SplitId, Tenant};

/// Opens the same catalog, empty at first, again and again.
type Open = dyn Fn() -> Pin<Box<dyn Future<Output = Box<dyn Catalog>>>>;

/// Panics unless the catalog keeps the contract over restarts.
pub(crate) async fn behaves(open: &Open) {
    let catalog = open().await;
    assert_eq!(catalog.load().await.unwrap(), CatalogState::default());
    let splits = publishing_adds_and_never_goes_back(&*catalog).await;
    let catalog = reopened(catalog, open).await;
    let merged = replacing_is_all_or_nothing(&*catalog, &splits).await;
    let catalog = reopened(catalog, open).await;
    dropping_leaves_garbage_until_collected(&*catalog, &splits, &merged).await;
    let catalog = reopened(catalog, open).await;
    fingerprints_go_when_the_window_has_passed(&*catalog).await;
    unsigned_numbers_keep_all_their_bits(&*catalog).await;
    reopened(catalog, open).await;
}

/// A split of `tenant` with frames `first` to `last`.
pub(crate) fn split(tenant: &str, first: u64, last: u64) -> SplitMeta {
    SplitMeta {
        id: SplitId::generate(),
        tenant: Tenant::new(tenant).expect("a valid name"),
        records: 10,
        spans: 4,
        logs: 6,
        min_time: first,
        max_time: last,
        bytes: 1_000,
        created_at: 1_700_000_000_000_000_000,
        first_sequence: first,
        last_sequence: last,
        format: 1,
    }
}

async fn reopened(catalog: Box<dyn Catalog>, open: &Open) -> Box<dyn Catalog> {
    let before = catalog.load().await.unwrap();
    let garbage = catalog.garbage().await.unwrap();
    catalog.close().await;
    drop(catalog);
    let catalog = open().await;
    assert_eq!(catalog.load().await.unwrap(), before, "a restart changes nothing");
    assert_eq!(catalog.garbage().await.unwrap(), garbage);
    catalog
}

async fn publishing_adds_and_never_goes_back(catalog: &dyn Catalog) -> Vec<SplitMeta> {
    let splits = [split("one", 1, 10), split("two", 3, 8), split("one", 12, 20)];
    let mut version = 0;
    for (number, meta) in splits.iter().enumerate() {
        let next = catalog.publish(meta, &[(number as u128, meta.created_at)]).await.unwrap();
        assert!(next > version);
        version = next;
    }
    let state = catalog.load().await.unwrap();
    assert_eq!((state.version, state.highest_sequence()), (version, 20));
    assert_eq!(state.splits, splits);
    assert_eq!(
        state.published,
        HashMap::from([(splits[0].tenant.clone(), 20), (splits[1].tenant.clone(), 8)])
    );
    let created = splits[0].created_at;
    assert_eq!(state.fingerprints, [(0, created), (1, created), (2, created)]);

    let retried = SplitMeta { created_at: created + 1, ..splits[2].clone() };
    assert_eq!(catalog.publish(&retried, &[(9, created)]).await.unwrap(), version, "a retry changes nothing");
    let other = SplitMeta { records: 11, ..splits[2].clone() };
    assert_eq!(conflict(catalog.publish(&other, &[]).await), Conflict::Exists { split: other.id });
    for (first, last) in [(5, 6), (20, 30), (12, 20)] {
        let late = split("one", first, last);
        let refused = Conflict::Published {
            split: late.id,
            tenant: late.tenant.clone(),
            first_sequence: first,
            published: 20,
        };
        assert_eq!(conflict(catalog.publish(&late, &[(9, created)]).await), refused);
    }
    assert_eq!(catalog.load().await.unwrap(), state, "what was refused left nothing behind");
    splits.to_vec()
}

async fn replacing_is_all_or_nothing(catalog: &dyn Catalog, splits: &[SplitMeta]) -> SplitMeta {
    let before = catalog.load().await.unwrap();
    let merged = split("one", 1, 20);
    let gone = SplitId::generate();
    let refused = catalog.replace(&[splits[0].id, gone], std::slice::from_ref(&merged)).await;
    assert_eq!(conflict(refused), Conflict::Gone { split: gone });
    let refused = catalog.replace(&[splits[0].id], std::slice::from_ref(&splits[1])).await;
    assert_eq!(conflict(refused), Conflict::Exists { split: splits[1].id });
    let twice = catalog.replace(&[splits[0].id, splits[0].id], std::slice::from_ref(&merged)).await;
    assert_eq!(conflict(twice), Conflict::Gone { split: splits[0].id });
    assert_eq!(catalog.load().await.unwrap(), before);
    assert_eq!(catalog.garbage().await.unwrap(), []);

    let old = [splits[0].id, splits[2].id];
    let version = catalog.replace(&old, std::slice::from_ref(&merged)).await.unwrap();
    let after = catalog.load().await.unwrap();
    assert!(version > before.version);
    let expected = CatalogState { version, splits: vec![splits[1].clone(), merged.clone()], ..before };
    assert_eq!(after, expected, "published sequences and fingerprints stay");
    assert_eq!(catalog.garbage().await.unwrap(), old);
    merged
}

async fn dropping_leaves_garbage_until_collected(
    catalog: &dyn Catalog,
    splits: &[SplitMeta],
    merged: &SplitMeta,
) {
    let before = catalog.load().await.unwrap();
    let version = catalog.drop_splits(&[merged.id, splits[0].id, SplitId::generate()]).await.unwrap();
    let after = catalog.load().await.unwrap();
    assert_eq!(after, CatalogState { version, splits: vec![splits[1].clone()], ..before });
    assert_eq!(catalog.garbage().await.unwrap(), [splits[0].id, splits[2].id, merged.id]);

    catalog.collected(&[splits[0].id, merged.id, SplitId::generate()]).await.unwrap();
    assert_eq!(catalog.garbage().await.unwrap(), [splits[2].id]);
    catalog.collected(&[splits[2].id]).await.unwrap();
    assert_eq!(catalog.garbage().await.unwrap(), []);
    assert_eq!(catalog.load().await.unwrap().version, version);
    assert_eq!(catalog.load().await.unwrap().highest_sequence(), 20, "sequences outlive their splits");
}

async fn fingerprints_go_when_the_window_has_passed(catalog: &dyn Catalog) {
    let window = u64::try_from(Config::DUPLICATE_WINDOW.as_nanos()).unwrap();
    let first = split("window", 30, 31);
    let arrival = first.created_at;
    catalog.publish(&first, &[(71, arrival - 5), (72, arrival)]).await.unwrap();
    let inside = SplitMeta { created_at: arrival + window, ..split("window", 32, 33) };
    catalog.publish(&inside, &[]).await.unwrap();
    let kept = catalog.load().await.unwrap().fingerprints;
    assert!(kept.contains(&(71, arrival - 5)) && kept.contains(&(72, arrival)), "{kept:?}");
    let outside = SplitMeta { created_at: arrival + window + 1, ..split("window", 34, 35) };
    catalog.publish(&outside, &[(73, arrival + window)]).await.unwrap();
    assert_eq!(catalog.load().await.unwrap().fingerprints, [(73, arrival + window)]);
}

async fn unsigned_numbers_keep_all_their_bits(catalog: &dyn Catalog) {
    let large = SplitMeta {
        records: u32::MAX,
        spans: u32::MAX,
        logs: 0,
        min_time: 0,
        max_time: u64::MAX,
        bytes: 1 << 63,
        format: u32::MAX,
        ..split(&"t".repeat(Tenant::LENGTH_MAX), 1, u64::MAX)
    };
    catalog.publish(&large, &[]).await.unwrap();
    let state = catalog.load().await.unwrap();
    assert_eq!(state.splits.last(), Some(&large));
    assert_eq!(state.highest_sequence(), u64::MAX);
}

fn conflict(result: Result<u64>) -> Conflict {
    match result {
        Err(Error::Catalog { source, .. }) => source.downcast_ref::<Conflict>().expect("a conflict").clone(),
        other => panic!("no conflict: {other:?}"),
    }
}
