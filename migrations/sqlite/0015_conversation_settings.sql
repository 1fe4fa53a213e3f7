-- What a conversation has otherwise than its agent. A model counts with an agent of the provider that it was chosen of.

ALTER TABLE conversations ADD COLUMN model_provider TEXT;
ALTER TABLE conversations ADD COLUMN model TEXT CHECK ((model IS NULL) = (model_provider IS NULL));
ALTER TABLE conversations ADD COLUMN temperature DOUBLE PRECISION CHECK (temperature BETWEEN 0 AND 2);
