//! Charts by question, on both databases.

use super::{Asked, Data, ask, ask_of_all, delete, get, page, purge, restore, told};
use crate::audit::Actor;
use crate::error::{Error, Result};
use crate::knowledge::{Label, linking};
use crate::testing::{World, answer, last_words, worlds, worlds_with};
use atrium::charts::ChartKind;
use atrium::paging::PageRequest;
use atrium::people::Viewer;
use serde_json::json;

const SALES: &str = "Region,Amount\nNorth,\"1,200\"\nSouth,300\nNorth,100\nSouth,\n";
/// Rules alone: the local model is not asked.
const LOCAL: [(&str, &str); 2] = [("DEFAULT_LLM_PROVIDER", "local"), ("DEFAULT_MODEL", "")];

fn asked<'a>(world: &'a World, viewer: &'a Viewer, question: &'a str) -> Asked<'a> {
    Asked { store: &world.store, ports: &world.ports, connections: &world.connections, viewer, question }
}

fn sales() -> Data {
    Data::File("sales.csv".to_owned(), SALES.into())
}

fn wrong<T: std::fmt::Debug>(outcome: Result<T>) -> (String, String) {
    match outcome {
        Err(Error::Invalid(fields)) => (fields[0].field.clone(), fields[0].message.clone()),
        other => panic!("not refused for a field: {other:?}"),
    }
}

#[tokio::test]
async fn a_question_of_a_file_becomes_a_chart_that_is_kept() {
    for world in worlds_with(&LOCAL).await {
        let (bob, eve) = (&world.bob, world.person("eve").await);
        let made = ask(asked(&world, bob, "total amount by region"), sales()).await.unwrap();
        assert_eq!((made.title.as_str(), made.chart.kind), ("Total Amount by Region", ChartKind::Bar));
        assert_eq!(made.chart.categories, ["North", "South"]);
        assert_eq!(made.chart.series[0].values, [Some(1300.0), Some(300.0)]);
        assert_eq!((&made.meta["source"]["name"], &made.meta["read_by"]), (&json!("sales.csv"), &json!("rules")));
        assert_eq!(made.meta["specification"]["by"], "Region");
        assert!(
            told(&made).contains("| Region | Total Amount |\n| --- | ---: |\n| North | 1,300 |\n| South | 300 |"),
            "{}",
            told(&made)
        );
        let scope = world.store.as_viewer(bob);
        assert_eq!(get(scope, made.id).await.unwrap(), made);
        assert!(get(world.store.as_viewer(&eve), made.id).await.is_err());
        // Of the chart another question can be asked.
        let again = ask(asked(&world, bob, "share of total amount by region"), Data::Result(made.id)).await.unwrap();
        assert_eq!((again.chart.kind, &again.meta["source"]["kind"]), (ChartKind::Pie, &json!("result")));
        assert!(ask(asked(&world, &eve, "share of total amount by region"), Data::Result(made.id)).await.is_err());
        let listed = page(scope, PageRequest::default(), Some("TOTAL amount")).await.unwrap();
        assert_eq!(listed.items.iter().map(|it| it.id).collect::<Vec<_>>(), [again.id, made.id]);

        delete(scope, &world.ports, made.id).await.unwrap();
        assert!(get(scope, made.id).await.is_err());
        assert!(restore(world.store.as_viewer(&eve), made.id).await.is_err());
        assert_eq!(restore(scope, made.id).await.unwrap(), made);
        delete(scope, &world.ports, made.id).await.unwrap();
        purge(&world.store, i64::MAX).await.unwrap();
        assert!(restore(scope, made.id).await.is_err());
        assert_eq!(get(scope, again.id).await.unwrap(), again);
    }
}

#[tokio::test]
async fn what_cannot_be_computed_says_why() {
    for world in worlds_with(&LOCAL).await {
        let bob = &world.bob;
        let (field, told) = wrong(ask(asked(&world, bob, "profit by region"), sales()).await);
        assert_eq!(field, "question");
        assert!(told.contains("“profit” is not among the columns") && told.contains("“Region” and “Amount”"), "{told}");
        assert_eq!(wrong(ask(asked(&world, bob, " "), sales()).await).0, "question");
        assert_eq!(
            wrong(ask(asked(&world, bob, "count by x"), Data::File("x".to_owned(), b"\0".to_vec())).await).0,
            "file"
        );
        assert_eq!(wrong(ask(asked(&world, bob, "calls by model"), Data::Usage).await).0, "file");
        assert!(world.provider.seen().is_empty());
    }
}

#[tokio::test]
async fn a_model_says_what_and_the_figures_are_ours() {
    for world in worlds().await {
        let bob = &world.bob;
        world.provider.says(|body| {
            assert!(last_words(body).contains("\"Region\" (text): North | South"), "{body}");
            answer("{\"chart\": \"pie\", \"measures\": [{\"aggregate\": \"sum\", \"column\": \"amount\"}], \"by\": \"region\"}")
        });
        let made = ask(asked(&world, bob, "Wer verkauft wie viel?"), sales()).await.unwrap();
        assert_eq!((made.chart.kind, &made.meta["read_by"]), (ChartKind::Pie, &json!("model")));
        assert_eq!(made.chart.series[0].values, [Some(1300.0), Some(300.0)]);
        // What does not fit the columns is not taken: the rules read the question.
        world.provider.says(|_| answer("{\"chart\": \"bar\", \"measures\": [{\"aggregate\": \"sum\", \"column\": \"profit\"}], \"by\": \"region\"}"));
        let made = ask(asked(&world, bob, "average amount by region"), sales()).await.unwrap();
        assert_eq!((made.meta["read_by"].as_str(), made.chart.series[0].values[0]), (Some("rules"), Some(650.0)));
        world.provider.says(|_| answer("North has 5 million."));
        assert_eq!(wrong(ask(asked(&world, bob, "profit by region"), sales()).await).0, "question");
        // Each call to the model is accounted for, and can be asked about itself.
        let usage = ask(asked(&world, bob, "tokens by model"), Data::Usage).await.unwrap();
        assert_eq!((usage.chart.categories, usage.chart.series[0].values[0]), (vec!["fake-1".to_owned()], Some(54.0)));
        let calls = ask(asked(&world, bob, "number of calls by purpose"), Data::Usage).await.unwrap();
        assert_eq!(calls.chart.series[0].values, [Some(4.0)]);
    }
}

#[tokio::test]
async fn without_data_what_one_has_is_tried() {
    for world in worlds_with(&LOCAL).await {
        let bob = &world.bob;
        let actor = Actor { viewer: bob, address: "" };
        let (_, told) = wrong(ask_of_all(asked(&world, bob, "amount by region"), &world.knowledge).await);
        assert!(told.contains("not asked a model anything yet"), "{told}");
        let base = linking::own(&world.store, &world.ports, actor, "Documents").await.unwrap();
        let mut file = world.knowledge.receive(bob, base.id).await.unwrap();
        file.write(SALES.as_bytes()).await.unwrap();
        let arrived = file.done().await.unwrap();
        let label = Label { name: "sales.csv", ..Label::default() };
        world.knowledge.bring(actor, base.id, &arrived, label).await.unwrap();
        let made = ask_of_all(asked(&world, bob, "Show me the amount by region"), &world.knowledge).await.unwrap();
        assert_eq!((made.chart.series[0].values[0], &made.meta["source"]["name"]), (Some(1300.0), &json!("sales.csv")));
        let eve = world.person("eve").await;
        assert!(ask_of_all(asked(&world, &eve, "amount by region"), &world.knowledge).await.is_err());
    }
}
