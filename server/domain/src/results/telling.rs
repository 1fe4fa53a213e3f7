//! A result in words, for conversations.

use super::AnalyticsResult;
use atrium::charts::plain;

/// Rows of the table; whoever wants all of them has the result.
const ROWS: usize = 30;

/// Title, figures and what is worth knowing about them, as Markdown.
#[must_use]
pub fn told(result: &AnalyticsResult) -> String {
    let chart = &result.chart;
    let cell = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ");
    let mut text = format!("**{}**\n\n{}\n\n| {} |", cell(&chart.title), cell(&chart.subtitle), cell(&chart.label));
    for series in &chart.series {
        text += &format!(" {} |", cell(&series.name));
    }
    text += &format!("\n| --- |{}", " ---: |".repeat(chart.series.len()));
    for (at, category) in chart.categories.iter().enumerate().take(ROWS) {
        text += &format!("\n| {} |", cell(category));
        for series in 0..chart.series.len() {
            text += &format!(" {} |", chart.value(series, at).map_or_else(|| "–".to_owned(), plain));
        }
    }
    if let Some(more) = chart.categories.len().checked_sub(ROWS).filter(|it| *it > 0) {
        text += &format!("\n\n{more} more rows.");
    }
    text.push('\n');
    for insight in &chart.insights {
        text += &format!("\n- {insight}");
    }
    text
}
