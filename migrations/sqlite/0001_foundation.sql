-- The two dialects are kept alike: ids are BLOB, times are microseconds since 1970 bound by the server, money is whole
-- micro-dollars, flags are BOOLEAN, JSON is TEXT, and no column has a default.

-- Tenants. Nothing of one is seen from another.
CREATE TABLE organisations (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    contact_name TEXT NOT NULL,
    contact_email TEXT NOT NULL,
    contact_phone TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX organisations_name_key ON organisations (LOWER(name));

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    email TEXT NOT NULL,
    -- What they may sign in with besides the address; the address itself until they choose another.
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    job_title TEXT NOT NULL,
    department TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'manager', 'engineer', 'analyst', 'user', 'guest')),
    is_superuser BOOLEAN NOT NULL,
    is_active BOOLEAN NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_login_at BIGINT,
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_username_key UNIQUE (username),
    CONSTRAINT users_tenant_key UNIQUE (organisation_id, id)
);

-- `id` is the SHA-256 of what the cookie holds: whoever reads this table cannot sign in with it.
CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Links that work once: first set-up now, invitations and forgotten passwords later.
CREATE TABLE one_time_links (
    token_hash BLOB NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- Fixed windows, shared by every server on this database.
CREATE TABLE rate_limits (
    bucket TEXT NOT NULL PRIMARY KEY,
    window_start BIGINT NOT NULL,
    hits BIGINT NOT NULL
);

-- What an administrator set; a secret's value is encrypted.
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by BLOB REFERENCES users (id) ON DELETE SET NULL
);

CREATE TABLE projects (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT projects_tenant_key UNIQUE (organisation_id, id)
);
CREATE UNIQUE INDEX projects_name_key ON projects (organisation_id, LOWER(name)) WHERE deleted_at IS NULL;

CREATE TABLE project_members (
    organisation_id BLOB NOT NULL,
    project_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('manager', 'member', 'guest')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, user_id),
    FOREIGN KEY (organisation_id, project_id) REFERENCES projects (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, user_id) REFERENCES users (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX project_members_user ON project_members (user_id);

CREATE TABLE agents (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    owner_id BLOB NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    avatar TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    temperature DOUBLE PRECISION NOT NULL,
    max_tokens BIGINT NOT NULL,
    system_prompt TEXT NOT NULL,
    is_default BOOLEAN NOT NULL,
    is_active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT agents_tenant_key UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, owner_id) REFERENCES users (organisation_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX agents_owner_name_key ON agents (owner_id, name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX agents_owner_default_key ON agents (owner_id) WHERE is_default AND deleted_at IS NULL;

-- Agents that the members of a project may talk to.
CREATE TABLE project_agents (
    organisation_id BLOB NOT NULL,
    project_id BLOB NOT NULL,
    agent_id BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, agent_id),
    FOREIGN KEY (organisation_id, project_id) REFERENCES projects (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, agent_id) REFERENCES agents (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX project_agents_agent ON project_agents (agent_id);

CREATE TABLE conversations (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    owner_id BLOB NOT NULL,
    agent_id BLOB,
    project_id BLOB,
    title TEXT NOT NULL,
    -- The title in lower case, as the programming language lowers it and no database does alike.
    title_folded TEXT NOT NULL,
    -- Who made the title: 'nobody' yet, the 'exchange', or the 'person', whose choice stays.
    title_by TEXT NOT NULL CHECK (title_by IN ('nobody', 'exchange', 'person')),
    -- The newest message of the visible branch.
    head_id BLOB,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT conversations_tenant_key UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, owner_id) REFERENCES users (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, agent_id) REFERENCES agents (organisation_id, id),
    FOREIGN KEY (organisation_id, project_id) REFERENCES projects (organisation_id, id)
);
CREATE INDEX conversations_project ON conversations (project_id, owner_id, updated_at) WHERE deleted_at IS NULL;
CREATE INDEX conversations_newest ON conversations (owner_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE TABLE messages (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    parent_id BLOB,
    -- How many messages stand before it on its branch.
    depth BIGINT NOT NULL,
    author TEXT NOT NULL CHECK (author IN ('user', 'assistant')),
    content TEXT NOT NULL,
    reasoning TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('complete', 'streaming', 'stopped', 'failed', 'interrupted')),
    agent_id BLOB,
    provider TEXT,
    model TEXT,
    prompt_tokens BIGINT,
    completion_tokens BIGINT,
    tokens_estimated BOOLEAN NOT NULL,
    cost_micros BIGINT,
    latency_micros BIGINT,
    end_reason TEXT,
    dropped_turns BIGINT NOT NULL,
    error_code TEXT,
    error_message TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CONSTRAINT messages_branch_key UNIQUE (conversation_id, id),
    FOREIGN KEY (organisation_id, conversation_id) REFERENCES conversations (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (conversation_id, parent_id) REFERENCES messages (conversation_id, id) ON DELETE CASCADE
);
CREATE INDEX messages_siblings ON messages (conversation_id, parent_id, created_at);

CREATE TABLE runs (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    message_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'complete', 'stopped', 'failed', 'interrupted')),
    -- The server that writes, and until when it may be believed to be alive.
    owner_id BLOB NOT NULL,
    lease_until BIGINT NOT NULL,
    stop_requested BOOLEAN NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    FOREIGN KEY (organisation_id, conversation_id) REFERENCES conversations (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (conversation_id, message_id) REFERENCES messages (conversation_id, id) ON DELETE CASCADE
);
-- One run at a time writes a message.
CREATE UNIQUE INDEX runs_writing_key ON runs (message_id) WHERE status = 'running';
CREATE INDEX runs_leases ON runs (lease_until) WHERE status = 'running';

-- The log of a run that is not over. `seq` is the position at which the piece begins: bytes of text.
CREATE TABLE run_events (
    run_id BLOB NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('text', 'reasoning')),
    data TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
);

-- One row a call to a model, kept when the conversation is gone.
CREATE TABLE llm_calls (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    user_id BLOB NOT NULL,
    conversation_id BLOB,
    message_id BLOB,
    purpose TEXT NOT NULL CHECK (purpose IN ('answer', 'test', 'completion')),
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    tokens_estimated BOOLEAN NOT NULL,
    cost_micros BIGINT NOT NULL,
    latency_micros BIGINT NOT NULL,
    first_token_micros BIGINT,
    outcome TEXT NOT NULL,
    called_at BIGINT NOT NULL
);
CREATE INDEX llm_calls_when ON llm_calls (organisation_id, called_at);
