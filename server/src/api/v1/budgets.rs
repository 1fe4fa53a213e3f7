//! How much may be spent on models.

use crate::api::body::{ApiJson, ApiPath};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::time::iso;
use crate::web::App;
use atrium::budgets::{Budget as Known, BudgetForm};
use atrium::catalogue::plain_dollars;
use atrium::ids::BudgetId;
use atrium::permissions::Permission;
use atrium_domain::Error;
use atrium_domain::usage::budgets;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Whose money.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SubjectName {
    Organisation,
    Project,
    User,
}

/// In which time, UTC.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PeriodName {
    Day,
    Month,
}

impl SubjectName {
    fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Project => "project",
            Self::User => "user",
        }
    }
}

impl PeriodName {
    fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// A budget, and how far it is used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "subject": "project", "subject_id": "0190d3b8-1111-7c3e-9f10-2a4b6c8d0e1f", "name": "Tides",
    "period": "month", "limit_usd": "25.00", "spent_usd": "21.30", "percent": 85, "renews_at": "2026-02-01T00:00:00.000000Z"
}))]
pub struct Budget {
    id: Uuid,
    #[schema(value_type = SubjectName)]
    subject: &'static str,
    subject_id: Uuid,
    /// What they are called.
    name: String,
    #[schema(value_type = PeriodName)]
    period: &'static str,
    /// Dollars that may be spent, as a decimal number.
    limit_usd: String,
    /// Dollars that were.
    spent_usd: String,
    /// Hundredths of the limit that are spent; of a limit of nothing, all.
    percent: i64,
    /// When it is whole again.
    #[schema(format = DateTime)]
    renews_at: String,
}

impl From<Known> for Budget {
    fn from(it: Known) -> Self {
        Self {
            id: it.id.0,
            subject: it.subject.as_str(),
            subject_id: it.subject_id,
            percent: it.percent(),
            name: it.name,
            period: it.period.as_str(),
            limit_usd: plain_dollars(it.limit),
            spent_usd: plain_dollars(it.spent),
            renews_at: iso(it.renews_at),
        }
    }
}

/// A budget to set.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "subject": "organisation", "period": "month", "limit_usd": "250" }))]
pub struct NewBudget {
    subject: SubjectName,
    /// Which of them. One's own organisation unless another is named; a project or person has to be.
    subject_id: Option<Uuid>,
    period: PeriodName,
    /// Dollars: digits, and at most six after the point.
    #[schema(pattern = r"^[0-9]{1,7}(\.[0-9]{1,6})?$")]
    limit_usd: String,
}

/// List budgets
///
/// For who may set them, all of the organisation; for superusers, all there are; for everybody else those that hold for what
/// they do: their own, their projects' and their organisation's.
#[utoipa::path(get, path = "/api/v1/budgets", tag = "Budgets", responses((status = 200, description = "At most 500", body = Vec<Budget>)))]
pub async fn list(State(app): State<App>, caller: Caller) -> ApiResult<Json<Vec<Budget>>> {
    let atrium = &app.atrium;
    let budgets = if caller.viewer.may(Permission::ManageBudgets) {
        budgets::managed(&atrium.store, &atrium.ports, caller.actor()).await?
    } else {
        budgets::own(atrium.store.as_viewer(&caller.viewer), &atrium.ports).await?
    };
    Ok(Json(budgets.into_iter().map(Budget::from).collect()))
}

/// Set a budget
///
/// For administrators. It takes the place of the one that there is for the same period, and holds from the next call on: one
/// that might cost more than is left is refused with `budget_spent`. Calls that cost nothing never are.
#[utoipa::path(put, path = "/api/v1/budgets", tag = "Budgets", request_body = NewBudget, responses((status = 200, description = "Set", body = Budget), (status = 404, description = "There is no such organisation, project or person", body = crate::api::error::Problem)))]
pub async fn set(State(app): State<App>, caller: Caller, ApiJson(new): ApiJson<NewBudget>) -> ApiResult<Json<Budget>> {
    let subject_id = match (new.subject, new.subject_id) {
        (_, Some(id)) => id,
        (SubjectName::Organisation, None) => caller.viewer.organisation.0,
        (_, None) => return Err(Error::field("subject_id", "Say which project or person.").into()),
    };
    let form = BudgetForm {
        subject: format!("{}:{subject_id}", new.subject.as_str()),
        period: new.period.as_str().to_owned(),
        limit: new.limit_usd,
    };
    let renamed = |mut fields: Vec<atrium::FieldError>| {
        for field in fields.iter_mut().filter(|it| it.field == "limit") {
            "limit_usd".clone_into(&mut field.field);
        }
        Error::Invalid(fields)
    };
    let new = form.check().map_err(renamed)?;
    let atrium = &app.atrium;
    Ok(Json(budgets::set(&atrium.store, &atrium.ports, caller.actor(), &new).await?.into()))
}

/// Remove a budget
#[utoipa::path(delete, path = "/api/v1/budgets/{id}", tag = "Budgets", params(("id" = Uuid, Path)), responses((status = 204, description = "Removed")))]
pub async fn remove(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<BudgetId>) -> ApiResult<StatusCode> {
    let atrium = &app.atrium;
    budgets::remove(&atrium.store, &atrium.ports, caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
