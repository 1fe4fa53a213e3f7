-- What people see and say of their own account.

-- A person's picture: a square made from the file that they chose, of which nothing else is kept.
CREATE TABLE avatars (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- The digest of `image` in hexadecimal, part of the picture's address: what has the same address never changes.
    hash TEXT NOT NULL,
    -- PNG.
    image BLOB NOT NULL,
    updated_at BIGINT NOT NULL
);

-- From where a session was begun, so that its owner recognises it, and when it was last used. Those that are older than
-- these columns do not say.
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN agent TEXT;
ALTER TABLE sessions ADD COLUMN last_used_at BIGINT;
ALTER TABLE token_families ADD COLUMN address TEXT;
ALTER TABLE token_families ADD COLUMN agent TEXT;
