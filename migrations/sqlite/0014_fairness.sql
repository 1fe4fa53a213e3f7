-- Who waits for how long, and how long what they were given lasts.

-- On whose behalf a job is done: each of them, and each organisation, is served in turn.
ALTER TABLE jobs ADD COLUMN asked_by BLOB;
UPDATE jobs SET asked_by = organisation_id;
-- When an organisation, or somebody in it, last had a job of that kind taken up.
CREATE TABLE job_turns (
    kind TEXT NOT NULL,
    whose BLOB NOT NULL,
    served_at BIGINT NOT NULL,
    PRIMARY KEY (kind, whose)
);

-- How long the tokens of a sign-in live, in seconds, wherever they are refreshed. Unknown for those before.
ALTER TABLE token_families ADD COLUMN access_seconds BIGINT;
ALTER TABLE token_families ADD COLUMN refresh_seconds BIGINT;

-- Mail that was thrown away can be brought back for a day.
ALTER TABLE outbox ADD COLUMN deleted_at BIGINT;
