-- How programs come in.

-- One sign-in over REST: its refresh tokens follow one another, and all of them end with it.
CREATE TABLE token_families (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The one refresh token that is still good; an older one that comes back was stolen, and ends the family.
    refresh_id UUID NOT NULL,
    -- Whether each refresh makes a new refresh token.
    rotates BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    refreshed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX token_families_user ON token_families (user_id);
CREATE INDEX token_families_expiry ON token_families (expires_at);

-- Made by a person for a program of theirs. Only the digest of the token is kept.
CREATE TABLE api_tokens (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    -- Words with spaces between them.
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    CONSTRAINT api_tokens_hash_key UNIQUE (token_hash)
);
CREATE INDEX api_tokens_user ON api_tokens (user_id, created_at);

-- What a POST with an Idempotency-Key led to, so that the same one again leads to no more. No status yet: under way.
CREATE TABLE idempotency_keys (
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    idempotency_key TEXT NOT NULL,
    -- Method, path and body: another request under the same key is refused.
    request_hash BYTEA NOT NULL,
    status BIGINT,
    body TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, idempotency_key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Who did what, from where. Rows are only ever added; names are kept as they were.
CREATE TABLE audit_log (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    actor_id UUID NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID,
    subject TEXT NOT NULL,
    -- JSON: what changed, before and after.
    before TEXT,
    after TEXT,
    address TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX audit_log_newest ON audit_log (organisation_id, created_at, id);
