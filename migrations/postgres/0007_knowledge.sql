-- What agents answer from: bases of documents and repositories, their pieces, and how pieces are found.

-- Work that goes on behind the requests: one row a thing and kind of work, however often it was asked for.
CREATE TABLE jobs (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    -- queued, running, paused, failed or done.
    state TEXT NOT NULL,
    -- How often it was asked for; a job that is asked for while it runs is done once more.
    requests BIGINT NOT NULL,
    progress BIGINT NOT NULL,
    total BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    reason TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    holder UUID,
    lease_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT jobs_subject_key UNIQUE (kind, subject_id)
);
CREATE INDEX jobs_due ON jobs (state, run_at);
CREATE INDEX jobs_organisation ON jobs (organisation_id, updated_at);

-- A base belongs to a project or to a person.
CREATE TABLE knowledge_bases (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    owner_id UUID,
    project_id UUID,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    description TEXT NOT NULL,
    -- The model whose vectors are searched, and the one that they are being made of anew.
    encoder TEXT NOT NULL,
    next_encoder TEXT,
    -- Counts changes of the vectors, so that what is kept of them in memory can follow.
    revision BIGINT NOT NULL,
    removals BIGINT NOT NULL,
    created_by UUID NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT knowledge_bases_tenant_key UNIQUE (organisation_id, id),
    CHECK ((owner_id IS NULL) <> (project_id IS NULL)),
    FOREIGN KEY (organisation_id, owner_id) REFERENCES users (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, project_id) REFERENCES projects (organisation_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX knowledge_bases_owner_name_key ON knowledge_bases (owner_id, name_folded) WHERE owner_id IS NOT NULL;
CREATE UNIQUE INDEX knowledge_bases_project_name_key ON knowledge_bases (project_id, name_folded) WHERE project_id IS NOT NULL;

-- What an agent answers from. Whoever asks must see the base as well.
CREATE TABLE agent_knowledge (
    organisation_id UUID NOT NULL,
    agent_id UUID NOT NULL,
    base_id UUID NOT NULL,
    PRIMARY KEY (agent_id, base_id),
    FOREIGN KEY (organisation_id, agent_id) REFERENCES agents (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, base_id) REFERENCES knowledge_bases (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX agent_knowledge_base ON agent_knowledge (base_id);

CREATE TABLE repositories (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL,
    base_id UUID NOT NULL,
    url TEXT NOT NULL,
    branch TEXT NOT NULL,
    -- Sealed; how a private one is read.
    username TEXT NOT NULL,
    token TEXT NOT NULL,
    -- Sealed; a caller that knows it may ask for a fetch.
    webhook_secret TEXT NOT NULL,
    every_minutes BIGINT,
    -- What is indexed: a commit, and what it says.
    commit_id TEXT,
    commit_message TEXT NOT NULL,
    committed_at BIGINT,
    fetched_at BIGINT,
    -- JSON object: how many of its files are no documents, by reason.
    skipped TEXT NOT NULL,
    created_by UUID NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT repositories_tenant_key UNIQUE (organisation_id, id),
    CONSTRAINT repositories_url_key UNIQUE (base_id, url, branch),
    FOREIGN KEY (organisation_id, base_id) REFERENCES knowledge_bases (organisation_id, id) ON DELETE CASCADE
);

-- Files that turned out to be no text when they were read, so that nobody reads them again.
CREATE TABLE repository_skips (
    repository_id UUID NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    hash TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (repository_id, path)
);

-- A document: a file that somebody brought, or one of a repository.
CREATE TABLE documents (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL,
    base_id UUID NOT NULL,
    repository_id UUID,
    -- As it was called, or its path in the repository.
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    -- upload, url or repository; and where from.
    source TEXT NOT NULL,
    source_url TEXT NOT NULL,
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    -- waiting, reading, read or failed; and why it failed, in words for people.
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- The newest version, and the one that is searched; they differ while the newest is being read.
    version BIGINT NOT NULL,
    searched_version BIGINT NOT NULL,
    pieces BIGINT NOT NULL,
    -- How many words those have, of both kinds.
    title_words BIGINT NOT NULL,
    body_words BIGINT NOT NULL,
    summary TEXT NOT NULL,
    -- JSON array of sentences.
    key_points TEXT NOT NULL,
    summary_by TEXT NOT NULL,
    created_by UUID NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT documents_tenant_key UNIQUE (organisation_id, id),
    FOREIGN KEY (organisation_id, base_id) REFERENCES knowledge_bases (organisation_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organisation_id, repository_id) REFERENCES repositories (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX documents_base ON documents (base_id, updated_at);
CREATE UNIQUE INDEX documents_path_key ON documents (repository_id, name) WHERE repository_id IS NOT NULL;

-- What it said at a time. The file itself lies in the file store under its hash; of a repository's files only the text.
CREATE TABLE document_versions (
    document_id UUID NOT NULL,
    number BIGINT NOT NULL,
    organisation_id UUID NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    size BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    commit_id TEXT,
    -- The text that was read, and what was noticed about it (JSON array of sentences).
    body TEXT,
    notes TEXT NOT NULL,
    created_by UUID NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (document_id, number),
    FOREIGN KEY (organisation_id, document_id) REFERENCES documents (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX document_versions_hash ON document_versions (organisation_id, hash);

-- What is found: a part of a version's text, by its bytes.
CREATE TABLE pieces (
    number BIGINT NOT NULL GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    organisation_id UUID NOT NULL,
    base_id UUID NOT NULL,
    document_id UUID NOT NULL,
    version BIGINT NOT NULL,
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    page BIGINT,
    headings TEXT NOT NULL,
    first_line BIGINT NOT NULL,
    last_line BIGINT NOT NULL,
    body TEXT NOT NULL,
    -- The words of title and headings, and those of the text, as they are compared: what scores are made of.
    title_words TEXT NOT NULL,
    body_words TEXT NOT NULL,
    FOREIGN KEY (organisation_id, document_id) REFERENCES documents (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX pieces_document ON pieces (document_id, version, start_at);
CREATE INDEX pieces_base ON pieces (base_id, number);
-- Their words, cut by the server (crate atrium-retrieval): title with headings, and body, by weight.
CREATE TABLE piece_words (
    piece BIGINT NOT NULL PRIMARY KEY REFERENCES pieces (number) ON DELETE CASCADE,
    words TSVECTOR NOT NULL
);
CREATE INDEX piece_words_words ON piece_words USING gin (words);

-- In how many pieces of a base a word is.
CREATE TABLE knowledge_words (
    base_id UUID NOT NULL REFERENCES knowledge_bases (id) ON DELETE CASCADE,
    word TEXT NOT NULL,
    pieces BIGINT NOT NULL,
    PRIMARY KEY (base_id, word)
);

-- Their meaning, by the model that made it. The vector's form is the crate atrium-retrieval's.
CREATE TABLE embeddings (
    encoder TEXT NOT NULL,
    piece BIGINT NOT NULL REFERENCES pieces (number) ON DELETE CASCADE,
    base_id UUID NOT NULL,
    revision BIGINT NOT NULL,
    vector BYTEA NOT NULL,
    PRIMARY KEY (encoder, piece)
);
CREATE INDEX embeddings_base ON embeddings (base_id, encoder, revision);
CREATE INDEX embeddings_piece ON embeddings (piece);

-- How an answer came by its sources (JSON): what was asked, what each side found, what went into the prompt, what was
-- left out and why; and which sentence of the answer stands on which source.
CREATE TABLE retrievals (
    message_id UUID NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    report TEXT NOT NULL,
    claims TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
-- The sources themselves. They go with their document.
CREATE TABLE citations (
    message_id UUID NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    organisation_id UUID NOT NULL,
    document_id UUID NOT NULL,
    version BIGINT NOT NULL,
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    page BIGINT,
    headings TEXT NOT NULL,
    first_line BIGINT NOT NULL,
    last_line BIGINT NOT NULL,
    body TEXT NOT NULL,
    is_used BOOLEAN NOT NULL,
    PRIMARY KEY (message_id, number),
    FOREIGN KEY (organisation_id, document_id) REFERENCES documents (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX citations_document ON citations (document_id);
