//! The browser's entry point. Everything it wakes lives in `atrium-app`.

/// Called by the page's script once the WASM is there.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    atrium_app::link();
    leptos::mount::hydrate_islands();
}
