//! What was measured: one value per measure, and the answers that were wrong.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::output;

/// Wrong answers that are kept with their text; all are counted.
const WRONG_KEPT: usize = 20;

/// Everything the benchmark measures, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the table's labels in targets.rs say what each is")]
pub enum Measure {
    IngestRate,
    CpuPerRecord,
    DiskPerRecord,
    PeakRss,
    PeakAnonymous,
    AckHalfLoadP50,
    AckHalfLoadP99,
    AckFullLoadP99,
    SenderCpu,
    FlowP50,
    FlowP99,
    FindKnown,
    AbsentFlow,
    AbsentFind,
    AbsentManySplits,
    SearchManyHits,
    SearchFewHits,
    SearchAttribute,
    Histogram,
    HistogramQuery,
    Facet,
    Services,
    Graph,
    ServiceSeries,
    JaegerTraces,
    StatsByService,
    StatsByName,
    StatsByAttribute,
    ReadyAfterKill,
    AckedLeft,
    VisibleAtOnce,
    IngestBesideQueries,
    QueryBesideIngest,
    GrowthIngest,
    GrowthLookup,
    HighCardinalityRate,
    HighCardinalityCpu,
    HighCardinalityDisk,
    HighCardinalityRss,
    HighCardinalityFlowP50,
}

/// A measured value.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// In the unit of its row.
    pub value: f64,
    /// What else to know, shown behind the value.
    pub note: Option<String>,
}

/// All that a run found out.
#[derive(Debug, Default, Serialize)]
pub struct Figures {
    /// The values.
    pub measures: BTreeMap<Measure, Figure>,
    /// Answers checked.
    pub answers: u64,
    /// Answers that were wrong.
    pub wrong: u64,
    /// The first of them.
    pub wrong_answers: Vec<String>,
    /// Things a reader of the figures must know.
    pub remarks: Vec<String>,
}

impl Figures {
    /// Sets a value.
    pub fn set(&mut self, measure: Measure, value: f64) {
        self.measures.insert(measure, Figure { value, note: None });
    }

    /// Sets a value with a note.
    pub fn set_noted(&mut self, measure: Measure, value: f64, note: String) {
        self.measures.insert(measure, Figure { value, note: Some(note) });
    }

    /// A value, if it was measured.
    pub fn value(&self, measure: Measure) -> Option<f64> {
        self.measures.get(&measure).map(|figure| figure.value)
    }

    /// Counts one checked answer.
    pub fn checked(&mut self, what: &str, outcome: Result<(), String>) {
        self.answers += 1;
        if let Err(why) = outcome {
            self.wrong += 1;
            if self.wrong_answers.len() < WRONG_KEPT {
                output::progress(&format!("WRONG {what}: {why}"));
                self.wrong_answers.push(format!("{what}: {why}"));
            }
        }
    }

    /// Keeps a remark, and shows it at once.
    pub fn remark(&mut self, text: String) {
        output::progress(&text);
        self.remarks.push(text);
    }
}
