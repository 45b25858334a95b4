//! `spoor tail`: records as they arrive, until Ctrl-C; a lost connection is made anew.

use std::time::Duration;

use reqwest::Response;
use serde::Deserialize;
use spoor_runtime::backoff::Backoff;
use spoor_runtime::clock::Clock;

use crate::cli::TailArgs;
use crate::client::{
    Connection, Error, Event, EventReader, Exit, LineStyle, Output, Parameters, Record, Refusal, Result,
    counted, duration, interrupted, parse,
};

/// Delay before the first try to connect again.
const RETRY_FIRST: Duration = Duration::from_millis(250);
/// Longest delay between two tries.
const RETRY_DELAY_MAX: Duration = Duration::from_secs(15);
/// Tries in a row that fail before it gives up; several minutes in all.
const RETRIES_MAX: u32 = 30;

/// Prints records until it is interrupted or has printed as many as were asked for.
pub(super) async fn tail(arguments: &TailArgs) -> Result<Exit> {
    let connection = Connection::new(&arguments.connect)?;
    let output = Output::new(&arguments.look);
    let lines = LineStyle::new(&output, arguments.fields.as_deref());
    let interrupted = interrupted().map_err(Error::Signals)?;
    let mut tail = Tail {
        arguments,
        connection,
        output,
        lines,
        clock: Clock::system(),
        printed: 0,
        heard: false,
        last: String::new(),
    };
    tokio::select! {
        outcome = tail.run() => outcome,
        // This is how a tail ends.
        () = interrupted => {
            tail.output.flush()?;
            Ok(Exit::Done)
        },
    }
}

struct Tail<'a> {
    arguments: &'a TailArgs,
    connection: Connection,
    output: Output,
    lines: LineStyle,
    clock: Clock,
    printed: u64,
    /// Whether this connection brought anything; one that does not counts as a try that failed.
    heard: bool,
    /// Id of the last event, where the server gives them.
    last: String,
}

/// Why records stopped coming.
enum Stopped {
    /// As many as were asked for are printed.
    Enough,
    /// The server ended the stream, or the connection broke.
    Lost(Error),
}

impl Tail<'_> {
    async fn run(&mut self) -> Result<Exit> {
        let parameters: Parameters = self.arguments.query.parameters().into();
        // Each client waits differently, so that they do not come back all at once.
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_DELAY_MAX, self.clock.now_unix_nanos());
        let mut stream = self.connection.events(&["tail"], &parameters, "").await?;
        loop {
            let reason = match self.print(stream).await? {
                Stopped::Enough => return Ok(Exit::Done),
                Stopped::Lost(reason) => reason,
            };
            if self.heard {
                backoff.reset();
            }
            stream = self.reconnect(&parameters, reason, &mut backoff).await?;
            self.output.note(if self.last.is_empty() {
                "connected again; what arrived in between is not shown"
            } else {
                "connected again, going on after the last record"
            })?;
        }
    }

    async fn reconnect(
        &mut self,
        parameters: &Parameters,
        mut reason: Error,
        backoff: &mut Backoff,
    ) -> Result<Response> {
        while reason.is_passing() && backoff.tries() < RETRIES_MAX {
            let delay = backoff.next_delay();
            let shown = duration(delay.as_millis() as u64 * 1_000_000);
            self.output.note(&format!("connection lost ({reason}); trying again in {shown}"))?;
            self.clock.sleep(delay).await;
            match self.connection.events(&["tail"], parameters, &self.last).await {
                Ok(stream) => return Ok(stream),
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    async fn print(&mut self, mut stream: Response) -> Result<Stopped> {
        let mut reader = EventReader::default();
        self.heard = false;
        let mut chunks = 0_u64;
        loop {
            let chunk = match stream.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Ok(Stopped::Lost(Error::Ended)),
                Err(error) => return Ok(Stopped::Lost(Error::Broken(error))),
            };
            chunks += 1;
            // A stream opens with a comment, which a server that is about to stop sends too.
            self.heard |= chunks > 1;
            for event in reader.take(&chunk)? {
                if event.name == "error" {
                    return Ok(Stopped::Lost(failure(&event)));
                }
                self.heard = true;
                self.event(&event)?;
                if !event.id.is_empty() {
                    self.last.clone_from(&event.id);
                }
                if self.arguments.limit.is_some_and(|limit| self.printed >= limit) {
                    self.output.flush()?;
                    return Ok(Stopped::Enough);
                }
            }
            self.output.flush()?;
        }
    }

    fn event(&mut self, event: &Event) -> Result<()> {
        #[derive(Deserialize)]
        struct Dropped {
            /// Not known after a server's restart.
            count: Option<u64>,
        }
        match event.name.as_str() {
            "record" if self.arguments.look.json => {
                self.printed += 1;
                // A line end inside would make two lines of one record.
                self.output.write_json(event.data.replace('\n', " ").as_bytes())
            }
            "record" => {
                self.printed += 1;
                let record: Record = parse(event.data.as_bytes())?;
                self.output.write(&self.lines.line(&record))
            }
            "dropped" => {
                let Dropped { count } = parse(event.data.as_bytes())?;
                match count.map(|count| counted(count, "record", "records")) {
                    Some(records) => self.output.note(&format!("{records} dropped, the reader was too slow")),
                    None => self.output.note("records may be missing here; nobody can tell how many"),
                }
            }
            // What a newer server may say.
            _ => Ok(()),
        }
    }
}

/// What the server said of the end of the stream.
fn failure(event: &Event) -> Error {
    Refusal::in_stream(event.data.as_bytes())
        .map_or(Error::Ended, |refusal| Error::Refused(Box::new(refusal)))
}
