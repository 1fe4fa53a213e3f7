//! Files made in memory, so that every byte of them is known.
#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::unwrap_used, reason = "where a test cannot make its file, it fails")]

use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A zip file of these entries.
pub fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const TYPES: &[u8] =
    b"<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";

/// A Word document with this body and these further parts.
pub fn docx_with(body: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>{body}</w:body></w:document>"
    );
    let mut entries = vec![("[Content_Types].xml", TYPES), ("word/document.xml", document.as_bytes())];
    entries.extend(parts.iter().map(|(name, content)| (*name, content.as_bytes())));
    archive(&entries)
}

pub fn docx(body: &str) -> Vec<u8> {
    docx_with(body, &[("word/styles.xml", STYLES), ("word/numbering.xml", NUMBERING)])
}

/// A paragraph of a Word document; `style` may be empty.
pub fn paragraph(style: &str, text: &str) -> String {
    let style = if style.is_empty() { String::new() } else { format!("<w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr>") };
    format!("<w:p>{style}<w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>")
}

const STYLES: &str = r#"<w:styles xmlns:w="w"><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="berschrift2"><w:name w:val="heading 2"/><w:basedOn w:val="berschrift2"/></w:style>
<w:style w:styleId="Eigene"><w:name w:val="Our heading"/><w:basedOn w:val="berschrift2"/></w:style>
<w:style w:styleId="Titel"><w:name w:val="Title"/></w:style></w:styles>"#;

const NUMBERING: &str = r#"<w:numbering xmlns:w="w"><w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num></w:numbering>"#;

/// A workbook of one sheet with this XML as its rows.
pub fn xlsx(dimension: &str, rows: &str) -> Vec<u8> {
    let sheet = format!(
        "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><dimension ref=\"{dimension}\"/><sheetData>{rows}</sheetData></worksheet>"
    );
    archive(&[
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#),
        ("xl/workbook.xml", br#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="People" sheetId="1" r:id="rId1"/></sheets></workbook>"#),
        ("xl/_rels/workbook.xml.rels", br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#),
        ("xl/styles.xml", br#"<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

/// A cell with text in it.
pub fn cell(at: &str, text: &str) -> String {
    format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

/// A presentation whose first shown slide is the second in the file.
pub fn pptx() -> Vec<u8> {
    const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relations = |list: &[(&str, &str, &str)]| {
        let list: String = list
            .iter()
            .map(|(id, kind, target)| {
                format!("<Relationship Id=\"{id}\" Type=\"{RELATION}/{kind}\" Target=\"{target}\"/>")
            })
            .collect();
        format!("<Relationships>{list}</Relationships>")
    };
    let shape = |place: &str, text: &str| {
        format!(
            "<p:sp><p:nvSpPr><p:nvPr><p:ph type=\"{place}\"/></p:nvPr></p:nvSpPr><p:txBody>{text}</p:txBody></p:sp>"
        )
    };
    let slide = |content: String| {
        format!("<p:sld xmlns:p=\"p\" xmlns:a=\"a\"><p:cSld><p:spTree>{content}</p:spTree></p:cSld></p:sld>")
    };
    let first = slide(
        shape("title", "<a:p><a:r><a:t>Results</a:t></a:r></a:p>")
            + &shape(
                "body",
                "<a:p><a:r><a:t>Revenue &amp; cost</a:t></a:r></a:p><a:p><a:pPr lvl=\"1\"/><a:r><a:t>both up</a:t></a:r></a:p>",
            )
            + &shape("sldNum", "<a:p><a:r><a:t>17</a:t></a:r></a:p>"),
    );
    let second = slide(
        "<p:graphicFrame><a:tbl><a:tr><a:tc><a:p><a:r><a:t>Year</a:t></a:r></a:p></a:tc><a:tc><a:p><a:r><a:t>Sum</a:t></a:r></a:p></a:tc></a:tr><a:tr><a:tc><a:p><a:r><a:t>2026</a:t></a:r></a:p></a:tc><a:tc><a:p><a:r><a:t>9</a:t></a:r></a:p></a:tc></a:tr></a:tbl></p:graphicFrame>".to_owned(),
    );
    let notes = slide(shape("body", "<a:p><a:r><a:t>Mention the harbour.</a:t></a:r></a:p>"));
    archive(&[
        ("[Content_Types].xml", TYPES),
        ("ppt/presentation.xml", br#"<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst><p:sldId id="256" r:id="rId2"/><p:sldId id="257" r:id="rId1"/></p:sldIdLst></p:presentation>"#),
        ("ppt/_rels/presentation.xml.rels", relations(&[("rId1", "slide", "slides/slide2.xml"), ("rId2", "slide", "slides/slide1.xml")]).as_bytes()),
        ("ppt/slides/slide1.xml", first.as_bytes()),
        ("ppt/slides/_rels/slide1.xml.rels", relations(&[("rId9", "notesSlide", "../notesSlides/notesSlide1.xml")]).as_bytes()),
        ("ppt/slides/slide2.xml", second.as_bytes()),
        ("ppt/notesSlides/notesSlide1.xml", notes.as_bytes()),
    ])
}

/// A book of two chapters, in another order in the file than to be read.
pub fn epub() -> Vec<u8> {
    archive(&[
        ("mimetype", b"application/epub+zip"),
        ("META-INF/container.xml", br#"<container><rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"#),
        ("OEBPS/content.opf", br#"<package><metadata xmlns:dc="dc"><dc:title>The Harbour</dc:title><dc:language>en-GB</dc:language></metadata><manifest><item id="b" href="two%20b.xhtml" media-type="application/xhtml+xml"/><item id="a" href="one.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>"#),
        ("OEBPS/two b.xhtml", b"<html><head><title/><script src='x'/></head><body><h1>Second</h1><p>The ship left.</p></body></html>"),
        ("OEBPS/one.xhtml", b"<html><head><title>One</title></head><body><h1>First</h1><p>The ship came in.</p></body></html>"),
    ])
}

/// A PDF of pages, each a list of lines: size of type, left, baseline from below, text.
pub fn pdf(pages: &[Vec<(f64, f64, f64, &str)>]) -> Vec<u8> {
    let contents: Vec<String> = pages
        .iter()
        .map(|lines| {
            let show =
                |(size, x, y, text): &(f64, f64, f64, &str)| format!("BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET\n");
            lines.iter().map(show).collect()
        })
        .collect();
    pdf_of(&contents.iter().map(|content| (String::new(), content.clone().into_bytes())).collect::<Vec<_>>(), "")
}

/// A PDF of pages with these contents: entries of the stream's dictionary, and its bytes.
pub fn pdf_of(contents: &[(String, Vec<u8>)], trailer: &str) -> Vec<u8> {
    let (mut file, mut offsets) = (b"%PDF-1.7\n".to_vec(), Vec::new());
    let mut object = |body: &[u8]| {
        offsets.push(file.len());
        file.extend(format!("{} 0 obj\n", offsets.len()).bytes());
        file.extend(body);
        file.extend(b"\nendobj\n");
    };
    let kids: String = (0..contents.len()).map(|page| format!("{} 0 R ", 4 + 2 * page)).collect();
    object(b"<< /Type /Catalog /Pages 2 0 R >>");
    object(format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", contents.len()).as_bytes());
    object(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
    for (page, (entries, content)) in contents.iter().enumerate() {
        let stream = 5 + 2 * page;
        object(format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents {stream} 0 R >>").as_bytes());
        let mut body = format!("<< /Length {} {entries} >>\nstream\n", content.len()).into_bytes();
        body.extend(content);
        body.extend(b"\nendstream");
        object(&body);
    }
    let start = file.len();
    let table: String = offsets.iter().map(|offset| format!("{offset:010} 00000 n \n")).collect();
    let size = offsets.len() + 1;
    file.extend(format!("xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n").bytes());
    file
}
