-- Customers with more touchpoints than the bound: journeys and inconsistencies go on, the oldest touchpoints are here alone.

-- Columns up to detected_at are the fields of schemas/truncation.avsc.
CREATE TABLE IF NOT EXISTS {store}.truncations
(
    customer      String                           COMMENT 'Pseudonym',
    version       UInt64,
    status        LowCardinality(String)           COMMENT 'truncated, whole',
    before        Nullable(DateTime64(6, 'UTC'))   COMMENT 'What comes from up to this time changes no journey and no inconsistency',
    dropped       UInt64                           COMMENT 'Touchpoints that are here alone',
    late          UInt64                           COMMENT 'Touchpoints that came from before that time since',
    needs_rebuild Bool                             COMMENT 'Whether this history says more than journeys and inconsistencies',
    rebuild       String                           COMMENT 'The rebuild that this version comes of',
    detected_at   DateTime64(6, 'UTC')             COMMENT 'When this version was worked out',
    is_deleted    UInt8 DEFAULT 0,
    ingested_at   DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY customer;

CREATE OR REPLACE VIEW {views}.truncated_customers DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT customer, before, dropped, late, needs_rebuild, detected_at FROM {store}.truncations FINAL WHERE status = 'truncated';
