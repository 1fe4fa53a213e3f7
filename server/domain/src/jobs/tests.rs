//! The queue, on both databases.

use super::{Asker, Jobs, Kind, Outcome, ask};
use crate::testing::{World, worlds};
use uuid::Uuid;

async fn bring(world: &World, asker: Asker, count: usize) -> Vec<Uuid> {
    let subjects: Vec<Uuid> = (0..count).map(|_| world.ports.id()).collect();
    let mut tx = world.store.as_system("test").begin().await.unwrap();
    for subject in &subjects {
        ask(&mut tx, &world.ports, asker, Kind::Read, *subject).await.unwrap();
    }
    tx.commit().await.unwrap();
    subjects
}

async fn next(jobs: &Jobs) -> Option<Uuid> {
    let job = jobs.take(Kind::Read).await.unwrap()?;
    jobs.settle(&job, Outcome::Done).await.unwrap();
    Some(job.subject)
}

#[tokio::test]
async fn nobody_waits_for_all_that_somebody_else_has_brought() {
    for world in worlds().await {
        let jobs = Jobs::new(world.store.clone(), world.ports.clone());
        let asker = |it: &atrium::people::Viewer| Asker { organisation: it.organisation.0, person: it.id.0 };
        let many = bring(&world, asker(&world.ada), 200).await;
        assert_eq!(next(&jobs).await, Some(many[0]));
        let few = bring(&world, asker(&world.bob), 2).await;
        let mut order = Vec::new();
        for _ in 0..5 {
            order.push(next(&jobs).await.unwrap());
        }
        assert_eq!(order, [few[0], many[1], few[1], many[2], many[3]], "in turn, and then as before");
        for it in &many[4..] {
            assert_eq!(next(&jobs).await, Some(*it), "each one's own in the order in which they came");
        }
        assert_eq!(next(&jobs).await, None);
    }
}

#[tokio::test]
async fn organisations_take_turns_however_many_people_they_have() {
    for world in worlds().await {
        let jobs = Jobs::new(world.store.clone(), world.ports.clone());
        let elsewhere: Uuid = world.ports.id();
        world
            .store
            .as_system("test")
            .execute(
                "INSERT INTO organisations (id, name, contact_name, contact_email, contact_phone, address, created_at, updated_at)
                 VALUES ($1, 'Elsewhere', '', '', '', '', 1, 1)",
                crate::store::args![elsewhere],
            )
            .await
            .unwrap();
        let here = world.ada.organisation.0;
        let ada = bring(&world, Asker { organisation: here, person: world.ada.id.0 }, 2).await;
        let bob = bring(&world, Asker { organisation: here, person: world.bob.id.0 }, 2).await;
        let eve = bring(&world, Asker { organisation: elsewhere, person: world.ports.id() }, 3).await;
        let mut order = Vec::new();
        while let Some(it) = next(&jobs).await {
            order.push(it);
        }
        assert_eq!(order, [ada[0], eve[0], bob[0], eve[1], ada[1], eve[2], bob[1]]);
    }
}
