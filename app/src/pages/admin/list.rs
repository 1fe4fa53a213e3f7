//! The one mechanism of lists: search, filters, columns to sort by, pages, a file. Everything stands in the address, so a
//! list is a plain form and links, and works without JavaScript. A section says what its columns are, once, for the page
//! and for the file.

use super::asked::Asked;
use crate::visit::Visit;
use atrium::ids::OrganisationId;
use atrium::paging::{Page, PageRequest, Sort};
use atrium::people::Viewer;
use atrium_domain::{Result, audit, organisations};
use leptos::prelude::*;
use std::future::Future;

type Text<T> = Box<dyn Fn(&T) -> String + Send + Sync>;
type Show<T> = Box<dyn Fn(&T) -> AnyView + Send + Sync>;

/// A column: what it says, how it looks, whether one can sort by it.
pub struct Column<T> {
    /// On top.
    pub label: &'static str,
    /// Its text; what has none is not in the file.
    pub text: Option<Text<T>>,
    /// What it is called in the address, if one can sort by it.
    pub sort: Option<&'static str>,
    show: Option<Show<T>>,
    is_head: bool,
    is_narrow: bool,
    is_of_file: bool,
}

impl<T> Column<T> {
    /// Of text.
    pub fn new(label: &'static str, text: impl Fn(&T) -> String + Send + Sync + 'static) -> Self {
        Self {
            label,
            text: Some(Box::new(text)),
            sort: None,
            show: None,
            is_head: false,
            is_narrow: false,
            is_of_file: false,
        }
    }

    /// On the page alone.
    pub fn of_page(label: &'static str, show: impl Fn(&T) -> AnyView + Send + Sync + 'static) -> Self {
        Self {
            label,
            text: None,
            sort: None,
            show: Some(Box::new(show)),
            is_head: false,
            is_narrow: false,
            is_of_file: false,
        }
    }

    /// Can be sorted by, under that name.
    #[must_use]
    pub fn sorted(mut self, name: &'static str) -> Self {
        self.sort = Some(name);
        self
    }

    /// Looks otherwise on the page than its text.
    #[must_use]
    pub fn shown(mut self, show: impl Fn(&T) -> AnyView + Send + Sync + 'static) -> Self {
        self.show = Some(Box::new(show));
        self
    }

    /// Names the row.
    #[must_use]
    pub fn head(mut self) -> Self {
        self.is_head = true;
        self
    }

    /// Stays in one line.
    #[must_use]
    pub fn narrow(mut self) -> Self {
        self.is_narrow = true;
        self
    }

    /// Is not on the page: other columns show it there.
    #[must_use]
    pub fn of_file(mut self) -> Self {
        self.is_of_file = true;
        self
    }

    fn cell(&self, row: &T) -> AnyView {
        let content = match (&self.show, &self.text) {
            (Some(show), _) => show(row),
            (None, Some(text)) => text(row).into_any(),
            (None, None) => ().into_any(),
        };
        if self.is_head {
            view! { <th scope="row">{content}</th> }.into_any()
        } else {
            view! { <td class=self.is_narrow.then_some("nowrap")>{content}</td> }.into_any()
        }
    }
}

/// Something to narrow a list by.
pub struct Filter {
    /// In the address.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// What to choose from, as sent and as shown; a day, if there is nothing.
    pub options: Vec<(String, String)>,
}

impl Filter {
    /// One of `options`.
    pub fn choice<S: Into<String>>(
        name: &'static str,
        label: &'static str,
        options: impl IntoIterator<Item = (S, S)>,
    ) -> Self {
        let options = options.into_iter().map(|(value, shown)| (value.into(), shown.into())).collect();
        Self { name, label, options }
    }

    /// A day.
    pub fn day(name: &'static str, label: &'static str) -> Self {
        Self { name, label, options: Vec::new() }
    }

    fn field(self, asked: &Asked) -> AnyView {
        let Self { name, label, options } = self;
        let chosen = asked.text(name).unwrap_or_default().to_owned();
        let input = if options.is_empty() {
            view! { <input id=name name=name type="date" value=chosen/> }.into_any()
        } else {
            let options = options.into_iter().map(|(value, shown)| {
                let is_chosen = value == chosen;
                view! { <option value=value selected=is_chosen>{shown}</option> }
            });
            view! { <select id=name name=name><option value="">"All"</option>{options.collect_view()}</select> }
                .into_any()
        };
        view! { <div class="filter"><label for=name>{label}</label>{input}</div> }.into_any()
    }
}

/// What lists are made within: who looks, and the names of the organisations if they see several.
pub struct Onlooker {
    /// Who looks.
    pub viewer: Viewer,
    /// Where a form of the list leads back to.
    pub here: String,
    organisations: Vec<(OrganisationId, String)>,
}

impl Onlooker {
    /// For whoever is signed in.
    ///
    /// # Errors
    /// When nobody is.
    pub async fn of(visit: &Visit, asked: &Asked) -> Result<Self> {
        let viewer = visit.viewer()?.clone();
        let organisations = if viewer.is_superuser {
            let scope = visit.atrium.store.as_viewer(&viewer);
            let all = organisations::page(scope, PageRequest::WHOLE, None, None).await?;
            all.items.into_iter().map(|it| (it.id, it.details.name)).collect()
        } else {
            Vec::new()
        };
        Ok(Self { viewer, here: asked.here(), organisations })
    }

    /// The column that says whose a row is, for those who see more than their own.
    pub fn organisation<T: 'static>(&self, of: fn(&T) -> OrganisationId) -> Option<Column<T>> {
        let names = self.organisations.clone();
        let is_the_only_one = names.len() < 2;
        let name = move |id| names.iter().find(|it| it.0 == id).map(|it| it.1.clone()).unwrap_or_default();
        let column = self.viewer.is_superuser.then(|| Column::new("Organisation", move |row| name(of(row))))?;
        Some(if is_the_only_one { column.of_file() } else { column })
    }

    /// The filter that goes with it.
    #[must_use]
    pub fn organisation_filter(&self) -> Option<Filter> {
        let options = self.organisations.iter().map(|(id, name)| (id.to_string(), name.clone()));
        (self.organisations.len() > 1).then(|| Filter::choice("organisation", "Organisation", options))
    }
}

/// A section's list.
pub trait List {
    /// What a row is made of.
    type Row: Send + 'static;
    /// What the rows are, many of them.
    const NAME: &'static str;

    /// From left to right.
    fn columns(onlooker: &Onlooker) -> Vec<Column<Self::Row>>;

    /// Besides the search.
    fn filters(onlooker: &Onlooker) -> Vec<Filter>;

    /// In which tenant a row is.
    fn organisation(row: &Self::Row) -> OrganisationId;

    /// Asks the domain.
    fn load(
        visit: &Visit,
        viewer: &Viewer,
        asked: &Asked,
        sort: Option<Sort>,
        page: PageRequest,
    ) -> impl Future<Output = Result<Page<Self::Row>>> + Send;

    /// The same; what a superuser sees of other organisations is noted there.
    fn found(
        visit: &Visit,
        onlooker: &Onlooker,
        asked: &Asked,
        sort: Option<Sort>,
        page: PageRequest,
    ) -> impl Future<Output = Result<Page<Self::Row>>> + Send {
        async move {
            let found = Self::load(visit, &onlooker.viewer, asked, sort, page).await?;
            let seen: Vec<_> = found.items.iter().map(Self::organisation).collect();
            audit::note_look(&visit.atrium.store, &visit.atrium.ports, visit.actor()?, Self::NAME, seen).await?;
            Ok(found)
        }
    }
}

/// What the box of a row sends and is called; not every row has one.
pub type Choice<T> = Box<dyn Fn(&T) -> Option<(String, String)> + Send + Sync>;

/// Boxes before the rows, and the form that they belong to.
pub struct Bulk<T> {
    /// The `id` of the form.
    pub form: &'static str,
    /// Which rows have one.
    pub choice: Choice<T>,
    /// Those that are ticked.
    pub chosen: Vec<String>,
    /// The form itself, below the list; not shown where no row has a box.
    pub controls: AnyView,
}

/// The list as a page.
///
/// # Errors
/// As the list.
pub async fn show<L: List>(visit: &Visit, asked: &Asked, bulk: Option<Bulk<L::Row>>) -> Result<AnyView> {
    let onlooker = Onlooker::of(visit, asked).await?;
    let mut columns = L::columns(&onlooker);
    columns.retain(|it| !it.is_of_file);
    let sort = asked.sort(&columns);
    let request = asked.page();
    let found = L::found(visit, &onlooker, asked, sort, request).await?;
    let filters = L::filters(&onlooker);
    let is_narrowed = asked.text("search").is_some() || filters.iter().any(|it| asked.text(it.name).is_some());
    let toolbar = toolbar(asked, L::NAME, filters, is_narrowed, found.count > 0);
    if found.items.is_empty() {
        let message = if request.page > 1 {
            format!("There are no more {}. Go back to the first page.", L::NAME)
        } else if is_narrowed {
            format!("No {} are like that. Search for something shorter, or take a filter away.", L::NAME)
        } else {
            format!("There are no {} yet.", L::NAME)
        };
        return Ok(view! { {toolbar} <p class="empty">{message}</p> }.into_any());
    }
    let bulk = bulk.filter(|it| found.items.iter().any(|row| (it.choice)(row).is_some()));
    let boxes = bulk.is_some().then(|| view! { <th scope="col"><span class="visually-hidden">"Choose"</span></th> });
    let heads: Vec<_> = columns.iter().map(|it| head(it, asked, sort)).collect();
    let rows = found.items.iter().map(|row| {
        let choice = bulk.as_ref().map(|it| tick(it, row));
        let cells: Vec<_> = columns.iter().map(|it| it.cell(row)).collect();
        view! { <tr>{choice}{cells}</tr> }
    });
    let rows = rows.collect_view();
    let first = request.offset() + 1;
    let last = request.offset() + i64::try_from(found.items.len()).unwrap_or_default();
    let count = found.count;
    Ok(view! {
        {toolbar}
        <p class="muted small">{format!("{first}–{last} of {count} {}", L::NAME)}</p>
        <div class="table-scroll" tabindex="0" role="region" aria-label=L::NAME>
            <table class="table">
                <thead><tr>{boxes}{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {pager(asked, request, count)}
        {bulk.map(|it| it.controls)}
    }
    .into_any())
}

fn tick<T>(bulk: &Bulk<T>, row: &T) -> AnyView {
    let form = bulk.form;
    let field = (bulk.choice)(row).map(|(value, label)| {
        let is_ticked = bulk.chosen.contains(&value);
        view! { <input type="checkbox" name="chosen" value=value form=form checked=is_ticked aria-label=format!("Choose {label}")/> }
    });
    view! { <td>{field}</td> }.into_any()
}

fn toolbar(asked: &Asked, name: &'static str, filters: Vec<Filter>, is_narrowed: bool, has_any: bool) -> AnyView {
    let sort = asked.text("sort").map(|it| view! { <input type="hidden" name="sort" value=it.to_owned()/> });
    let search = asked.text("search").unwrap_or_default().to_owned();
    let fields: Vec<_> = filters.into_iter().map(|it| it.field(asked)).collect();
    let path = asked.path.clone();
    let file = asked.with("format", "csv");
    view! {
        <form class="filters" role="search" aria-label=format!("Search {name}")>
            {sort}
            <div class="filter wide"><label for="search">"Search"</label><input id="search" name="search" type="search" value=search/></div>
            {fields}
            <button class="button">"Show"</button>
            {is_narrowed.then(|| view! { <a class="button" href=path>"Show all"</a> })}
            {has_any.then(|| view! { <a class="button" href=file download="">"Save as CSV"</a> })}
        </form>
    }
    .into_any()
}

fn head<T>(column: &Column<T>, asked: &Asked, sort: Option<Sort>) -> AnyView {
    let label = column.label;
    let Some(name) = column.sort else { return view! { <th scope="col">{label}</th> }.into_any() };
    let here = sort.filter(|it| it.column == name).map(|it| it.is_descending);
    let (state, mark, next) = match here {
        None => (None, "", name.to_owned()),
        Some(false) => (Some("ascending"), "↑", format!("-{name}")),
        Some(true) => (Some("descending"), "↓", name.to_owned()),
    };
    let href = asked.with("sort", &next);
    view! { <th scope="col" aria-sort=state><a class="sort" href=href>{label}<span aria-hidden="true">{mark}</span></a></th> }
        .into_any()
}

fn pager(asked: &Asked, request: PageRequest, count: i64) -> Option<AnyView> {
    let pages = (count + request.limit() - 1) / request.limit();
    let link = |page: u32| asked.with("page", &page.to_string());
    let before = (request.page > 1).then(|| link(request.page - 1));
    let after = (i64::from(request.page) < pages).then(|| link(request.page + 1));
    (pages > 1).then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                {before.map(|it| view! { <a class="button" href=it rel="prev">"Previous"</a> })}
                <span class="muted small">{format!("Page {} of {pages}", request.page)}</span>
                {after.map(|it| view! { <a class="button" href=it rel="next">"Next"</a> })}
            </nav>
        }
        .into_any()
    })
}
