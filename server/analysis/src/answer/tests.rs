//! What is computed of small tables.

use crate::question;
use crate::table::Table;

fn ask(csv: &str, question: &str) -> atrium::charts::Chart {
    let table = Table::from_csv(csv.as_bytes()).unwrap();
    question::read(question, &table).unwrap().compute(&table).unwrap()
}

#[test]
fn months_without_rows_are_zero_and_no_mean_is_made_up() {
    let csv = "day,n\n2024-01-05,1\n2024-03-07,2\n2024-03-09,4\n";
    let sum = ask(csv, "n by month");
    assert_eq!(sum.categories, ["2024-01", "2024-02", "2024-03"]);
    assert_eq!(sum.series[0].values, [Some(1.0), Some(0.0), Some(6.0)]);
    let mean = ask(csv, "average n by month");
    assert_eq!(
        (mean.categories, mean.series[0].values.as_slice()),
        (vec!["2024-01".to_owned(), "2024-03".to_owned()], &[Some(1.0), Some(3.0)][..])
    );
}

#[test]
fn many_parts_are_put_together() {
    let rows: String = (1..=12).map(|it| format!("p{it},{it}\n")).collect();
    let pie = ask(&format!("part,n\n{rows}"), "share of n by part");
    assert_eq!((pie.categories.len(), pie.categories[7].as_str()), (8, "Other"));
    assert_eq!(pie.series[0].values[7], Some(15.0));
    assert_eq!(pie.series[0].values.iter().flatten().sum::<f64>(), 78.0);
    assert_eq!(pie.title, "Share of total n by part");
    // The others together are neither the largest nor hide the smallest.
    assert_eq!(pie.insights[0], "p12 is highest with 12, 15% of the whole.");
    assert_eq!(pie.insights[1], "p1 is lowest with 1, 1.3% of the whole.");
    let top = ask(&format!("part,n\n{rows}"), "top 3 parts by n");
    assert_eq!(top.categories, ["p12", "p11", "p10"]);
    assert_eq!(top.insights[1], "p1 is lowest with 1, 1.3% of the whole.");
}

#[test]
fn what_is_left_out_is_told() {
    let told = ask("town,n\nA,1\n,2\nB,\n", "n by town");
    assert_eq!(told.categories, ["A"]);
    assert_eq!(
        told.insights[told.insights.len() - 2..],
        ["1 row left out: no “town” in them.", "1 row left out: no “n” in them."]
    );
}

#[test]
fn a_figure_for_every_pair_of_many_values_is_refused_before_it_fills_the_memory() {
    let rows: String = (1..=3_000).map(|it| format!("r{it},s{it},1\n")).collect();
    let table = Table::from_csv(format!("region,status,quantity\n{rows}").as_bytes()).unwrap();
    let specification = question::read("quantity by region and status", &table).unwrap();
    let refused = specification.compute(&table).unwrap_err().to_string();
    assert!(refused.contains("“status” has too many values"), "{refused}");
}
