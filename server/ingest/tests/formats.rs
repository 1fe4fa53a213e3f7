//! Every format, from a file of that format to its text and marks.

use atrium_ingest::{Kind, Limits, Note, Place, Reading, Refusal, read, read_source};
use std::io::Cursor;

mod files;

fn reading(name: &str, content: impl AsRef<[u8]>) -> Reading {
    outcome(name, content).unwrap_or_else(|refusal| panic!("{name}: {refusal}"))
}

fn outcome(name: &str, content: impl AsRef<[u8]>) -> Result<Reading, Refusal> {
    read(name, None, Cursor::new(content), &Limits::default())
}

/// Marks as text, each with what stands where it points.
fn marks(reading: &Reading) -> Vec<String> {
    let show = |mark: &atrium_ingest::Mark| {
        let line = reading.text[mark.at..].lines().next().unwrap_or_default();
        match &mark.place {
            Place::Page(number) => format!("page {number}: {line}"),
            Place::Slide(number) => format!("slide {number}: {line}"),
            Place::Sheet(name) => format!("sheet {name}: {line}"),
            Place::Heading { level, title } => format!("{level} {title}: {line}"),
        }
    };
    reading.marks.iter().map(show).collect()
}

#[test]
fn html_keeps_what_a_reader_came_for() {
    let page = "<!DOCTYPE html><html><head><title>Ownership\n - The Book</title><style>p { color: red }</style></head><body>\
        <nav><a href=/>Home</a></nav><header>Site</header><main><h1>Owner<b>ship</b></h1><p>Each value\nhas <em>one</em> <code>owner </code>.</p>\
        <pre><code class=\"language-rust ignore\">let x = 1;\n  let y &amp;= 2;\n</code></pre>\
        <ul><li><p>first</p><ol start=3><li>deep<li>deeper</ol></li><li>second</li></ul>\
        <blockquote><p>said</p></blockquote>\
        <table><tr><th>Name<th>Town</tr><tr><td>Ada<td>Lon|don</tr></table>\
        <p hidden>not shown</p><script>alert('<p>no</p>')</script></main><footer>Imprint</footer></body></html>";
    let reading = reading("page.html", page);
    assert_eq!(reading.title.as_deref(), Some("Ownership - The Book"));
    assert_eq!(
        reading.text,
        "# Ownership\n\nEach value has one `owner` .\n\n```rust\nlet x = 1;\n  let y &= 2;\n```\n\n\
         - first\n  3. deep\n  4. deeper\n- second\n\n> said\n\n| Name | Town |\n| --- | --- |\n| Ada | Lon\\|don |\n"
    );
    assert_eq!(marks(&reading), ["1 Ownership: # Ownership"]);
}

#[test]
fn a_page_of_nothing_but_navigation_is_read_all_the_same() {
    assert_eq!(reading("x.html", "<nav><p>Only this</p></nav>").text, "Only this\n");
}

#[test]
fn markdown_is_kept_to_the_byte() {
    let text = "---\ntitle: \"The plan\"\n---\n\n# First\n\nText.\n\n## `Second` *thing*\n\n```\n# no heading\n```\n";
    let reading = reading("plan.md", text);
    assert_eq!((reading.text.as_str(), reading.title.as_deref()), (text, Some("The plan")));
    assert_eq!(marks(&reading), ["1 First: # First", "2 Second thing: ## `Second` *thing*"]);
}

#[test]
fn text_is_decoded_whatever_its_encoding() {
    let german = "Größe und Übermut, schön für alle, die täglich über Brücken gehen müssen.";
    let latin: Vec<u8> = german.chars().map(|letter| letter as u8).collect();
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(german.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for (bytes, note) in [(german.as_bytes().to_vec(), None), (utf16, None), (latin, Some("windows-1252"))] {
        let reading = reading("notes.txt", bytes);
        assert_eq!(reading.text, german);
        assert_eq!(reading.language.as_deref(), Some("de"));
        assert_eq!(
            reading.notes,
            note.map(|encoding| Note::Encoding { encoding: encoding.to_owned() }).into_iter().collect::<Vec<_>>()
        );
    }
    let (japanese, ..) =
        encoding_rs::SHIFT_JIS.encode("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。");
    assert!(reading("cat.txt", &japanese).text.starts_with("吾輩は猫である。"));
    assert_eq!(reading("lines.txt", "one\r\ntwo\rthree\n\u{7}four").text, "one\ntwo\nthree\nfour");
}

#[test]
fn source_code_keeps_its_lines_and_says_its_language() {
    let code = "\n\nfn main() {\n\tprintln!(\"hi\");\n}\n\n";
    let reading = reading("src/main.rs", code);
    assert_eq!((reading.kind, reading.syntax.as_deref(), reading.text.as_str()), (Kind::Code, Some("rust"), code));
}

#[test]
fn a_repository_s_files_keep_their_lines_whatever_their_kind() {
    let page = "<html>\n<body>\n<p>Hello\n";
    let reading = read_source("docs/index.html", page.as_bytes(), &Limits::default()).unwrap();
    assert_eq!((reading.kind, reading.text.as_str()), (Kind::Html, page));
}

#[test]
fn rows_of_a_table_say_what_their_cells_are() {
    let reading = reading("people.csv", "Name;Born;Town\nAda Lovelace;1815;\"Lon\ndon\"\n;1791;Walworth\n");
    assert_eq!(
        reading.text,
        "Name | Born | Town\nName: Ada Lovelace; Born: 1815; Town: Lon don\nBorn: 1791; Town: Walworth\n"
    );
}

#[test]
fn workbooks_are_rows_by_sheet() {
    let rows = format!(
        "<row r=\"1\">{}</row><row r=\"3\">{}{}</row><row r=\"4\">{}<c r=\"B4\" s=\"1\"><v>45000</v></c></row>",
        files::cell("A1", "Our people"),
        files::cell("A3", "Name"),
        files::cell("B3", "Since"),
        files::cell("A4", "Ada &amp; co"),
    );
    let reading = reading("people.xlsx", files::xlsx("A1:B4", &rows));
    assert_eq!(reading.text, "## People\n\nOur people\nName | Since\nName: Ada & co; Since: 2023-03-15\n");
    assert_eq!(marks(&reading), ["sheet People: ## People"]);
}

#[test]
fn an_enormous_sheet_costs_what_it_has() {
    let rows = format!(
        "<row r=\"1\">{}</row><row r=\"1048576\">{}</row>",
        files::cell("A1", "first"),
        files::cell("XFD1048576", "last")
    );
    assert_eq!(reading("big.xlsx", files::xlsx("A1:XFD1048576", &rows)).text, "## People\n\nfirst\nlast\n");
}

#[test]
fn word_documents_keep_their_structure() {
    let body = [
        files::paragraph("Titel", "The report"),
        files::paragraph("berschrift1", "Begin"),
        "<w:p><w:r><w:t>One </w:t><w:t>two</w:t><w:br/><w:t>three</w:t><w:footnoteReference w:id=\"2\"/></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>".to_owned(),
        "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr></w:pPr><w:r><w:t>first</w:t></w:r></w:p>".to_owned(),
        "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"1\"/><w:numId w:val=\"1\"/></w:numPr></w:pPr><w:r><w:t>within</w:t></w:r></w:p>".to_owned(),
        "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr></w:pPr><w:r><w:t>second</w:t></w:r></w:p>".to_owned(),
        "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>".to_owned(),
        files::paragraph("Eigene", "Our own"),
        format!("<w:tbl><w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr><w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr></w:tbl>",
            files::paragraph("", "Name"), files::paragraph("", "Town"), files::paragraph("", "Ada"), files::paragraph("", "London") + &files::paragraph("", "(England)")),
        "<mc:AlternateContent><mc:Choice><w:p><w:r><w:t>In a box</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>In a box</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>".to_owned(),
    ]
    .concat();
    let footnotes = "<w:footnotes xmlns:w=\"w\"><w:footnote w:type=\"separator\" w:id=\"0\"><w:p/></w:footnote><w:footnote w:id=\"2\"><w:p><w:r><w:t>Not four.</w:t></w:r></w:p></w:footnote></w:footnotes>";
    let plain = files::docx(&body);
    let reading = reading("report.docx", plain);
    assert_eq!(reading.title.as_deref(), Some("The report"));
    assert_eq!(
        reading.text,
        "# The report\n\n# Begin\n\nOne two\nthree[^2]\n1. first\n  - within\n2. second\n\n## Our own\n\n\
         | Name | Town |\n| --- | --- |\n| Ada | London (England) |\n\nIn a box\n"
    );
    assert_eq!(
        marks(&reading),
        [
            "page 1: # The report",
            "1 The report: # The report",
            "1 Begin: # Begin",
            "page 2: ## Our own",
            "2 Our own: ## Our own"
        ]
    );
    let with_notes = outcome("report.docx", files::docx_with(&body, &[("word/footnotes.xml", footnotes)])).unwrap();
    assert!(with_notes.text.ends_with("In a box\n\n[^2]: Not four.\n"), "{}", with_notes.text);
}

#[test]
fn presentations_are_read_in_the_order_shown() {
    let reading = reading("talk.pptx", files::pptx());
    assert_eq!(
        reading.text,
        "## Results\n\n- Revenue & cost\n  - both up\n\nNotes: Mention the harbour.\n\n| Year | Sum |\n| --- | --- |\n| 2026 | 9 |\n"
    );
    assert_eq!(marks(&reading), ["slide 1: ## Results", "2 Results: ## Results", "slide 2: | Year | Sum |"]);
}

#[test]
fn books_are_read_in_the_order_of_their_spine() {
    let reading = reading("harbour.epub", files::epub());
    assert_eq!((reading.title.as_deref(), reading.language.as_deref()), (Some("The Harbour"), Some("en")));
    assert_eq!(reading.text, "# First\n\nThe ship came in.\n\n# Second\n\nThe ship left.\n");
}

#[test]
fn messages_say_who_wrote_what_to_whom() {
    let message = "From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\r\nTo: ada@example.org\r\nSubject: The harbour\r\n\
        Date: Tue, 3 Mar 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello <b>Ada</b>.</p>\r\n\
        --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"plan.pdf\"\r\n\r\n%PDF\r\n--b--\r\n";
    let reading = reading("mail.eml", message);
    assert_eq!(
        reading.text,
        "# The harbour\n\nFrom: Jürgen <j@example.org>\nTo: ada@example.org\nDate: 2026-03-03T10:00:00+01:00\nAttachments: plan.pdf\n\nHello Ada.\n"
    );
    assert_eq!(reading.notes, [Note::Attachments { names: vec!["plan.pdf".to_owned()] }]);
}

#[test]
fn json_on_one_line_is_spread_and_else_kept() {
    let kept = "{\n  \"a\": [1, 2]\n}\n";
    assert_eq!(reading("a.json", kept).text, kept);
    let values: Vec<_> = (0..400).collect();
    let long = serde_json::json!({ "empty": {}, "text": "a, b: {c} \\\"", "values": values }).to_string();
    let spread = reading("b.json", &long).text;
    assert!(
        spread.starts_with("{\n  \"empty\": {},\n  \"text\": \"a, b: {c} \\\\\\\"\",\n  \"values\": [\n    0,\n"),
        "{spread}"
    );
    assert_eq!(serde_json::from_str::<serde_json::Value>(&spread).unwrap().to_string(), long);
    assert_eq!(reading("c.json", "{ not json").notes, [Note::Malformed { kind: Kind::Json }]);
}

#[test]
fn pdf_lines_become_paragraphs_and_larger_ones_headings() {
    let long = "A paragraph runs over several lines that all reach the right margin of the hyphen-";
    let file = files::pdf(&[
        vec![
            (18.0, 72.0, 700.0, "Introduction"),
            (10.0, 72.0, 660.0, long),
            (10.0, 72.0, 648.0, "ated column, and ends early."),
            (10.0, 72.0, 620.0, "Another one, after a gap."),
        ],
        vec![(10.0, 72.0, 700.0, "On the second page.")],
    ]);
    let reading = reading("paper.pdf", file);
    assert_eq!(
        reading.text,
        format!(
            "Introduction\n\n{}ated column, and ends early.\n\nAnother one, after a gap.\n\nOn the second page.\n",
            long.trim_end_matches('-')
        )
    );
    assert_eq!(
        marks(&reading),
        ["page 1: Introduction", "1 Introduction: Introduction", "page 2: On the second page."]
    );
}

#[test]
fn pdf_running_heads_and_page_numbers_go() {
    let pages: Vec<_> = ["one", "two", "three", "four", "five"]
        .into_iter()
        .map(|word| vec![(8.0, 72.0, 760.0, "Annual report"), (10.0, 72.0, 600.0, word), (8.0, 300.0, 30.0, "Page 7")])
        .collect();
    assert_eq!(reading("report.pdf", files::pdf(&pages)).text, "one\n\ntwo\n\nthree\n\nfour\n\nfive\n");
}

#[test]
fn content_is_believed_before_the_name() {
    let page = reading("notes.txt", "<!doctype html><p>Hello</p>");
    assert_eq!((page.kind, page.text.as_str()), (Kind::Html, "Hello\n"));
    assert_eq!(page.notes, [Note::Misnamed { named: Kind::Text, read: Kind::Html }]);
    let word = reading("report.pdf", files::docx(&files::paragraph("", "Hello")));
    assert_eq!((word.kind, word.notes.len()), (Kind::Docx, 1));
    assert_eq!(reading("README", "Hello").kind, Kind::Text);
    let declared =
        read("download", Some("text/markdown; charset=utf-8"), "# Hi".as_bytes(), &Limits::default()).unwrap();
    assert_eq!(declared.kind, Kind::Markdown);
}

#[test]
fn what_crosses_the_pipe_comes_back_the_same() {
    let reading = reading("talk.pptx", files::pptx());
    assert_eq!(serde_json::from_str::<Reading>(&serde_json::to_string(&reading).unwrap()).unwrap(), reading);
    let refusal = Refusal::TooManyPages { pages: 11, limit: 10 };
    assert_eq!(serde_json::from_str::<Refusal>(&serde_json::to_string(&refusal).unwrap()).unwrap(), refusal);
}
