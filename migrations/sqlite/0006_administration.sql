-- What administrators need.

-- The superuser who is signed in as `user_id`. The session ends with either of them.
ALTER TABLE sessions ADD COLUMN impersonator_id BLOB REFERENCES users (id) ON DELETE CASCADE;
CREATE INDEX sessions_impersonator ON sessions (impersonator_id) WHERE impersonator_id IS NOT NULL;

-- What models cost here, before the table that comes with Atrium. Micro-dollars for a million tokens.
CREATE TABLE model_prices (
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_price BIGINT NOT NULL CHECK (prompt_price >= 0),
    completion_price BIGINT NOT NULL CHECK (completion_price >= 0),
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (provider, model)
);

-- Whether somebody looked into an organisation lately.
CREATE INDEX audit_log_actor ON audit_log (actor_id, created_at);
