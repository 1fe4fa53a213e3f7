//! The questions, and who got what.

use super::world::World;
use super::{Needs, Rule, rules};
use crate::api::Program;
use crate::client::Reply;
use crate::server::{PASSWORD, Server};
use serde_json::{Value, json};

fn ask(program: &mut Program, method: &str, path: &str, body: &Value) -> Reply {
    program.send(&method.to_uppercase(), path, (!body.is_null()).then_some(body), &[])
}

/// Neither refused for who asks, nor a fault.
fn was_let_in(reply: &Reply) -> bool {
    !matches!(reply.status, 401 | 403 | 404 | 405 | 500..)
}

#[test]
fn every_endpoint_has_its_rule() {
    let server = Server::start();
    let api = Program::nobody(&server).get("/api/schema");
    let mut described = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        described.extend(item.as_object().unwrap().keys().map(|method| format!("{method} {path}")));
    }
    described.sort();
    assert_eq!(described, rules().into_keys().collect::<Vec<_>>());
}

#[test]
fn without_signing_in_nothing_is_to_be_had() {
    let world = World::new();
    for (endpoint, (rule, _, body)) in rules() {
        let (method, template) = endpoint.split_once(' ').unwrap();
        let path = world.path(template);
        for mut program in
            [Program::nobody(&world.server), world.ada.with(&json!("nonsense")), world.ada.with(&json!("atr_00"))]
        {
            let reply = ask(&mut program, method, &path, &body);
            if rule != Rule::Open {
                assert_eq!(reply.status, 401, "{endpoint}: {}", reply.text());
                assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{endpoint}");
            }
        }
    }
}

#[test]
fn what_is_somebody_elses_does_not_exist() {
    let world = World::new();
    let cookie = Program { browser: world.server.person("eve"), authorization: None };
    let token = world.token(&world.mallory, &["read", "chat", "write"]);
    for (endpoint, (rule, _, body)) in rules() {
        let (method, template) = endpoint.split_once(' ').unwrap();
        if rule != Rule::Owner && !["/api/v1/tokens/{id}", "/api/v1/sessions/{id}"].contains(&template) {
            continue;
        }
        let path = world.path(template);
        let body = world.body(endpoint, &body, "theirs");
        for mut program in [world.mallory.clone(), cookie.clone(), token.clone()] {
            let reply = ask(&mut program, method, &path, &body);
            let expected: &[u16] = if rule == Rule::Person { &[403, 404] } else { &[404] };
            assert!(expected.contains(&reply.status), "{endpoint}: {} {}", reply.status, reply.text());
        }
        // And it is still there for whom it belongs to.
        if method == "get" {
            assert_eq!(ask(&mut world.ada.clone(), "get", &path, &Value::Null).status, 200, "{endpoint}");
        }
    }
}

#[test]
fn owners_are_let_in_however_they_come() {
    let world = World::new();
    let mut browser = world.server.browser();
    let signed_in = browser.submit("/sign-in", &[("email", "ada@example.org"), ("password", PASSWORD)]);
    assert_eq!(signed_in.status, 303);
    let mut programs = [world.ada.clone(), Program { browser, authorization: None }];
    for (endpoint, (rule, _, body)) in rules() {
        // These end what the others still need.
        if rule == Rule::Open || endpoint.contains("logout") || endpoint == "delete /api/v1/sessions" {
            continue;
        }
        let (method, template) = endpoint.split_once(' ').unwrap();
        for (n, program) in programs.iter_mut().enumerate() {
            let path = world.path(template);
            if rule == Rule::Owner && template.ends_with("/restore") {
                let deleted = path.trim_end_matches("/restore");
                assert_eq!(ask(program, "delete", deleted, &Value::Null).status, 204, "{endpoint}");
            }
            let body = world.body(endpoint, &body, &n.to_string());
            let reply = ask(program, method, &path, &body);
            if matches!(rule, Rule::Admin | Rule::Superuser) {
                assert_eq!(reply.status, 403, "{endpoint}: {}", reply.text());
                let path = path
                    .replace(world.ada.clone().get("/api/v1/users/me")["id"].as_str().unwrap(), &world.mallorys_id());
                let reply = ask(&mut world.root.clone(), method, &path, &body);
                assert!(was_let_in(&reply), "{endpoint} as a superuser: {} {}", reply.status, reply.text());
            } else {
                assert!(was_let_in(&reply), "{endpoint}: {} {}", reply.status, reply.text());
            }
        }
    }
}

#[test]
fn tokens_do_what_they_are_for() {
    let world = World::new();
    for (scopes, allowed) in [
        (&["read"][..], &[Needs::Read][..]),
        (&["read", "chat"], &[Needs::Read, Needs::Chat]),
        (&["read", "write"], &[Needs::Read, Needs::Write]),
        (&["chat"], &[Needs::Chat]),
    ] {
        let token = world.token(&world.ada, scopes);
        for (endpoint, (rule, needs, body)) in rules() {
            if rule == Rule::Open {
                continue;
            }
            let (method, template) = endpoint.split_once(' ').unwrap();
            let path = world.path(template);
            if rule == Rule::Owner && template.ends_with("/restore") {
                ask(&mut world.ada.clone(), "delete", path.trim_end_matches("/restore"), &Value::Null);
            }
            let body = world.body(endpoint, &body, &scopes.concat());
            let reply = ask(&mut token.clone(), method, &path, &body);
            if matches!(rule, Rule::Admin | Rule::Superuser) {
                assert_eq!(reply.status, 403, "{endpoint} with {scopes:?}: {}", reply.text());
                continue;
            }
            let may = rule != Rule::Person && allowed.contains(&needs);
            if may {
                assert!(was_let_in(&reply), "{endpoint} with {scopes:?}: {} {}", reply.status, reply.text());
            } else {
                assert_eq!(
                    (reply.status, &reply.json()["code"]),
                    (403, &json!("token_scope")),
                    "{endpoint} with {scopes:?}"
                );
            }
        }
    }
}
