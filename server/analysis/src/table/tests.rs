//! Files as people have them, read.

use super::{Kind, Table};

fn kinds(csv: &str) -> Vec<Kind> {
    Table::from_csv(csv.as_bytes()).unwrap().columns().iter().map(super::Column::kind).collect()
}

#[test]
fn columns_hold_what_all_of_their_cells_are() {
    let csv = "day,amount,note,zip\n2024-01-31,\"1,200\",5,00123\n,n/a,x,\n2024-02-01,7.5,,99\n";
    assert_eq!(kinds(csv), [Kind::Date, Kind::Number, Kind::Text, Kind::Number]);
    let table = Table::from_csv(csv.as_bytes()).unwrap();
    assert_eq!((table.len(), table.number(0, 1), table.number(1, 1)), (3, Some(1200.0), None));
    assert!(table.is_blank(1, 1) && !table.is_blank(0, 1));
}

#[test]
fn continental_files_have_semicolons_and_decimal_commas() {
    let table = Table::from_csv("\u{feff}Ort;Menge;Preis\nKöln;1.234;2,50\nBonn;2.000;3,75\n".as_bytes()).unwrap();
    assert_eq!(table.names(), ["Ort", "Menge", "Preis"]);
    assert_eq!((table.number(0, 1), table.number(1, 2)), (Some(1234.0), Some(3.75)));
    // Where another column shows points, they are points here too.
    let table = Table::from_csv(b"a;b\n1.234;2.5\n").unwrap();
    assert_eq!(table.number(0, 0), Some(1.234));
    let latin = Table::from_csv(b"Stra\xdfe;n\nM\xfchlweg;1\n").unwrap();
    assert_eq!((latin.names()[0].as_str(), latin.text(0, 0)), ("Straße", "Mühlweg"));
}

#[test]
fn names_are_given_to_columns_that_have_none_or_the_same() {
    let table = Table::from_csv(b"a,,a\n1,2,3\n").unwrap();
    assert_eq!(table.names(), ["a", "Column 2", "a (2)"]);
}

#[test]
fn what_is_no_table_is_refused_with_the_reason() {
    for (csv, told) in [
        ("", "empty"),
        ("a,b\n", "nothing in the table"),
        ("a,b\n1,2,3\n", "Row 2 has more cells"),
        ("a\0b", "not text"),
    ] {
        let refused = Table::from_csv(csv.as_bytes()).unwrap_err();
        assert!(refused.is_of_the_table() && refused.to_string().contains(told), "{refused}");
    }
}

#[test]
fn dates_that_can_be_read_in_two_ways_are_pointed_out() {
    let table = Table::from_csv(b"d,n\n03/04/2024,1\n05/06/2024,2\n").unwrap();
    assert!(table.notes()[0].contains("month/day"));
    let table = Table::from_csv(b"d,n\n03/04/2024,1\n25/06/2024,2\n").unwrap();
    assert!(table.notes().is_empty());
}

#[test]
fn a_first_row_without_end_is_refused_before_its_names_are_compared() {
    let refused = Table::from_csv(format!("{}\n1\n", "a,".repeat(500_000)).as_bytes()).unwrap_err();
    assert!(refused.to_string().contains("columns"), "{refused}");
}
