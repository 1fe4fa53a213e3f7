use super::*;
use atrium::charts::Series;
use proptest::prelude::*;

fn chart(kind: ChartKind, categories: &[&str], series: &[(&str, &[Option<f64>])]) -> Chart {
    Chart {
        title: "Calls".into(),
        kind,
        categories: categories.iter().map(|it| (*it).to_owned()).collect(),
        series: series.iter().map(|it| Series { name: it.0.to_owned(), values: it.1.to_vec() }).collect(),
        ..Chart::default()
    }
}

/// Every value of an attribute of an element.
fn attributes<'a>(svg: &'a str, element: &str, name: &str) -> Vec<&'a str> {
    let open = format!("<{element} ");
    let rest = svg.split(&open).skip(1).filter_map(|it| it.split('>').next());
    let name = format!(" {name}=\"");
    rest.filter_map(|it| it.split(&name).nth(1).or_else(|| it.strip_prefix(name.trim_start())))
        .filter_map(|it| it.split('"').next())
        .collect()
}

fn numbers(svg: &str, element: &str, name: &str) -> Vec<i32> {
    attributes(svg, element, name).iter().filter_map(|it| it.parse().ok()).collect()
}

/// What the picture says.
fn said(svg: &str) -> Vec<&str> {
    svg.split("</text>")
        .filter_map(|it| it.rsplit_once('>'))
        .map(|it| it.1.trim())
        .filter(|it| !it.is_empty())
        .collect()
}

#[test]
fn bars_are_as_long_as_their_values_and_begin_at_zero() {
    let names = ["claude-sonnet-4-20250514", "gpt-5-mini-2025-08-07", "SmolLM2-135M-Instruct", "qwen3"];
    let values = [Some(100.0), Some(50.0), Some(0.0), None];
    let svg = svg(&chart(ChartKind::Bar, &names, &[("", &values)]), Size::Wide);
    let (starts, lengths) = (numbers(&svg, "rect", "x"), numbers(&svg, "rect", "width"));
    assert!(starts.windows(2).all(|it| it[0] == it[1]), "{starts:?}");
    assert!((lengths[0] - 2 * lengths[1]).abs() <= 1 && lengths[2] == 0, "{lengths:?}");
    for name in names.iter().chain(&["100", "50", "0"]) {
        assert!(said(&svg).contains(name), "{name} is not beside its bar");
    }
}

#[test]
fn short_names_stand_below_columns_and_days_lose_their_year() {
    let svg = svg(&chart(ChartKind::Bar, &["a", "b"], &[("", &[Some(4.0), Some(-2.0)])]), Size::Narrow);
    let (tops, heights) = (numbers(&svg, "rect", "y"), numbers(&svg, "rect", "height"));
    assert_eq!(tops[0] + heights[0], tops[1], "one stands on the line under which the other hangs");
    assert!((heights[0] - 2 * heights[1]).abs() <= 1, "{heights:?}");
    let days: Vec<String> = (1..=30).map(|day| format!("2026-11-{day:02}")).collect();
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    let svg = super::svg(&chart(ChartKind::Bar, &days, &[("", &[Some(1.0); 30])]), Size::Narrow);
    let named = said(&svg).iter().filter(|it| it.ends_with("Nov")).count();
    assert_eq!(numbers(&svg, "rect", "x").len(), 30);
    assert!((3..=7).contains(&named), "{named} names fit");
}

#[test]
fn a_line_has_gaps_where_values_are_missing() {
    let values = [Some(1.0), Some(2.0), None, Some(3.0), None, Some(2.0), Some(2.5)];
    let svg = svg(&chart(ChartKind::Line, &["1", "2", "3", "4", "5", "6", "7"], &[("", &values)]), Size::Wide);
    let courses: Vec<_> =
        attributes(&svg, "polyline", "points").into_iter().filter(|it| it.split(' ').count() > 1).collect();
    let courses = courses.len() - courses.iter().filter(|it| is_level(it)).count();
    assert_eq!(courses, 2, "{svg}");
    assert!(said(&svg).contains(&"3"), "the highest is named where it is");
}

fn is_level(points: &str) -> bool {
    let heights: Vec<_> = points.split_whitespace().filter_map(|it| it.split(',').nth(1)).collect();
    heights.windows(2).all(|it| it[0] == it[1])
}

#[test]
fn several_series_are_named_where_they_end_or_above() {
    let series: [(&str, &[Option<f64>]); 2] =
        [("median", &[Some(1.0), Some(2.0), Some(3.0)]), ("p95", &[Some(2.0), Some(3.0), Some(3.1)])];
    let chart = chart(ChartKind::Line, &["a", "b", "c"], &series);
    let (wide, narrow) = (svg(&chart, Size::Wide), svg(&chart, Size::Narrow));
    assert!(attributes(&wide, "rect", "x").is_empty(), "no legend where there is room");
    assert_eq!(attributes(&narrow, "rect", "x").len(), 2, "a colour beside each name");
    assert!([&wide, &narrow].iter().all(|it| said(it).contains(&"median") && said(it).contains(&"p95")));
}

#[test]
fn a_pie_has_a_part_for_each_value_and_joins_the_smallest() {
    let few = svg(&chart(ChartKind::Pie, &["a", "b", "c"], &[("", &[Some(3.0), Some(1.0), Some(-5.0)])]), Size::Wide);
    assert_eq!(attributes(&few, "polygon", "points").len(), 2);
    assert!(few.contains("Pie chart: Calls. a 75%, b 25%.") && said(&few).contains(&"a  75% (3)"), "{few}");
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let values: Vec<_> = [90, 1, 50, 2, 40, 30, 20, 10, 3, 15].map(|it| Some(f64::from(it))).to_vec();
    let many = svg(&chart(ChartKind::Pie, &names, &[("", &values)]), Size::Narrow);
    assert_eq!(attributes(&many, "polygon", "points").len(), SERIES_MAX_IN_PIE);
    assert!(said(&many).contains(&"3 others") && !said(&many).contains(&"b"));
    let whole = svg(&chart(ChartKind::Pie, &["all"], &[("", &[Some(3.0)])]), Size::Wide);
    assert_eq!(numbers(&whole, "circle", "r"), [110]);
}

const SERIES_MAX_IN_PIE: usize = atrium::charts::SERIES_MAX;

#[test]
fn text_in_a_picture_is_text() {
    let hostile = "</text><script>alert(\"1\")</script>\u{0}&amp;'";
    for kind in ChartKind::ALL {
        let mut chart = chart(kind, &[hostile, "b"], &[(hostile, &[Some(1.0), Some(2.0)]), (hostile, &[Some(1.0)])]);
        chart.title = hostile.to_owned();
        chart.unit = "<b>".to_owned();
        for size in [Size::Wide, Size::Narrow] {
            let svg = svg(&chart, size);
            assert!(svg.starts_with("<svg class=\"chart\" role=\"img\" aria-label=\""), "{svg}");
            assert!(!svg.contains("<script") && !svg.contains("<b>") && !svg.contains('\0'));
            assert!(svg.contains("&lt;script&gt;") && !svg.contains("style="), "{svg}");
        }
    }
}

#[test]
fn there_is_no_picture_of_nothing() {
    for kind in ChartKind::ALL {
        assert_eq!(svg(&chart(kind, &[], &[]), Size::Wide), "");
        assert_eq!(svg(&chart(kind, &["a"], &[("", &[None])]), Size::Wide), "");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_the_data_the_picture_stays_in_its_frame(
        kind in 0..3_usize,
        names in proptest::collection::vec("\\PC{0,20}", 0..40),
        values in proptest::collection::vec(proptest::collection::vec(proptest::option::of(proptest::num::f64::ANY), 0..45), 0..9),
    ) {
        let series = values.into_iter().map(|values| Series { name: "s".into(), values }).collect();
        let chart = Chart { title: "T".into(), kind: ChartKind::ALL[kind], categories: names, series, ..Chart::default() };
        for size in [Size::Wide, Size::Narrow] {
            let svg = svg(&chart, size);
            prop_assert_eq!(svg.is_empty(), chart.is_empty());
            let height = numbers(&svg, "svg", "height").first().copied().unwrap_or_default();
            for (x, name) in [(size.width(), "x"), (height, "y")] {
                prop_assert!(numbers(&svg, "rect", name).iter().chain(&numbers(&svg, "text", name)).all(|it| (-1..=x + 1).contains(it)), "{}", svg);
            }
        }
    }
}
