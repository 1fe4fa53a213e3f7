//! A chart on a page: title, picture, what is worth knowing about it, and the table behind it.

use atrium::charts::{Chart, plain};
use atrium_domain::charts::{Size, svg};
use leptos::prelude::*;

/// The chart and its numbers; `file` is where they are to be had as a file.
pub fn figure(chart: &Chart, file: Option<String>) -> impl IntoView + use<> {
    figure_with(chart, table(chart), file)
}

/// The chart with a table of one's own, which says more than the chart does.
pub fn figure_with<T: IntoView + 'static>(chart: &Chart, table: T, file: Option<String>) -> impl IntoView + use<T> {
    let Chart { title, subtitle, insights, .. } = chart.clone();
    let picture = if chart.is_empty() {
        view! { <p class="muted">"There is nothing to draw."</p> }.into_any()
    } else {
        view! {
            <div class="chart-wide" inner_html=svg(chart, Size::Wide)></div>
            <div class="chart-narrow" inner_html=svg(chart, Size::Narrow)></div>
        }
        .into_any()
    };
    let told = insights.into_iter().map(|it| view! { <li>{it}</li> }).collect_view();
    view! {
        <figure class="figure">
            <figcaption>
                <h3>{title.clone()}</h3>
                {(!subtitle.is_empty()).then(|| view! { <p>{subtitle}</p> })}
            </figcaption>
            {picture}
            {(!chart.insights.is_empty()).then(|| view! { <ul class="insights">{told}</ul> })}
            <details>
                <summary>"Table"<span class="visually-hidden">{format!(": {title}")}</span></summary>
                {table}
                {file.map(|href| view! { <p><a href=href download="">"Save as CSV"</a></p> })}
            </details>
        </figure>
    }
}

/// The numbers of a chart.
fn table(chart: &Chart) -> impl IntoView + use<> {
    let unit = if chart.unit.is_empty() { String::new() } else { format!(" ({})", chart.unit) };
    let heads = chart.series.iter().map(|it| {
        let name = if it.name.is_empty() { chart.title.clone() } else { it.name.clone() };
        view! { <th scope="col" class="number">{format!("{name}{unit}")}</th> }
    });
    let heads = heads.collect_view();
    let rows = chart.categories.iter().enumerate().map(|(at, category)| {
        let cells = (0..chart.series.len()).map(|series| {
            let value = chart.value(series, at).map_or_else(|| "–".to_owned(), plain);
            view! { <td class="number">{value}</td> }
        });
        view! { <tr><th scope="row">{category.clone()}</th>{cells.collect_view()}</tr> }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=format!("Table: {}", chart.title)>
            <table class="table">
                <thead><tr><th scope="col">{chart.label.clone()}</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
