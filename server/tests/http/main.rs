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
mod knowledge;
mod mail;
mod pages;
mod people;
mod provider;
mod results;
mod server;
mod shared;
mod sharing;
mod transfer;
