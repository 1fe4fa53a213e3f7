//! Favourites on both databases.

use super::{ids, mark, page, unmark};
use crate::agents;
use crate::audit::Actor;
use crate::chat::{ConversationFilter, NewConversation};
use crate::projects;
use crate::testing::{World, worlds};
use atrium::favourites::FavouriteKind;
use atrium::paging::PageRequest;
use atrium::people::Viewer;
use atrium::projects::ProjectForm;
use uuid::Uuid;

async fn set(world: &World, viewer: &Viewer, kind: FavouriteKind, id: Uuid) -> Result<bool, String> {
    let outcome = mark(world.store.as_viewer(viewer), &world.ports, &world.chat, kind, id).await;
    outcome.map_err(|error| error.to_failure().code)
}

async fn texts(world: &World, viewer: &Viewer, kind: Option<FavouriteKind>) -> Vec<String> {
    let found = page(world.store.as_viewer(viewer), PageRequest::default(), kind).await.unwrap();
    assert_eq!(usize::try_from(found.count).unwrap(), found.items.len());
    found.items.into_iter().map(|it| it.text).collect()
}

#[tokio::test]
async fn what_one_could_open_can_be_marked_and_is_listed_while_it_can_be_opened() {
    for world in worlds().await {
        let (bob, ada) = (&world.bob, &world.ada);
        let scope = world.store.as_viewer(bob);
        let agent = agents::default(scope, &world.ports, &world.connections).await.unwrap();
        let new = NewConversation { title: Some("Tides"), ..NewConversation::default() };
        let chat = world.chat.create(bob, new).await.unwrap();
        let other = NewConversation { title: Some("Moons"), ..NewConversation::default() };
        world.chat.create(bob, other).await.unwrap();
        let form = ProjectForm { name: "Harbour".to_owned(), description: String::new() };
        let actor = Actor { viewer: bob, address: "" };
        let project = projects::create(&world.store, &world.ports, actor, &form).await.unwrap();
        let things = [
            (FavouriteKind::Conversation, chat.id.0),
            (FavouriteKind::Agent, agent.id.0),
            (FavouriteKind::Project, project.id.0),
        ];
        for (kind, id) in things {
            assert_eq!(set(&world, bob, kind, id).await, Ok(true), "{kind:?}");
            assert_eq!(set(&world, bob, kind, id).await, Ok(false), "marked already");
        }
        assert_eq!(texts(&world, bob, None).await.len(), 3);
        assert_eq!(texts(&world, bob, Some(FavouriteKind::Agent)).await, ["Assistant"]);
        // Somebody else's: not to be marked, and not listed.
        let eve = world.person("eve").await;
        for (kind, id) in things {
            assert_eq!(set(&world, &eve, kind, id).await, Err("not_found".to_owned()), "{kind:?}");
        }
        assert!(texts(&world, &eve, None).await.is_empty());
        assert!(unmark(world.store.as_viewer(ada), FavouriteKind::Agent, agent.id.0).await.is_err());
        // The list of conversations can be narrowed to them.
        let filter = ConversationFilter { favourites: true, ..ConversationFilter::default() };
        let narrowed = world.chat.summaries(bob, PageRequest::default(), filter).await.unwrap();
        assert_eq!((narrowed.count, narrowed.items[0].id, narrowed.items[0].is_favourite), (1, chat.id, true));
        let all = world.chat.summaries(bob, PageRequest::default(), ConversationFilter::default()).await.unwrap();
        assert_eq!(all.items.iter().filter(|it| it.is_favourite).count(), 1);
        assert!(world.chat.thread(bob, chat.id, None).await.unwrap().is_favourite);
        // Deleted, it is not listed; restored, it still has its star.
        world.chat.delete(bob, chat.id).await.unwrap();
        assert!(texts(&world, bob, Some(FavouriteKind::Conversation)).await.is_empty());
        world.chat.restore(bob, chat.id).await.unwrap();
        assert_eq!(texts(&world, bob, Some(FavouriteKind::Conversation)).await, ["Tides"]);
        unmark(scope, FavouriteKind::Conversation, chat.id.0).await.unwrap();
        assert!(unmark(scope, FavouriteKind::Conversation, chat.id.0).await.is_err());
        assert!(ids(scope, FavouriteKind::Conversation).await.unwrap().is_empty());
        assert_eq!(ids(scope, FavouriteKind::Project).await.unwrap().into_iter().collect::<Vec<_>>(), [project.id.0]);
        // Gone for good, it takes its star with it.
        set(&world, bob, FavouriteKind::Conversation, chat.id.0).await.unwrap();
        world.chat.delete(bob, chat.id).await.unwrap();
        world.chat.purge(world.ports.now() + 1).await.unwrap();
        assert!(ids(scope, FavouriteKind::Conversation).await.unwrap().is_empty());
    }
}
