//! `spoor tail`: records as they arrive, until Ctrl-C; a lost connection is made anew.

use std::time::Duration;

use reqwest::Response;
use serde::Deserialize;
use spoor_runtime::backoff::Backoff;
use spoor_runtime::clock::Clock;

use crate::cli::TailArgs;
use crate::client::{
    Connection, Error, Event, EventReader, Exit, LineStyle, Output, Parameters, Record, Result, counted,
    duration, interrupted, parse, safe,
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
    let mut tail = Tail { arguments, connection, output, lines, clock: Clock::system(), printed: 0 };
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
}

/// Why records stopped coming.
enum Stopped {
    /// As many as were asked for are printed.
    Enough,
    /// The server ended the stream, or the connection broke.
    Lost(String),
}

impl Tail<'_> {
    async fn run(&mut self) -> Result<Exit> {
        let parameters: Parameters = self.arguments.query.parameters().into();
        // Each client waits differently, so that they do not come back all at once.
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_DELAY_MAX, self.clock.now_unix_nanos());
        let mut stream = self.connection.events(&["tail"], &parameters).await?;
        loop {
            let reason = match self.print(stream).await? {
                Stopped::Enough => return Ok(Exit::Done),
                Stopped::Lost(reason) => reason,
            };
            backoff.reset();
            stream = self.reconnect(&parameters, reason, &mut backoff).await?;
            self.output.note("connected again; what arrived in between is not shown")?;
        }
    }

    async fn reconnect(
        &mut self,
        parameters: &Parameters,
        mut reason: String,
        backoff: &mut Backoff,
    ) -> Result<Response> {
        loop {
            let delay = backoff.next_delay();
            let shown = duration(delay.as_millis() as u64 * 1_000_000);
            self.output.note(&format!("connection lost ({}); trying again in {shown}", safe(&reason)))?;
            self.clock.sleep(delay).await;
            match self.connection.events(&["tail"], parameters).await {
                Ok(stream) => return Ok(stream),
                Err(error) if error.is_passing() && backoff.tries() < RETRIES_MAX => {
                    reason = error.to_string()
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn print(&mut self, mut stream: Response) -> Result<Stopped> {
        let mut reader = EventReader::default();
        loop {
            let chunk = match stream.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Ok(Stopped::Lost("the server ended it".to_owned())),
                Err(error) => return Ok(Stopped::Lost(Error::Broken(error).to_string())),
            };
            for event in reader.take(&chunk)? {
                self.event(&event)?;
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
            count: u64,
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
                let records = counted(count, "record", "records");
                self.output.note(&format!("{records} dropped, the reader was too slow"))
            }
            // What a newer server may say.
            _ => Ok(()),
        }
    }
}
