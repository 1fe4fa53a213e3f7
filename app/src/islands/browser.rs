//! What islands want of the browser. Called from handlers and effects only, which the server never runs.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::Storage;

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// A text kept in this browser.
#[must_use]
pub fn remembered(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten().filter(|it| !it.is_empty())
}

/// Keeps a text in this browser; an empty one is forgotten. Without storage nothing is kept, which harms nobody.
pub fn remember(key: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = if value.is_empty() { storage.remove_item(key) } else { storage.set_item(key, value) };
    }
}

/// Puts a text on the clipboard.
pub fn copy(text: &str) {
    let _promise = window().navigator().clipboard().write_text(text);
}

/// A block of an answer, sanitised HTML, as it is read aloud: of code only that it is there.
#[must_use]
pub fn spoken(html: &str) -> String {
    let Ok(block) = document().create_element("div") else { return String::new() };
    block.set_inner_html(html);
    match block.query_selector("pre") {
        Ok(Some(_)) => "A block of code.".to_owned(),
        _ => block.text_content().unwrap_or_default(),
    }
}

/// Shows another path in the address bar, without going there.
pub fn show_path(path: &str) {
    if let Ok(history) = window().history() {
        let _ = history.push_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(path));
    }
}

/// What is in a field of the page as the server sent it, by its id: people type before the WASM is there.
#[must_use]
pub fn typed(id: &str) -> Option<String> {
    if !cfg!(feature = "hydrate") {
        return None;
    }
    let field = document().get_element_by_id(id)?;
    let input = field.dyn_ref::<web_sys::HtmlInputElement>().map(web_sys::HtmlInputElement::value);
    let area = || field.dyn_ref::<web_sys::HtmlTextAreaElement>().map(web_sys::HtmlTextAreaElement::value);
    let choice = || field.dyn_ref::<web_sys::HtmlSelectElement>().map(web_sys::HtmlSelectElement::value);
    input.or_else(area).or_else(choice)
}

/// The browser's clock, in microseconds since 1970.
#[must_use]
#[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit by far")]
pub fn now() -> i64 {
    js_sys::Date::now() as i64 * 1000
}

/// Gives an element the keyboard.
pub fn focus(selector: &str) {
    if let Some(element) =
        document().query_selector(selector).ok().flatten().and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok())
    {
        let _ = element.focus();
    }
}

/// All elements that a selector names, in the order of the page.
#[must_use]
pub fn all(selector: &str) -> Vec<web_sys::HtmlElement> {
    let Ok(found) = document().query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.get(at)?.dyn_into().ok()).collect()
}

/// The last of them.
#[must_use]
pub fn last(selector: &str) -> Option<web_sys::HtmlElement> {
    all(selector).pop()
}

/// Scrolls as little as shows the element.
pub fn reveal(selector: &str) {
    if let Some(element) = last(selector) {
        let how = web_sys::ScrollIntoViewOptions::new();
        how.set_block(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&how);
    }
}

/// Opens another page.
pub fn go(path: &str) {
    let _ = window().location().set_href(path);
}

/// Whether shortcuts go with ⌘ here.
#[must_use]
pub fn is_mac() -> bool {
    window().navigator().platform().is_ok_and(|it| it.starts_with("Mac"))
}

/// Whether the keyboard is in the element with this id.
#[must_use]
pub fn has_focus(id: &str) -> bool {
    document().active_element().is_some_and(|it| it.id() == id)
}

/// Whether the keyboard is in a field.
#[must_use]
pub fn is_typing() -> bool {
    document().active_element().is_some_and(|it| it.matches("input, textarea, select").unwrap_or_default())
}

/// Whether the page shows its end, give or take a line.
#[must_use]
pub fn is_at_end(scroller: &web_sys::Element) -> bool {
    scroller.scroll_height() - scroller.scroll_top() - scroller.client_height() < 48
}
