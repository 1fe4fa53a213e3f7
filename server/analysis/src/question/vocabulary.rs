//! The words of a question that mean something whatever the table is about.

use crate::specification::{Aggregate, Every, Test};
use atrium::charts::ChartKind;

/// What a word does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing: “show me the”.
    Filler,
    /// What follows makes the groups.
    By,
    /// What follows says which rows count.
    Where,
    /// Joins.
    And,
    Not,
    /// A time follows: in it, since it, …
    When(Test),
    Between,
    Compare(Test),
    Aggregate(Aggregate),
    Share,
    /// The first so many; `true` for the smallest.
    Top(bool),
    /// The largest or smallest: of a column a figure, beside a number as `Top`.
    Extreme(bool),
    Chart(ChartKind),
    Every(Every),
    /// The passing of time.
    Time,
    /// Rows themselves.
    Rows,
    Which,
    Unknown,
}

/// Words that mean something together, the longest first.
pub(super) const PHRASES: &[(&[&str], Meaning)] = &[
    (&["as", "a", "function", "of"], Meaning::By),
    (&["is", "greater", "than"], Meaning::Compare(Test::Above)),
    (&["is", "more", "than"], Meaning::Compare(Test::Above)),
    (&["is", "less", "than"], Meaning::Compare(Test::Below)),
    (&["is", "at", "least"], Meaning::Compare(Test::AtLeast)),
    (&["is", "at", "most"], Meaning::Compare(Test::AtMost)),
    (&["broken", "down", "by"], Meaning::By),
    (&["no", "more", "than"], Meaning::Compare(Test::AtMost)),
    (&["no", "less", "than"], Meaning::Compare(Test::AtLeast)),
    (&["is", "not"], Meaning::Compare(Test::IsNot)),
    (&["is", "above"], Meaning::Compare(Test::Above)),
    (&["is", "over"], Meaning::Compare(Test::Above)),
    (&["is", "below"], Meaning::Compare(Test::Below)),
    (&["is", "under"], Meaning::Compare(Test::Below)),
    (&["greater", "than"], Meaning::Compare(Test::Above)),
    (&["larger", "than"], Meaning::Compare(Test::Above)),
    (&["higher", "than"], Meaning::Compare(Test::Above)),
    (&["more", "than"], Meaning::Compare(Test::Above)),
    (&["less", "than"], Meaning::Compare(Test::Below)),
    (&["lower", "than"], Meaning::Compare(Test::Below)),
    (&["fewer", "than"], Meaning::Compare(Test::Below)),
    (&["at", "least"], Meaning::Compare(Test::AtLeast)),
    (&["at", "most"], Meaning::Compare(Test::AtMost)),
    (&["over", "time"], Meaning::Time),
    (&["across", "time"], Meaning::Time),
    (&["how", "many"], Meaning::Aggregate(Aggregate::Count)),
    (&["for", "each"], Meaning::By),
    (&["for", "every"], Meaning::By),
    (&["in", "each"], Meaning::By),
    (&["in", "every"], Meaning::By),
    (&["of", "each"], Meaning::By),
    (&["grouped", "by"], Meaning::By),
    (&["group", "by"], Meaning::By),
    (&["split", "by"], Meaning::By),
    (&["divided", "by"], Meaning::By),
    (&["depending", "on"], Meaning::By),
    (&["compared", "by"], Meaning::By),
];

/// A word by itself.
pub(super) fn meaning(word: &str) -> Meaning {
    use Aggregate::{Count, Max, Mean, Min, Sum};
    match word {
        "show" | "me" | "us" | "plot" | "draw" | "display" | "give" | "create" | "make" | "generate" | "render"
        | "visualise" | "visualize" | "see" | "view" | "want" | "would" | "like" | "to" | "i" | "we" | "you"
        | "please" | "can" | "could" | "the" | "a" | "an" | "of" | "what" | "whats" | "are" | "was" | "were" | "do"
        | "does" | "did" | "has" | "have" | "had" | "our" | "my" | "your" | "all" | "it" | "its" | "their"
        | "there" | "how" | "much" | "compare" | "comparison" | "comparing" | "data" | "as" | "this" | "that"
        | "these" | "those" | "diagram" | "chart" | "graph" | "plotted" | "list" | "tell" | "about" | "different"
        | "find" | "get" | "s" | "be" | "using" | "according" | "look" | "changed" | "change" | "changes"
        | "figures" => Meaning::Filler,
        "by" | "per" | "across" | "each" | "every" | "versus" | "vs" | "against" | "among" => Meaning::By,
        "where" | "only" | "with" | "when" | "whose" | "if" | "having" => Meaning::Where,
        "and" | "or" | "plus" => Meaning::And,
        "not" | "except" | "excluding" | "without" => Meaning::Not,
        "in" | "during" | "for" | "on" | "at" => Meaning::When(Test::Is),
        "since" | "from" => Meaning::When(Test::AtLeast),
        "after" => Meaning::When(Test::Above),
        "before" => Meaning::When(Test::Below),
        "until" | "till" | "through" => Meaning::When(Test::AtMost),
        "between" => Meaning::Between,
        "is" | "equals" | "equal" | "=" | "==" => Meaning::Compare(Test::Is),
        "!=" | "<>" => Meaning::Compare(Test::IsNot),
        ">" | "above" | "over" | "exceeding" => Meaning::Compare(Test::Above),
        ">=" => Meaning::Compare(Test::AtLeast),
        "<" | "below" | "under" => Meaning::Compare(Test::Below),
        "<=" => Meaning::Compare(Test::AtMost),
        "sum" | "total" | "totals" | "overall" | "combined" => Meaning::Aggregate(Sum),
        "average" | "mean" | "avg" | "averages" | "typical" => Meaning::Aggregate(Mean),
        "count" | "counts" | "number" | "frequency" | "common" | "frequent" => Meaning::Aggregate(Count),
        "max" | "maximum" | "maximal" | "peak" => Meaning::Aggregate(Max),
        "min" | "minimum" | "minimal" => Meaning::Aggregate(Min),
        "share" | "shares" | "percentage" | "percent" | "proportion" | "proportions" | "breakdown" | "fraction" => {
            Meaning::Share
        }
        "top" | "first" | "best" | "leading" => Meaning::Top(false),
        "bottom" | "worst" | "last" => Meaning::Top(true),
        "highest" | "largest" | "biggest" | "greatest" | "most" => Meaning::Extreme(false),
        "lowest" | "smallest" | "least" | "fewest" => Meaning::Extreme(true),
        "pie" | "donut" | "doughnut" => Meaning::Chart(ChartKind::Pie),
        "bar" | "bars" | "column" | "columns" => Meaning::Chart(ChartKind::Bar),
        "line" | "lines" => Meaning::Chart(ChartKind::Line),
        "hour" | "hours" | "hourly" => Meaning::Every(Every::Hour),
        "day" | "days" | "daily" => Meaning::Every(Every::Day),
        "week" | "weeks" | "weekly" => Meaning::Every(Every::Week),
        "month" | "months" | "monthly" => Meaning::Every(Every::Month),
        "quarter" | "quarters" | "quarterly" => Meaning::Every(Every::Quarter),
        "year" | "years" | "yearly" | "annual" | "annually" => Meaning::Every(Every::Year),
        "time" | "trend" | "trends" | "date" | "dates" | "evolution" | "development" | "timeline" | "history" => {
            Meaning::Time
        }
        "row" | "rows" | "record" | "records" | "entry" | "entries" => Meaning::Rows,
        "which" | "who" => Meaning::Which,
        _ => Meaning::Unknown,
    }
}

/// Numbers that are written as words.
pub(super) fn number(word: &str) -> Option<usize> {
    const WORDS: [&str; 13] =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    word.parse().ok().or_else(|| WORDS.iter().position(|it| *it == word))
}

/// What nobody adds up: temperatures, rates, grades.
pub(super) fn is_intensive(words: &[String]) -> bool {
    const WORDS: [&str; 34] = [
        "temperature",
        "temp",
        "humidity",
        "pressure",
        "speed",
        "score",
        "rating",
        "grade",
        "price",
        "rate",
        "ratio",
        "percentage",
        "percent",
        "age",
        "height",
        "weight",
        "latency",
        "duration",
        "satisfaction",
        "nps",
        "index",
        "average",
        "mean",
        "avg",
        "median",
        "level",
        "ph",
        "bmi",
        "share",
        "salary",
        "elevation",
        "altitude",
        "density",
        "ms",
    ];
    words.iter().any(|it| WORDS.contains(&it.as_str()))
}
