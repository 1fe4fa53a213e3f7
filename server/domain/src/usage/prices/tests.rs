//! Prices of one's own, on both databases.

use crate::audit::{self, Actor, AuditFilter};
use crate::testing::worlds;
use atrium::catalogue::{Price, Provider, model_facts};
use atrium::paging::PageRequest;

fn price(model: &str, prompt_price: i64) -> Price {
    Price { provider: Provider::OpenAi, model: model.to_owned(), prompt_price, completion_price: 2 * prompt_price }
}

#[tokio::test]
async fn a_price_counts_from_when_it_is_set_until_it_is_forgotten() {
    for world in worlds().await {
        let prices = world.connections.prices();
        let (store, ports) = (&world.store, &world.ports);
        let ada = Actor { viewer: &world.ada, address: "10.0.0.1" };
        let of = |model: &str| prices.facts(Provider::OpenAi, model).prompt_price;
        prices.set(store, ports, ada, &price("gpt-5", 7_000_000)).await.unwrap();
        assert_eq!(of("gpt-5-2025-08-07"), 7_000_000);
        assert_eq!(of("gpt-5-mini"), model_facts(Provider::OpenAi, "gpt-5-mini").prompt_price, "has one of its own");
        assert_eq!(prices.facts(Provider::Ollama, "gpt-5").prompt_price, 0, "another provider's");
        assert_eq!(prices.facts(Provider::OpenAi, "gpt-5").context_window, 400_000, "the rest stays known");
        prices.set(store, ports, ada, &price("house-model", 1_000)).await.unwrap();
        assert_eq!(prices.facts(Provider::OpenAi, "house-model-2").cost(1_000_000, 1_000_000), 3_000);
        prices.set(store, ports, ada, &price("gpt-5", 8_000_000)).await.unwrap();
        assert_eq!((of("gpt-5"), prices.list(&world.ada).unwrap().len()), (8_000_000, 2), "set again, not twice");

        let elsewhere = super::Prices::default();
        elsewhere.load(store).await.unwrap();
        assert_eq!(elsewhere.all(), prices.all(), "another server reads the same");

        let was = prices.forget(store, ports, ada, Provider::OpenAi, "gpt-5").await.unwrap();
        assert_eq!(was, price("gpt-5", 8_000_000));
        assert_eq!(of("gpt-5"), model_facts(Provider::OpenAi, "gpt-5").prompt_price);
        let again = prices.forget(store, ports, ada, Provider::OpenAi, "gpt-5").await;
        assert_eq!(again.unwrap_err().to_failure().code, "not_found");

        let filter = AuditFilter { kind: Some("price"), ..AuditFilter::default() };
        let log = audit::page(store, &world.ada, PageRequest::default(), filter).await.unwrap();
        assert_eq!(log.count, 4);
        assert!(
            log.items[0].before.as_deref().is_some_and(|it| it.contains("8000000")) && log.items[0].after.is_none()
        );
    }
}

#[tokio::test]
async fn only_who_rules_the_server_sets_prices() {
    for world in worlds().await {
        let prices = world.connections.prices();
        let bob = Actor { viewer: &world.bob, address: "10.0.0.1" };
        let set = prices.set(&world.store, &world.ports, bob, &price("gpt-5", 0)).await;
        assert_eq!(set.unwrap_err().to_failure().code, "forbidden");
        let forgot = prices.forget(&world.store, &world.ports, bob, Provider::OpenAi, "gpt-5").await;
        assert_eq!(forgot.unwrap_err().to_failure().code, "forbidden");
        assert_eq!(prices.list(&world.bob).unwrap_err().to_failure().code, "forbidden");
    }
}
