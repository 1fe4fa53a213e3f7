//! Lists that people search, filter, sort and page through. A statement is text that stands in the code, so there is one
//! for every order; [`list!`](crate::store::list) writes them.

use super::args::Args;
use super::handle::{AnyRow, Queries};
use atrium::paging::{Page, PageRequest, Sort};

/// The statements of one list.
#[derive(Debug)]
pub(crate) struct List {
    /// Counts all of it.
    pub count: &'static str,
    /// A page in the list's own order.
    pub plain: &'static str,
    /// Pages by a column: its name, the smallest first, the largest first.
    pub by: &'static [(&'static str, &'static str, &'static str)],
}

/// `list! { select: "…", from: "… WHERE …", order: "…", limit: "LIMIT $n OFFSET $m", by: { "column" => "expression" } }`.
/// The two values of `limit` come after those of `from`.
macro_rules! list {
    (select: $select:literal, from: $from:literal, order: $order:literal, limit: $limit:literal, by: { $($column:literal => $by:literal),+ $(,)? } $(,)?) => {
        $crate::store::List {
            count: concat!("SELECT COUNT(*) FROM ", $from),
            plain: concat!("SELECT ", $select, " FROM ", $from, " ORDER BY ", $order, " ", $limit),
            by: &[$((
                $column,
                concat!("SELECT ", $select, " FROM ", $from, " ORDER BY ", $by, ", ", $order, " ", $limit),
                concat!("SELECT ", $select, " FROM ", $from, " ORDER BY ", $by, " DESC, ", $order, " ", $limit),
            )),+],
        }
    };
}
pub(crate) use list;

impl List {
    fn page(&self, sort: Option<Sort>) -> &'static str {
        let found = sort.and_then(|sort| Some((self.by.iter().find(|it| it.0 == sort.column)?, sort.is_descending)));
        match found {
            None => self.plain,
            Some((by, false)) => by.1,
            Some((by, true)) => by.2,
        }
    }
}

impl Queries<'_> {
    /// A page of `list`, whose conditions `args` fill in.
    pub(crate) async fn page<T: AnyRow>(
        &self,
        list: &List,
        mut args: Args,
        sort: Option<Sort>,
        page: PageRequest,
    ) -> Result<Page<T>, sqlx::Error> {
        let count: Option<(i64,)> = self.optional(list.count, args.clone()).await?;
        args.extend([page.limit().into(), page.offset().into()]);
        Ok(Page { count: count.map_or(0, |it| it.0), items: self.all(list.page(sort), args).await? })
    }
}
