-- What clients of the agent platform say that a document is.
CREATE TABLE platform_documents (
    document_id BLOB NOT NULL PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    -- policy, product or tech_manual.
    doc_type TEXT NOT NULL
);
