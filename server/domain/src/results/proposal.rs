//! Asking a model what to compute. It sees the question and what the columns are, with a few of their values, and never
//! says a figure: what it writes is a specification, which is held against the columns.

use crate::agents::completion::{self, Dialogue, Heard};
use crate::agents::connections::Connections;
use crate::agents::{self};
use crate::limits::{self, Limit};
use crate::ports::{Ports, SECOND};
use crate::providers::{Role, Turn};
use crate::store::Store;
use atrium::agents::Agent;
use atrium::catalogue::Provider;
use atrium::people::Viewer;
use atrium_analysis::{Specification, Table};
use std::time::Duration;

/// How long a model may take: the rules answer at once.
const PATIENCE: Duration = Duration::from_secs(30);
/// Questions of one person that a model is asked about.
const PER_PERSON: Limit = Limit { hits: 60, window: 600 * SECOND };
/// Columns that a model is told of, and values of each column of text.
const COLUMNS: usize = 60;
const VALUES: usize = 12;

const INSTRUCTIONS: &str = r#"You turn a question about a table into a specification of a chart. You are given the columns of the table and the question. Reply with one JSON object and nothing else:
{"chart": "bar" | "line" | "pie", "measures": [{"aggregate": "sum" | "mean" | "count" | "min" | "max", "column": "NAME"}], "by": "NAME", "every": "hour" | "day" | "week" | "month" | "quarter" | "year", "split": "NAME", "where": [{"column": "NAME", "test": "is" | "is_not" | "above" | "at_least" | "below" | "at_most", "value": "VALUE"}], "top": N, "smallest": true}
"by" is the column whose values make the groups; "every" only for columns of dates; "split" makes a series of each value of a second column. {"aggregate": "count"} without a column counts rows. Leave out "every", "split", "where", "top" and "smallest" where the question does not ask for them. Use the names of the columns exactly. Dates in "where" are written 2024, 2024-05 or 2024-05-31. If the table cannot answer the question, reply with {}."#;

/// What the model of the viewer's default agent makes of a question, if it is one that may be asked and it makes sense.
pub(super) async fn propose(
    store: &Store,
    ports: &Ports,
    connections: &Connections,
    viewer: &Viewer,
    question: &str,
    table: &Table,
) -> Option<Specification> {
    let agent = agents::default(store.as_viewer(viewer), ports, connections).await.ok()?;
    // The local model is too small for this, and a webhook is no model.
    if matches!(agent.provider, Provider::Local | Provider::N8n) || !agent.is_active {
        return None;
    }
    limits::hit(store, ports, &format!("charts:{}", viewer.id), PER_PERSON).await.ok()?;
    let asked = ask(store, ports, connections, viewer, agent, format!("{}\n\nQuestion: {question}", describe(table)));
    let reply = tokio::time::timeout(PATIENCE, asked).await.ok().flatten()?;
    let proposed = Specification::from_reply(&reply)?.check(table);
    proposed.inspect_err(|why| tracing::debug!("a model's specification does not fit: {why}")).ok()
}

fn describe(table: &Table) -> String {
    let mut text = String::from("Columns:");
    for (at, column) in table.columns().iter().enumerate().take(COLUMNS) {
        let samples: Vec<String> = table.samples(at, VALUES).iter().map(|it| it.chars().take(40).collect()).collect();
        text += &format!("\n- {:?} ({}): {}", column.name, column.kind().as_str(), samples.join(" | "));
    }
    text
}

async fn ask(
    store: &Store,
    ports: &Ports,
    connections: &Connections,
    viewer: &Viewer,
    agent: Agent,
    text: String,
) -> Option<String> {
    let reader =
        Agent { name: "Charts".to_owned(), temperature: 0.0, max_tokens: 1_000, system_prompt: String::new(), ..agent };
    let dialogue = Dialogue {
        instructions: vec![INSTRUCTIONS.to_owned()],
        turns: vec![Turn::said(Role::User, text)],
        ..Dialogue::default()
    };
    let mut heard = completion::complete(store, ports, connections, None, viewer, &reader, dialogue).ok()?;
    let mut reply = String::new();
    loop {
        match heard.recv().await? {
            Heard::Text(piece) => reply.push_str(&piece),
            Heard::End { .. } => return Some(reply),
            Heard::Failed(error) => {
                tracing::debug!("a model could not be asked about a chart: {error}");
                return None;
            }
        }
    }
}
