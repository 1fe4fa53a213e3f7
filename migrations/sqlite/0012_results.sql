-- What was computed from data, and models that were trained elsewhere.

-- A chart that answered a question, as it was drawn. It is of whoever asked.
CREATE TABLE analytics_results (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('viz_image', 'churn_pred', 'timeseries_forecast')),
    title TEXT NOT NULL,
    -- In the words of whoever asked.
    question TEXT NOT NULL,
    -- JSON: of what data, and what was computed.
    meta TEXT NOT NULL,
    -- JSON: the chart, with its figures.
    chart TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    FOREIGN KEY (organisation_id, user_id) REFERENCES users (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX analytics_results_newest ON analytics_results (user_id, created_at);

-- Versions of models. What is in them lies elsewhere, under its key.
CREATE TABLE model_artifacts (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('staging', 'production', 'archived')),
    storage_key TEXT NOT NULL,
    -- JSON: an object, or nothing.
    metrics TEXT,
    created_by BLOB REFERENCES users (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX model_artifacts_version_key ON model_artifacts (organisation_id, name, version);
-- What people use: one version of each.
CREATE UNIQUE INDEX model_artifacts_production_key ON model_artifacts (organisation_id, name) WHERE stage = 'production';
