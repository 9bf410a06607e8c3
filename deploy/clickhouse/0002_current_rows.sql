-- What analysts read: current rows by the table's name, every version by <name>_history.
--
-- A view reads the store with its definer's rights: an analyst needs SELECT on this database and on nothing else.
-- Versions are settled by FINAL while reading; conditions on what may change under an id are applied after that.

CREATE OR REPLACE VIEW {views}.touchpoints DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    event_id,
    dictGetOrDefault('{store}.customer_of', 'customer', anchor, splitByChar(':', anchor)[2]) AS customer,
    * EXCEPT (event_id, is_deleted, content_hash)
FROM {store}.touchpoints FINAL;

CREATE OR REPLACE VIEW {views}.touchpoints_history DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    event_id,
    version,
    dictGetOrDefault('{store}.customer_of', 'customer', anchor, splitByChar(':', anchor)[2]) AS customer,
    * EXCEPT (event_id)
FROM {store}.touchpoints;

CREATE OR REPLACE VIEW {views}.journeys DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * EXCEPT (version, is_deleted, superseded_by)
FROM {store}.journeys FINAL
WHERE status != 'superseded';

CREATE OR REPLACE VIEW {views}.journeys_history DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * FROM {store}.journeys;

CREATE OR REPLACE VIEW {views}.inconsistencies DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * EXCEPT (version, is_deleted, superseded_by)
FROM {store}.inconsistencies FINAL
WHERE status NOT IN ('retracted', 'superseded');

CREATE OR REPLACE VIEW {views}.inconsistencies_history DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * FROM {store}.inconsistencies;

CREATE OR REPLACE VIEW {views}.identities DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * EXCEPT (version, is_deleted) FROM {store}.identities FINAL;

CREATE OR REPLACE VIEW {views}.identities_history DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * FROM {store}.identities;

-- Neither the sealed bytes nor the event's number: it may be a person's.
CREATE OR REPLACE VIEW {views}.dead_letters DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT dead_letter_id, reason, field, detail, channel, topic, partition, offset, received_at, died_at, content_hash, size_bytes
FROM {store}.dead_letters FINAL;

CREATE OR REPLACE VIEW {views}.dead_letters_history DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    dead_letter_id, version, reason, field, detail, channel, topic, partition, offset, received_at, died_at, content_hash, size_bytes,
    is_deleted, ingested_at
FROM {store}.dead_letters;
