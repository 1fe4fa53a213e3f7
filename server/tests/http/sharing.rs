//! Conversations that are read by a link, over the wire.

use crate::chat::{answer, begin};
use crate::provider::Provider;
use crate::server::House;
use std::time::Duration;

#[test]
fn nobody_tries_links_out_without_end() {
    let server = crate::server::Server::start();
    let mut browser = server.browser();
    let path = format!("/shared/{}", "0".repeat(64));
    let statuses: Vec<_> = (0..70).map(|_| browser.get(&path).status).collect();
    assert!(statuses[..60].iter().all(|it| *it == 404), "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
    let refused = browser.get(&path);
    assert!(refused.status == 429 && refused.header("retry-after").is_some(), "{}", refused.text());
    assert_eq!(browser.get("/sign-in").status, 200, "other pages are not meant");
}

#[test]
fn whoever_has_the_link_reads_until_it_is_revoked() {
    let provider = Provider::start(|_| (vec!["By the **Moon**.".to_owned()], Duration::from_millis(1)));
    let server = House::new().with(&provider).serve();
    let mut ada = server.person("ada");
    let id = begin(&mut ada, "How do tides work?");
    answer(&mut ada, &id);
    let path = format!("/chat/{id}/share");
    assert_eq!(server.person("mallory").submit(&path, &[("action", "share")]).status, 404);
    let made = ada.submit(&path, &[("action", "share")]);
    assert_eq!(made.status, 200, "the link is shown at once, and only here: {}", made.text());
    let page = made.text();
    let token = page.split("/shared/").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(token.len(), 64);
    assert!(!ada.get(&path).text().contains(&token));
    let shared = server.browser().get(&format!("/shared/{token}"));
    assert_eq!(shared.status, 200);
    assert_eq!(shared.header("x-robots-tag"), Some("noindex, nofollow"));
    assert_eq!(shared.header("cache-control"), Some("no-store"));
    let text = shared.text();
    assert!(text.contains("How do tides work?") && text.contains("<strong>Moon</strong>"), "{text}");
    assert!(!text.contains("ada@example.org") && !text.contains(&id), "neither who nor where: {text}");
    let listed = ada.get("/account/shares").text();
    let share = listed.split("name=\"share\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(server.person("eve").submit("/account/shares", &[("action", "revoke"), ("share", &share)]).status, 404);
    assert_eq!(ada.submit("/account/shares", &[("action", "revoke"), ("share", &share)]).status, 303);
    let gone = server.browser().get(&format!("/shared/{token}"));
    assert_eq!(gone.status, 404);
    assert!(gone.text().contains("This link opens nothing"), "{}", gone.text());
}
