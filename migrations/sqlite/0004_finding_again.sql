-- What helps to find things again.

-- The messages that full text search knows, each by the number under which its words are kept.
CREATE TABLE message_index (
    number INTEGER NOT NULL PRIMARY KEY,
    message_id BLOB NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    CONSTRAINT message_index_message_key UNIQUE (message_id)
);
-- Their words, cut and folded by the server (domain/search/words.rs), so that nothing is left for a tokenizer but to split
-- at spaces. The text itself stays in `messages` alone. What was there before is indexed when the server starts.
CREATE VIRTUAL TABLE message_words USING fts5 (words, content = '', contentless_delete = 1, tokenize = "ascii tokenchars '_'", prefix = '2 3');
CREATE TRIGGER message_index_forgets AFTER DELETE ON message_index BEGIN
    DELETE FROM message_words WHERE rowid = old.number;
END;

-- What people marked; each row names one thing.
CREATE TABLE favourites (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id BLOB REFERENCES conversations (id) ON DELETE CASCADE,
    message_id BLOB REFERENCES messages (id) ON DELETE CASCADE,
    agent_id BLOB REFERENCES agents (id) ON DELETE CASCADE,
    project_id BLOB REFERENCES projects (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    CONSTRAINT favourites_conversation_key UNIQUE (user_id, conversation_id),
    CONSTRAINT favourites_message_key UNIQUE (user_id, message_id),
    CONSTRAINT favourites_agent_key UNIQUE (user_id, agent_id),
    CONSTRAINT favourites_project_key UNIQUE (user_id, project_id),
    CHECK ((conversation_id IS NOT NULL) + (message_id IS NOT NULL) + (agent_id IS NOT NULL) + (project_id IS NOT NULL) = 1)
);
CREATE INDEX favourites_conversation ON favourites (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX favourites_message ON favourites (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX favourites_agent ON favourites (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX favourites_project ON favourites (project_id) WHERE project_id IS NOT NULL;

-- What agents are good at, in the words of their organisation.
CREATE TABLE expertise_areas (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    -- The name in lower case, as the programming language lowers it and no database does alike.
    name_folded TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT expertise_areas_tenant_key UNIQUE (organisation_id, id)
);
CREATE UNIQUE INDEX expertise_areas_name_key ON expertise_areas (organisation_id, name_folded) WHERE deleted_at IS NULL;

-- An agent has one area or none.
CREATE TABLE agent_expertise (
    organisation_id BLOB NOT NULL,
    agent_id BLOB NOT NULL PRIMARY KEY,
    area_id BLOB NOT NULL,
    FOREIGN KEY (organisation_id, agent_id) REFERENCES agents (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, area_id) REFERENCES expertise_areas (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX agent_expertise_area ON agent_expertise (area_id);
