//! Search on both databases: what is found, what never is, and that the index keeps up.

use super::{Filter, Question, catch_up, find};
use crate::audit::Actor;
use crate::chat::{Form, NewConversation, Sent, Target};
use crate::organisations;
use crate::projects;
use crate::store::args;
use crate::testing::{Step, World, answer, last_words, until, worlds};
use atrium::chat::{Author, LiveEvent};
use atrium::ids::ConversationId;
use atrium::organisations::OrganisationForm;
use atrium::paging::PageRequest;
use atrium::people::{Role, Viewer};
use atrium::projects::ProjectForm;
use atrium::search::{Hit, HitKind};
use futures::StreamExt as _;

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "10.0.0.1" }
}

/// Says it and waits for an answer that has none of its words.
async fn say(world: &World, viewer: &Viewer, target: Target, text: &str) -> Sent {
    world.provider.says(|_| answer("Noted."));
    let sent = world.chat.send(viewer, target, None, text).await.unwrap();
    finish(world, viewer, sent).await;
    sent
}

async fn finish(world: &World, viewer: &Viewer, sent: Sent) {
    let mut events = world.chat.follow(viewer, sent.run, 0, Form::Text).await.unwrap();
    while let Some((_, event)) = events.next().await {
        if matches!(event, LiveEvent::End { .. }) {
            return;
        }
    }
}

async fn hits(world: &World, viewer: &Viewer, typed: &str, filter: Filter) -> Vec<Hit> {
    let scope = world.store.as_viewer(viewer);
    let page = find(scope, &Question::new(typed), filter, PageRequest { page: 1, size: 100 }).await.unwrap();
    assert_eq!(usize::try_from(page.count).unwrap(), page.items.len());
    page.items
}

/// The snippets of messages that were found, hits in brackets.
async fn said(world: &World, viewer: &Viewer, typed: &str) -> Vec<String> {
    let filter = Filter { kind: Some(HitKind::Message), ..Filter::default() };
    let show = |it: Hit| {
        it.snippet.iter().map(|it| if it.is_hit { format!("[{}]", it.text) } else { it.text.clone() }).collect()
    };
    hits(world, viewer, typed, filter).await.into_iter().map(show).collect()
}

#[tokio::test]
async fn words_are_found_in_any_script_and_however_they_are_written() {
    for world in worlds().await {
        for text in [
            "The Café opens at noon",
            "東京都の天気は？",
            "カタカナとｶﾞｽ料金",
            "서울에서 부산까지 가는 기차",
            "Привет, мир",
            "ตลาดน้ำอัมพวา",
        ] {
            say(&world, &world.ada, Target::New, text).await;
        }
        for (typed, found) in [
            ("cafe", "The [Café] opens at noon"),
            ("OPEN noo", "The Café [open]s at [noo]n"),
            ("東京", "[東京]都の天気は？"),
            ("京都", "東[京都]の天気は？"),
            ("天", "東京都の[天]気は？"),
            ("気", "東京都の天[気]は？"),
            ("天気は", "東京都の[天気は]？"),
            ("ガス", "カタカナと[ｶﾞｽ]料金"),
            ("서울", "[서울]에서 부산까지 가는 기차"),
            ("부산", "서울에서 [부산]까지 가는 기차"),
            ("차", "서울에서 부산까지 가는 기[차]"),
            ("ПРИВ", "[Прив]ет, мир"),
            ("น้ำ", "ตลาด[น้ำ]อัมพวา"),
        ] {
            assert_eq!(said(&world, &world.ada, typed).await, [found], "{typed}");
        }
        for typed in ["東都", "都東京", "울서", "afe", "cafe noon tomorrow"] {
            assert_eq!(said(&world, &world.ada, typed).await, Vec::<String>::new(), "{typed}");
        }
    }
}

#[tokio::test]
async fn what_is_typed_is_never_a_query_language() {
    for world in worlds().await {
        say(&world, &world.ada, Target::New, "apples and pears; NEAR the \"orchard\" it's 100% a*b").await;
        say(&world, &world.ada, Target::New, "only pears").await;
        let both = said(&world, &world.ada, "pears").await;
        assert_eq!(both.len(), 2);
        for typed in
            ["apples AND pears", "\"orchard", "NEAR(pears orchard", "it's", "100%", "a*b", "pears and orchard\""]
        {
            assert_eq!(said(&world, &world.ada, typed).await.len(), 1, "{typed}");
        }
        let id = world.ada.id.0.simple();
        for typed in [
            "apples OR only",
            "pears NOT apples",
            "words:pears^2 -apples",
            "{words} : pears",
            "' & 'x",
            "pears') OR ('1",
            "pears:* | !apples",
            &format!("_{id}"),
            "pears\0apples only",
        ] {
            assert!(said(&world, &world.ada, typed).await.len() <= 1, "{typed}");
        }
        for typed in ["", "  ", "\"", "*", "' OR 1=1 --;", "_", "()", "\u{202e}", "%"] {
            assert!(said(&world, &world.ada, typed).await.len() <= 1, "{typed}");
        }
        assert!(hits(&world, &world.ada, "\"*\"", Filter::default()).await.is_empty());
        // Long questions are cut, not refused.
        assert!(said(&world, &world.ada, &"pears ".repeat(5_000)).await.len() == 2);
    }
}

#[tokio::test]
async fn nobody_finds_what_they_could_not_open() {
    for world in worlds().await {
        let bob = &world.bob;
        let elsewhere = OrganisationForm { name: "Elsewhere".to_owned(), ..OrganisationForm::default() };
        let elsewhere = organisations::create(&world.store, &world.ports, actor(&world.ada), &elsewhere).await.unwrap();
        let mut carol = world.person("carol").await;
        let system = world.store.as_system("test");
        system
            .execute(
                "UPDATE users SET organisation_id = $2, role = 'admin' WHERE id = $1",
                args![carol.id, elsewhere.id],
            )
            .await
            .unwrap();
        (carol.organisation, carol.role) = (elsewhere.id, Role::Admin);
        let form = ProjectForm { name: "Secret harbour".to_owned(), description: String::new() };
        projects::create(&world.store, &world.ports, actor(bob), &form).await.unwrap();
        let sent = say(&world, bob, Target::New, "The secret of the harbour").await;
        let kinds = |hits: Vec<Hit>| hits.into_iter().map(|it| it.kind).collect::<Vec<_>>();
        let all = [HitKind::Conversation, HitKind::Project, HitKind::Message];
        assert_eq!(kinds(hits(&world, bob, "secret", Filter::default()).await), all);
        assert!(hits(&world, &carol, "secret", Filter::default()).await.is_empty(), "another organisation");
        let admin = Viewer { role: Role::Admin, ..world.person("dora").await };
        let seen = kinds(hits(&world, &admin, "secret", Filter::default()).await);
        assert_eq!(seen, [HitKind::Project], "an administrator sees projects, not what is said");
        let ruler = kinds(hits(&world, &world.ada, "secret", Filter::default()).await);
        assert_eq!(ruler, [HitKind::Project], "nor does a superuser");
        // What is deleted is gone, and back when it is restored.
        world.chat.delete(bob, sent.conversation).await.unwrap();
        assert_eq!(kinds(hits(&world, bob, "secret", Filter::default()).await), [HitKind::Project]);
        world.chat.restore(bob, sent.conversation).await.unwrap();
        assert_eq!(kinds(hits(&world, bob, "secret", Filter::default()).await), all);
    }
}

#[tokio::test]
async fn only_the_visible_branch_is_found() {
    for world in worlds().await {
        let first = say(&world, &world.ada, Target::New, "alpha question").await;
        let id = first.conversation;
        let question = parent(&world, id, first).await;
        say(&world, &world.ada, Target::InsteadOf(id, question), "beta question").await;
        assert_eq!(said(&world, &world.ada, "alpha").await, Vec::<String>::new());
        assert_eq!(said(&world, &world.ada, "beta").await, ["[beta] question"]);
        world.chat.select_branch(&world.ada, id, question).await.unwrap();
        assert_eq!(said(&world, &world.ada, "alpha").await, ["[alpha] question"]);
        assert_eq!(said(&world, &world.ada, "beta").await, Vec::<String>::new());
        // Deleted, the other alternative shows again; with it what follows is hidden.
        world.chat.delete_message(&world.ada, id, question).await.unwrap();
        assert_eq!(said(&world, &world.ada, "question").await, ["beta [question]"]);
        world.chat.restore_message(&world.ada, id, question).await.unwrap();
        assert_eq!(said(&world, &world.ada, "question").await, ["alpha [question]"]);
        // Gone for good it leaves nothing behind.
        world.chat.delete(&world.ada, id).await.unwrap();
        world.chat.purge(world.ports.now() + 1).await.unwrap();
        let left: Option<(i64,)> =
            world.store.as_system("test").optional("SELECT COUNT(*) FROM message_index", args![]).await.unwrap();
        assert_eq!(left, Some((0,)));
    }
}

async fn parent(world: &World, id: ConversationId, sent: Sent) -> atrium::ids::MessageId {
    let thread = world.chat.thread(&world.ada, id, None).await.unwrap();
    thread.messages.iter().find(|it| it.id == sent.answer).unwrap().parent_id.unwrap()
}

#[tokio::test]
async fn an_answer_is_found_when_it_is_there_and_again_when_it_goes_on() {
    for world in worlds().await {
        world.provider.plays(vec![
            Step::Say("quokka ".to_owned()),
            Step::Gate,
            Step::Say("wombat".to_owned()),
            Step::End("length"),
        ]);
        let sent = world.chat.send(&world.ada, Target::New, None, "Animals?").await.unwrap();
        assert_eq!(said(&world, &world.ada, "animal").await, ["[Animal]s?"], "a question is found at once");
        until("it has begun", async || !world.provider.seen().is_empty()).await;
        assert!(said(&world, &world.ada, "quokka").await.is_empty(), "it is still being written");
        world.provider.open();
        finish(&world, &world.ada, sent).await;
        assert_eq!(said(&world, &world.ada, "wombat").await, ["quokka [wombat]"]);
        world.provider.says(|_| answer(" and numbat"));
        let more = world.chat.resume(&world.ada, sent.conversation, sent.answer).await.unwrap();
        finish(&world, &world.ada, more).await;
        assert_eq!(said(&world, &world.ada, "numbat quokka").await, ["[quokka] wombat and [numbat]"]);
        let found = hits(&world, &world.ada, "numbat", Filter::default()).await;
        assert_eq!((found[0].author, found[0].id), (Some(Author::Assistant), sent.answer.0));
    }
}

#[tokio::test]
async fn what_was_there_before_the_index_is_caught_up_with() {
    for world in worlds().await {
        say(&world, &world.ada, Target::New, "Antediluvian tide tables").await;
        let system = world.store.as_system("test");
        system.execute("DELETE FROM message_index", args![]).await.unwrap();
        assert!(said(&world, &world.ada, "tide").await.is_empty());
        assert_eq!(catch_up(&world.store).await.unwrap(), 2, "question and answer");
        assert_eq!(said(&world, &world.ada, "tide").await, ["Antediluvian [tide] tables"]);
        assert_eq!(catch_up(&world.store).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn filters_and_pages() {
    for world in worlds().await {
        let form = ProjectForm { name: "Tides".to_owned(), description: "Moon tables".to_owned() };
        let project = projects::create(&world.store, &world.ports, actor(&world.ada), &form).await.unwrap();
        let new =
            NewConversation { title: Some("Moon <script>"), project: Some(project.id), ..NewConversation::default() };
        let made = world.chat.create(&world.ada, new).await.unwrap();
        say(&world, &world.ada, Target::End(made.id), "moon moon moon").await;
        let before = world.ports.now();
        for n in 0..5 {
            say(&world, &world.ada, Target::New, &format!("{n} what the moon does to a rather long sentence")).await;
        }
        let moon = |filter| hits(&world, &world.ada, "moon", filter);
        let all = moon(Filter::default()).await;
        let kinds: Vec<_> = all.iter().map(|it| it.kind).collect();
        assert_eq!(kinds[..6], [HitKind::Conversation; 6]);
        assert_eq!((kinds[6], kinds.len()), (HitKind::Project, 13));
        assert_eq!(all[7].conversation, Some(made.id), "what says it most comes first");
        let within = moon(Filter { project: Some(project.id), ..Filter::default() }).await;
        assert_eq!(within.iter().map(|it| it.kind).collect::<Vec<_>>(), [HitKind::Conversation, HitKind::Message]);
        assert!(
            within[0].title.iter().any(|it| it.text.contains("<script>")),
            "text stays text: who shows it escapes it"
        );
        let messages = Filter { kind: Some(HitKind::Message), ..Filter::default() };
        assert_eq!(moon(Filter { before: Some(before), ..messages }).await.len(), 1);
        assert_eq!(moon(Filter { from: Some(before), ..messages }).await.len(), 5);
        let scope = world.store.as_viewer(&world.ada);
        let mut read = Vec::new();
        for page in 1..=4 {
            let request = PageRequest { page, size: 4 };
            let found = find(scope, &Question::new("moon"), Filter::default(), request).await.unwrap();
            assert_eq!(found.count, 13);
            read.extend(found.items);
        }
        assert_eq!(read, all);
        world.provider.says(|body| answer(&last_words(body)));
    }
}

/// How long it takes with 100,000 messages: `cargo nextest run -p atrium-domain how_long --run-ignored only --no-capture`.
#[tokio::test]
#[ignore = "a measurement"]
async fn how_long_it_takes_among_a_hundred_thousand_messages() {
    for world in worlds().await {
        let system = world.store.as_system("test");
        let vocabulary: Vec<String> = (0..5_000).map(|it| format!("w{it}")).collect();
        let mut seed = 1_u64;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap() % below
        };
        for conversation in 0..5_000_i64 {
            let new = NewConversation { title: Some("Measured"), ..NewConversation::default() };
            let id = world.chat.create(&world.ada, new).await.unwrap().id;
            let mut tx = system.begin().await.unwrap();
            let mut parent: Option<uuid::Uuid> = None;
            for depth in 0..20_i64 {
                // As in language, few words are said often.
                let words: Vec<_> = (0..60).map(|_| vocabulary[next(5_000) * next(5_000) / 5_000].as_str()).collect();
                let text = format!("{} 東京都の天気", words.join(" "));
                let message: uuid::Uuid = world.ports.id();
                tx.execute(
                    "INSERT INTO messages (id, organisation_id, conversation_id, parent_id, depth, author, content, reasoning, status, tokens_estimated, dropped_turns, created_at, updated_at)
                     VALUES ($1, $2, $3, $4, $5, 'user', $6, '', 'complete', FALSE, 0, $7, $7)",
                    args![message, world.ada.organisation, id, parent, depth, text, conversation * 20 + depth],
                )
                .await
                .unwrap();
                super::index::message(&mut tx, message).await.unwrap();
                parent = Some(message);
            }
            tx.execute("UPDATE conversations SET head_id = $2 WHERE id = $1", args![id, parent]).await.unwrap();
            tx.commit().await.unwrap();
        }
        for (what, typed) in [
            ("a rare word", vec!["w4800", "w4700", "w4600", "w4500"]),
            ("two words", vec!["w100 w200", "w1000 w2000", "w50 w3000"]),
            ("a frequent word", vec!["w1", "w0", "w2", "w10"]),
            ("in every message", vec!["東京", "天気", "都"]),
        ] {
            let mut times = Vec::new();
            for typed in typed.iter().cycle().take(40) {
                let start = std::time::Instant::now();
                let scope = world.store.as_viewer(&world.ada);
                find(scope, &Question::new(typed), Filter::default(), PageRequest::default()).await.unwrap();
                times.push(start.elapsed());
            }
            times.sort();
            eprintln!("postgres {}: {what}: median {:?}, p95 {:?}", world.store.is_shared(), times[20], times[38]);
        }
    }
}
