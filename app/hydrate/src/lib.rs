//! The browser's entry point. Everything it wakes lives in `atrium-app`, but for the worker that shows a page of ours when
//! the server cannot be reached (`public/service-worker.js`).

use js_sys::Reflect;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Called by the page's script once the WASM is there.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    atrium_app::link();
    leptos::mount::hydrate_islands();
    spawn_local(install_worker());
}

/// Browsers have workers only where the connection cannot be tampered with. Without one nothing is missing but that page.
async fn install_worker() {
    let Some(navigator) = web_sys::window().map(|it| it.navigator()) else { return };
    if Reflect::get(&navigator, &"serviceWorker".into()).is_ok_and(|it| it.is_object()) {
        let _refused = JsFuture::from(navigator.service_worker().register("/service-worker.js")).await;
    }
}
