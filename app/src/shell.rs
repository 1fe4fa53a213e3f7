//! The document around every page, and which page a path shows.

use crate::components::CurrentVisit;
use crate::islands::toasts::Toaster;
use crate::pages;
use atrium::text::escape_html;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};

/// Where styles and scripts are; made by the server, which embeds them.
#[derive(Debug, Clone)]
pub struct Assets {
    /// Path of the stylesheet.
    pub style: Option<String>,
    /// Whether the browser half is there.
    pub has_script: bool,
}

/// What a phone paints around the page: `--surface` of style/tokens.css, which a meta tag cannot read.
const LIGHT: &str = "#ffffff";
const DARK: &str = "#181a1c";

/// The macro does not know this element's `media`.
fn theme_color(media: &'static str, colour: &'static str) -> impl IntoView {
    leptos::html::meta().name("theme-color").content(colour).attr("media", media)
}

/// The document.
pub fn shell(options: LeptosOptions, assets: Assets) -> impl IntoView {
    protect();
    let preferences = use_context::<CurrentVisit>().map(|it| it.preferences).unwrap_or_default();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=preferences.theme data-rail=preferences.is_rail_collapsed.then_some("collapsed")>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"/>
                <meta name="color-scheme" content="light dark"/>
                {theme_color("(prefers-color-scheme: light)", if preferences.theme == Some("dark") { DARK } else { LIGHT })}
                {theme_color("(prefers-color-scheme: dark)", if preferences.theme == Some("light") { LIGHT } else { DARK })}
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="apple-touch-icon" href="/apple-touch-icon.png"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
                {assets.style.map(|href| view! { <link rel="stylesheet" href=href/> })}
                {assets.has_script.then(|| view! { <HydrationScripts options=options islands=true/> })}
                <MetaTags/>
            </head>
            <body>
                <Pages/>
                <Toaster/>
            </body>
        </html>
    }
}

/// Every page at its path.
#[component]
pub fn Pages() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=document_title/>
        <Router>
            <Routes fallback=pages::not_found::NotFound>
                <Route path=path!("/") view=pages::chat::NewChat ssr=SsrMode::Async/>
                <Route path=path!("/chat") view=pages::chat::NewChat ssr=SsrMode::Async/>
                <Route path=path!("/chat/:id") view=pages::chat::Conversation ssr=SsrMode::Async/>
                <Route path=path!("/chat/:id/feedback/:message") view=pages::feedback::AnswerFeedback ssr=SsrMode::Async/>
                <Route path=path!("/chat/:id/share") view=pages::shared::ShareConversation ssr=SsrMode::Async/>
                <Route path=path!("/shared/:token") view=pages::shared::SharedConversation ssr=SsrMode::Async/>
                <Route path=path!("/chats") view=pages::favourites::ConversationList ssr=SsrMode::Async/>
                <Route path=path!("/favourites") view=pages::favourites::Favourites ssr=SsrMode::Async/>
                <Route path=path!("/search") view=pages::search::Search ssr=SsrMode::Async/>
                <Route path=path!("/shortcuts") view=pages::shortcuts::Shortcuts ssr=SsrMode::Async/>
                <Route path=path!("/agents") view=pages::agents::AgentList ssr=SsrMode::Async/>
                <Route path=path!("/agents/new") view=pages::agents::NewAgent ssr=SsrMode::Async/>
                <Route path=path!("/agents/:id") view=pages::agents::EditAgent ssr=SsrMode::Async/>
                <Route path=path!("/prompts") view=pages::prompts::PromptList ssr=SsrMode::Async/>
                <Route path=path!("/prompts/new") view=pages::prompts::NewPrompt ssr=SsrMode::Async/>
                <Route path=path!("/prompts/:id") view=pages::prompts::OnePrompt ssr=SsrMode::Async/>
                <Route path=path!("/prompts/:id/use") view=pages::prompts::UsePrompt ssr=SsrMode::Async/>
                <Route path=path!("/account") view=pages::account::Account ssr=SsrMode::Async/>
                <Route path=path!("/account/sessions") view=pages::account::sessions::Sessions ssr=SsrMode::Async/>
                <Route path=path!("/account/tokens") view=pages::account::tokens::ApiTokens ssr=SsrMode::Async/>
                <Route path=path!("/account/import") view=pages::account::import::Import ssr=SsrMode::Async/>
                <Route path=path!("/account/shares") view=pages::shared::Shares ssr=SsrMode::Async/>
                <Route path=path!("/projects") view=pages::projects::ProjectList ssr=SsrMode::Async/>
                <Route path=path!("/projects/:id") view=pages::projects::ProjectHome ssr=SsrMode::Async/>
                <Route path=path!("/knowledge") view=pages::knowledge::bases::BaseList ssr=SsrMode::Async/>
                <Route path=path!("/knowledge/search") view=pages::knowledge::find::Search ssr=SsrMode::Async/>
                <Route path=path!("/knowledge/:id") view=pages::knowledge::base::OneBase ssr=SsrMode::Async/>
                <Route path=path!("/knowledge/:id/repositories") view=pages::knowledge::repositories::RepositoryList ssr=SsrMode::Async/>
                <Route path=path!("/knowledge/repositories/:id") view=pages::knowledge::repository::OneRepository ssr=SsrMode::Async/>
                <Route path=path!("/knowledge/documents/:id") view=pages::knowledge::document::OneDocument ssr=SsrMode::Async/>
                <Route path=path!("/chat/:id/sources/:message") view=pages::knowledge::sources::AnswerSources ssr=SsrMode::Async/>
                <Route path=path!("/analytics") view=pages::analytics::Analytics ssr=SsrMode::Async/>
                <Route path=path!("/analytics/ask") view=pages::analytics::ask::Ask ssr=SsrMode::Async/>
                <Route path=path!("/analytics/results") view=pages::analytics::results::ResultList ssr=SsrMode::Async/>
                <Route path=path!("/analytics/results/:id") view=pages::analytics::results::OneResult ssr=SsrMode::Async/>
                <Route path=path!("/analytics/models") view=pages::analytics::models::ModelList ssr=SsrMode::Async/>
                <Route path=path!("/analytics/models/:id") view=pages::analytics::models::OneModel ssr=SsrMode::Async/>
                <Route path=path!("/admin") view=pages::admin::Administration ssr=SsrMode::Async/>
                <Route path=path!("/admin/people") view=pages::admin::people::People ssr=SsrMode::Async/>
                <Route path=path!("/admin/invitations") view=pages::invitations::Invitations ssr=SsrMode::Async/>
                <Route path=path!("/admin/outbox") view=pages::admin::outbox::OutboxList ssr=SsrMode::Async/>
                <Route path=path!("/admin/outbox/:id") view=pages::admin::outbox::OneMail ssr=SsrMode::Async/>
                <Route path=path!("/admin/organisations") view=pages::admin::organisations::Organisations ssr=SsrMode::Async/>
                <Route path=path!("/admin/organisations/:id") view=pages::admin::organisations::EditOrganisation ssr=SsrMode::Async/>
                <Route path=path!("/admin/roles") view=pages::admin::roles::Roles ssr=SsrMode::Async/>
                <Route path=path!("/admin/expertise") view=pages::admin::expertise::ExpertiseAreas ssr=SsrMode::Async/>
                <Route path=path!("/admin/agents") view=pages::admin::agents::Agents ssr=SsrMode::Async/>
                <Route path=path!("/admin/conversations") view=pages::admin::conversations::Conversations ssr=SsrMode::Async/>
                <Route path=path!("/admin/conversations/:id") view=pages::admin::conversations::Inspect ssr=SsrMode::Async/>
                <Route path=path!("/admin/budgets") view=pages::admin::budgets::Budgets ssr=SsrMode::Async/>
                <Route path=path!("/admin/providers") view=pages::admin::providers::Providers ssr=SsrMode::Async/>
                <Route path=path!("/admin/audit-log") view=pages::admin::audit::AuditLog ssr=SsrMode::Async/>
                <Route path=path!("/admin/settings") view=pages::settings::SettingsPage ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=pages::entrance::SignIn ssr=SsrMode::Async/>
                <Route path=path!("/register") view=pages::entrance::Register ssr=SsrMode::Async/>
                <Route path=path!("/forgot-password") view=pages::recovery::ForgotPassword ssr=SsrMode::Async/>
                <Route path=path!("/reset-password") view=pages::recovery::ResetPassword ssr=SsrMode::Async/>
                <Route path=path!("/invitation") view=pages::invitations::AcceptInvitation ssr=SsrMode::Async/>
                <Route path=path!("/setup") view=pages::entrance::Setup ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}

/// What stands in the tab. Leptos writes the title into the page as it is, so it is escaped here.
fn document_title(title: String) -> String {
    if title.is_empty() { "Atrium".to_owned() } else { format!("{} · Atrium", escape_html(&title)) }
}

/// Scripts run only if this reply names them; nothing is loaded from elsewhere.
fn protect() {
    let (Some(response), Some(nonce)) = (use_context::<leptos_axum::ResponseOptions>(), use_nonce()) else { return };
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    if let Ok(value) = axum::http::HeaderValue::from_str(&policy) {
        response.insert_header(axum::http::header::CONTENT_SECURITY_POLICY, value);
    }
    response.insert_header(axum::http::header::CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
}
