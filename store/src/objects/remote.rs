//! Splits in an object store, read through local copies.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, parse_url_opts};
use tokio::sync::Mutex;
use url::Url;

use super::cache::{Cache, Room};
use super::{FileWork, SplitFile, SplitFiles, remove_if_there};
use crate::error::{Error, Result};
use crate::model::SplitId;
use crate::paths::{parse_split_name, split_name};

/// Bytes of all local copies.
const CACHE_BYTES_MAX: u64 = 16 << 30;

/// Bytes moved at a time, and the size of a part of a large upload (S3 takes at least 5 MiB).
const PART_BYTES: usize = 8 << 20;

/// Prefix of the environment variables that configure access, as other tools read them.
const ENVIRONMENT_PREFIX: &str = "AWS_";

/// Fetches of different splits wait for each other only when they share one of these locks.
const FETCH_LOCKS: usize = 32;

/// An object store under a prefix.
#[derive(Debug)]
pub(super) struct RemoteFiles {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
    part_bytes: usize,
    files: FileWork,
    cache: Arc<Cache>,
    /// Held while a split is fetched, so that it is fetched once.
    fetching: [Mutex<()>; FETCH_LOCKS],
}

impl RemoteFiles {
    /// Reads the URL; access is configured by the environment. Nothing is asked of the store yet.
    pub(super) async fn connect(url: &str, files: FileWork, cache_dir: &Path) -> Result<Self> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| Error::Object {
            action: "connect to",
            key: without_secrets(url),
            source,
        };
        let parsed = Url::parse(url).map_err(|error| failed(error.into()))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(failed("credentials belong into the environment, not into the URL".into()));
        }
        if parsed.scheme() == "file" {
            return Err(failed(
                "files are not synced there; leave store.objects_url empty for a folder".into(),
            ));
        }
        let environment = std::env::vars().filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX));
        let (store, prefix) = parse_url_opts(&parsed, environment).map_err(|error| failed(error.into()))?;
        Self::over(Arc::from(store), prefix, files, (cache_dir, CACHE_BYTES_MAX)).await
    }

    /// Uses an object store that is open.
    async fn over(
        store: Arc<dyn ObjectStore>,
        prefix: Key,
        files: FileWork,
        (cache_dir, cache_bytes_max): (&Path, u64),
    ) -> Result<Self> {
        let dir = cache_dir.to_path_buf();
        let cache = files.run(move |disk| Cache::open(disk, &dir, cache_bytes_max)).await?;
        let fetching = std::array::from_fn(|_| Mutex::default());
        Ok(Self { store, prefix, part_bytes: PART_BYTES, files, cache, fetching })
    }

    fn key(&self, split: SplitId) -> Key {
        self.prefix.clone().join(split_name(split))
    }

    async fn read_part(&self, path: &Path, offset: u64) -> Result<PutPayload> {
        let (path, len) = (path.to_path_buf(), self.part_bytes);
        Ok(self.files.run(move |disk| disk.read_at(&path, offset, len)).await?.into())
    }

    /// Uploads a file and returns its length.
    async fn upload(&self, key: &Key, staged: &Path) -> Result<u64> {
        let failed = |error| object_error("put", key, error);
        let first = self.read_part(staged, 0).await?;
        let mut sent = first.content_length();
        if sent < self.part_bytes {
            self.store.put(key, first).await.map_err(failed)?;
            return Ok(sent as u64);
        }
        let mut upload = self.store.put_multipart(key).await.map_err(failed)?;
        let mut part = first;
        let outcome = loop {
            if let Err(error) = upload.put_part(part).await {
                break Err(failed(error));
            }
            match self.read_part(staged, sent as u64).await {
                Ok(next) if next.content_length() == 0 => break Ok(()),
                Ok(next) => part = next,
                Err(error) => break Err(error),
            }
            sent += part.content_length();
        };
        match outcome {
            Ok(()) => upload.complete().await.map(|_| sent as u64).map_err(failed),
            Err(error) => {
                // Parts that stay behind cost storage; the bucket's lifecycle rule is the second line.
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%key, %error, "failed to abort an upload");
                }
                Err(error)
            }
        }
    }

    /// Fetches an object into the room made for it.
    async fn fetch(&self, key: &Key, bytes: u64, room: Room) -> Result<PathBuf> {
        let part = room.part_path();
        let path = part.clone();
        let created = move |disk: &dyn crate::disk::Disk| {
            remove_if_there(disk, &path)?;
            disk.create(&path)
        };
        let file = self.files.run(created).await?;
        let mut offset = 0;
        while offset < bytes {
            let range: Range<u64> = offset..bytes.min(offset + self.part_bytes as u64);
            let got = self.store.get_range(key, range.clone()).await;
            let chunk = got.map_err(|error| object_error("get", key, error))?;
            if chunk.len() as u64 != range.end - range.start {
                let reason = format!("bytes {range:?} of {bytes} came as {}", chunk.len());
                return Err(Error::Corrupt { path: key.as_ref().into(), reason });
            }
            offset = range.end;
            let file = Arc::clone(&file);
            self.files.run(move |_| file.write_all(&chunk)).await?;
        }
        // Synced before it is named, so that what has the name after a crash is whole.
        let filled = move |disk: &dyn crate::disk::Disk| {
            file.sync_data()?;
            room.fill(disk, &part)
        };
        self.files.run(filled).await
    }
}

#[async_trait]
impl SplitFiles for RemoteFiles {
    async fn put(&self, split: SplitId, staged: &Path) -> Result<()> {
        let bytes = self.upload(&self.key(split), staged).await?;
        // What is newest is looked at most: the staged file becomes the local copy.
        let (cache, staged) = (Arc::clone(&self.cache), staged.to_path_buf());
        let keep = move |disk: &dyn crate::disk::Disk| {
            cache.remove(disk, split)?;
            match cache.reserve(disk, split, bytes) {
                Ok(room) => room.fill(disk, &staged).map(drop),
                Err(Error::Budget { .. }) => disk.remove(&staged),
                Err(error) => Err(error),
            }
        };
        let _one_at_a_time = self.fetching[lock_of(split)].lock().await;
        self.files.run(keep).await
    }

    async fn open(&self, split: SplitId) -> Result<PathBuf> {
        if let Some(path) = self.cache.get(split) {
            return Ok(path);
        }
        let _one_at_a_time = self.fetching[lock_of(split)].lock().await;
        if let Some(path) = self.cache.get(split) {
            return Ok(path);
        }
        let key = self.key(split);
        let bytes = self.store.head(&key).await.map_err(|error| object_error("get", &key, error))?.size;
        let cache = Arc::clone(&self.cache);
        let room = self.files.run(move |disk| cache.reserve(disk, split, bytes)).await?;
        self.fetch(&key, bytes, room).await
    }

    async fn remove(&self, split: SplitId) -> Result<()> {
        let key = self.key(split);
        match self.store.delete(&key).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(object_error("remove", &key, error)),
        }
        let cache = Arc::clone(&self.cache);
        self.files.run(move |disk| cache.remove(disk, split)).await
    }

    async fn list(&self) -> Result<Vec<SplitFile>> {
        let objects: Vec<object_store::ObjectMeta> = self
            .store
            .list(Some(&self.prefix))
            .try_collect()
            .await
            .map_err(|error| object_error("list", &self.prefix, error))?;
        let splits = objects.into_iter().filter_map(|object| {
            let split = parse_split_name(object.location.filename()?)?;
            (object.location == self.key(split)).then_some(SplitFile { split, bytes: object.size })
        });
        let mut splits: Vec<SplitFile> = splits.collect();
        splits.sort_unstable();
        Ok(splits)
    }
}

fn lock_of(split: SplitId) -> usize {
    use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
    BuildHasherDefault::<DefaultHasher>::default().hash_one(split) as usize % FETCH_LOCKS
}

fn object_error(action: &'static str, key: &Key, source: object_store::Error) -> Error {
    Error::Object { action, key: key.to_string(), source: source.into() }
}

/// The URL as it may stand in a log.
fn without_secrets(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path()),
        Err(_) => "store.objects_url".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;
    use spoor_runtime::cpu::CpuPool;

    use super::*;
    use crate::disk::{Disk as _, RealDisk};
    use crate::objects::contract;

    struct Setup {
        root: tempfile::TempDir,
        store: Arc<InMemory>,
    }

    impl Setup {
        fn new() -> Self {
            Self { root: tempfile::tempdir().expect("a temporary folder"), store: Arc::new(InMemory::new()) }
        }

        /// Parts are tiny, so that a few bytes are a large upload.
        async fn open(&self, cache_bytes_max: u64) -> RemoteFiles {
            let files = FileWork { disk: Arc::new(RealDisk), threads: CpuPool::new(2, 8) };
            let store: Arc<dyn ObjectStore> = Arc::clone(&self.store) as Arc<dyn ObjectStore>;
            let cache = (self.root.path().join("cache"), cache_bytes_max);
            let opened = RemoteFiles::over(store, Key::from("a/b"), files, (&cache.0, cache.1)).await;
            RemoteFiles { part_bytes: 5, ..opened.expect("opened") }
        }

        async fn put(&self, files: &RemoteFiles, content: &[u8]) -> SplitId {
            let split = SplitId::generate();
            let staged = contract::stage(files.files.disk.as_ref(), self.root.path(), split, content);
            files.put(split, &staged).await.expect("put");
            split
        }

        fn cached(&self) -> usize {
            RealDisk.list(&self.root.path().join("cache")).expect("listed").len()
        }
    }

    #[tokio::test]
    async fn remote_behaves() {
        let setup = Setup::new();
        contract::behaves(&setup.open(1_000).await, &RealDisk, setup.root.path()).await;
    }

    #[tokio::test]
    async fn every_size_around_a_part_is_uploaded_and_fetched_whole() {
        let setup = Setup::new();
        let files = setup.open(1_000).await;
        let mut splits = Vec::new();
        for len in 0..=16_u8 {
            splits.push((setup.put(&files, &(0..len).collect::<Vec<_>>()).await, len));
        }
        let elsewhere = Setup { store: Arc::clone(&setup.store), ..Setup::new() };
        let files = elsewhere.open(1_000).await;
        for (split, len) in splits {
            let path = files.open(split).await.expect("fetched");
            assert_eq!(RealDisk.read(&path).unwrap(), (0..len).collect::<Vec<_>>());
        }
        assert_eq!(elsewhere.cached(), 17);
    }

    #[tokio::test]
    async fn copies_are_bounded_and_fetched_again_when_they_went() {
        let setup = Setup::new();
        let files = setup.open(30).await;
        let mut splits = Vec::new();
        for number in 0..10 {
            splits.push(setup.put(&files, &[number; 10]).await);
        }
        assert_eq!(setup.cached(), 3);
        for (number, split) in (0..).zip(&splits) {
            let path = files.open(*split).await.expect("fetched");
            assert_eq!(RealDisk.read(&path).unwrap(), [number; 10].as_slice());
            assert!(setup.cached() <= 3);
        }
        let large = setup.put(&files, &[7; 31]).await;
        assert!(matches!(files.open(large).await, Err(Error::Budget { .. })));
    }

    #[tokio::test]
    async fn a_fetch_that_many_wait_for_happens_once_and_one_that_was_given_up_can_be_repeated() {
        let setup = Setup::new();
        let split = setup.put(&setup.open(100).await, &[1; 40]).await;
        let elsewhere = Setup { store: Arc::clone(&setup.store), ..Setup::new() };
        let files = elsewhere.open(100).await;
        let mut given_up = Box::pin(files.open(split));
        assert!(futures_util::poll!(&mut given_up).is_pending());
        drop(given_up);
        let (one, two, three) = tokio::join!(files.open(split), files.open(split), files.open(split));
        let path = one.unwrap();
        assert_eq!((&two.unwrap(), &three.unwrap()), (&path, &path));
        assert_eq!(RealDisk.read(&path).unwrap(), [1; 40].as_slice());
        assert_eq!(elsewhere.cached(), 1);
    }

    #[tokio::test]
    async fn a_split_that_is_not_there_and_urls_that_cannot_be_used_say_so() {
        let setup = Setup::new();
        let files = setup.open(100).await;
        let missing = files.open(SplitId::generate()).await.unwrap_err();
        assert!(missing.to_string().starts_with("failed to get object a/b/"), "{missing}");
        for url in ["nonsense", "file:///tmp/x", "ftp://host/x", "memory://user:secret@host/x"] {
            let error = RemoteFiles::connect(url, files.files.clone(), setup.root.path()).await.unwrap_err();
            let text = spoor_runtime::error_kind::chain(&error);
            assert!(text.starts_with("failed to connect to object ") && !text.contains("secret"), "{text}");
        }
        let memory =
            RemoteFiles::connect("memory:///x", files.files.clone(), &setup.root.path().join("m")).await;
        assert_eq!(memory.unwrap().list().await.unwrap(), []);
    }
}
