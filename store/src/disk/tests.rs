//! What the faulty disk forgets, and what it must not.

use std::io;
use std::path::Path;

use super::faulty::{Fault, FaultyDisk};
use super::{Disk, contract};
use crate::error::Error;

const SEEDS: u64 = 200;

#[test]
fn faulty_disk_behaves_while_nothing_fails() {
    contract::behaves(&FaultyDisk::new(1), Path::new("/"));
}

#[test]
fn synced_bytes_under_a_synced_name_survive_and_unsynced_ones_are_lost_for_some_seed() {
    let (dir, path) = (Path::new("/data"), Path::new("/data/file"));
    let disk = FaultyDisk::new(1);
    disk.create_dir_all(dir).unwrap();
    let file = disk.create(path).unwrap();
    file.write_all(b"kept").unwrap();
    file.sync_data().unwrap();
    disk.sync_dir(dir).unwrap();
    file.write_all(&[b'x'; 2_000]).unwrap();

    let mut lengths = std::collections::BTreeSet::new();
    let mut holes = 0;
    for seed in 0..SEEDS {
        let data = disk.after_power_loss(seed).read(path).unwrap();
        assert!(data.starts_with(b"kept"), "seed {seed}");
        lengths.insert(data.len());
        holes += usize::from(data[4..].contains(&0));
    }
    assert!(lengths.contains(&4) && lengths.contains(&2_004) && lengths.len() > 10, "{lengths:?}");
    assert!(holes > 10, "{holes}");
    assert_eq!(disk.after_kill().read(path).unwrap().len(), 2_004);
}

#[test]
fn an_unsynced_name_is_there_for_some_seeds_only() {
    let dir = Path::new("/data");
    let disk = FaultyDisk::new(1);
    disk.create_dir_all(dir).unwrap();
    disk.create(&dir.join("synced")).unwrap().sync_data().unwrap();
    disk.sync_dir(dir).unwrap();
    disk.create(&dir.join("unsynced")).unwrap().sync_data().unwrap();
    disk.remove(&dir.join("synced")).unwrap();
    let count = |name: &str| {
        (0..SEEDS).filter(|seed| disk.after_power_loss(*seed).read(&dir.join(name)).is_ok()).count()
    };
    for name in ["synced", "unsynced"] {
        assert!((50..150).contains(&count(name)), "{name}: {}", count(name));
    }
}

#[test]
fn stopping_tears_the_write_and_ends_everything() {
    let path = Path::new("/file");
    let mut lengths = std::collections::BTreeSet::new();
    for seed in 0..SEEDS {
        let disk = FaultyDisk::new(seed);
        let file = disk.create(path).unwrap();
        disk.fault_at(disk.steps(), Fault::Stop);
        file.write_all(&[1; 10]).unwrap_err();
        file.sync_data().unwrap_err();
        disk.read(path).unwrap_err();
        lengths.insert(disk.after_kill().read(path).unwrap().len());
    }
    assert_eq!(lengths, (0..=10).collect());
}

#[test]
fn bytes_whose_sync_failed_are_never_synced_though_later_syncs_succeed() {
    let path = Path::new("/file");
    let disk = FaultyDisk::new(1);
    let file = disk.create(path).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    file.write_all(&[1; 10]).unwrap();
    disk.fault_at(disk.steps(), Fault::Fail(io::ErrorKind::Other));
    file.sync_data().unwrap_err();
    file.sync_data().unwrap();
    assert!((0..SEEDS).any(|seed| disk.after_power_loss(seed).read(path).unwrap().is_empty()));
}

#[test]
fn a_full_disk_takes_what_fits_and_says_so() {
    let path = Path::new("/file");
    let disk = FaultyDisk::new(1);
    disk.set_capacity(4);
    let file = disk.create(path).unwrap();
    let error = file.write_all(b"abcdef").unwrap_err();
    assert!(matches!(error, Error::File { source, .. } if source.kind() == io::ErrorKind::StorageFull));
    assert_eq!(disk.read(path).unwrap(), "abcd");
    assert_eq!(disk.free_bytes(Path::new("/")).unwrap(), 0);
}
