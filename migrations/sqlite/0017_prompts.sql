-- Prompts that people keep, with variables to be filled in.
CREATE TABLE prompts (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    owner_id BLOB NOT NULL,
    -- Who sees it besides its owner.
    shared_with TEXT NOT NULL CHECK (shared_with IN ('nobody', 'project', 'organisation')),
    project_id BLOB,
    name TEXT NOT NULL,
    -- The name in lower case, as the programming language lowers it and no database does alike.
    name_folded TEXT NOT NULL,
    shortcut TEXT,
    description TEXT NOT NULL,
    -- Name, shortcut and description in lower case: what a search looks through.
    found_by TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CHECK ((shared_with = 'project') = (project_id IS NOT NULL)),
    FOREIGN KEY (organisation_id, owner_id) REFERENCES users (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, project_id) REFERENCES projects (organisation_id, id)
);
CREATE UNIQUE INDEX prompts_name_key ON prompts (owner_id, name_folded) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX prompts_shortcut_key ON prompts (owner_id, shortcut) WHERE shortcut IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX prompts_project ON prompts (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX prompts_organisation ON prompts (organisation_id) WHERE shared_with = 'organisation' AND deleted_at IS NULL;
