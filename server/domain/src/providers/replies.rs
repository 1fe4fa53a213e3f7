//! What workflows reply: JSON in any of n8n's usual shapes, lines of JSON while they stream, or plain text. Nobody says
//! beforehand which; it is told from how it begins.

use serde_json::{Value, json};

use super::failure::ProviderError;

/// Where workflows put what they say; the first that says something counts.
const PLACES: [&str; 13] = [
    "output", "text", "response", "message", "answer", "data", "content", "reply", "result", "json", "body", "choices",
    "items",
];

/// What n8n replies at once when nothing in the workflow replies.
const ONLY_STARTED: &str = "Workflow was started";

/// A piece of the answer; or the error object that came in its place.
pub(super) type Piece = Result<String, Value>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Too little has come.
    Unknown,
    /// Said as it comes.
    Text,
    /// One JSON object a line, each with its `type`.
    Lines,
    /// To be read when it is whole.
    Document,
}

/// Listens to one reply.
pub(super) struct Listener {
    form: Form,
    rest: Vec<u8>,
    limit: usize,
    heard: usize,
}

impl Listener {
    /// Of at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { form: Form::Unknown, rest: Vec::new(), limit, heard: 0 }
    }

    /// What a further piece of the reply says.
    ///
    /// # Errors
    /// When it is too long, no text, or a web page.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Result<Vec<Piece>, ProviderError> {
        self.heard += bytes.len();
        if self.heard > self.limit {
            return Err(ProviderError::protocol(format!("it is larger than {} kB", self.limit >> 10)));
        }
        self.rest.extend_from_slice(bytes);
        if self.form == Form::Unknown {
            self.form = begins(&self.rest);
        }
        match self.form {
            Form::Unknown | Form::Document => Ok(Vec::new()),
            Form::Text => self.text(),
            Form::Lines => {
                let end = self.rest.iter().rposition(|it| *it == b'\n').map_or(0, |it| it + 1);
                let lines: Vec<u8> = self.rest.drain(..end).collect();
                read_lines(&lines)
            }
        }
    }

    /// What is left to say when nothing more comes.
    ///
    /// # Errors
    /// When it is no text, or a web page.
    pub(super) fn close(&mut self) -> Result<Vec<Piece>, ProviderError> {
        let rest = std::mem::take(&mut self.rest);
        match self.form {
            Form::Lines => read_lines(&rest),
            Form::Text if rest.is_empty() => Ok(Vec::new()),
            // The end of a character is missing.
            Form::Text => Err(ProviderError::Cut),
            Form::Unknown | Form::Document => whole(&rest),
        }
    }

    /// The whole characters that are here.
    fn text(&mut self) -> Result<Vec<Piece>, ProviderError> {
        let end = match std::str::from_utf8(&self.rest) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Err(not_utf8()),
        };
        let text: Vec<u8> = self.rest.drain(..end).collect();
        let text = String::from_utf8(text).map_err(|_| not_utf8())?;
        Ok(if text.is_empty() { Vec::new() } else { vec![Ok(text)] })
    }
}

fn begins(bytes: &[u8]) -> Form {
    let start = bytes.trim_ascii_start();
    match start.first() {
        None => Form::Unknown,
        // A web page, perhaps: only when it is whole is it known.
        Some(b'<') => Form::Document,
        Some(b'{') => match start.iter().position(|it| *it == b'\n') {
            Some(end) if serde_json::from_slice(&start[..end]).is_ok_and(|it| is_streamed(&it)) => Form::Lines,
            Some(_) => Form::Document,
            None => Form::Unknown,
        },
        Some(b'[' | b'"') => Form::Document,
        // A workflow that has nothing to say.
        Some(b'n') if b"null".starts_with(start.trim_ascii_end()) => Form::Unknown,
        Some(_) => Form::Text,
    }
}

/// Whether an object is one of those that n8n streams.
fn is_streamed(object: &Value) -> bool {
    matches!(object["type"].as_str(), Some("begin" | "item" | "end" | "error"))
}

fn read_lines(bytes: &[u8]) -> Result<Vec<Piece>, ProviderError> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_utf8())?;
    let mut pieces = Vec::new();
    for line in text.lines().filter(|it| !it.trim().is_empty()) {
        let object: Value = serde_json::from_str(line).map_err(|_| ProviderError::Cut)?;
        match object["type"].as_str() {
            Some("item") => match &object["content"] {
                // A piece, not a whole: spaces at its ends belong to it.
                Value::String(text) => pieces.extend((!text.is_empty()).then(|| Ok(text.clone()))),
                other => pieces.extend(said(other).map(Ok)),
            },
            Some("error") => {
                let told = said(&object["content"]).or_else(|| said(&object["error"]));
                pieces.push(Err(json!({ "error": { "message": told.unwrap_or_default() } })));
            }
            _ => {}
        }
    }
    Ok(pieces)
}

fn whole(bytes: &[u8]) -> Result<Vec<Piece>, ProviderError> {
    let text = std::str::from_utf8(bytes).map_err(|_| not_utf8())?.trim();
    let start = text.get(..15).unwrap_or(text).to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return Err(ProviderError::protocol("it is a web page (HTML), so the webhook's address is probably wrong"));
    }
    if let Ok(document) = serde_json::from_str::<Value>(text) {
        return if is_streamed(&document) {
            read_lines(bytes)
        } else {
            of_document(&document).map(|it| it.into_iter().collect())
        };
    }
    let lines = text.lines().filter(|it| !it.trim().is_empty()).map(serde_json::from_str::<Value>);
    match lines.collect::<Result<Vec<_>, _>>() {
        Ok(lines) if lines.len() > 1 => {
            let mut pieces = Vec::new();
            for line in &lines {
                pieces.extend(of_document(line)?);
            }
            Ok(pieces)
        }
        // It only looked like JSON.
        _ => Ok(if text.is_empty() { Vec::new() } else { vec![Ok(text.to_owned())] }),
    }
}

fn of_document(document: &Value) -> Result<Option<Piece>, ProviderError> {
    let first = document.get(0).unwrap_or(document);
    if first["message"] == ONLY_STARTED {
        return Err(ProviderError::protocol(
            "it only says that the workflow was started; let its Webhook node respond when the last node finishes, or by a Respond node",
        ));
    }
    let answer = said(document);
    if answer.is_none() && first.get("error").is_some_and(|it| !it.is_null()) {
        return Ok(Some(Err(first.clone())));
    }
    Ok(answer.map(Ok))
}

/// What a value says, wherever it says it.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(_) => None,
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => {
            let is_json = matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'['));
            let inner = if is_json { serde_json::from_str(text).ok().as_ref().and_then(said) } else { None };
            inner.or_else(|| Some(text.clone()))
        }
        Value::Array(items) => {
            let all: Vec<_> = items.iter().filter_map(said).collect();
            (!all.is_empty()).then(|| all.join("\n\n"))
        }
        Value::Object(fields) => PLACES.iter().find_map(|place| fields.get(*place).and_then(said)),
    }
}

fn not_utf8() -> ProviderError {
    ProviderError::protocol("it is not UTF-8 text")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(pieces: &[&str]) -> Result<Vec<Piece>, ProviderError> {
        let mut listener = Listener::new(4096);
        let mut all = Vec::new();
        for piece in pieces {
            all.extend(listener.hear(piece.as_bytes())?);
        }
        all.extend(listener.close()?);
        Ok(all)
    }

    fn text(reply: &str) -> String {
        heard(&[reply]).unwrap().into_iter().map(Result::unwrap).collect()
    }

    #[test]
    fn every_usual_shape_is_understood() {
        for place in ["output", "text", "response", "message", "answer", "data"] {
            assert_eq!(text(&format!("{{\"{place}\": \"Hello\"}}")), "Hello");
            assert_eq!(text(&format!("[{{\"{place}\": \"Hello\"}}]")), "Hello");
            assert_eq!(text(&format!("[{{\"json\": {{\"{place}\": \"Hello\"}}}}]")), "Hello");
        }
        for (reply, said) in [
            ("Hello", "Hello"),
            ("\"Hello\"", "Hello"),
            ("{\n  \"data\": {\"output\": \"Hello\"}\n}", "Hello"),
            (r#"{"output": "{\"text\": \"Hello\"}"}"#, "Hello"),
            (r#"{"output": "{\"tide\": 3}"}"#, r#"{"tide": 3}"#),
            (r#"[{"output": "One"}, {"output": "Two"}]"#, "One\n\nTwo"),
            (r#"{"output": "", "text": "Hello"}"#, "Hello"),
            (r#"{"choices": [{"message": {"role": "assistant", "content": "Hello"}}]}"#, "Hello"),
            ("{name}, hello", "{name}, hello"),
            ("{\"output\": \"One \"}\n{\"output\": \"two\"}\n", "One two"),
            ("<b>Hello</b>", "<b>Hello</b>"),
            ("42", "42"),
        ] {
            assert_eq!(text(reply), said, "{reply}");
        }
    }

    #[test]
    fn streamed_lines_are_said_as_they_come() {
        let mut listener = Listener::new(4096);
        assert_eq!(listener.hear(b"{\"type\":\"begin\",\"metadata\":{}}\n{\"type\":\"it").unwrap(), []);
        let pieces = listener.hear(b"em\",\"content\":\"Hel\"}\n{\"type\":\"item\",\"content\":\"lo \"}\n").unwrap();
        assert_eq!(pieces, [Ok("Hel".to_owned()), Ok("lo ".to_owned())]);
        assert_eq!(listener.hear(b"{\"type\":\"end\"}").unwrap(), []);
        assert_eq!(listener.close().unwrap(), []);
        assert_eq!(text("{\"type\":\"item\",\"content\":\"Hello\"}"), "Hello");
        let pieces =
            heard(&["{\"type\":\"item\",\"content\":\"a\"}\n{\"type\":\"error\",\"content\":\"No credit\"}\n"]);
        assert_eq!(pieces.unwrap()[1], Err(json!({ "error": { "message": "No credit" } })));
        assert_eq!(heard(&["{\"type\":\"begin\"}\n{\"type\":\"ite"]), Err(ProviderError::Cut));
    }

    #[test]
    fn text_is_said_in_whole_characters() {
        let mut listener = Listener::new(4096);
        let bytes = "größer".as_bytes();
        assert_eq!(listener.hear(&bytes[..3]).unwrap(), [Ok("gr".to_owned())]);
        assert_eq!(listener.hear(&bytes[3..]).unwrap(), [Ok("ößer".to_owned())]);
        assert_eq!(listener.close().unwrap(), []);
        assert_eq!(Listener::new(4096).hear(b"ab\xff"), Err(not_utf8()));
        let mut cut = Listener::new(4096);
        cut.hear(&bytes[..3]).unwrap();
        assert_eq!(cut.close(), Err(ProviderError::Cut));
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for reply in ["", "  \n", "{}", "[]", "null", "{\"ok\": true}", "{\"output\": null}"] {
            assert_eq!(heard(&[reply]).unwrap(), [], "{reply}");
        }
        assert_eq!(heard(&["{\"error\": {\"message\": \"No\"}}"]).unwrap(), [Err(json!({"error": {"message": "No"}}))]);
        for (reply, told) in
            [("<!DOCTYPE html><p>Sign in", "web page"), ("{\"message\":\"Workflow was started\"}", "only says")]
        {
            assert!(heard(&[reply]).unwrap_err().to_string().contains(told), "{reply}");
        }
        assert!(heard(&[&"a".repeat(5000)]).unwrap_err().to_string().contains("larger than 4 kB"));
    }
}
