-- Who an identifier is, how that is known, and whose a touchpoint is then.

-- Columns up to cut are the fields of schemas/identity_link.avsc. The stronger of two identifiers comes first.
CREATE TABLE IF NOT EXISTS {store}.identity_links
(
    identifier  String                         COMMENT 'The stronger, as type:pseudonym',
    other       String                         COMMENT 'The weaker, as type:pseudonym',
    version     UInt64,
    event_id    String                         COMMENT 'First touchpoint, by event time, that shows both',
    seen_at     Nullable(DateTime64(6, 'UTC')) COMMENT 'When that happened',
    cut         LowCardinality(String)         COMMENT 'Why it links nobody: split, shared; none where it links',
    is_deleted  UInt8 DEFAULT 0,
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    INDEX by_other other TYPE bloom_filter(0.01)
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (identifier, other);

CREATE OR REPLACE VIEW {views}.identities DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT type, pseudonym, customer, customer = '' AS is_shared, epoch, assigned_at
FROM {store}.identities FINAL;

CREATE OR REPLACE VIEW {views}.identity_links DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT * EXCEPT (version, is_deleted, ingested_at)
FROM {store}.identity_links FINAL;

-- A touchpoint is its strongest identifier's that is not shared; its own where all are.
CREATE OR REPLACE VIEW {views}.touchpoints DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    event_id,
    if(
        dictGetOrDefault('{store}.customer_of', 'customer', anchor, splitByChar(':', anchor)[2]) != '',
        dictGetOrDefault('{store}.customer_of', 'customer', anchor, splitByChar(':', anchor)[2]),
        arrayFirst(customer -> customer != '', arrayPushBack(
            arrayMap(each -> dictGetOrDefault('{store}.customer_of', 'customer', concat(each.1, ':', each.2), each.2), identifiers),
            lower(substring(hex(SHA256(event_id)), 1, 32))))) AS customer,
    * EXCEPT (event_id, is_deleted, content_hash)
FROM {store}.touchpoints FINAL;

CREATE OR REPLACE VIEW {views}.touchpoints_history DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    event_id,
    version,
    if(
        dictGetOrDefault('{store}.customer_of', 'customer', anchor, splitByChar(':', anchor)[2]) != '',
        dictGetOrDefault('{store}.customer_of', 'customer', anchor, splitByChar(':', anchor)[2]),
        arrayFirst(customer -> customer != '', arrayPushBack(
            arrayMap(each -> dictGetOrDefault('{store}.customer_of', 'customer', concat(each.1, ':', each.2), each.2), identifiers),
            lower(substring(hex(SHA256(event_id)), 1, 32))))) AS customer,
    * EXCEPT (event_id)
FROM {store}.touchpoints;
