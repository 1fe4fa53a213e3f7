//! The real binary, from outside: started in an empty folder, asked over the wire, stopped and killed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "where a test panics, it fails")]

mod account;
mod admin;
mod analytics;
mod api;
mod attachments;
mod chat;
mod client;
mod command;
mod contracts;
mod crash;
mod feedback;
mod finding;
mod guard;
mod imports;
mod knowledge;
mod mail;
mod metrics;
mod pages;
mod people;
mod prompts;
mod provider;
mod results;
mod room;
mod secrecy;
mod server;
mod shared;
mod sharing;
mod traces;
mod transfer;
