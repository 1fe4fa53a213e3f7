-- What helps to find things again.

-- The messages that full text search knows, with their words, cut and folded by the server (domain/search/words.rs), so
-- that no parser or dictionary of the database has a say. What was there before is indexed when the server starts.
CREATE TABLE message_index (
    message_id UUID NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    words TSVECTOR NOT NULL
);
CREATE INDEX message_index_words ON message_index USING gin (words);

-- What people marked; each row names one thing.
CREATE TABLE favourites (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id UUID REFERENCES conversations (id) ON DELETE CASCADE,
    message_id UUID REFERENCES messages (id) ON DELETE CASCADE,
    agent_id UUID REFERENCES agents (id) ON DELETE CASCADE,
    project_id UUID REFERENCES projects (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    CONSTRAINT favourites_conversation_key UNIQUE (user_id, conversation_id),
    CONSTRAINT favourites_message_key UNIQUE (user_id, message_id),
    CONSTRAINT favourites_agent_key UNIQUE (user_id, agent_id),
    CONSTRAINT favourites_project_key UNIQUE (user_id, project_id),
    CHECK (num_nonnulls(conversation_id, message_id, agent_id, project_id) = 1)
);
CREATE INDEX favourites_conversation ON favourites (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX favourites_message ON favourites (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX favourites_agent ON favourites (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX favourites_project ON favourites (project_id) WHERE project_id IS NOT NULL;

-- What agents are good at, in the words of their organisation.
CREATE TABLE expertise_areas (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
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
    organisation_id UUID NOT NULL,
    agent_id UUID NOT NULL PRIMARY KEY,
    area_id UUID NOT NULL,
    FOREIGN KEY (organisation_id, agent_id) REFERENCES agents (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, area_id) REFERENCES expertise_areas (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX agent_expertise_area ON agent_expertise (area_id);
