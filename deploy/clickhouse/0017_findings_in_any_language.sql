-- What the words of a finding are made of, so that a desk can read them in its own language.

-- The table of versions first: the view between the two copies by position.
ALTER TABLE {store}.inconsistency_versions
    ADD COLUMN IF NOT EXISTS told String
    COMMENT 'What sentence, remedy and both sides are made of: JSON, for touchpoints lookup --language'
    AFTER remedy;

ALTER TABLE {store}.inconsistencies
    ADD COLUMN IF NOT EXISTS told String
    COMMENT 'What sentence, remedy and both sides are made of: JSON, for touchpoints lookup --language'
    AFTER remedy;

ALTER TABLE {store}.inconsistency_versions_of MODIFY QUERY SELECT * FROM {store}.inconsistencies;

-- A view keeps the columns that it was made with.
CREATE OR REPLACE VIEW {views}.inconsistencies DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * EXCEPT (version, is_deleted, superseded_by, reason)
FROM {store}.inconsistencies FINAL
WHERE status NOT IN ('retracted', 'superseded');

CREATE OR REPLACE VIEW {views}.inconsistencies_history DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * FROM {store}.inconsistency_versions FINAL;
