//! The tantivy segment inside a split: its two fields, and a read-only directory over its files.
//!
//! `exact` holds the terms of [`crate::index::term`], without frequencies; `text` the tokens of log bodies and span
//! names, with positions. Nothing is scored, so there are no field norms.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::directory::error::{DeleteError, OpenReadError, OpenWriteError};
use tantivy::directory::{FileHandle, OwnedBytes, WatchCallback, WatchHandle, WritePtr};
use tantivy::schema::{BytesOptions, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Directory, Index, SegmentReader};

/// The schema's fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) exact: Field,
    pub(crate) text: Field,
}

/// The schema of every split of this format version.
pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let exact = builder.add_bytes_field("exact", BytesOptions::default().set_indexed());
    let indexing = TextFieldIndexing::default()
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = builder.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    (builder.build(), Fields { exact, text })
}

/// Opens the segment whose files are given by name.
pub(crate) fn open(files: HashMap<PathBuf, OwnedBytes>) -> tantivy::Result<SegmentReader> {
    let index = Index::open(FilesInSplit { files: Arc::new(files) })?;
    let segments = index.searchable_segments()?;
    let segment = segments
        .first()
        .ok_or_else(|| tantivy::TantivyError::InvalidArgument("split has no segment".to_owned()))?;
    SegmentReader::open(segment)
}

/// A directory whose files are ranges of one mapped file.
#[derive(Debug, Clone)]
struct FilesInSplit {
    files: Arc<HashMap<PathBuf, OwnedBytes>>,
}

impl FilesInSplit {
    fn get(&self, path: &Path) -> Result<OwnedBytes, OpenReadError> {
        self.files.get(path).cloned().ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))
    }
}

fn read_only() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "a split is read-only")
}

impl Directory for FilesInSplit {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        Ok(Arc::new(self.get(path)?))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        Err(DeleteError::IoError { io_error: Arc::new(read_only()), filepath: path.to_owned() })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.files.contains_key(path))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        Err(OpenWriteError::wrap_io_error(read_only(), path.to_owned()))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        Ok(self.get(path)?.to_vec())
    }

    fn atomic_write(&self, _path: &Path, _data: &[u8]) -> io::Result<()> {
        Err(read_only())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn watch(&self, _callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}
