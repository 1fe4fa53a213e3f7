-- Mail, invitations, forgotten passwords.

-- Every message is a row first; a worker hands it to the mail server. Without one it stays, for an administrator to pass on.
CREATE TABLE outbox (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    -- What it is for decides who may read it.
    kind TEXT NOT NULL CHECK (kind IN ('invitation', 'password')),
    -- The invitation, or the person whose password it is.
    about_id UUID NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- Encrypted: in it stands a link that is as good as a key. Empty once nobody needs it any more.
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'kept')),
    attempts BIGINT NOT NULL,
    -- While a server is sending it: when another one may believe that it went away.
    next_attempt_at BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- When the link in it ends, and sending it makes no sense.
    expires_at BIGINT NOT NULL,
    sent_at BIGINT
);
CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state = 'queued';
CREATE INDEX outbox_newest ON outbox (organisation_id, created_at, id);
CREATE INDEX outbox_about ON outbox (about_id);

-- Who may join an organisation, as what. Only the digest of the link's token is kept.
CREATE TABLE invitations (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    email TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'manager', 'engineer', 'analyst', 'user', 'guest')),
    token_hash BYTEA NOT NULL,
    invited_by UUID REFERENCES users (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    accepted_at BIGINT,
    CONSTRAINT invitations_token_key UNIQUE (token_hash)
);
CREATE UNIQUE INDEX invitations_open_key ON invitations (organisation_id, email) WHERE accepted_at IS NULL;
CREATE INDEX invitations_newest ON invitations (organisation_id, created_at, id);

-- Whose password a link of that purpose changes.
ALTER TABLE one_time_links ADD COLUMN user_id UUID REFERENCES users (id) ON DELETE CASCADE;
CREATE INDEX one_time_links_user ON one_time_links (user_id);
