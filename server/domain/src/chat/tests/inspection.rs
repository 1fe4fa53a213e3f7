//! Administrators see who talks to whom, and what was said only after they gave a reason.

use super::*;
use crate::audit::{self, Actor, AuditFilter};
use crate::chat::{INSPECTION_COLUMNS, InspectionFilter};
use crate::organisations;
use crate::ports::SECOND;
use crate::testing::worlds;
use atrium::organisations::OrganisationForm;
use atrium::paging::{PageRequest, Sort};
use atrium::people::Role;
use uuid::Uuid;

const REASON: &str = "Ada asked us to look at it";

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "10.0.0.1" }
}

/// An administrator of Ada's organisation, and one of another.
async fn administrators(world: &World) -> (Viewer, Viewer) {
    let form = OrganisationForm { name: "Elsewhere".to_owned(), ..OrganisationForm::default() };
    let elsewhere = organisations::create(&world.store, &world.ports, actor(&world.ada), &form).await.unwrap().id;
    let carol = Viewer { role: Role::Admin, ..world.person("carol").await };
    let mallory = Viewer { role: Role::Admin, organisation: elsewhere, ..world.person("mallory").await };
    (carol, mallory)
}

#[tokio::test]
async fn the_list_tells_nothing_of_what_was_said() {
    for world in worlds().await {
        echo(&world);
        let (sent, _) = exchange(&world, Target::New, "a secret plan").await;
        let (carol, mallory) = administrators(&world).await;
        let page = PageRequest::default();
        let found = world.chat.inspections(&carol, page, InspectionFilter::default()).await.unwrap();
        assert_eq!((found.count, found.items[0].owner.as_str(), found.items[0].messages), (1, "ada", 2));
        assert!(!format!("{found:?}").contains("secret"), "the title is made of it");
        let searched = async |search| {
            let filter = InspectionFilter { search: Some(search), ..InspectionFilter::default() };
            world.chat.inspections(&carol, page, filter).await.unwrap().count
        };
        assert_eq!((searched("secret").await, searched("ADA@").await), (0, 1), "nor can it be searched");
        for column in INSPECTION_COLUMNS {
            let filter = InspectionFilter { sort: Some(Sort { column, is_descending: true }), ..Default::default() };
            assert_eq!(world.chat.inspections(&carol, page, filter).await.unwrap().count, 1, "{column}");
        }
        assert_eq!(world.chat.inspections(&mallory, page, InspectionFilter::default()).await.unwrap().count, 0);
        assert_eq!(code(world.chat.inspection(&mallory, sent.conversation).await), "not_found");
        for role in [Role::Manager, Role::Engineer, Role::User, Role::Guest] {
            let viewer = Viewer { role, ..carol.clone() };
            assert_eq!(code(world.chat.inspections(&viewer, page, InspectionFilter::default()).await), "forbidden");
            assert_eq!(code(world.chat.inspect(actor(&viewer), sent.conversation, REASON).await), "forbidden");
        }
        world.chat.delete(&world.ada, sent.conversation).await.unwrap();
        assert_eq!(code(world.chat.inspection(&carol, sent.conversation).await), "not_found", "deleted is gone");
    }
}

#[tokio::test]
async fn a_reason_opens_one_conversation_for_one_person_for_an_hour() {
    for world in worlds().await {
        echo(&world);
        let (sent, _) = exchange(&world, Target::New, "a secret plan").await;
        let (other, _) = exchange(&world, Target::New, "another one").await;
        let (carol, mallory) = administrators(&world).await;
        let id = sent.conversation;
        for reason in ["", "   ", "because", &"x".repeat(501)] {
            assert_eq!(code(world.chat.inspect(actor(&carol), id, reason).await), "invalid", "{reason:.10}");
        }
        assert_eq!(code(world.chat.inspect(actor(&mallory), id, REASON).await), "not_found");
        assert_eq!(code(world.chat.inspected(&carol, id, Uuid::nil(), None, Form::Text).await), "not_found");

        let look = world.chat.inspect(actor(&carol), id, REASON).await.unwrap();
        let read = world.chat.inspected(&carol, id, look, None, Form::Text).await.unwrap();
        assert_eq!(texts(&read), ["a secret plan", "You said: a secret plan"]);
        assert_eq!(read.title, "a secret plan");
        assert_eq!(code(world.chat.inspected(&carol, other.conversation, look, None, Form::Text).await), "not_found");
        assert_eq!(
            code(world.chat.inspected(&world.ada, id, look, None, Form::Text).await),
            "not_found",
            "a reason is one's own"
        );

        let filter = AuditFilter { kind: Some("conversation"), ..AuditFilter::default() };
        let log = audit::page(&world.store, &carol, PageRequest::default(), filter).await.unwrap();
        let line = &log.items[0];
        assert_eq!(
            (log.count, line.actor.as_str(), line.subject.as_str()),
            (1, "carol@example.org", "ada@example.org")
        );
        assert_eq!((line.subject_id, line.action.as_str()), (Some(id.0), "conversation.read"));
        assert!(line.after.as_deref().is_some_and(|it| it.contains(REASON)) && line.address == "10.0.0.1");

        world
            .store
            .as_system("test")
            .execute("UPDATE audit_log SET created_at = created_at - $2 WHERE id = $1", args![look, 3600 * SECOND])
            .await
            .unwrap();
        assert_eq!(
            code(world.chat.inspected(&carol, id, look, None, Form::Text).await),
            "not_found",
            "the hour is over"
        );
    }
}
