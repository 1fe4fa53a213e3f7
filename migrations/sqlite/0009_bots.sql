-- What clients of the systems before Atrium bring along: bots, sessions under names of their own, boards, translations.

-- Bots answer through a webhook and are the organisation's, so that no two of one name confuse anybody.
CREATE UNIQUE INDEX agents_bot_name_key ON agents (organisation_id, LOWER(name)) WHERE provider = 'n8n' AND deleted_at IS NULL;

-- A conversation under the key that a client chose for it, with what the client keeps there.
CREATE TABLE session_keys (
    conversation_id BLOB NOT NULL PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    owner_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_key TEXT NOT NULL,
    -- JSON: an object.
    data TEXT NOT NULL,
    CONSTRAINT session_keys_key UNIQUE (owner_id, session_key)
);

-- What people lay out to look at. One that belongs to a project is seen by everybody in it.
CREATE TABLE boards (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    owner_id BLOB NOT NULL,
    project_id BLOB,
    name TEXT NOT NULL,
    -- JSON, both of them.
    layout TEXT NOT NULL,
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    FOREIGN KEY (organisation_id, owner_id) REFERENCES users (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, project_id) REFERENCES projects (organisation_id, id)
);
CREATE INDEX boards_owner ON boards (owner_id, updated_at);
CREATE INDEX boards_project ON boards (project_id) WHERE project_id IS NOT NULL;

-- What a text, or what stands under a key, is called in another language.
CREATE TABLE translations (
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    namespace TEXT NOT NULL,
    language TEXT NOT NULL,
    -- SHA-256 of the text or key: texts are too long for an index.
    digest BLOB NOT NULL,
    source TEXT NOT NULL,
    translation TEXT NOT NULL,
    -- Whether a model made it and nobody has looked at it.
    is_machine BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, namespace, language, digest)
);

-- The project that an invitation leads to besides the organisation.
ALTER TABLE invitations ADD COLUMN project_id BLOB REFERENCES projects (id) ON DELETE SET NULL;

-- The superuser who is signed in as `user_id`, as sessions have it.
ALTER TABLE token_families ADD COLUMN impersonator_id BLOB REFERENCES users (id) ON DELETE CASCADE;
CREATE INDEX token_families_impersonator ON token_families (impersonator_id) WHERE impersonator_id IS NOT NULL;

-- An organisation that is deleted keeps its audit log, and gives its name back.
ALTER TABLE organisations ADD COLUMN deleted_at BIGINT;
DROP INDEX organisations_name_key;
CREATE UNIQUE INDEX organisations_name_key ON organisations (LOWER(name)) WHERE deleted_at IS NULL;
