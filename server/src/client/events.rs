//! Reading server-sent events: bytes to events, as the HTML standard says, with a bound on one event.

use super::error::{Error, Result};

/// Bytes of one event; a record is at most as large as a request that brings it.
const EVENT_BYTES_MAX: usize = 64 << 20;
/// What an event is called that says no name.
const NAME_DEFAULT: &str = "message";

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// What happened.
    pub name: String,
    /// Its lines, joined.
    pub data: String,
    /// Where to go on after it: the last id that was said up to it, or empty.
    pub id: String,
}

/// Puts events together from bytes that come in pieces.
#[derive(Debug, Default)]
pub(crate) struct EventReader {
    /// A line that has not ended.
    line: Vec<u8>,
    name: String,
    data: String,
    id: String,
    has_data: bool,
    /// The last byte was a carriage return, which may be half of a line's end.
    after_return: bool,
}

impl EventReader {
    /// Takes bytes, and returns the events that they complete.
    ///
    /// # Errors
    /// An event past the bound.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        for &byte in bytes {
            let after_return = std::mem::take(&mut self.after_return);
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => {
                    self.after_return = byte == b'\r';
                    let line = std::mem::take(&mut self.line);
                    events.extend(self.end_line(&String::from_utf8_lossy(&line)));
                }
                _ => self.line.push(byte),
            }
            if self.line.len() + self.data.len() > EVENT_BYTES_MAX {
                return Err(Error::TooLarge { bytes_max: EVENT_BYTES_MAX });
            }
        }
        Ok(events)
    }

    fn end_line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            let data = std::mem::take(&mut self.data);
            let name = if name.is_empty() { NAME_DEFAULT.to_owned() } else { name };
            return std::mem::take(&mut self.has_data).then_some(Event { name, data, id: self.id.clone() });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            "id" => value.clone_into(&mut self.id),
            // Comments are signs of life; how long to wait is decided here.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(name: &str, data: &str, id: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned(), id: id.to_owned() }
    }

    #[test]
    fn every_form_of_an_event() {
        for (bytes, events) in [
            ("event: record\ndata: {}\n\n", vec![event("record", "{}", "")]),
            (": ping\n\nevent:record\r\ndata:a\r\ndata: b\r\n\r\n", vec![event("record", "a\nb", "")]),
            ("data\n\ndata: x\rid: 3\r\r", vec![event("message", "", ""), event("message", "x", "3")]),
            ("event: lost\n\ndata: kept\n\n", vec![event("message", "kept", "")]),
            (
                "id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
                vec![event("message", "a", "1"), event("message", "b", "1"), event("message", "c", "")],
            ),
            ("data: half", vec![]),
        ] {
            assert_eq!(EventReader::default().take(bytes.as_bytes()).unwrap(), events, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            text in "((event|data|:| |\r|\n|\r\n|x|é){0,6}){0,12}",
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = text.as_bytes();
            let whole = EventReader::default().take(bytes).unwrap();
            let mut reader = EventReader::default();
            let (first, second) = bytes.split_at(cut.index(bytes.len() + 1));
            let mut pieces = reader.take(first).unwrap();
            pieces.extend(reader.take(second).unwrap());
            prop_assert_eq!(whole, pieces);
        }
    }
}
