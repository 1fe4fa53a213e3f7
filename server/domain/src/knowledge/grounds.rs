//! What an agent's knowledge puts before a question, whoever keeps the dialogue: a conversation of ours, or a program.

use super::{Context, Knowledge, Origin};
use crate::error::Result;
use crate::providers::{Role, Turn};
use crate::store::Scope;
use atrium::agents::Agent;
use atrium::catalogue::{Provider, model_facts};
use atrium::ids::BaseId;

/// Bytes that a token stands for, cautiously: English has four, source code about three, Chinese three.
const BYTES_PER_TOKEN: u64 = 3;
/// The local model counts its tokens exactly and leaves out what is too much by itself; it is only not given a library.
const LOCAL_BYTES: u64 = 64 * 1024;
/// Of sources, for a model whose window is this many times as large;
const SHARE: u64 = 3;
/// no model is helped by more,
const ROOM_MAX: u64 = 48 * 1024;
/// and the local one reads them at a few hundred bytes a second, while somebody waits.
const ROOM_LOCAL: u64 = 2_400;

/// What a question is answered from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The bases that the agent names.
    #[default]
    Named,
    /// All that the asker sees, of that origin.
    All(Origin),
    /// The same, of the origin that has most to do with the question; nothing, where neither has.
    Fitting,
}

/// How much a model reads, and what its agent answers from.
#[derive(Debug)]
pub(crate) struct Shelf {
    /// Bytes that the model reads before it answers,
    pub(crate) window: u64,
    /// and how many of them are for sources.
    pub(crate) room: u64,
    reach: Reach,
    /// Those that the agent names and the asker may see.
    bases: Vec<BaseId>,
    /// The local model's sources may speak for themselves.
    quotes: bool,
}

/// What a question was given.
#[derive(Debug, Default)]
pub(crate) struct Grounds {
    /// What the agent's knowledge says, if it has any.
    pub(crate) context: Option<Context>,
    /// The answer, where the sources give it by themselves.
    pub(crate) quotation: Option<String>,
    /// What fitted the question, where that was to be found out.
    pub(crate) fitting: Option<Origin>,
}

impl Knowledge {
    /// What `agent` answers this asker from.
    pub(crate) async fn shelf(&self, scope: Scope<'_>, agent: &Agent, reach: Reach) -> Result<Shelf> {
        let is_local = agent.provider == Provider::Local;
        let facts = model_facts(agent.provider, &agent.model);
        let answer = u64::try_from(agent.max_tokens).unwrap_or_default().min(facts.context_window / 2);
        let window = if is_local { LOCAL_BYTES } else { (facts.context_window - answer) * BYTES_PER_TOKEN };
        let bases = self.of_agent(scope, agent.id).await?;
        let room = match agent.provider {
            _ if bases.is_empty() && reach == Reach::Named => 0,
            Provider::Local => ROOM_LOCAL,
            _ => (window / SHARE).min(ROOM_MAX),
        };
        Ok(Shelf { window, room, reach, bases, quotes: is_local })
    }

    /// Puts what the shelf says on the last question before it, in its turn. `may_quote`: what the sources
    /// say may be the whole answer.
    pub(crate) async fn ground(
        &self,
        scope: Scope<'_>,
        shelf: &Shelf,
        turns: &mut [Turn],
        may_quote: bool,
    ) -> Result<Grounds> {
        let bases = match shelf.reach {
            Reach::Named if shelf.bases.is_empty() => return Ok(Grounds::default()),
            Reach::Named => &shelf.bases[..],
            Reach::All(_) | Reach::Fitting => &[],
        };
        let origin = if let Reach::All(origin) = shelf.reach { Some(origin) } else { None };
        let mut asked = turns.iter().rev().filter(|it| it.role == Role::User).map(|it| it.text.as_str());
        let (question, before) = (asked.next().unwrap_or_default().to_owned(), asked.next());
        let bytes = |room: u64| usize::try_from(room).unwrap_or(usize::MAX);
        let may_quote = shelf.quotes && may_quote;
        let room = if may_quote { ROOM_MAX } else { shelf.room };
        let mut context = self.context(scope, bases, origin, &question, before, bytes(room)).await?;
        // Whoever has brought nothing yet is not told that nothing was found.
        if shelf.reach != Reach::Named && context.report.searched + context.report.unread == 0 {
            return Ok(Grounds::default());
        }
        let mut fitting = None;
        if shelf.reach == Reach::Fitting {
            let Some(best) = context.citations.first() else { return Ok(Grounds::default()) };
            fitting = Some(if best.commit.is_some() { Origin::Repositories } else { Origin::Brought });
            context = self.context(scope, bases, fitting, &question, before, bytes(room)).await?;
        }
        let quotation = if may_quote { self.quotation(&question, &context).await } else { None };
        if quotation.is_none() {
            context.narrow(bytes(shelf.room));
        }
        // Sources stand right before the question: small models do not look far back.
        if let Some(turn) = turns.iter_mut().rfind(|it| it.role == Role::User) {
            turn.text = format!("{}\n\n{question}", context.block());
        }
        Ok(Grounds { context: Some(context), quotation, fitting })
    }
}
