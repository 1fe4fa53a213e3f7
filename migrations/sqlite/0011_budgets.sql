-- What calls cost, by agent and project as well; and what they may cost.

-- As it was when the call ended: a conversation that moves on takes nothing along.
ALTER TABLE llm_calls ADD COLUMN agent_id BLOB;
ALTER TABLE llm_calls ADD COLUMN project_id BLOB;
UPDATE llm_calls SET agent_id = (SELECT m.agent_id FROM messages m WHERE m.id = llm_calls.message_id),
    project_id = (SELECT c.project_id FROM conversations c WHERE c.id = llm_calls.conversation_id)
WHERE conversation_id IS NOT NULL;
CREATE INDEX llm_calls_person ON llm_calls (user_id, called_at);
CREATE INDEX llm_calls_called ON llm_calls (called_at);
-- For budgets: what was spent, without looking at the rows.
CREATE INDEX llm_calls_spent_organisation ON llm_calls (organisation_id, called_at, cost_micros) WHERE cost_micros > 0;
CREATE INDEX llm_calls_spent_project ON llm_calls (project_id, called_at, cost_micros) WHERE cost_micros > 0;
CREATE INDEX llm_calls_spent_person ON llm_calls (user_id, called_at, cost_micros) WHERE cost_micros > 0;

-- How much somebody, a project or an organisation may spend in a day or a month (UTC).
CREATE TABLE budgets (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    subject TEXT NOT NULL CHECK (subject IN ('user', 'project', 'organisation')),
    subject_id BLOB NOT NULL,
    period TEXT NOT NULL CHECK (period IN ('day', 'month')),
    limit_micros BIGINT NOT NULL CHECK (limit_micros >= 0),
    -- The beginning of the period of which was warned last.
    warned_of BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT budgets_subject_key UNIQUE (subject_id, period)
);
CREATE INDEX budgets_organisation ON budgets (organisation_id);

-- What calls under way may cost, so that several do not spend the same money. A server that dies renews nothing.
CREATE TABLE budget_reservations (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    user_id BLOB NOT NULL,
    project_id BLOB,
    cost_micros BIGINT NOT NULL,
    lease_until BIGINT NOT NULL
);
CREATE INDEX budget_reservations_leases ON budget_reservations (lease_until);

-- Warnings go out by mail. SQLite changes no constraint: the table is made again.
CREATE TABLE outbox_new (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES organisations (id),
    kind TEXT NOT NULL CHECK (kind IN ('invitation', 'password', 'budget')),
    about_id BLOB NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'kept')),
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sent_at BIGINT
);
INSERT INTO outbox_new SELECT id, organisation_id, kind, about_id, recipient, subject, body, state, attempts, next_attempt_at, last_error,
    created_at, expires_at, sent_at FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_new RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state = 'queued';
CREATE INDEX outbox_newest ON outbox (organisation_id, created_at, id);
CREATE INDEX outbox_about ON outbox (about_id);
