//! What other systems measured: DESIGN.md section 9, first table.
//!
//! Same stream shape as here (2.4 M records of ~300 B in requests of up to 512, 4 connections, sender on the same 2 cores).
//! VictoriaLogs and Loki took only the logs, VictoriaTraces and Tempo only the spans, Quickwit both. These are constants,
//! not measured by this program.

use crate::figures::Measure;

/// Names of the peers, in the order of their figures.
pub const PEERS: [&str; 5] = ["VictoriaLogs", "VictoriaTraces", "Loki", "Quickwit", "Tempo"];

/// The peers' figures for a measure, as text; `–` where there is none.
pub fn figures(measure: Measure) -> [&'static str; 5] {
    match measure {
        Measure::IngestRate => ["152,800", "93,400", "56,500", "52,100", "45,600"],
        Measure::CpuPerRecord => ["12–13", "20–21", "34–40", "35–36", "32–49"],
        Measure::DiskPerRecord => ["42.9", "64.1", "575 (WAL in)", "216 (queue in)", "362 (WAL in)"],
        Measure::PeakRss => ["238", "286", "974", "1,783", "3,432"],
        // Theirs is an id lookup in one signal, not a whole flow.
        Measure::FlowP50 => ["5.1", "5.2", "3,594", "18", "36"],
        Measure::FlowP99 => ["9.6", "17", "4,409", "32", "183"],
        Measure::AckedLeft => ["0", "0", "100", "99", "0"],
        _ => ["–"; 5],
    }
}
