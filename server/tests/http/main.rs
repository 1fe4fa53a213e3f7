//! The real binary, from outside: started in an empty folder, asked over the wire, stopped and killed.

mod chat;
mod client;
mod command;
mod crash;
mod guard;
mod pages;
mod people;
mod provider;
mod server;
