//! Questions about files as people have them. What is expected was computed by `pairs/pairs.py`, which knows nothing of
//! this crate.

use atrium_analysis::{Refusal, Table, question};
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Pair {
    file: String,
    question: String,
    /// Words that nobody can know: then there is nothing else.
    #[serde(default)]
    unknown: Vec<String>,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    labels: Vec<String>,
    /// Of several series.
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    series: Vec<Vec<Option<f64>>>,
}

impl Pair {
    fn check(&self, folder: &Path) -> Result<(), String> {
        let bytes = std::fs::read(folder.join("data").join(&self.file)).map_err(|it| it.to_string())?;
        let table = Table::from_csv(&bytes).map_err(|it| it.to_string())?;
        let asked = match question::read(&self.question, &table) {
            Err(Refusal::Unknown { words, .. }) if words == self.unknown => return Ok(()),
            asked => asked.map_err(|it| it.to_string())?,
        };
        let chart = asked.compute(&table).map_err(|it| it.to_string())?;
        let differs = |what: &str, ours: String, theirs: String| Err(format!("{what} {ours}, expected {theirs}"));
        if chart.kind.as_str() != self.kind {
            return differs("kind", chart.kind.as_str().to_owned(), self.kind.clone());
        }
        if chart.categories != self.labels {
            return differs("labels", format!("{:?}", chart.categories), format!("{:?}", self.labels));
        }
        let names: Vec<&String> = chart.series.iter().map(|it| &it.name).collect();
        if !self.names.is_empty() && names != self.names.iter().collect::<Vec<_>>() {
            return differs("series", format!("{names:?}"), format!("{:?}", self.names));
        }
        if chart.series.len() != self.series.len() {
            return differs("series", chart.series.len().to_string(), self.series.len().to_string());
        }
        for (ours, theirs) in chart.series.iter().zip(&self.series) {
            let is_same = |(a, b): (&Option<f64>, &Option<f64>)| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs().max(1.0),
                (a, b) => a == b,
            };
            if ours.values.len() != theirs.len() || !ours.values.iter().zip(theirs).all(is_same) {
                return differs("values", format!("{:?}", ours.values), format!("{theirs:?}"));
            }
        }
        Ok(())
    }
}

#[test]
fn fifty_questions_are_answered_as_a_spreadsheet_would() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pairs");
    let pairs: Vec<Pair> = serde_json::from_str(&std::fs::read_to_string(folder.join("pairs.json")).unwrap()).unwrap();
    assert!(pairs.len() >= 50, "{}", pairs.len());
    let failed: Vec<String> = pairs
        .iter()
        .filter_map(|it| Some(format!("{} “{}”: {}", it.file, it.question, it.check(&folder).err()?)))
        .collect();
    assert!(failed.is_empty(), "{} of {} differ:\n{}", failed.len(), pairs.len(), failed.join("\n"));
}
