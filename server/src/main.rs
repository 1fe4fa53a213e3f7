//! The binary `atrium`: command line, wiring, middleware. The only place that knows axum's router.

#![recursion_limit = "512"]

#[macro_use]
mod say;

mod api;
mod boot;
mod command;
mod connections;
mod health;
mod logging;
mod reader;
mod serve;
mod traces;
mod transfer;
mod upkeep;
mod web;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let command = command::Command::parse();
    // A fault that nobody logs yet goes to the terminal as a sentence, not as a debug dump.
    match command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say::complain(&message);
            ExitCode::FAILURE
        }
    }
}
