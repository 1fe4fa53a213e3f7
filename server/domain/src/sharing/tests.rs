//! Links on both databases: what they open, to whom, and for how long.

use super::*;
use crate::chat::{Sent, Target};
use crate::testing::{World, answer, last_words, worlds};
use std::time::Duration;

fn sharing(world: &World) -> Sharing {
    Sharing::new(world.store.clone(), world.ports.clone(), world.settings.clone())
}

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "127.0.0.1" }
}

async fn say(world: &World, target: Target, text: &str) -> Sent {
    world.provider.says(|body| answer(&format!("**You** said: {}", last_words(body))));
    let sent = world.chat.send(&world.ada, target, None, text).await.unwrap();
    assert!(world.chat.finished(&world.ada, sent.run, Duration::from_secs(20)).await.unwrap());
    sent
}

async fn read(world: &World, token: &str) -> Result<Vec<String>> {
    let shared = sharing(world).open(token, PageRequest { page: 1, size: 100 }).await?;
    assert_eq!(shared.count, i64::try_from(shared.messages.len()).unwrap());
    Ok(shared.messages.into_iter().map(|it| it.text + &it.blocks.concat()).collect())
}

#[tokio::test]
async fn a_link_opens_what_was_shown_when_it_was_made() {
    for world in worlds().await {
        let sharing = sharing(&world);
        let sent = say(&world, Target::New, "one").await;
        let (share, token) = sharing.share(actor(&world.ada), sent.conversation).await.unwrap();
        assert_eq!((share.conversation, share.title.as_str()), (sent.conversation, "one"));
        let before = read(&world, &token).await.unwrap();
        assert_eq!(before[0], "one");
        assert!(before.len() == 2 && before[1].contains("<strong>You</strong> said: one"), "{before:?}");
        say(&world, Target::End(sent.conversation), "two").await;
        assert_eq!(read(&world, &token).await.unwrap(), before, "what was said later stays unseen");
        let (_, newer) = sharing.share(actor(&world.ada), sent.conversation).await.unwrap();
        assert_eq!(read(&world, &newer).await.unwrap().len(), 4);
        let second = sharing.open(&newer, PageRequest { page: 2, size: 3 }).await.unwrap();
        assert_eq!((second.count, second.messages.len()), (4, 1));
        // Another branch is another matter; deleting is not.
        world.chat.regenerate(&world.ada, sent.conversation, sent.answer, None).await.unwrap();
        assert_eq!(read(&world, &token).await.unwrap(), before);
        world.chat.delete_message(&world.ada, sent.conversation, sent.answer).await.unwrap();
        assert_eq!(read(&world, &token).await.unwrap(), ["one"]);
    }
}

#[tokio::test]
async fn an_answer_that_is_gone_on_with_stays_in_the_link_as_it_was() {
    for world in worlds().await {
        let sharing = sharing(&world);
        world.provider.says(|_| answer("Twice a d\u{e4}y"));
        let first = world.chat.send(&world.ada, Target::New, None, "How often?").await.unwrap();
        assert!(world.chat.finished(&world.ada, first.run, Duration::from_secs(20)).await.unwrap());
        let system = world.store.as_system("test");
        let stop = || async {
            let sql = "UPDATE messages SET status = 'stopped' WHERE id = $1";
            system.execute(sql, args![first.answer]).await.unwrap();
        };
        stop().await;
        let (_, older) = sharing.share(actor(&world.ada), first.conversation).await.unwrap();
        let before = read(&world, &older).await.unwrap();
        assert!(before[1].contains("Twice a d\u{e4}y"), "{before:?}");

        world.provider.says(|_| answer(", every day."));
        let resumed = world.chat.resume(&world.ada, first.conversation, first.answer).await.unwrap();
        assert_eq!(read(&world, &older).await.unwrap(), before, "also while it is written");
        let refused = sharing.share(actor(&world.ada), first.conversation).await;
        assert!(world.chat.finished(&world.ada, resumed.run, Duration::from_secs(20)).await.unwrap());
        // It may have been over by then.
        assert!(refused.is_ok() || refused.is_err_and(|it| it.to_failure().code == "cannot_share"));
        assert_eq!(read(&world, &older).await.unwrap(), before);

        // A newer link shows more, and no more than that either.
        stop().await;
        let (_, newer) = sharing.share(actor(&world.ada), first.conversation).await.unwrap();
        let longer = read(&world, &newer).await.unwrap();
        assert!(longer[1].contains("every day."), "{longer:?}");
        world.provider.says(|_| answer(" And at night."));
        let again = world.chat.resume(&world.ada, first.conversation, first.answer).await.unwrap();
        assert!(world.chat.finished(&world.ada, again.run, Duration::from_secs(20)).await.unwrap());
        assert_eq!(read(&world, &older).await.unwrap(), before);
        assert_eq!(read(&world, &newer).await.unwrap(), longer);
    }
}

#[tokio::test]
async fn a_revoked_link_opens_nothing() {
    for world in worlds().await {
        let sharing = sharing(&world);
        let sent = say(&world, Target::New, "one").await;
        let (share, token) = sharing.share(actor(&world.ada), sent.conversation).await.unwrap();
        assert_eq!(sharing.list(&world.ada, None).await.unwrap(), std::slice::from_ref(&share));
        assert_eq!(sharing.list(&world.ada, Some(sent.conversation)).await.unwrap(), std::slice::from_ref(&share));
        assert_eq!(sharing.list(&world.bob, None).await.unwrap(), []);
        assert!(matches!(sharing.revoke(actor(&world.bob), share.id).await, Err(Error::NotFound(_))));
        for wrong in ["", "nonsense", &token[1..], &format!("{token}0")] {
            assert!(matches!(read(&world, wrong).await, Err(Error::NotFound(_))));
        }
        sharing.revoke(actor(&world.ada), share.id).await.unwrap();
        assert!(matches!(read(&world, &token).await, Err(Error::NotFound(_))));
        assert!(matches!(sharing.revoke(actor(&world.ada), share.id).await, Err(Error::NotFound(_))));
        let system = world.store.as_system("test");
        let noted: Vec<(String, String)> = system
            .all(
                "SELECT action, subject FROM audit_log WHERE subject_kind = 'conversation' ORDER BY created_at, id",
                args![],
            )
            .await
            .unwrap();
        let ada = world.ada.email.clone();
        assert_eq!(noted, [("conversation.share".to_owned(), ada.clone()), ("conversation.unshare".to_owned(), ada)]);
    }
}

#[tokio::test]
async fn only_ones_own_is_shared_and_only_while_it_is_there() {
    for world in worlds().await {
        let sharing = sharing(&world);
        let sent = say(&world, Target::New, "one").await;
        let others = sharing.share(actor(&world.bob), sent.conversation).await;
        assert!(matches!(others, Err(Error::NotFound(_))));
        assert!(matches!(sharing.list(&world.bob, Some(sent.conversation)).await, Err(Error::NotFound(_))));
        let (_, token) = sharing.share(actor(&world.ada), sent.conversation).await.unwrap();
        world.chat.delete(&world.ada, sent.conversation).await.unwrap();
        assert!(matches!(read(&world, &token).await, Err(Error::NotFound(_))));
        assert_eq!(sharing.list(&world.ada, None).await.unwrap(), []);
        world.chat.restore(&world.ada, sent.conversation).await.unwrap();
        assert_eq!(read(&world, &token).await.unwrap().len(), 2);
        let system = world.store.as_system("test");
        system.execute("UPDATE users SET is_active = FALSE WHERE id = $1", args![world.ada.id]).await.unwrap();
        assert!(
            matches!(read(&world, &token).await, Err(Error::NotFound(_))),
            "nor of an account that is switched off"
        );
    }
}

#[tokio::test]
async fn where_sharing_is_forbidden_no_link_is_made_and_none_opens() {
    for world in crate::testing::worlds_with(&[("ATRIUM_SHARING", "false")]).await {
        let sent = say(&world, Target::New, "one").await;
        let refused = sharing(&world).share(actor(&world.ada), sent.conversation).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        let token = hex(&world.ports.secret());
        let system = world.store.as_system("test");
        let insert = "INSERT INTO shares (id, organisation_id, conversation_id, owner_id, upto_id, token_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let id: ShareId = world.ports.id();
        let row =
            args![id, world.ada.organisation, sent.conversation, world.ada.id, sent.answer, digest(&token), 1_i64];
        system.execute(insert, row).await.unwrap();
        assert!(matches!(read(&world, &token).await, Err(Error::NotFound(_))), "links from before rest as well");
    }
}
