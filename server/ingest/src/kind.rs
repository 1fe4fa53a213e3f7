//! The kinds of file, and what names say about them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What a file is. The words of `as_str` are stored and sent: they don't change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Portable Document Format.
    Pdf,
    /// Word.
    Docx,
    /// Excel.
    Xlsx,
    /// PowerPoint.
    Pptx,
    /// HTML and XHTML.
    Html,
    /// Markdown.
    Markdown,
    /// Plain text.
    Text,
    /// Values separated by commas, semicolons or tabs.
    Csv,
    /// JSON.
    Json,
    /// A JSON value a line.
    Jsonl,
    /// An electronic book.
    Epub,
    /// A message as mail programs save it.
    Email,
    /// Source code, configuration, XML: text whose lines matter.
    Code,
}

use Kind::{Code, Csv, Docx, Email, Epub, Html, Json, Jsonl, Markdown, Pdf, Pptx, Text, Xlsx};

/// Kind, stored word, media type, what people call it (with "a" before it), endings of names.
type Entry = (Kind, &'static str, &'static str, &'static str, &'static [&'static str]);

const KINDS: [Entry; 13] = [
    (Pdf, "pdf", "application/pdf", "PDF", &["pdf"]),
    (
        Docx,
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "Word document",
        &["docx", "docm", "dotx"],
    ),
    (
        Xlsx,
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "workbook",
        &["xlsx", "xlsm", "xltx"],
    ),
    (
        Pptx,
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "presentation",
        &["pptx", "pptm", "ppsx", "potx"],
    ),
    (Html, "html", "text/html", "web page", &["html", "htm", "xhtml"]),
    (Markdown, "markdown", "text/markdown", "Markdown text", &["md", "markdown", "mdown", "mkd", "mdx"]),
    (
        Text,
        "text",
        "text/plain",
        "plain text",
        &["txt", "text", "log", "rst", "adoc", "asciidoc", "org", "tex", "srt", "vtt"],
    ),
    (Csv, "csv", "text/csv", "table", &["csv", "tsv", "tab"]),
    (Json, "json", "application/json", "JSON file", &["json", "geojson", "ipynb"]),
    (Jsonl, "jsonl", "application/jsonl", "file of JSON lines", &["jsonl", "ndjson"]),
    (Epub, "epub", "application/epub+zip", "book", &["epub"]),
    (Email, "email", "message/rfc822", "message", &["eml"]),
    (Code, "code", "text/plain", "source file", &[]),
];

/// Endings of names (or whole names) of source files, in order, and the language as highlighters name it.
#[rustfmt::skip]
const SYNTAXES: &[(&str, &str)] = &[
    ("astro", "astro"), ("bash", "bash"), ("bat", "batch"), ("c", "c"), ("cc", "cpp"), ("cfg", "ini"),
    ("clj", "clojure"), ("cljs", "clojure"), ("cmake", "cmake"), ("cmakelists.txt", "cmake"), ("conf", "ini"),
    ("cpp", "cpp"), ("cs", "csharp"), ("css", "css"), ("cxx", "cpp"), ("d", "d"), ("dart", "dart"), ("diff", "diff"),
    ("dockerfile", "dockerfile"), ("el", "lisp"), ("elm", "elm"), ("env", "bash"), ("erl", "erlang"),
    ("ex", "elixir"), ("exs", "elixir"), ("f90", "fortran"), ("fs", "fsharp"), ("fsx", "fsharp"),
    ("gitignore", "gitignore"), ("go", "go"), ("gradle", "groovy"), ("graphql", "graphql"), ("groovy", "groovy"),
    ("h", "c"), ("hcl", "hcl"), ("hpp", "cpp"), ("hs", "haskell"), ("ini", "ini"), ("java", "java"), ("jl", "julia"),
    ("js", "javascript"), ("jsx", "jsx"), ("kt", "kotlin"), ("kts", "kotlin"), ("less", "less"), ("lisp", "lisp"),
    ("lock", "toml"), ("lua", "lua"), ("m", "objectivec"), ("makefile", "makefile"), ("mjs", "javascript"),
    ("mk", "makefile"), ("ml", "ocaml"), ("mli", "ocaml"), ("nim", "nim"), ("nix", "nix"), ("pas", "pascal"),
    ("patch", "diff"), ("php", "php"), ("pl", "perl"), ("pm", "perl"), ("proto", "protobuf"), ("ps1", "powershell"),
    ("py", "python"), ("pyi", "python"), ("r", "r"), ("rb", "ruby"), ("rs", "rust"), ("sass", "sass"),
    ("scala", "scala"), ("scm", "scheme"), ("scss", "scss"), ("sh", "bash"), ("sql", "sql"), ("sv", "verilog"),
    ("svelte", "svelte"), ("svg", "xml"), ("swift", "swift"), ("tcl", "tcl"), ("tf", "hcl"), ("toml", "toml"),
    ("ts", "typescript"), ("tsx", "tsx"), ("v", "verilog"), ("vb", "vbnet"), ("vhd", "vhdl"), ("vim", "vim"),
    ("vue", "vue"), ("wat", "wasm"), ("xml", "xml"), ("xsd", "xml"), ("xsl", "xml"), ("yaml", "yaml"),
    ("yml", "yaml"), ("zig", "zig"), ("zsh", "bash"),
];

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 13] = [Pdf, Docx, Xlsx, Pptx, Html, Markdown, Text, Csv, Json, Jsonl, Epub, Email, Code];

    /// The word under which it is stored and sent.
    pub fn as_str(self) -> &'static str {
        self.entry().1
    }

    /// The media type to serve such a file as.
    pub fn media_type(self) -> &'static str {
        self.entry().2
    }

    /// What people call it; "a" fits before it.
    pub fn noun(self) -> &'static str {
        self.entry().3
    }

    /// What the ending of a name says, and for source code its language.
    pub fn of_name(name: &str) -> Option<(Self, Option<&'static str>)> {
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
        let ending = file.rsplit_once('.').map_or(file.as_str(), |(_, ending)| ending);
        let syntax =
            |word: &str| SYNTAXES.binary_search_by(|(ending, _)| (*ending).cmp(word)).ok().map(|at| SYNTAXES[at].1);
        // A name without a dot is no ending: a file called "c" is not in C.
        let is_whole = file.contains('.') || matches!(file.as_str(), "dockerfile" | "makefile");
        if let Some(language) = syntax(&file).filter(|_| is_whole) {
            return Some((Code, Some(language)));
        }
        if let Some(entry) = KINDS.iter().find(|entry| file.contains('.') && entry.4.contains(&ending)) {
            return Some((entry.0, None));
        }
        if file.starts_with("dockerfile.") {
            return Some((Code, Some("dockerfile")));
        }
        if file.contains('.') { syntax(ending).map(|language| (Code, Some(language))) } else { None }
    }

    /// What a media type says. `application/octet-stream` and `text/plain` say nothing that content would not say better.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "text/plain" => None,
            "application/xhtml+xml" => Some(Html),
            "text/x-markdown" => Some(Markdown),
            "text/tab-separated-values" => Some(Csv),
            "application/x-ndjson" | "application/json-lines" => Some(Jsonl),
            "application/xml" | "text/xml" => Some(Code),
            _ => KINDS.iter().find(|entry| entry.2 == essence).map(|entry| entry.0),
        }
    }

    /// Whether it is text as it lies there, without a container around it.
    pub fn is_textual(self) -> bool {
        !self.is_archive() && self != Pdf
    }

    /// Whether it is a zip file with a fixed structure.
    pub(crate) fn is_archive(self) -> bool {
        matches!(self, Docx | Xlsx | Pptx | Epub)
    }

    fn entry(self) -> &'static Entry {
        &KINDS[self as usize]
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// No kind is called this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no kind of file called {0:?}")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or_else(|| UnknownKind(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree_with_the_enum() {
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, at);
            assert_eq!(KINDS[at].0, kind);
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str(), "stored and sent alike");
        }
        assert!(SYNTAXES.is_sorted_by(|a, b| a.0 < b.0), "it is searched by halves");
    }

    #[test]
    fn names_say_what_they_can() {
        for (name, expected) in [
            ("Report.PDF", Some((Pdf, None))),
            ("a/b/main.rs", Some((Code, Some("rust")))),
            ("Dockerfile", Some((Code, Some("dockerfile")))),
            (r"C:\notes\readme.md", Some((Markdown, None))),
            ("c", None),
            ("CMakeLists.txt", Some((Code, Some("cmake")))),
            ("archive.zip", None),
            ("", None),
        ] {
            assert_eq!(Kind::of_name(name), expected, "{name}");
        }
        assert_eq!(Kind::of_media_type("text/html; charset=utf-8"), Some(Html));
        assert_eq!(Kind::of_media_type("application/octet-stream"), None);
    }
}
