//! What every [`Disk`] does; run by the tests of each.

use std::io;
use std::path::Path;

use super::{Disk, DiskEntry};
use crate::error::{Error, Result};

/// Panics unless `disk` keeps the contract under `root`, an existing empty folder.
pub(crate) fn behaves(disk: &dyn Disk, root: &Path) {
    appends_are_read_back(disk, &root.join("a/b"));
    names_are_taken_moved_and_freed(disk, &root.join("c"));
    cut_shortens(disk, &root.join("d"));
    missing_files_say_so(disk, &root.join("e"));
    lock_is_exclusive(disk, root);
    assert!(disk.free_bytes(root).expect("measured") > 0);
}

fn appends_are_read_back(disk: &dyn Disk, dir: &Path) {
    disk.create_dir_all(dir).expect("created");
    disk.create_dir_all(dir).expect("a folder that exists is left alone");
    let path = dir.join("file");
    let file = disk.create(&path).expect("created");
    file.write_all(b"one").expect("written");
    file.sync_data().expect("synced");
    file.write_all(b"two").expect("written");
    disk.sync_dir(dir).expect("synced");
    assert_eq!(disk.read(&path).expect("read"), "onetwo");
    assert_eq!(disk.read_at(&path, 2, 2).expect("read"), "et");
    assert_eq!(disk.read_at(&path, 4, 9).expect("read"), "wo");
    assert_eq!(disk.read_at(&path, 6, 1).expect("read"), "");

    let syncer = std::sync::Arc::clone(&file);
    std::thread::scope(|scope| {
        scope.spawn(move || syncer.sync_data().expect("synced from another thread"));
        file.write_all(b"!").expect("written");
    });
    assert_eq!(disk.read(&path).expect("read"), "onetwo!");
}

fn names_are_taken_moved_and_freed(disk: &dyn Disk, dir: &Path) {
    disk.create_dir_all(dir).expect("created");
    for (name, text) in [("b", "second"), ("a", "first")] {
        disk.create(&dir.join(name)).expect("created").write_all(text.as_bytes()).expect("written");
    }
    assert_eq!(kind(disk.create(&dir.join("a"))), io::ErrorKind::AlreadyExists);
    assert_eq!(listed(disk, dir), [("a".to_owned(), 5), ("b".to_owned(), 6)]);
    disk.rename(&dir.join("b"), &dir.join("a")).expect("renamed");
    assert_eq!(listed(disk, dir), [("a".to_owned(), 6)]);
    assert_eq!(disk.read(&dir.join("a")).expect("read"), "second");
    disk.remove(&dir.join("a")).expect("removed");
    assert_eq!(listed(disk, dir), []);
    disk.create(&dir.join("a")).expect("the name is free again");
}

fn cut_shortens(disk: &dyn Disk, dir: &Path) {
    disk.create_dir_all(dir).expect("created");
    let path = dir.join("file");
    disk.create(&path).expect("created").write_all(b"abcdef").expect("written");
    disk.cut(&path, 2).expect("cut");
    assert_eq!(disk.read(&path).expect("read"), "ab");
    assert_eq!(kind(disk.cut(&path, 3)), io::ErrorKind::InvalidInput);
    assert_eq!(disk.read(&path).expect("read"), "ab");
}

fn missing_files_say_so(disk: &dyn Disk, dir: &Path) {
    let path = dir.join("missing");
    assert_eq!(kind(disk.list(dir)), io::ErrorKind::NotFound);
    assert_eq!(kind(disk.create(&path)), io::ErrorKind::NotFound);
    assert_eq!(kind(disk.read(&path)), io::ErrorKind::NotFound);
    assert_eq!(kind(disk.read_at(&path, 0, 1)), io::ErrorKind::NotFound);
    assert_eq!(kind(disk.cut(&path, 0)), io::ErrorKind::NotFound);
    assert_eq!(kind(disk.remove(&path)), io::ErrorKind::NotFound);
    assert_eq!(kind(disk.rename(&path, &dir.join("other"))), io::ErrorKind::NotFound);
    assert_eq!(kind(disk.sync_dir(dir)), io::ErrorKind::NotFound);
}

fn lock_is_exclusive(disk: &dyn Disk, root: &Path) {
    let path = root.join("lock");
    let lock = disk.lock(&path).expect("locked");
    assert!(matches!(disk.lock(&path), Err(Error::Locked { path }) if path == root));
    drop(lock);
    disk.lock(&path).expect("free again");
}

fn listed(disk: &dyn Disk, dir: &Path) -> Vec<(String, u64)> {
    disk.list(dir).expect("listed").into_iter().map(|DiskEntry { name, bytes }| (name, bytes)).collect()
}

fn kind<T>(result: Result<T>) -> io::ErrorKind {
    match result {
        Err(Error::File { source, .. }) => source.kind(),
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("no error"),
    }
}
