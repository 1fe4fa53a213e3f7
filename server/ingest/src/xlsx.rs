//! Workbooks: sheets, and their rows by the names of their columns. Cells are taken one by one as they are written, so that a
//! sheet that claims to be enormous costs no more than the cells it has.

use crate::archive::Archive;
use crate::docx::read_title;
use crate::draft::Draft;
use crate::limits::Limits;
use crate::reading::{Note, Place};
use crate::rows::Rows;
use crate::{Kind, Refusal};
use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use std::io::Cursor;

const KIND: Kind = Kind::Xlsx;

pub(crate) fn read(bytes: &[u8], limits: &Limits, draft: &mut Draft) -> Result<(), Refusal> {
    let mut archive = Archive::open(bytes, KIND, limits)?;
    read_title(&mut archive, KIND, draft)?;
    // calamine unpacks by itself and sets itself no limit.
    archive.weigh(|name| name.ends_with(".xml") || name.ends_with(".rels"))?;
    draft.watch.check()?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error: XlsxError| match error {
        XlsxError::Password => Refusal::Encrypted { kind: KIND },
        _ => Refusal::Broken { kind: KIND },
    })?;
    let sheets: Vec<_> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect();
    let mut damaged = Vec::new();
    for name in sheets {
        if draft.is_full() {
            break;
        }
        match sheet(&mut workbook, &name, draft) {
            Err(Refusal::Broken { .. }) => damaged.push(format!("sheet {name}")),
            outcome => outcome?,
        }
    }
    if !damaged.is_empty() {
        draft.note(Note::Damaged { parts: damaged });
    }
    Ok(())
}

fn sheet(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str, draft: &mut Draft) -> Result<(), Refusal> {
    let broken = |_| Refusal::Broken { kind: KIND };
    let mut cells = workbook.worksheet_cells_reader(name).map_err(broken)?;
    let before = (draft.text.len(), draft.marks.len());
    draft.mark(Place::Sheet(name.to_owned()));
    draft.push("## ");
    draft.push(name);
    draft.break_lines(2);
    let headed = draft.text.len();
    let (mut rows, mut row, mut current, mut seen) = (Rows::default(), Vec::new(), 0, 0_usize);
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        seen += 1;
        if seen.is_multiple_of(4096) {
            draft.watch.check()?;
            if draft.is_full() {
                break;
            }
        }
        let (number, column) = cell.get_position();
        if number != current {
            rows.push(&row, draft);
            row.clear();
            current = number;
        }
        if let Some(value) = show(cell.get_value()) {
            row.push((column as usize, value));
        }
    }
    rows.push(&row, draft);
    if draft.text.len() == headed {
        // An empty sheet, as every new workbook brings some.
        draft.text.truncate(before.0);
        draft.marks.truncate(before.1);
    }
    draft.break_lines(2);
    Ok(())
}

fn show(value: &DataRef<'_>) -> Option<String> {
    Some(match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(true) => "yes".to_owned(),
        DataRef::Bool(false) => "no".to_owned(),
        DataRef::DateTime(moment) => date(moment),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(_) | DataRef::Empty => return None,
        #[allow(unreachable_patterns, reason = "calamine may learn new ones")]
        _ => return None,
    })
}

fn date(moment: &ExcelDateTime) -> String {
    if moment.is_duration() {
        let seconds = (moment.as_f64() * 86_400.0).round() as i64;
        return format!("{}:{:02}:{:02}", seconds / 3600, seconds.abs() / 60 % 60, seconds.abs() % 60);
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    match (hour, minute, second) {
        (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
        (_, _, 0) => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
    }
}
