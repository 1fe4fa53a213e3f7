-- What clients of other systems keep of a conversation, besides what everybody does.

-- As the agent platform sees it: what it was begun for, how it was greeted, and when its person called it ended.
CREATE TABLE chat_sessions (
    conversation_id UUID NOT NULL PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    agent_type TEXT NOT NULL CHECK (agent_type IN ('code', 'rag', 'analytics', 'auto')),
    greeting_id UUID,
    greeting TEXT NOT NULL,
    ended_at BIGINT
);

-- Chats of people without an account. Whoever has the key may read and write; only its digest is looked up, and a copy is
-- sealed for the one who began it.
CREATE TABLE guest_chats (
    key_hash BYTEA NOT NULL PRIMARY KEY,
    sealed_key TEXT NOT NULL,
    -- The digest of what the cookie of whoever began it holds.
    visitor_hash BYTEA NOT NULL,
    conversation_id UUID REFERENCES conversations (id) ON DELETE CASCADE,
    is_active BOOLEAN NOT NULL,
    is_archived BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX guest_chats_visitor ON guest_chats (visitor_hash, created_at);
CREATE INDEX guest_chats_conversation ON guest_chats (conversation_id);
