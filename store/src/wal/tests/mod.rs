//! Tears, flips, fills, stops and restarts the log.

mod failures;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};

use bytes::Bytes;
use proptest::prelude::*;

use super::files::{FileHeader, HEADER_BYTES};
use super::payload::Codec;
use super::reader::ReplayFrame;
use super::syncer::Shared;
use super::{FrameHead, Payload, PayloadEncoder, Replay, Wal, WalConfig, WalSyncer, WalWriter, frame};
use crate::disk::faulty::{Fault, FaultyDisk};
use crate::disk::{Disk as _, DiskFile};
use crate::error::{Error, Result};
use crate::model::{Signal, Tenant};
use crate::paths::wal_name;

/// "a" 300 times, as zstd -1 packs it.
const PACKED: [u8; 18] = *b"\x28\xb5\x2f\xfd\x00\x48\x4d\x00\x00\x10\x61\x61\x01\x00\x27\x2a\xc0\x02";
const DIR: &str = "/data/wal";

fn open_with(disk: &FaultyDisk, config: WalConfig) -> Result<(WalWriter, WalSyncer, Replay)> {
    Wal::open(Arc::new(disk.clone()), Path::new(DIR), config)
}

fn open(disk: &FaultyDisk) -> (WalWriter, WalSyncer, Replay) {
    open_with(disk, WalConfig::default()).expect("opened")
}

fn small_files() -> WalConfig {
    WalConfig { file_bytes: 700, ..WalConfig::default() }
}

fn replayed(disk: &FaultyDisk) -> Result<Vec<ReplayFrame>> {
    open_with(disk, WalConfig::default())?.2.collect()
}

fn path(number: u64) -> PathBuf {
    Path::new(DIR).join(wal_name(number))
}

fn head(number: u64) -> FrameHead {
    let name = if number.is_multiple_of(2) { "even" } else { "odd-and-longer" };
    FrameHead {
        tenant: Tenant::new(name).expect("a valid name"),
        signal: if number.is_multiple_of(3) { Signal::Logs } else { Signal::Spans },
        arrival: 1_700_000_000_000_000_000 + number,
        fingerprint: u128::from(number) << 64 | 7,
    }
}

/// Differs with its number; of three, one packs well, one does not and one is empty.
fn body(number: u64) -> Bytes {
    match number % 3 {
        0 => Bytes::from(format!("request {number} ").repeat(40)),
        1 => Bytes::from((0..300).map(|at| ((at * at * 31 + at * number) >> 3) as u8).collect::<Vec<_>>()),
        _ => Bytes::new(),
    }
}

fn frame(number: u64) -> ReplayFrame {
    ReplayFrame { sequence: number, head: head(number), body: body(number) }
}

/// Appends as the store does: packed before, buffered, written.
fn append_one(writer: &mut WalWriter, number: u64) -> Result<u64> {
    let sequence = writer.buffer(&head(number), &PayloadEncoder::new().encode(&body(number)))?;
    writer.flush()?;
    Ok(sequence)
}

fn append(writer: &mut WalWriter, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        assert_eq!(append_one(writer, number).expect("appended"), number);
    }
}

#[test]
fn frames_come_back_in_order_over_restarts_and_files() {
    let disk = FaultyDisk::new(1);
    for round in 0..4 {
        let (mut writer, syncer, replay) = open_with(&disk, small_files()).unwrap();
        let frames: Vec<_> = replay.map(Result::unwrap).collect();
        assert_eq!(frames, (1..=round * 10).map(frame).collect::<Vec<_>>());
        append(&mut writer, round * 10 + 1..=round * 10 + 10);
        assert_eq!(syncer.sync().unwrap(), round * 10 + 10);
    }
    assert!(disk.list(Path::new(DIR)).unwrap().len() > 8);
}

#[test]
fn a_group_goes_out_with_one_write() {
    let disk = FaultyDisk::new(1);
    let (mut writer, _, _) = open(&disk);
    let before = disk.steps();
    for number in 1..=5 {
        assert_eq!(writer.buffer(&head(number), &Payload::raw(body(number))).unwrap(), number);
    }
    writer.flush().unwrap();
    assert_eq!(disk.steps() - before, 1);
    assert_eq!(replayed(&disk).unwrap(), (1..=5).map(frame).collect::<Vec<_>>());
}

/// The layout on disk; a change here is a new format version.
#[test]
fn golden_bytes() {
    let salt = 0x0102_0304_0506_0708;
    let header = FileHeader { number: 7, first_sequence: 258, previous_sequence: 256, salt };
    assert_eq!(
        hex(&header.encode()),
        "73706f6f7277616c010000004775ca490700000000000000020100000000000000010000000000000807060504030201"
    );
    assert_eq!(FileHeader::decode(&header.encode(), Path::new("f"), 7).unwrap(), header);

    let head = FrameHead {
        tenant: Tenant::default(),
        signal: Signal::Spans,
        arrival: 0x1112_1314_1516_1718,
        fingerprint: 0x2122_2324_2526_2728_292a_2b2c_2d2e_2f30,
    };
    let mut bytes = Vec::new();
    frame::encode(&mut bytes, salt, &head, &Payload::raw(Bytes::from_static(b"body")), (258, 257));
    assert_eq!(
        hex(&bytes),
        concat!(
            "53704672f7e1a32cb20ba8db040000000400000001000700020100000000000001010000000000001817161514131211",
            "302f2e2d2c2b2a29282726252423222164656661756c74626f6479"
        )
    );
    let decoded = frame::FrameHeader::decode(&bytes, salt).unwrap();
    assert_eq!((decoded.head, decoded.sequence, decoded.durable), (head, 258, 257));
    assert_eq!(Codec::Zstd as u8, 1);
    let packed = Bytes::from_static(&PACKED);
    assert_eq!(Codec::Zstd.unpack(packed, 300).unwrap(), vec![b'a'; 300]);
}

#[test]
fn a_file_cut_anywhere_keeps_the_frames_before_and_takes_new_ones() {
    let disk = FaultyDisk::new(1);
    let (mut writer, _, _) = open(&disk);
    append(&mut writer, 1..=7);
    let whole = disk.read(&path(1)).unwrap();
    let ends = frame_ends(&whole);
    for len in 0..=whole.len() {
        let cut = disk.after_kill();
        cut.tamper(&path(1), |data| data.truncate(len));
        let kept = ends.iter().filter(|end| **end <= len).count() as u64;
        let (mut writer, syncer, replay) = open(&cut);
        let torn =
            len - ends.iter().copied().chain([HEADER_BYTES]).filter(|end| *end <= len).max().unwrap_or(0);
        assert_eq!(replay.torn_bytes(), torn as u64, "cut at {len}");
        assert_eq!(replay.map(Result::unwrap).collect::<Vec<_>>(), (1..=kept).map(frame).collect::<Vec<_>>());
        append(&mut writer, kept + 1..=kept + 2);
        syncer.sync().unwrap();
        let expected: Vec<_> = (1..=kept + 2).map(frame).collect();
        assert_eq!(replayed(&cut.after_power_loss(len as u64)).unwrap(), expected, "cut at {len}");
    }
}

#[test]
fn a_flipped_byte_is_never_read_as_a_frame() {
    let disk = FaultyDisk::new(1);
    let (mut writer, _, _) = open(&disk);
    append(&mut writer, 1..=6);
    let whole = disk.read(&path(1)).unwrap();
    let ends = frame_ends(&whole);
    for at in 0..whole.len() {
        let flipped = disk.after_kill();
        flipped.tamper(&path(1), |data| data[at] ^= 1 << (at % 8));
        match replayed(&flipped) {
            Ok(frames) => {
                assert!(at >= HEADER_BYTES, "the header at {at}");
                let whole = ends.iter().filter(|end| **end <= at).count() as u64;
                assert_eq!(frames, (1..=whole).map(frame).collect::<Vec<_>>(), "flipped at {at}");
            }
            Err(Error::Corrupt { .. }) => assert!(at < HEADER_BYTES, "at {at} nothing was durable"),
            Err(Error::Version { .. }) => assert!((8..12).contains(&at)),
            Err(error) => panic!("flipped at {at}: {error}"),
        }
    }
}

#[test]
fn damage_in_what_was_durable_is_not_taken_for_a_torn_tail() {
    let disk = FaultyDisk::new(1);
    let (mut writer, syncer, _) = open(&disk);
    append(&mut writer, 1..=4);
    syncer.sync().unwrap();
    append(&mut writer, 5..=6);
    let ends = frame_ends(&disk.read(&path(1)).unwrap());
    for at in HEADER_BYTES..ends[3] {
        let flipped = disk.after_kill();
        flipped.tamper(&path(1), |data| data[at] ^= 0x10);
        let error = replayed(&flipped).expect_err("damage to durable frames");
        assert!(
            matches!(&error, Error::Corrupt { path: file, reason }
            if *file == path(1) && reason.starts_with("at offset ")),
            "{at}: {error}"
        );
    }
}

#[test]
fn damage_in_older_files_is_corrupt_wherever_it_is() {
    let disk = FaultyDisk::new(1);
    let (mut writer, syncer, _) = open_with(&disk, small_files()).unwrap();
    append(&mut writer, 1..=12);
    syncer.sync().unwrap();
    let len = disk.read(&path(2)).unwrap().len();
    for at in (0..len).filter(|at| !(8..12).contains(at)) {
        let flipped = disk.after_kill();
        flipped.tamper(&path(2), |data| data[at] ^= 0x04);
        assert!(
            matches!(replayed(&flipped), Err(Error::Corrupt { path: file, .. }) if file == path(2)),
            "{at}"
        );
        let cut = disk.after_kill();
        cut.tamper(&path(2), |data| data.truncate(at));
        assert!(matches!(replayed(&cut), Err(Error::Corrupt { .. })), "{at}");
    }
    let newer = disk.after_kill();
    newer.tamper(&path(2), |data| data[8] = 2);
    assert!(matches!(replayed(&newer), Err(Error::Version { found: 2, known: 1, .. })));
    let gone = disk.after_kill();
    gone.remove(&path(2)).unwrap();
    let error = replayed(&gone).expect_err("a file is missing");
    assert!(error.to_string().contains("000000000002.wal is missing"), "{error}");
}

#[test]
fn a_full_file_is_not_taken_for_torn_when_the_next_one_was_never_begun() {
    let disk = FaultyDisk::new(1);
    let (mut writer, syncer, _) = open_with(&disk, small_files()).unwrap();
    append(&mut writer, 1..=12);
    syncer.sync().unwrap();
    let newest = disk.list(Path::new(DIR)).unwrap().len() as u64;
    disk.tamper(&path(newest), |data| data.truncate(HEADER_BYTES / 2));
    assert!(replayed(&disk.after_kill()).unwrap().len() >= 8, "what is full is whole");
    disk.tamper(&path(newest - 1), |data| data.truncate(data.len() - 1));
    assert!(matches!(replayed(&disk), Err(Error::Corrupt { path: file, .. }) if file == path(newest - 1)));
}

#[test]
fn truncation_removes_whole_files_and_sequences_go_on() {
    let disk = FaultyDisk::new(1);
    let (mut writer, syncer, _) = open_with(&disk, small_files()).unwrap();
    append(&mut writer, 1..=20);
    let files = disk.list(Path::new(DIR)).unwrap().len();
    let bytes = syncer.bytes();
    syncer.truncate(9).unwrap();
    let first = replayed(&disk.after_kill()).unwrap()[0].sequence;
    assert!((2..=10).contains(&first), "{first}");
    assert!(disk.list(Path::new(DIR)).unwrap().len() < files && syncer.bytes() < bytes);

    syncer.truncate(20).unwrap();
    let left = disk.list(Path::new(DIR)).unwrap();
    syncer.sync().unwrap();
    assert_eq!(left.len(), 1, "the file that is appended to stays");
    assert_eq!(syncer.bytes(), left[0].bytes);

    let (mut writer, syncer, replay) = open(&disk.after_power_loss(3));
    assert!(replay.count() < 20);
    syncer.truncate(20).unwrap();
    assert_eq!(syncer.bytes(), HEADER_BYTES as u64);
    append(&mut writer, 21..=22);
}

#[test]
fn published_frames_are_checked_and_passed_over() {
    let disk = FaultyDisk::new(1);
    let (mut writer, _, _) = open(&disk);
    append(&mut writer, 1..=9);
    let published = HashMap::from([(head(1).tenant, 5)]);
    let replay = open(&disk.after_kill()).2.pass_over(published.clone());
    let sequences: Vec<u64> = replay.map(|frame| frame.unwrap().sequence).collect();
    assert_eq!(sequences, [2, 4, 6, 7, 8, 9]);

    let damaged = disk.after_kill();
    let (_, _, replay) = open(&damaged);
    damaged.tamper(&path(1), |data| data[HEADER_BYTES + 20] ^= 1);
    assert!(replay.pass_over(published).any(|frame| matches!(frame, Err(Error::Corrupt { .. }))));
}

#[test]
fn an_empty_log_starts_at_the_floor_it_is_given() {
    let disk = FaultyDisk::new(1);
    let config = WalConfig { first_sequence: 1_000, ..WalConfig::default() };
    let (mut writer, _, _) = open_with(&disk, config.clone()).unwrap();
    append(&mut writer, 1_000..=1_000);
    let (mut writer, _, _) = open_with(&disk, config).unwrap();
    append(&mut writer, 1_001..=1_001);
    let (mut writer, _, replay) =
        open_with(&disk, WalConfig { first_sequence: 5_000, ..WalConfig::default() }).unwrap();
    assert_eq!(replay.map(|frame| frame.unwrap().sequence).collect::<Vec<_>>(), [1_000, 1_001]);
    append(&mut writer, 5_000..=5_000);
    assert_eq!(replayed(&disk.after_kill()).unwrap().len(), 3);
}

#[test]
fn empty_restarts_do_not_pile_up_files() {
    let disk = FaultyDisk::new(1);
    for _ in 0..5 {
        open(&disk);
    }
    assert_eq!(disk.list(Path::new(DIR)).unwrap().len(), 1);
}

#[derive(Debug, Clone)]
enum Op {
    Append(u8),
    Group(u8),
    Sync,
    Truncate(u8),
    Kill,
    PowerLoss(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (1u8..8).prop_map(Op::Append),
        2 => (0u8..8).prop_map(Op::Group),
        4 => Just(Op::Sync),
        2 => any::<u8>().prop_map(Op::Truncate),
        1 => Just(Op::Kill),
        1 => any::<u64>().prop_map(Op::PowerLoss),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// A map of frames is the model; what was synced must stay, what was not may go from its end.
    #[test]
    fn log_is_a_map_of_frames(ops in prop::collection::vec(op(), 1..60), file_bytes in 100u64..3_000) {
        let config = WalConfig { file_bytes, ..WalConfig::default() };
        let mut disk = FaultyDisk::new(1);
        let mut wal = open_with(&disk, config.clone()).expect("opened");
        let mut model: BTreeMap<u64, ReplayFrame> = BTreeMap::new();
        let mut durable = 0;
        for op in ops {
            match op {
                Op::Append(count) => for _ in 0..count {
                    let number = wal.0.next_sequence();
                    append(&mut wal.0, number..=number);
                    model.insert(number, frame(number));
                },
                Op::Group(count) => {
                    let first = wal.0.next_sequence();
                    for number in first..first + u64::from(count) {
                        wal.0.buffer(&head(number), &Payload::raw(body(number))).expect("buffered");
                        model.insert(number, frame(number));
                    }
                    wal.0.flush().expect("flushed");
                }
                Op::Sync => durable = wal.1.sync().expect("synced"),
                Op::Truncate(share) => {
                    let through = durable * u64::from(share) / 255;
                    wal.1.truncate(through).expect("truncated");
                    durable = durable.max(wal.1.durable());
                    let kept = replayed(&disk.after_kill()).expect("replayed");
                    let first = kept.first().map_or(u64::MAX, |frame| frame.sequence);
                    prop_assert!(model.range(..first).all(|(sequence, _)| *sequence <= through));
                    model = model.split_off(&first);
                }
                Op::Kill | Op::PowerLoss(_) => {
                    let next = wal.0.next_sequence();
                    disk = match op {
                        Op::PowerLoss(seed) => disk.after_power_loss(seed),
                        _ => disk.after_kill(),
                    };
                    let config = WalConfig { first_sequence: durable + 1, ..config.clone() };
                    wal = open_with(&disk, config).expect("opened");
                    let frames: Vec<_> = wal.2.by_ref().map(Result::unwrap).collect();
                    let found = frames.last().map_or(durable, |frame| frame.sequence.max(durable));
                    if matches!(op, Op::Kill) {
                        prop_assert_eq!(wal.0.next_sequence(), next);
                    }
                    prop_assert!(model.range(found + 1..).all(|(sequence, _)| *sequence > durable));
                    model.split_off(&(found + 1));
                    prop_assert_eq!(frames, model.values().cloned().collect::<Vec<_>>());
                    durable = wal.1.durable();
                }
            }
        }
    }
}

fn frame_ends(data: &[u8]) -> Vec<usize> {
    let header = FileHeader::decode(data, Path::new("f"), 1).expect("a header");
    let mut ends = Vec::new();
    let mut offset = HEADER_BYTES;
    while offset < data.len() {
        let frame = frame::FrameHeader::decode(&data[offset..], header.salt).expect("a frame");
        offset += frame.payload_range().end;
        ends.push(offset);
    }
    ends
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
