-- Conversations that people had elsewhere.

-- What each of them is called where it comes from, so that the same file brings nothing twice.
CREATE TABLE imported_conversations (
    owner_id BLOB NOT NULL,
    organisation_id BLOB NOT NULL,
    -- Which system wrote it down: chatgpt, open-webui, librechat or atrium.
    source TEXT NOT NULL,
    -- Its id there, or a digest of it where it has none.
    external_id TEXT NOT NULL,
    conversation_id BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT imported_conversations_key UNIQUE (owner_id, source, external_id),
    FOREIGN KEY (organisation_id, owner_id) REFERENCES users (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, conversation_id) REFERENCES conversations (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX imported_conversations_conversation ON imported_conversations (conversation_id);
