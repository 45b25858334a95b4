//! `spoor export`: records to a file or to standard output, streamed. A file has its name once it is whole.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use reqwest::Response;
use spoor_runtime::clock::Clock;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use crate::cli::{ExportArgs, selection};
use crate::client::{Connection, Error, Exit, Parameters, Progress, Result, Tally, interrupted};

/// Header that says how many records will come.
const TOTAL_HEADER: &str = "x-spoor-total";
/// Formats that a terminal cannot show.
const BINARY_FORMATS: [&str; 1] = ["parquet"];

/// Writes the records.
pub(super) async fn export(arguments: &ExportArgs) -> Result<Exit> {
    let to_stdout = arguments.output.as_os_str() == "-";
    if to_stdout && BINARY_FORMATS.contains(&arguments.format.as_str()) && std::io::stdout().is_terminal() {
        let format = &arguments.format;
        return Err(Error::Asked(format!("`{format}` is not text; name a file with --output")));
    }
    if !to_stdout && !arguments.force && arguments.output.exists() {
        return Err(Error::Exists { path: arguments.output.clone() });
    }
    let connection = Connection::new(&arguments.connect)?;
    let interrupted = interrupted().map_err(Error::Signals)?;
    let response = connection.open(&["export"], &parameters(arguments)).await?;
    let mut transfer = Transfer::new(arguments, &response, to_stdout);
    let work = async {
        if to_stdout {
            transfer.print(response).await
        } else {
            transfer.save(response, &arguments.output).await
        }
    };
    // What is half done is removed when the work is dropped.
    let outcome = tokio::select! {
        outcome = work => outcome.map(|()| Exit::Done),
        () = interrupted => Ok(Exit::Interrupted),
    };
    transfer.progress.clear();
    if matches!(outcome, Ok(Exit::Done)) && !to_stdout && !arguments.quiet {
        let summary = transfer.progress.summary(&transfer.tally);
        drop(std::io::stderr().write_all(format!("spoor: {summary}\n").as_bytes()));
    }
    outcome
}

fn parameters(arguments: &ExportArgs) -> Parameters {
    let mut parameters: Parameters = selection(&arguments.query, &arguments.range);
    parameters.push(("format", Some(arguments.format.clone())));
    parameters.push(("columns", arguments.columns.clone()));
    parameters.push(("limit", arguments.limit.map(|limit| limit.to_string())));
    parameters
}

/// Bytes on their way.
struct Transfer {
    tally: Tally,
    progress: Progress,
}

impl Transfer {
    fn new(arguments: &ExportArgs, response: &Response, to_stdout: bool) -> Self {
        let total = response.headers().get(TOTAL_HEADER).and_then(|value| value.to_str().ok()?.parse().ok());
        // Between lines of text on the same terminal it would be lost.
        let would_mix = to_stdout && std::io::stdout().is_terminal();
        let wanted = !arguments.quiet && !would_mix;
        Self { tally: Tally::new(&arguments.format), progress: Progress::new(Clock::system(), total, wanted) }
    }

    fn passed(&mut self, chunk: &[u8]) {
        self.tally.take(chunk);
        self.progress.advance(chunk.len(), &self.tally);
    }

    async fn print(&mut self, mut response: Response) -> Result<()> {
        while let Some(chunk) = response.chunk().await.map_err(Error::Broken)? {
            std::io::stdout().write_all(&chunk).map_err(Error::Output)?;
            self.passed(&chunk);
        }
        std::io::stdout().flush().map_err(Error::Output)
    }

    async fn save(&mut self, mut response: Response, path: &Path) -> Result<()> {
        let failed = |source| Error::File { path: path.to_owned(), source };
        let mut partial = Partial::create(path).await.map_err(failed)?;
        while let Some(chunk) = response.chunk().await.map_err(Error::Broken)? {
            partial.file.write_all(&chunk).await.map_err(failed)?;
            self.passed(&chunk);
        }
        partial.keep(path).await.map_err(failed)
    }
}

/// A file beside the one to be written; it is gone when dropped before it was kept.
struct Partial {
    file: File,
    path: Option<PathBuf>,
}

impl Partial {
    async fn create(target: &Path) -> std::io::Result<Self> {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(format!(".partial-{}", std::process::id()));
        let path = target.with_file_name(name);
        let file = tokio::fs::OpenOptions::new().write(true).create_new(true).open(&path).await?;
        Ok(Self { file, path: Some(path) })
    }

    async fn keep(mut self, target: &Path) -> std::io::Result<()> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        if let Some(path) = &self.path {
            tokio::fs::rename(path, target).await?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            // It may be gone already; there is nobody to tell.
            drop(std::fs::remove_file(path));
        }
    }
}
