//! The words in which a model is asked and answers.

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Instructions that stand before the conversation.
    System,
    /// The person who asks.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The role's name in chat templates.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whose turn.
    pub role: Role,
    /// What was said. Always taken as plain text: markers of the chat template in it have no power.
    pub text: String,
}

/// A question to the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// The conversation so far, oldest first. At least one turn.
    pub turns: Vec<Turn>,
    /// The last turn is the assistant's and is to be continued rather than answered.
    pub resume: bool,
    /// How freely to choose among likely tokens; 0 always takes the likeliest.
    pub temperature: f64,
    /// At most this many tokens are generated. When the prompt is long, at most half the context window is kept free
    /// for them.
    pub max_tokens: usize,
}

/// Why a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The model ended its turn.
    Stop,
    /// `max_tokens` or the context window was reached.
    Length,
    /// The caller asked to stop.
    Cancelled,
}

/// The account of one generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generated {
    /// Tokens of the prompt as the model saw it, the template's markers included.
    pub prompt_tokens: usize,
    /// Tokens generated, without the one that ends the turn.
    pub completion_tokens: usize,
    /// Why it ended.
    pub end: End,
}

/// A sign of life from a generation: the moments at which it can be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A piece of the prompt was read, or a token came that completes no character.
    Working,
    /// More of the answer: whole characters, never empty.
    Text(&'a str),
}
