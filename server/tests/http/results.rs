//! Pages below analytics, by forms alone: asking, what was drawn, versions of models.

use crate::server::Server;

const SALES: &[u8] = b"Region,Amount\nNorth,1200\nSouth,300\n=1+1,5\n";

#[test]
fn a_chart_is_asked_for_kept_and_brought_back() {
    let server = Server::start();
    let mut ada = server.administrator();
    assert!(ada.get("/analytics/results").text().contains("Ask for a chart"));
    let mut send = |question: &str, file: &[u8]| {
        ada.upload("/analytics/ask", &[("question", question), ("about", "file")], "file", file)
    };
    let refused = send("profit & loss by region", SALES);
    assert_eq!(refused.status, 422);
    let text = refused.text();
    assert!(text.contains("“profit” and “loss” are not among the columns"), "{text}");
    assert!(text.contains("value=\"profit &amp; loss by region\""), "what was typed is still there");
    assert!(text.contains("Choose it again."));
    assert!(send("amount by region", b"").text().contains("Choose a CSV file."));

    let done = send("amount by region", SALES);
    assert_eq!(done.status, 303, "{}", done.text());
    let path = done.location().to_owned();
    let page = ada.get(&path).text();
    assert!(page.contains("Total Amount by Region") && page.contains("<svg"), "{page}");
    assert!(page.contains("1,200") && page.contains("North is highest with 1,200, 80% of the whole."), "{page}");
    let file = ada.get(&format!("{path}?format=csv"));
    assert_eq!(file.text(), "Region,Total Amount\r\nNorth,1200\r\nSouth,300\r\n'=1+1,5\r\n");
    assert!(ada.get("/analytics/results?search=AMOUNT").text().contains(&path));

    let mut eve = server.person("eve");
    assert_eq!(eve.get(&path).status, 404);
    assert_eq!(eve.get(&format!("{path}?format=csv")).status, 404);
    let id = path.rsplit('/').next().unwrap();
    assert_eq!(eve.submit("/analytics/results", &[("action", "delete"), ("id", id)]).status, 404);
    assert_eq!(ada.submit("/analytics/results", &[("action", "delete"), ("id", id)]).status, 303);
    assert_eq!(ada.get(&path).status, 404);
    assert_eq!(ada.submit("/analytics/results", &[("action", "restore"), ("id", id)]).status, 303);
    assert_eq!(ada.get(&path).status, 200);
    let page = ada.get(&format!("/analytics/ask?result={id}")).text();
    assert!(page.contains("An earlier chart"));
    assert_eq!(server.browser().get("/analytics/ask").status, 303, "nobody asks without signing in");
}

#[test]
fn a_version_of_a_model_is_recorded_and_promoted() {
    let server = Server::start();
    let mut ada = server.administrator();
    let form = |version: &'static str, stage: &'static str, metrics: &'static str| {
        [
            ("name", "churn"),
            ("version", version),
            ("stage", stage),
            ("storage_key", "s3://models/churn"),
            ("metrics", metrics),
        ]
    };
    let refused = ada.submit("/analytics/models", &form("1", "staging", "auc 0.9"));
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("Write a JSON object") && refused.text().contains("value=\"churn\""));
    let first = ada.submit("/analytics/models", &form("1", "production", "{\"auc\": 0.9}"));
    assert_eq!(first.status, 303, "{}", first.text());
    let second = ada.submit("/analytics/models", &form("2", "staging", ""));
    let page = ada.get(second.location()).text();
    assert!(page.contains("Put into production") && page.contains("Other versions"), "{page}");
    let promoted = ada.submit(second.location(), &[("stage", "production"), ("version", "")]);
    assert_eq!((promoted.status, promoted.location()), (303, second.location()));
    assert!(ada.get(first.location()).text().contains("archived"));
    let stale = ada.submit(first.location(), &[("stage", "production"), ("version", "1")]);
    assert_eq!(stale.status, 409);

    let mut bob = server.person("bob");
    let page = bob.get(second.location()).text();
    assert!(page.contains("churn 2") && !page.contains("Archive</button>"), "{page}");
    assert!(!bob.get("/analytics/models").text().contains("Record version"));
    assert_eq!(bob.submit(first.location(), &[("stage", "production")]).status, 403);
}
