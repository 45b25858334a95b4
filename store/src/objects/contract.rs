//! What every [`SplitFiles`] does; run by the tests of each.

use std::path::{Path, PathBuf};

use super::{SplitFile, SplitFiles};
use crate::disk::Disk;
use crate::model::SplitId;
use crate::paths::split_name;

/// Panics unless `files`, empty and on `disk`, keeps the contract; `root` is a folder to stage in.
pub(super) async fn behaves(files: &dyn SplitFiles, disk: &dyn Disk, root: &Path) {
    let staging = root.join("staging");
    disk.create_dir_all(&staging).unwrap();
    assert_eq!(files.list().await.unwrap(), []);

    let (first, second) = (SplitId::generate(), SplitId::generate());
    for (split, text) in [(second, b"second".as_slice()), (first, b"1st")] {
        let staged = stage(disk, &staging, split, text);
        files.put(split, &staged).await.unwrap();
        disk.read(&staged).expect_err("the staged file is gone");
    }
    let listed = [SplitFile { split: first, bytes: 3 }, SplitFile { split: second, bytes: 6 }];
    assert_eq!(files.list().await.unwrap(), listed);
    assert_eq!(disk.read(&files.open(first).await.unwrap()).unwrap(), "1st");
    assert_eq!(disk.read(&files.open(second).await.unwrap()).unwrap(), "second");

    let again = stage(disk, &staging, first, b"1st");
    files.put(first, &again).await.expect("a retry");
    assert_eq!(files.list().await.unwrap(), listed);
    assert_eq!(disk.read(&files.open(first).await.unwrap()).unwrap(), "1st");

    files.put(SplitId::generate(), &staging.join("missing")).await.expect_err("nothing is staged");
    assert_eq!(files.list().await.unwrap(), listed);

    files.remove(first).await.unwrap();
    files.remove(first).await.expect("removed already");
    files.remove(SplitId::generate()).await.expect("never was there");
    assert_eq!(files.list().await.unwrap(), listed[1..]);
    assert_eq!(disk.read(&files.open(second).await.unwrap()).unwrap(), "second");
}

/// A finished, synced file in the staging folder.
pub(super) fn stage(disk: &dyn Disk, staging: &Path, split: SplitId, content: &[u8]) -> PathBuf {
    let path = staging.join(split_name(split));
    let file = disk.create(&path).expect("created");
    file.write_all(content).expect("written");
    file.sync_data().expect("synced");
    path
}
