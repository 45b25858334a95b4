//! Requests that can be told apart, and the connections that send them until the server dies.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::process::connect;

/// Records of one request, at most.
const RECORDS_MAX: u64 = 60;
/// How long a sender waits when it is told to.
const RETRY_WAIT: Duration = Duration::from_millis(20);
/// Most senders of a round. No two records of a round share a time, so that pages of a search meet exactly, whatever
/// the splits become meanwhile.
pub(crate) const SENDERS_MAX: u64 = 16;
/// Between the times of two records.
const NANOS_PER_RECORD: u64 = 1_000;

/// A generator of numbers that repeats with its seed (`SplitMix64`).
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// One export request and what is in it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `ROUND-SENDER-NUMBER`; every record carries it as `correlation.id`.
    pub(crate) name: String,
    /// Records in it; each carries `crash.record`, the name and its own number.
    pub(crate) records: u64,
    path: &'static str,
    body: Vec<u8>,
}

/// What one sender knows when its connection has broken.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Answered with success.
    pub(crate) acknowledged: Vec<Request>,
    /// Sent and not answered: stored or not.
    pub(crate) in_doubt: Option<Request>,
}

impl Request {
    /// Makes request `number` of a sender; spans and logs take turns.
    pub(crate) fn new(round: u64, sender: u64, number: u64, random: &mut Random, start: u64) -> Self {
        let name = format!("{round}-{sender}-{number}");
        let records = 1 + random.below(RECORDS_MAX);
        let is_spans = number.is_multiple_of(2);
        let mut trace_id = [0; 16];
        trace_id[..8].copy_from_slice(&(random.below(u64::MAX) | 1).to_be_bytes());
        let mut listed = Vec::new();
        for index in 0..records {
            let time = start + ((number * SENDERS_MAX + sender) * RECORDS_MAX + index) * NANOS_PER_RECORD;
            let mut record = Vec::new();
            let attributes = [
                ("correlation.id", name.clone()),
                ("crash.record", format!("{name}-{index}")),
                ("crash.round", format!("round-{round}")),
            ];
            let (id, attribute) = ((index + 1).to_be_bytes(), if is_spans { 9 } else { 6 });
            if is_spans {
                field(&mut record, 1, &trace_id);
                field(&mut record, 2, &id);
                field(&mut record, 5, b"take the next step");
                fixed(&mut record, 7, time);
                fixed(&mut record, 8, time + 500);
            } else {
                fixed(&mut record, 1, time);
                field(&mut record, 5, &nested(1, format!("step {index} of {name} taken").as_bytes()));
                field(&mut record, 9, &trace_id);
                field(&mut record, 10, &id);
            }
            for (key, value) in attributes {
                field(&mut record, attribute, &key_value(key, &value));
            }
            field(&mut listed, 2, &record);
        }
        let resource = nested(1, &key_value("service.name", &format!("sender-{sender}")));
        let mut of_resource = nested(1, &resource);
        field(&mut of_resource, 2, &listed);
        let path = if is_spans { "traces" } else { "logs" };
        Self { name, records, path, body: nested(1, &of_resource) }
    }

    /// Sends it over `stream` until it is acknowledged; an error when the connection broke.
    ///
    /// # Panics
    /// When the server refuses it for good.
    pub(crate) fn send(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        loop {
            let head = format!(
                "POST /v1/{} HTTP/1.1\r\nHost: spoor\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n",
                self.path,
                self.body.len()
            );
            stream.write_all(&[head.as_bytes(), &self.body].concat())?;
            let (status, body) = read_answer(stream)?;
            match status {
                200 => {
                    assert!(body.is_empty(), "{} was accepted in part: {body:?}", self.name);
                    return Ok(());
                }
                429 | 503 => std::thread::sleep(RETRY_WAIT), // tidy: sleeps because the server asked for it
                _ => panic!("{} was refused with {status}: {}", self.name, String::from_utf8_lossy(&body)),
            }
        }
    }
}

/// Sends requests one after the other until the connection breaks or `stop` is set.
pub(crate) fn send_until_broken(
    address: SocketAddr,
    (round, sender): (u64, u64),
    mut random: Random,
    start: u64,
    stop: &AtomicBool,
) -> Sent {
    let mut sent = Sent::default();
    let mut stream = connect(address);
    stream.set_nodelay(true).unwrap();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let request = Request::new(round, sender, number, &mut random, start);
        match request.send(&mut stream) {
            Ok(()) => sent.acknowledged.push(request),
            Err(_) => {
                sent.in_doubt = Some(request);
                break;
            }
        }
    }
    sent
}

/// Status and body of one answer on a connection that stays open.
fn read_answer(stream: &mut TcpStream) -> std::io::Result<(u16, Vec<u8>)> {
    let mut seen = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let head_end = seen.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = head_end {
            let head = String::from_utf8(seen[..end].to_vec()).unwrap().to_ascii_lowercase();
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(0, |value| value.trim().parse().unwrap());
            let body = end + 4;
            while seen.len() < body + length {
                let read = stream.read(&mut chunk)?;
                if read == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                seen.extend_from_slice(&chunk[..read]);
            }
            return Ok((status, seen[body..body + length].to_vec()));
        }
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        seen.extend_from_slice(&chunk[..read]);
    }
}

fn key_value(key: &str, value: &str) -> Vec<u8> {
    let mut message = nested(1, key.as_bytes());
    field(&mut message, 2, &nested(1, value.as_bytes()));
    message
}

/// A message whose only field is `bytes`.
fn nested(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    field(&mut message, number, bytes);
    message
}

/// Writes a length-delimited protobuf field.
fn field(message: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    message.push(number << 3 | 2);
    let mut length = bytes.len();
    while length > 0x7f {
        message.push(length as u8 | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend_from_slice(bytes);
}

fn fixed(message: &mut Vec<u8>, number: u8, value: u64) {
    message.push(number << 3 | 1);
    message.extend_from_slice(&value.to_le_bytes());
}
