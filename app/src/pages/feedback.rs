//! `/chat/{id}/feedback/{message}`: what one thinks of an answer, and why, where there is no JavaScript to ask below it.

use crate::components::{ErrorSummary, FormState, PageHead, TextArea, signed_in};
use crate::forms::{Done, Fields};
use crate::visit::Visit;
use atrium::feedback::{Feedback, Verdict};
use atrium::ids::{ConversationId, MessageId};
use atrium_domain::{Error, Result, feedback};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

#[component]
pub fn AnswerFeedback() -> impl IntoView {
    let params = use_params_map();
    let id = params.with_untracked(|it| it.get("id").unwrap_or_default()).parse::<ConversationId>();
    let message = params.with_untracked(|it| it.get("message").unwrap_or_default()).parse::<MessageId>();
    let state = FormState::current();
    signed_in("Your opinion", id.clone().ok(), async move |visit, viewer| {
        let message = message.map_err(|_| Error::NotFound("message"))?;
        let (conversation, found) = visit.atrium.chat.find_message(&viewer, message).await?;
        if id != Ok(conversation) {
            return Err(Error::NotFound("message"));
        }
        let said = found.feedback;
        let verdict = said.as_ref().map(|it| it.verdict);
        let reason = said.map(|it| it.reason).unwrap_or_default();
        let choice = |value: Verdict, label: &'static str| {
            view! { <label class="choice"><input type="radio" name="verdict" value=value.as_str() checked=verdict == Some(value) required=true/><span>{label}</span></label> }
        };
        Ok(view! {
            <PageHead title="Your opinion"><a class="button" href=format!("/chat/{conversation}#m-{message}")>"Back to the conversation"</a></PageHead>
            <div class="page narrow">
                <ErrorSummary state=state.clone()/>
                <form method="post" class="form">
                    <fieldset class="choices">
                        <legend>"This answer"</legend>
                        {choice(Verdict::Up, "helped")} {choice(Verdict::Down, "did not help")}
                    </fieldset>
                    <TextArea name="reason" label="Why" value=reason state rows=4 help="If you like: it is kept with your verdict."/>
                    <div class="form-end">
                        <button class="button" name="action" value="take-back" formnovalidate=true>"Take it back"</button>
                        <button class="button primary" name="action" value="save">"Save"</button>
                    </div>
                </form>
            </div>
        })
    })
}

/// `POST /chat/{id}/feedback/{message}`
pub async fn submit(visit: &Visit, id: ConversationId, message: MessageId, fields: &Fields) -> Result<Done> {
    let scope = visit.atrium.store.as_viewer(visit.viewer()?);
    match fields.text("action") {
        "take-back" => feedback::take_back(scope, message).await?,
        "save" => {
            let verdict = Verdict::parse(fields.text("verdict"))
                .ok_or_else(|| Error::field("verdict", "Choose whether it helped."))?;
            let said = Feedback { verdict, reason: fields.text("reason").to_owned() };
            feedback::give(scope, &visit.atrium.ports, message, &said).await?;
        }
        _ => return Err(Error::NotFound("action")),
    }
    Ok(Done::then(format!("/chat/{id}#m-{message}")))
}

/// A thumb below an answer: the verdict is kept at once, and the page asks why. Pressed again it is taken back.
pub async fn press(visit: &Visit, id: ConversationId, message: MessageId, verdict: Verdict) -> Result<Done> {
    let viewer = visit.viewer()?;
    let scope = visit.atrium.store.as_viewer(viewer);
    let (_, found) = visit.atrium.chat.find_message(viewer, message).await?;
    if found.feedback.is_some_and(|it| it.verdict == verdict) {
        feedback::take_back(scope, message).await?;
        return Ok(Done::then(format!("/chat/{id}#m-{message}")));
    }
    feedback::give(scope, &visit.atrium.ports, message, &Feedback { verdict, reason: String::new() }).await?;
    Ok(Done::then(format!("/chat/{id}/feedback/{message}")))
}
