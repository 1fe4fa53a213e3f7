//! What models cost on this server, where that is not what Atrium's own table says.

use crate::api::body::{ApiJson, ApiQuery};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::v1::agents::ProviderName;
use crate::web::App;
use atrium::catalogue::{Price as Known, PriceForm, plain_dollars};
use atrium_domain::Error;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What a model costs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "provider": "openai", "model": "gpt-5", "prompt_price": "1.25", "completion_price": "10.00" }))]
pub struct Price {
    #[schema(value_type = ProviderName)]
    provider: &'static str,
    /// Its id, or what the ids of several begin with; the longest that fits holds.
    model: String,
    /// Dollars for a million tokens, as a decimal number.
    prompt_price: String,
    /// Dollars for a million tokens, as a decimal number.
    completion_price: String,
}

impl From<Known> for Price {
    fn from(it: Known) -> Self {
        Self {
            provider: it.provider.as_str(),
            model: it.model,
            prompt_price: plain_dollars(it.prompt_price),
            completion_price: plain_dollars(it.completion_price),
        }
    }
}

/// A price to set.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "provider": "openai", "model": "gpt-5", "prompt_price": "1.25", "completion_price": "10.00" }))]
pub struct NewPrice {
    provider: ProviderName,
    /// Its id, or what the ids of several begin with.
    #[schema(min_length = 1, max_length = 200)]
    model: String,
    /// Dollars for a million tokens: digits, and at most six after the point.
    #[schema(pattern = r"^[0-9]{1,7}(\.[0-9]{1,6})?$")]
    prompt_price: String,
    /// Dollars for a million tokens, likewise.
    #[schema(pattern = r"^[0-9]{1,7}(\.[0-9]{1,6})?$")]
    completion_price: String,
}

/// Which price.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PriceQuery {
    provider: ProviderName,
    /// As it was set.
    #[param(min_length = 1, max_length = 200)]
    model: String,
}

/// List the prices that were set
///
/// For superusers. Where none was set, the table that comes with Atrium holds.
#[utoipa::path(get, path = "/api/v1/admin/prices", tag = "Prices", responses((status = 200, description = "All of them", body = Vec<Price>)))]
pub async fn list(State(app): State<App>, caller: Caller) -> ApiResult<Json<Vec<Price>>> {
    let prices = app.atrium.connections.prices().list(&caller.viewer)?;
    Ok(Json(prices.into_iter().map(Price::from).collect()))
}

/// Set a price
///
/// It counts for calls from now on.
#[utoipa::path(put, path = "/api/v1/admin/prices", tag = "Prices", request_body = NewPrice, responses((status = 200, description = "Set", body = Price)))]
pub async fn set(State(app): State<App>, caller: Caller, ApiJson(new): ApiJson<NewPrice>) -> ApiResult<Json<Price>> {
    let form = PriceForm {
        provider: new.provider.known().as_str().to_owned(),
        model: new.model,
        prompt_price: new.prompt_price,
        completion_price: new.completion_price,
    };
    let price = form.check().map_err(Error::Invalid)?;
    let atrium = &app.atrium;
    atrium.connections.prices().set(&atrium.store, &atrium.ports, caller.actor(), &price).await?;
    Ok(Json(price.into()))
}

/// Forget a price
///
/// The table that comes with Atrium holds again.
#[utoipa::path(delete, path = "/api/v1/admin/prices", tag = "Prices", params(PriceQuery), responses((status = 200, description = "What was set until now", body = Price), (status = 404, description = "No such price was set", body = crate::api::error::Problem)))]
pub async fn forget(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(which): ApiQuery<PriceQuery>,
) -> ApiResult<Json<Price>> {
    let atrium = &app.atrium;
    let (store, ports, provider) = (&atrium.store, &atrium.ports, which.provider.known());
    let was = atrium.connections.prices().forget(store, ports, caller.actor(), provider, &which.model).await?;
    Ok(Json(was.into()))
}
