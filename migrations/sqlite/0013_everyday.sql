-- What people expect of a chat every day.

-- Files that come with messages. One that no message has any more goes, with its file.
CREATE TABLE attachments (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    owner_id BLOB NOT NULL,
    name TEXT NOT NULL,
    -- 'picture', or the kind of text that was read.
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    hash TEXT NOT NULL,
    size BIGINT NOT NULL,
    -- What was read of it, at most its beginning; how many bytes that is, and how many the whole text has.
    body TEXT NOT NULL,
    body_kept BIGINT NOT NULL,
    body_size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    FOREIGN KEY (organisation_id, owner_id) REFERENCES users (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX attachments_owner ON attachments (owner_id, created_at);
CREATE INDEX attachments_age ON attachments (created_at);
CREATE INDEX attachments_hash ON attachments (organisation_id, hash);

-- A message that is edited leaves its files to the one beside it, so a file can be with several.
CREATE TABLE message_attachments (
    conversation_id BLOB NOT NULL,
    message_id BLOB NOT NULL,
    position BIGINT NOT NULL,
    attachment_id BLOB NOT NULL REFERENCES attachments (id) ON DELETE CASCADE,
    PRIMARY KEY (message_id, position),
    FOREIGN KEY (conversation_id, message_id) REFERENCES messages (conversation_id, id) ON DELETE CASCADE
);
CREATE INDEX message_attachments_conversation ON message_attachments (conversation_id, message_id, position);
CREATE INDEX message_attachments_attachment ON message_attachments (attachment_id);

-- Links by which anybody may read a conversation, up to the message that was the newest when the link was made.
CREATE TABLE shares (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    owner_id BLOB NOT NULL,
    upto_id BLOB NOT NULL,
    -- SHA-256 of what the link holds.
    token_hash BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT shares_token_key UNIQUE (token_hash),
    FOREIGN KEY (organisation_id, conversation_id) REFERENCES conversations (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, owner_id) REFERENCES users (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (conversation_id, upto_id) REFERENCES messages (conversation_id, id) ON DELETE CASCADE
);
CREATE INDEX shares_owner ON shares (owner_id, created_at);
CREATE INDEX shares_conversation ON shares (conversation_id);

-- What people think of answers: one verdict a message and person.
CREATE TABLE feedback (
    message_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    organisation_id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    -- Who answered.
    agent_id BLOB,
    verdict TEXT NOT NULL CHECK (verdict IN ('up', 'down')),
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (message_id, user_id),
    FOREIGN KEY (conversation_id, message_id) REFERENCES messages (conversation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, user_id) REFERENCES users (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX feedback_conversation ON feedback (conversation_id, user_id);
CREATE INDEX feedback_agent ON feedback (agent_id, verdict);
