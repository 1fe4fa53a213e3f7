//! The pages, a file a subject: what they show, and what their forms do. They exist on the server only.

pub mod account;
pub mod admin;
pub mod agents;
pub mod analytics;
pub mod chat;
pub mod entrance;
pub mod favourites;
pub mod feedback;
pub mod impersonation;
pub mod invitations;
pub mod knowledge;
pub mod not_found;
pub mod palette;
pub mod projects;
pub mod prompts;
pub mod recovery;
pub mod search;
pub mod settings;
pub mod shared;
pub mod shortcuts;
