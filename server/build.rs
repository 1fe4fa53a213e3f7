//! The browser half is embedded from `target/site`; this makes sure that there is one, and that a new one counts.

use std::path::Path;

fn main() {
    let site = Path::new("../target/site");
    println!("cargo::rerun-if-changed=../target/site/manifest.json");
    if !site.join("manifest.json").exists() {
        // Without it the pages still work, as they do with JavaScript switched off. `make build` builds it first.
        println!("cargo::warning=target/site is missing: run `make front` for styles and the browser half");
        if let Err(error) = std::fs::create_dir_all(site) {
            println!("cargo::error=target/site cannot be made: {error}");
        }
    }
}
