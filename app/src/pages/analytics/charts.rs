//! Usage as charts.

use atrium::charts::{Chart, ChartKind, Series};
use atrium::usage::{Figures, Group, UsageRow};

/// Of days: what there is anything to see of.
pub fn by_day(rows: &[UsageRow]) -> Vec<Chart> {
    let is_any = |of: fn(&Figures) -> i64| rows.iter().any(|it| of(&it.figures) > 0);
    let mut charts = Vec::new();
    if is_any(|it| it.cost) {
        charts.push(Chart {
            unit: "$".into(),
            ..of_days("Cost", rows, ChartKind::Bar, &[("Cost", |it| dollars(it.cost))])
        });
    }
    let tokens: [Column; 2] =
        [("Read", |it| Some(number(it.prompt_tokens))), ("Written", |it| Some(number(it.completion_tokens)))];
    charts.push(of_days("Tokens", rows, ChartKind::Line, &tokens));
    let times: [Column; 3] = [
        ("Median", |it| seconds(it.latency)),
        ("95 of 100", |it| seconds(it.latency_p95)),
        ("First word", |it| seconds(it.first_token)),
    ];
    let times = Chart {
        unit: "s".into(),
        subtitle: "of calls that were answered".into(),
        ..of_days("Time to answer", rows, ChartKind::Line, &times)
    };
    if !times.is_empty() {
        charts.push(times);
    }
    let calls: [Column; 1] = [("Calls", |it| Some(number(it.calls)))];
    charts.push(of_days("Calls", rows, ChartKind::Bar, &calls));
    if is_any(|it| it.errors) {
        charts.push(of_days("Errors", rows, ChartKind::Bar, &[("Errors", |it| Some(number(it.errors)))]));
    }
    charts
}

/// Of people, agents, models or projects: what they cost, where that is anything, else the tokens that they used.
pub fn by_group(group: Group, rows: &[UsageRow]) -> Chart {
    let has_cost = rows.iter().any(|it| it.figures.cost > 0);
    let column: Column =
        if has_cost { ("Cost", |it| dollars(it.cost)) } else { ("Tokens", |it| Some(number(it.tokens()))) };
    Chart {
        title: format!("{} by {}", column.0, group.label().to_lowercase()),
        kind: ChartKind::Bar,
        unit: if has_cost { "$".into() } else { String::new() },
        label: group.label().into(),
        categories: rows.iter().map(|it| it.name.clone()).collect(),
        series: vec![series(&column, rows)],
        ..Chart::default()
    }
}

type Column = (&'static str, fn(&Figures) -> Option<f64>);

fn of_days(title: &str, rows: &[UsageRow], kind: ChartKind, columns: &[Column]) -> Chart {
    Chart {
        title: format!("{title} by day"),
        kind,
        label: Group::Day.label().into(),
        categories: rows.iter().map(|it| it.key.clone()).collect(),
        series: columns.iter().map(|it| series(it, rows)).collect(),
        ..Chart::default()
    }
}

fn series((name, of): &Column, rows: &[UsageRow]) -> Series {
    Series { name: (*name).to_owned(), values: rows.iter().map(|it| of(&it.figures)).collect() }
}

#[allow(clippy::cast_precision_loss)]
fn number(it: i64) -> f64 {
    it as f64
}

fn dollars(micros: i64) -> Option<f64> {
    Some(number(micros) / 1_000_000.0)
}

fn seconds(micros: Option<i64>) -> Option<f64> {
    // More digits than a millisecond mean nothing.
    micros.map(|it| number((it + 500) / 1000) / 1000.0)
}
