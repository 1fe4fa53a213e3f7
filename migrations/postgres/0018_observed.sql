-- What links show stays as it was when they were made.

-- How many bytes of an answer a link shows, where the answer was gone on with afterwards.
CREATE TABLE share_cuts (
    share_id UUID NOT NULL REFERENCES shares (id) ON DELETE CASCADE,
    message_id UUID NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    shown BIGINT NOT NULL,
    PRIMARY KEY (share_id, message_id)
);
CREATE INDEX share_cuts_message ON share_cuts (message_id);
