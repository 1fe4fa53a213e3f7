//! Files that are broken, that lie, or that were made to do harm. Each ends in a refusal that says so, or in a reading,
//! within its limits.

use atrium_ingest::{Kind, Limits, Note, Reading, Refusal, Sizes, estimate_tokens, read, split};
use proptest::prelude::*;
use std::io::{Cursor, Write};
use std::time::{Duration, Instant};

mod files;

const MIB: usize = 1024 * 1024;

fn outcome(name: &str, content: impl AsRef<[u8]>) -> Result<Reading, Refusal> {
    read(name, None, Cursor::new(content), &Limits::default())
}

fn refusal(name: &str, content: impl AsRef<[u8]>) -> Refusal {
    match outcome(name, content) {
        Err(refusal) => refusal,
        Ok(reading) => panic!("{name} was read as {:?}: {:.200}", reading.kind, reading.text),
    }
}

/// So many spaces, compressed as zlib does.
#[allow(clippy::unwrap_used, reason = "where a test cannot make its file, it fails")]
fn spaces(count: usize) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..count / MIB {
        encoder.write_all(&vec![b' '; MIB]).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn a_zip_bomb_is_not_opened() {
    let spaces = vec![b' '; 33 * MIB];
    for (name, entry) in
        [("a.docx", "word/document.xml"), ("a.xlsx", "xl/workbook.xml"), ("a.pptx", "ppt/presentation.xml")]
    {
        assert_eq!(refusal(name, files::archive(&[(entry, &spaces)])), Refusal::Bomb, "{name}");
    }
    let many: Vec<_> = (0..30_000).map(|number| format!("{number}")).collect();
    let entries: Vec<_> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(refusal("a.docx", files::archive(&entries)), Refusal::Bomb);
}

#[test]
fn a_bomb_that_lies_about_its_size_goes_off_against_the_budget() {
    let mut file = files::docx(&files::paragraph("", &" ".repeat(8 * MIB)));
    // What the directory says that each entry unpacks to.
    let mut at = file.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    while file[at..].starts_with(b"PK\x01\x02") {
        file[at + 24..at + 28].copy_from_slice(&100_u32.to_le_bytes());
        let lengths = |from: usize| usize::from(u16::from_le_bytes([file[at + from], file[at + from + 1]]));
        at += 46 + lengths(28) + lengths(30) + lengths(32);
    }
    let limits = Limits { unpacked: MIB as u64, ..Limits::default() };
    let refused = read("a.docx", None, Cursor::new(file), &limits).unwrap_err();
    assert!(matches!(refused, Refusal::Bomb | Refusal::Broken { .. }), "{refused}");
}

#[test]
fn a_pdf_bomb_is_not_opened() {
    let bomb = spaces(200 * MIB);
    assert!(bomb.len() < 2 * MIB);
    let file = files::pdf_of(&[("/Filter /FlateDecode".to_owned(), bomb)], "");
    assert_eq!(refusal("a.pdf", file), Refusal::Bomb);
    // Compressed twice, a few kilobytes.
    let mut twice = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    twice.write_all(&spaces(200 * MIB)).unwrap();
    let file = files::pdf_of(&[("/Filter [/FlateDecode /FlateDecode]".to_owned(), twice.finish().unwrap())], "");
    assert!(file.len() < 20_000);
    assert_eq!(refusal("a.pdf", file), Refusal::Bomb);
}

#[test]
fn archives_within_archives_are_left_alone() {
    let inner = files::archive(&[("word/document.xml", &vec![b' '; MIB])]);
    assert!(matches!(refusal("a.zip", files::archive(&[("inner.docx", &inner)])), Refusal::Unsupported { .. }));
    assert!(matches!(refusal("a.docx", files::archive(&[("inner.docx", &inner)])), Refusal::Misnamed { .. }));
}

#[test]
fn a_document_cut_short_is_damaged_wherever_it_was_cut() {
    let word =
        files::docx(&(0..200).map(|number| files::paragraph("", &format!("Paragraph {number}"))).collect::<String>());
    for (name, file) in
        [("a.docx", word), ("a.xlsx", files::xlsx("A1", "")), ("a.pptx", files::pptx()), ("a.epub", files::epub())]
    {
        for tenth in 1..10 {
            let refused = refusal(name, &file[..file.len() * tenth / 10]);
            assert!(matches!(refused, Refusal::Broken { .. }), "{name} at {tenth}: {refused}");
        }
    }
    let body = "<?xml version=\"1.0\"?><w:document><w:body><w:p><w:r><w:t>Text</w:t></w:r></w:p>";
    assert_eq!(
        refusal("a.docx", files::archive(&[("word/document.xml", body.as_bytes())])),
        Refusal::Broken { kind: Kind::Docx }
    );
}

#[test]
fn a_pdf_cut_short_is_read_as_far_as_it_goes_or_refused() {
    let pages: Vec<_> = (0..20).map(|_| vec![(10.0, 72.0, 700.0, "Some words on a page.")]).collect();
    let file = files::pdf(&pages);
    for tenth in 0..10 {
        match outcome("a.pdf", &file[..file.len() * tenth / 10]) {
            Ok(reading) => assert!(reading.text.starts_with("Some words")),
            Err(refused) => assert!(
                matches!(
                    refused,
                    Refusal::Broken { .. } | Refusal::Empty | Refusal::Misnamed { .. } | Refusal::Scanned { .. }
                ),
                "{refused}"
            ),
        }
    }
}

#[test]
fn files_that_lie_about_their_type_are_told_so() {
    let program = [b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0".as_slice(), &[0; 400], b"PE\0\0"].concat();
    assert_eq!(
        refusal("report.pdf", program).to_string(),
        "The file is not what its name says: it is named as a PDF, but its content is a program (exe)."
    );
    let picture = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &[0; 100]].concat();
    assert!(matches!(refusal("notes.txt", &picture), Refusal::Misnamed { named: Kind::Text, .. }));
    assert!(matches!(refusal("picture", &picture), Refusal::Unsupported { .. }));
    assert_eq!(
        refusal("paper.pdf", "<!doctype html><p>404</p>").to_string(),
        "The file is not what its name says: it is named as a PDF, but its content is a web page."
    );
    assert!(matches!(refusal("data.docx", [0_u8, 1, 2, 3].repeat(100)), Refusal::Broken { .. }));
    assert_eq!(refusal("data.txt", [0_u8, 1, 2, 3].repeat(100)), Refusal::Binary);
    assert_eq!(refusal("empty.pdf", ""), Refusal::Empty);
    assert_eq!(refusal("blank.txt", " \n "), Refusal::NoText { kind: Kind::Text });
}

#[test]
fn what_is_protected_says_so() {
    let ole = [&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..], &[0; 600]].concat();
    let package: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refusal("a.xlsx", [&ole[..], &package].concat()), Refusal::Encrypted { kind: Kind::Xlsx });
    assert!(matches!(refusal("a.doc", ole), Refusal::Unsupported { .. }));
    // RC4 with 40 bits and hashes that no password gives.
    let content = (String::new(), b"BT /F1 10 Tf (x) Tj ET".to_vec());
    let hash = "00".repeat(32);
    let trailer =
        format!("/Encrypt << /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <{hash}> /U <{hash}> >> /ID [<00> <00>]");
    assert_eq!(refusal("a.pdf", files::pdf_of(&[content], &trailer)), Refusal::Encrypted { kind: Kind::Pdf });
}

#[test]
fn a_scanned_pdf_says_so_and_a_partly_scanned_one_notes_it() {
    let blank = || (String::new(), b"0 0 m 100 100 l S".to_vec());
    let text = || (String::new(), b"BT /F1 10 Tf 72 700 Td (Words) Tj ET".to_vec());
    assert_eq!(refusal("a.pdf", files::pdf_of(&[blank(), blank()], "")), Refusal::Scanned { pages: 2 });
    let reading = outcome("a.pdf", files::pdf_of(&[text(), blank(), blank()], "")).unwrap();
    assert_eq!(reading.notes, [Note::PagesWithoutText { empty: 2, of: 3 }]);
}

#[test]
fn ten_thousand_pages_are_read_and_more_are_refused() {
    let lines: Vec<_> = (0..10_000).map(|number| format!("Words of page {number}.")).collect();
    let pages: Vec<_> =
        lines.iter().map(|line| vec![(10.0, 72.0, 700.0, line.as_str()), (10.0, 72.0, 300.0, "End")]).collect();
    let file = files::pdf(&pages);
    let reading = outcome("a.pdf", &file).unwrap();
    assert_eq!(reading.marks.len(), 10_000);
    let found = split(&reading, &Sizes::default(), &estimate_tokens);
    assert_eq!(found.last().unwrap().page, Some(10_000));
    let limits = Limits { pages: 9_999, ..Limits::default() };
    assert_eq!(
        read("a.pdf", None, Cursor::new(file), &limits),
        Err(Refusal::TooManyPages { pages: 10_000, limit: 9_999 })
    );
}

#[test]
fn a_pdf_that_contains_itself_comes_to_an_end() {
    let form =
        "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> /Font << /F1 3 0 R >> >>";
    let file = files::pdf_of(&[(form.to_owned(), b"BT /F1 10 Tf 72 700 Td (Round) Tj ET /X Do /X Do".to_vec())], "");
    let limits = Limits { time: Duration::from_secs(3), ..Limits::default() };
    match read("a.pdf", None, Cursor::new(file), &limits) {
        Ok(reading) => assert!(reading.text.contains("Round")),
        Err(refused) => assert_eq!(refused, Refusal::OutOfTime { seconds: 3 }),
    }
}

#[test]
fn fifty_megabytes_on_one_line_are_read_up_to_the_limit() {
    let line = "word ".repeat(10 * MIB);
    let limits = Limits { text: MIB, time: Duration::from_secs(240), ..Limits::default() };
    for name in ["a.txt", "a.md", "a.html", "a.csv", "a.json"] {
        let reading = read(name, None, line.as_bytes(), &limits).unwrap_or_else(|refused| panic!("{name}: {refused}"));
        assert!(reading.notes.contains(&Note::Cut { kept: MIB }), "{name}: {:?}", reading.notes);
        assert!(reading.text.len() <= MIB + 1);
        assert!(!split(&reading, &Sizes::default(), &estimate_tokens).is_empty());
    }
}

#[test]
fn wrong_bytes_are_replaced_and_noted() {
    let text =
        [b"Sch\xc3\xb6n, sch\xc3\xb6ner, ".as_slice(), b"gr\xc3\xb6\xc3\x9fer \xff und k\xc3\xb6niglich"].concat();
    let reading = outcome("a.txt", text).unwrap();
    assert_eq!(reading.text, "Schön, schöner, größer \u{fffd} und königlich");
    assert_eq!(reading.notes, [Note::InvalidCharacters { encoding: "UTF-8".to_owned() }]);
}

#[test]
fn depth_overflows_nothing() {
    let deep = 200_000;
    let json = outcome("a.json", format!("{}1{}", "[".repeat(deep), "]".repeat(deep))).unwrap();
    assert!(json.text.contains('1'));
    for tag in ["div", "b", "table><tr><td", "ul><li", "blockquote", "nav", "svg"] {
        let _ = outcome("a.html", format!("{}deep down{}", format!("<{tag}>").repeat(deep), "</b></div>".repeat(deep)));
    }
    for mark in ["> ", "- ", "[", "*a ", "`"] {
        outcome("a.md", mark.repeat(deep / 10)).unwrap();
    }
    let table = "<w:tbl><w:tr><w:tc><w:p>".repeat(deep) + &"</w:p></w:tc></w:tr></w:tbl>".repeat(deep);
    assert_eq!(refusal("a.docx", files::docx(&table)), Refusal::NoText { kind: Kind::Docx });
    let arrays =
        [b"%PDF-1.7\n1 0 obj\n".as_slice(), &b"[".repeat(deep), b"\nendobj\ntrailer << /Root 1 0 R >>"].concat();
    assert_eq!(refusal("a.pdf", arrays), Refusal::Broken { kind: Kind::Pdf });
    let mail = (0..500)
        .map(|part| format!("Content-Type: multipart/mixed; boundary=b{part}\r\n\r\n--b{part}\r\n"))
        .collect::<String>();
    let _ = outcome("a.eml", format!("Subject: deep\r\n{mail}"));
}

#[test]
fn entities_that_a_document_declares_are_not_expanded() {
    let entities = "<!DOCTYPE w [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
    let document = format!(
        "<?xml version=\"1.0\"?>{entities}<w:document><w:body><w:p><w:t>safe &c;&amp; &#x41;</w:t></w:p></w:body></w:document>"
    );
    assert_eq!(
        outcome("a.docx", files::archive(&[("word/document.xml", document.as_bytes())])).unwrap().text,
        "safe & A\n"
    );
}

#[test]
fn limits_of_size_and_time_are_kept() {
    let limits = Limits { bytes: 10, ..Limits::default() };
    assert_eq!(read("a.txt", None, &b"eleven byte"[..], &limits), Err(Refusal::TooLarge { limit: 10 }));
    let limits = Limits { time: Duration::ZERO, ..Limits::default() };
    assert_eq!(read("a.html", None, &b"<p>late"[..], &limits), Err(Refusal::OutOfTime { seconds: 0 }));
}

fn any_name() -> impl Strategy<Value = String> {
    let endings =
        ["pdf", "docx", "xlsx", "pptx", "html", "md", "txt", "csv", "json", "jsonl", "epub", "eml", "rs", "bin"];
    prop::sample::select(endings.to_vec()).prop_map(|ending| format!("file.{ending}"))
}

/// How files of each format begin, so that random bytes get past the door.
fn any_beginning() -> impl Strategy<Value = Vec<u8>> {
    let beginnings: Vec<&[u8]> = vec![
        b"",
        b"%PDF-1.7\n1 0 obj\n<<",
        b"PK\x03\x04",
        b"<!doctype html><table>",
        b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b",
        b"{\"a\":",
        b"---\ntitle: ",
    ];
    prop::sample::select(beginnings).prop_map(<[u8]>::to_vec)
}

/// A sound file with a few bytes changed.
fn damaged() -> impl Strategy<Value = (String, Vec<u8>)> {
    let page = vec![(10.0, 72.0, 700.0, "Some words on a page.")];
    let sound = vec![
        ("a.pdf", files::pdf(&[page.clone(), page])),
        ("a.docx", files::docx(&files::paragraph("berschrift1", "Heading"))),
        ("a.xlsx", files::xlsx("A1", &format!("<row r=\"1\">{}</row>", files::cell("A1", "x")))),
        ("a.pptx", files::pptx()),
        ("a.epub", files::epub()),
    ];
    (prop::sample::select(sound), prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)).prop_map(
        |((name, mut file), changes)| {
            for (at, byte) in changes {
                let at = at.index(file.len());
                file[at] = byte;
            }
            (name.to_owned(), file)
        },
    )
}

fn ends_well(name: &str, content: &[u8]) {
    let limits = Limits { time: Duration::from_secs(20), ..Limits::default() };
    let start = Instant::now();
    if let Ok(reading) = read(name, None, content, &limits) {
        assert!(reading.marks.is_sorted_by_key(|mark| mark.at));
        assert!(reading.marks.iter().all(|mark| reading.text.is_char_boundary(mark.at)));
        for piece in split(&reading, &Sizes::default(), &estimate_tokens) {
            assert!(!reading.text[piece.start..piece.end].is_empty());
        }
    }
    assert!(start.elapsed() < limits.time);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_under_any_name_end_well(name in any_name(), beginning in any_beginning(), rest in prop::collection::vec(any::<u8>(), 0..3000)) {
        ends_well(&name, &[beginning, rest].concat());
    }

    #[test]
    fn any_text_under_any_name_ends_well(name in any_name(), text in "(\\PC|[<>/#|`\n\\[\\]{}\",;&-]){0,400}") {
        ends_well(&name, text.as_bytes());
    }

    #[test]
    fn damaged_files_end_well((name, file) in damaged()) {
        ends_well(&name, &file);
    }
}
